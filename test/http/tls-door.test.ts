// Owns the tests of the port under TLS and behind a proxy: real sockets, certificates of the hub's own authority.
// Must not judge a station; what the adapter is told about its peer is what is looked at.

import { connect } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { Hono } from 'hono'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ProxyTrust } from '../../core/http/peer.ts'
import { type HttpServer, startServer } from '../../core/http/server.ts'
import type { Peer } from '../../core/plugin/index.ts'
import { systemNewId as newId } from '../../core/runtime/random.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { type Authority, authorityOf } from '../../core/services/certificates/authority.ts'
import { checkCsr } from '../../core/services/certificates/check-csr.ts'
import { issueCertificate } from '../../core/services/certificates/issue-certificate.ts'
import { certificateDeps, keyPemOf, newCsr, selfSigned } from '../services/certificates/certificate-bench.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'
import { insertOrganization } from '../setup/records.ts'

let database: TestDatabase
let authority: Authority
let hubCert: Awaited<ReturnType<typeof selfSigned>>
let station: { cert: string; key: string; fingerprint: string }
const open: HttpServer[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  const deps = certificateDeps({ db: database.db, clock: systemClock, newId, log: silent })
  authority = await authorityOf(deps)(await insertOrganization(database.db))
  hubCert = await selfSigned('CN=localhost')
  const csr = await newCsr('CN=CP-01, O=Test')
  const verdict = await checkCsr(csr.pem, { code: 'CP-01', organizations: ['Test'] })
  if (verdict.kind !== 'good') throw new Error(verdict.reason)
  const leaf = await issueCertificate(deps, authority, { code: 'CP-01', publicKey: verdict.request.publicKey })
  const print = Buffer.from(await leaf.getThumbprint('SHA-256')).toString('hex')
  station = { cert: leaf.toString('pem'), key: await keyPemOf(csr.keys), fingerprint: print }
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})
afterAll(() => database.drop())

async function door(options: { tls?: boolean; trust?: ProxyTrust } = {}) {
  const peers: (Peer | undefined)[] = []
  const app = new Hono()
  app.get('/', (context) => context.text('here'))
  const server = await startServer({
    app,
    host: '127.0.0.1',
    port: 0,
    handleUpgrade(request, socket) {
      peers.push((request as { peer?: Peer }).peer)
      socket.end('HTTP/1.1 418 Seen\r\n\r\n')
      return 'taken'
    },
    pace: systemClock,
    log: silent,
    drainMs: 200,
    ...(options.tls === false ? {} : { tls: { cert: hubCert.pem, key: hubCert.keyPem } }),
    ...(options.trust ? { trust: options.trust } : {}),
  })
  open.push(server)
  return { server, peers }
}

const upgrade = (headers: Record<string, string> = {}) =>
  [
    'GET /ocpp/CP-01 HTTP/1.1',
    'Host: hub',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n')

const tls = (port: number, more: ConnectionOptions = {}) =>
  connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...more })

/** Everything that comes back, once the other side has closed. */
function said(socket: TLSSocket | ReturnType<typeof connect>, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    socket.on('data', (part) => {
      answer += String(part)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
    socket.write(text)
  })
}

test('the one port speaks HTTP and upgrades over TLS, and shows a new certificate when told to', async () => {
  const { server, peers } = await door()
  const answer = await said(tls(server.port), 'GET / HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1.1 200/)
  expect(answer).toContain('here')
  expect(await said(tls(server.port), upgrade())).toMatch(/^HTTP\/1.1 418/)
  expect(peers).toEqual([{ remoteAddress: '127.0.0.1', secure: true, clientCertificate: null }])
  const next = await selfSigned('CN=renewed')
  server.renewTls({ cert: next.pem, key: next.keyPem })
  const socket = tls(server.port)
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  expect(socket.getPeerCertificate().subject.CN).toBe('renewed')
  socket.destroy()
})

test('nothing older than TLS 1.2 gets in, 1.2 and 1.3 do (X10)', async () => {
  const { server } = await door()
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = tls(server.port, { minVersion: version, maxVersion: version })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    expect(socket.getProtocol()).toBe(version)
    socket.destroy()
  }
  const old = tls(server.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
  await expect(said(old, 'GET / HTTP/1.1\r\n\r\n')).rejects.toThrow()
})

test('plain words on the TLS port come to nothing', async () => {
  const { server, peers } = await door()
  const answer = await said(connect(server.port, '127.0.0.1'), upgrade()).catch(() => '')
  expect(answer).not.toContain('HTTP/1.1 418')
  expect(peers).toEqual([])
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'the client certificate of a %s handshake is told, with its proof',
  async (version) => {
    const { server, peers } = await door()
    const { cert, key } = station
    await said(tls(server.port, { cert, key, minVersion: version, maxVersion: version }), upgrade())
    expect(peers).toMatchObject([
      { secure: true, clientCertificate: { fingerprint256: station.fingerprint, verified: true } },
    ])
    expect(peers[0]?.clientCertificate?.pem.trim()).toBe(cert.trim())
  },
)

test('a certificate without its key is no certificate', async () => {
  const { server, peers } = await door()
  const other = await selfSigned('CN=thief')
  expect(() => tls(server.port, { cert: station.cert, key: other.keyPem })).toThrow(/key values mismatch/)
  expect(peers).toEqual([])
})

const header = 'x-ssl-client-cert'
const forwarded = () => ({
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-For': '198.51.100.9, 203.0.113.7, 127.0.0.2',
  [header]: encodeURIComponent(station.cert),
})

test('a trusted proxy is believed about the address, TLS and the certificate', async () => {
  const trust = { proxies: ['127.0.0.0/8'], clientCertHeader: header }
  const { server, peers } = await door({ tls: false, trust })
  await said(connect(server.port, '127.0.0.1'), upgrade(forwarded()))
  // What stands further left than the nearest stranger was written by him.
  expect(peers).toMatchObject([
    { remoteAddress: '203.0.113.7', secure: true, clientCertificate: { fingerprint256: station.fingerprint } },
  ])
})

test('nobody else is believed, nor a trusted one without TLS or with a broken header', async () => {
  const stranger = await door({ tls: false, trust: { proxies: ['192.0.2.1'], clientCertHeader: header } })
  await said(connect(stranger.server.port, '127.0.0.1'), upgrade(forwarded()))
  const plain = { remoteAddress: '127.0.0.1', secure: false, clientCertificate: null }
  expect(stranger.peers).toEqual([plain])
  const nobody = await door({ tls: false })
  await said(connect(nobody.server.port, '127.0.0.1'), upgrade(forwarded()))
  expect(nobody.peers).toEqual([plain])
  const trusted = await door({ tls: false, trust: { proxies: ['127.0.0.1'], clientCertHeader: header } })
  const ask = (headers: Record<string, string>) => said(connect(trusted.server.port, '127.0.0.1'), upgrade(headers))
  await ask({ [header]: encodeURIComponent(station.cert) })
  await ask({ 'X-Forwarded-Proto': 'https, http', [header]: encodeURIComponent(station.cert) })
  for (const value of [
    '%',
    'garbage',
    encodeURIComponent('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
  ])
    await ask({ 'X-Forwarded-Proto': 'https', [header]: value })
  expect(trusted.peers.map((peer) => [peer?.secure, peer?.clientCertificate])).toEqual([
    [false, null],
    [false, null],
    [true, null],
    [true, null],
    [true, null],
  ])
})
