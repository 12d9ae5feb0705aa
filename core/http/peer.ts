// Owns who is really at the other end: the socket's own word, or the headers of a proxy that the operator trusts.
// Must not believe a header from anyone else.
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientCertificate, Peer } from '../domain/peer.ts'

export interface ProxyTrust {
  /** Addresses and CIDRs. */
  proxies: readonly string[]
  /** Where a trusted proxy puts the client certificate: URL-encoded PEM, as nginx's `$ssl_client_escaped_cert`. */
  clientCertHeader: string | null
}

export type PeerOf = (request: IncomingMessage, what: 'address' | 'all') => Peer

const longestCertificate = 16_384

/** Null when the text is no address and no CIDR. */
export function parseNetwork(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | null {
  const [address = '', length, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return null
  const most = version === 4 ? 32 : 128
  const prefix = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1
  if (prefix < 0 || prefix > most) return null
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}

export function peerReader({ proxies, clientCertHeader }: ProxyTrust): PeerOf {
  const trusted = new BlockList()
  for (const each of proxies) {
    const network = parseNetwork(each)
    if (network !== null) trusted.addSubnet(network.address, network.prefix, network.family)
  }
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')

  return (request, what) => {
    const socket = request.socket as Partial<TLSSocket> & { remoteAddress?: string }
    const address = plainAddress(socket.remoteAddress ?? '')
    if (proxies.length === 0 || !isTrusted(address)) {
      const secure = socket.encrypted === true
      const clientCertificate = what === 'all' && secure ? shown(socket.getPeerX509Certificate?.()) : null
      return { remoteAddress: address, secure, clientCertificate }
    }
    const secure = /^(?:https|wss)$/i.test(listOf(request, 'x-forwarded-proto').at(-1) ?? '')
    return {
      remoteAddress: forwardedFor(request, isTrusted) ?? address,
      secure,
      clientCertificate: what === 'all' && secure ? passedOn(request, clientCertHeader) : null,
    }
  }
}

/** The nearest one that is no proxy of ours: what stands further left was written by whoever sent it. */
function forwardedFor(request: IncomingMessage, isTrusted: (address: string) => boolean): string | null {
  const list = listOf(request, 'x-forwarded-for').map((each) => plainAddress(each.replace(/^\[(.*)\](?::\d+)?$/, '$1')))
  const nearest = list.findLast((each) => !isTrusted(each)) ?? list[0]
  return nearest !== undefined && isIP(nearest) !== 0 ? nearest : null
}

function listOf(request: IncomingMessage, header: string): string[] {
  const value = request.headers[header]
  return (Array.isArray(value) ? value.join(',') : (value ?? ''))
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}

function passedOn(request: IncomingMessage, header: string | null): ClientCertificate | null {
  const value = header === null ? undefined : request.headers[header]
  // Twice is not once: a client that sends its own beside the proxy's must not win.
  if (typeof value !== 'string' || value.length > longestCertificate) return null
  try {
    const pem = decodeURIComponent(value)
    return pem.includes('-----BEGIN CERTIFICATE-----') ? shown(new X509Certificate(pem)) : null
  } catch {
    return null
  }
}

function shown(certificate: X509Certificate | undefined): ClientCertificate | null {
  if (certificate === undefined) return null
  return {
    pem: certificate.toString(),
    fingerprint256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    verified: true,
  }
}
