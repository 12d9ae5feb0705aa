// Owns the reading of a WebSocket handshake: who calls, with which secret, speaking what; and the refusal texts.
// Must not admit anyone; the port does.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DeviationCode, FlagCode } from './deviations.ts'
import type { Version } from './schema-book.ts'

/** A departure seen before there is a sink to count it on. */
export type EarlyNote = [code: DeviationCode | FlagCode, sample: string]

const longestIdentity = 255

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const unprintable = /[\u0000-\u001f\u007f]/

/**
 * The identity that a request target names below `mount`; null when it names none. Accepts a full URL as target or inside the
 * path, doubled and trailing slashes, the identity twice, and percent-encoding (decoded once). A slash inside an identity may
 * come encoded or plain.
 * @example stationIdentity('/ocpp//CP%201/', '/ocpp') // identity 'CP 1'
 */
export function stationIdentity(target: string, mount: string, notes: EarlyNote[]): string | null {
  const path = target.split(/[?#]/, 1)[0] ?? ''
  const segments = path.split('/')
  const rest: string[] = []
  const prefix = mount.split('/').filter((part) => part !== '')
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] ?? ''
    if (/^(wss?|https?):$/i.test(segment)) {
      // What stands before a full URL, and its host, is the address the station was given, not part of the identity.
      rest.length = 0
      while (segments[i + 1] === '') i++
      i++
    } else if (segment !== '') rest.push(segment)
  }
  for (const part of prefix) if (rest[0]?.toLowerCase() === part.toLowerCase()) rest.shift()
  if (rest.length > 1 && rest.every((part) => part === rest[0])) rest.length = 1
  const encoded = rest.join('/')
  if (path !== `${mount}/${encoded}`) notes.push(['W4', path.slice(0, 120)])
  const identity = decodeOnce(encoded).trim()
  if (identity !== encoded) notes.push(['W5', encoded.slice(0, 120)])
  if (identity === '' || identity.length > longestIdentity || unprintable.test(identity)) return null
  return identity
}

export interface BasicCredentials {
  userName: string | null
  password: Uint8Array | null
}

/**
 * Basic credentials. The password is bytes: some stations decode their hex key before sending it (X1). The user name should be
 * the identity, which may hold a colon itself.
 */
export function basicCredentials(header: string | undefined, identity: string): BasicCredentials {
  const match = /^\s*basic\s+(\S+)\s*$/i.exec(header ?? '')
  if (match === null) return { userName: null, password: null }
  const bytes = Buffer.from(match[1] ?? '', 'base64')
  const own = Buffer.from(`${identity}:`)
  const colon =
    bytes.length >= own.length && bytes.toString('utf8', 0, own.length).toLowerCase() === own.toString().toLowerCase()
      ? own.length - 1
      : bytes.indexOf(0x3a)
  if (colon < 0) return { userName: bytes.toString(), password: null }
  return { userName: bytes.toString('utf8', 0, colon), password: new Uint8Array(bytes.subarray(colon + 1)) }
}

export type ProtocolChoice =
  | { kind: 'chosen'; version: Version; answer: string }
  | { kind: 'none_offered' }
  | { kind: 'none_known'; offered: string }

const spellings = new Map<string, Version>([
  ['ocpp1.6', 'ocpp1.6'],
  ['ocpp1.6j', 'ocpp1.6'],
  ['ocpp16', 'ocpp1.6'],
  ['ocpp1.6-json', 'ocpp1.6'],
  ['ocpp2.0.1', 'ocpp2.0.1'],
  ['ocpp2.01', 'ocpp2.0.1'],
  ['ocpp201', 'ocpp2.0.1'],
  ['ocpp2.1', 'ocpp2.1'],
  ['ocpp21', 'ocpp2.1'],
])

/** The first subprotocol, in the station's order, that the hub speaks (W2); answered in the station's own spelling. */
export function chooseProtocol(header: string | undefined, notes: EarlyNote[]): ProtocolChoice {
  const offered = (header ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (offered.length === 0) return { kind: 'none_offered' }
  for (const answer of offered) {
    const version = spellings.get(answer.toLowerCase())
    if (version === undefined) continue
    if (version !== answer) notes.push(['W2', answer.slice(0, 60)])
    return { kind: 'chosen', version, answer }
  }
  return { kind: 'none_known', offered: offered.join(', ').slice(0, 120) }
}

/** Answers a handshake with an error before any upgrade, and ends the socket. */
export function refuse(socket: Duplex, status: number, reason: string, headers: readonly string[] = []): void {
  const title = STATUS_CODES[status] ?? 'Error'
  const body = JSON.stringify({ title, status, detail: reason })
  const lines = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
