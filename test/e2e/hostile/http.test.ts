// Owns the proof that no bytes on the hub's one port hurt it, its chargers, its parking system or its records.
// Must not help the hub: a real process, real sockets, requests as broken or hostile callers would send them.
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wireFacts } from '../../adapters/parcs-http/wire-facts.ts'
import { eventually } from '../../setup/eventually.ts'
import { chargerDifferences } from '../kill/compare.ts'
import { adminKey, api, buildGarage, type Garage } from '../kill/garage.ts'
import { type HubProcess, hubProcess, patienceMs } from '../kill/hub-process.ts'
import { ofStations, readStored } from '../kill/stored.ts'
import { createTraffic, type Traffic } from '../kill/traffic.ts'
import { broken, hostileValues, torn, write } from './hostile-json.ts'
import { callsOf, type HttpCall, operations } from './http-calls.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { dial, exchange, heard, type RawAnswer } from './raw-http.ts'
import { type Line, post, signedHeaders } from './signed.ts'

/** More requests for the long run: BAYWATT_E2E_ROUNDS=20; other requests: BAYWATT_TEST_SEED. */
const rounds = Number(process.env.BAYWATT_E2E_ROUNDS ?? 1)
const limitMs = 300_000 * rounds
/** Requests on their way at once. */
const window = 16

let garage: Garage
let hub: HubProcess
let honest: Traffic
let issuer: Issuer
let line: Line
let wildConnectionId: string
/** Records that may be hurt, by the names of their ids. */
const victims: Record<string, string> = {}
const keys: string[] = []
const before = { bytes: 0, records: new Map<string, Set<string>>() }
/** Sockets that drip since the beginning, and what is heard on them. */
const drips: { name: string; stop(): void; end: ReturnType<typeof heard> }[] = []

beforeAll(async () => {
  garage = await buildGarage()
  issuer = await startIssuer()
  const env = { BAYWATT_OIDC_ISSUER: issuer.url, BAYWATT_OIDC_AUDIENCE: issuer.audience }
  hub = await hubProcess({ dataDir: garage.copy(), adminKey, env })
  await hub.start()
  await makeVictims()
  honest = createTraffic({ ...garage, stations: garage.stations.slice(0, 2) }, hub.url, 'honest')
  await honest.drained()
  before.bytes = residentBytes()
  before.records = await allRecords()
  drip('headers', 'GET /livez HTTP/1.1\r\nHost: x\r\n', 'a: b\r\n')
  drip('a request line', 'GET /', 'a')
  drip('empty lines', '\r\n', '\r\n')
  drip('facts', head('POST', `/in/${wildConnectionId}/facts`, ['Content-Length: 1000000']), 'x')
}, 300_000)
afterAll(async () => {
  for (const { stop } of drips) stop()
  await honest?.close()
  await hub?.kill('SIGTERM')
  garage?.remove()
  issuer?.close()
})

async function makeVictims(): Promise<void> {
  const { call } = api(hub.url, adminKey)
  const make = async (path: string, idField: string, body: unknown) => {
    const made = await call('POST', path, body)
    victims[idField] = String(made[idField])
    return made
  }
  const code = 'VICTIM'
  const siteId = String((await make('sites', 'siteId', { code, timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId)
  for (const [path, idField, more] of [
    ['areas', 'areaId', {}],
    ['bays', 'bayId', {}],
    ['lanes', 'laneId', { direction: 'entry' }],
    ['devices', 'deviceId', { kind: 'camera' }],
    ['stations', 'stationId', {}],
  ] as const)
    await make(path, idField, { siteId, code, ...more })
  const stationId = victims.stationId
  await make('evses', 'evseId', { stationId, number: 7, code: 'VICTIM-7' })
  await make('accounts', 'accountId', { name: code, kind: 'person' })
  await make('groups', 'groupId', { code })
  await make('vehicles', 'vehicleId', { plate: 'B-V 1' })
  await make('credentials', 'credentialId', { kind: 'card', presentations: [{ value: '04FFEEDDCCBBAA' }] })
  const rules = { scope: 'parking', bands: [{ everyMinutes: 60, price: '1.00' }], day: 'none' }
  await make('tariffs', 'tariffId', {
    siteId,
    code,
    name: code,
    scope: 'parking',
    currency: 'EUR',
    rules,
    validFrom: '2020-01-01T00:00:00Z',
  })
  await make('api-keys', 'keyId', { name: code, role: 'viewer' })
  const connection = { pluginId: 'parcs-http', siteId, config: {}, secrets: { signing: garage.signingSecret } }
  await make('connections', 'connectionId', { ...connection, name: code })
  wildConnectionId = String((await call('POST', 'connections', { ...connection, name: 'Wild' })).connectionId)
  line = { url: `${hub.url}/in/${wildConnectionId}`, secret: garage.signingSecret }
  for (let i = 0; i < 12; i++)
    keys.push(String((await call('POST', 'api-keys', { name: `caller ${i}`, role: 'owner' })).key))
  await eventually(async () => (await post(line, 'facts', '{}')).status !== 503, 'the wild connection', patienceMs)
}

const sample = <T>(values: fc.Arbitrary<T>, numRuns: number) => fc.sample(values, numRuns * rounds)

function residentBytes(): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${hub.pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

async function expectAlive(): Promise<void> {
  expect(hub.alive(), hub.output()).toBe(true)
  expect((await fetch(`${hub.url}/livez`)).status).toBe(200)
}

/** Does the work for each while cars park and charge as ever. */
async function forEach<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const round = honest.round()
  const left = [...all]
  await Promise.all(
    Array.from({ length: window }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
    }),
  )
  await round
}

function head(method: string, path: string, headers: readonly string[] = []): string {
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers.map((one) => `${one}\r\n`).join('')}\r\n`
}

/** One more piece every quarter of a second, for as long as anybody takes it. */
function drip(name: string, begin: string, piece: string): void {
  const socket = dial(hub.url)
  socket.write(begin)
  const timer = setInterval(() => socket.writable && socket.write(piece), 250)
  const end = heard(socket, () => name).finally(() => clearInterval(timer))
  end.catch(() => undefined)
  drips.push({ name, end, stop: () => socket.destroy() })
}

interface Problem {
  code: string
  status: number
  title: string
  detail?: string
  errors?: { in?: string; pointer: string; message: string }[]
}

/** What about a refusal is not as RFC 9457 and the contract have it. */
function problemFaults(status: number, type: string | undefined, body: string): string[] {
  if (status >= 500) return [`${status} ${body.slice(0, 300)}`]
  if (status < 400) return []
  if (!type?.startsWith('application/problem+json')) return [`${status} as ${type}: ${body.slice(0, 100)}`]
  const problem = JSON.parse(body) as Problem
  const faults: string[] = []
  if (problem.status !== status || !problem.code || !problem.title) faults.push(`no problem: ${body.slice(0, 300)}`)
  const places = problem.errors ?? []
  if (status === 422 && problem.code === 'invalid_request' && !problem.detail) faults.push(`says nothing: ${body}`)
  if (places.some((one) => !/^(\/.*)?$/s.test(one.pointer) || one.message === '')) faults.push(`bad pointer: ${body}`)
  return faults
}

const faultsOf = (answers: readonly RawAnswer[]) =>
  answers.flatMap(({ status, headers, body }) => problemFaults(status, headers.get('content-type'), body))

describe('the API', () => {
  /** Lists whose new records say their id, by operation. */
  const makes: Readonly<Record<string, readonly [list: string, id: string]>> = {
    createSite: ['sites', 'siteId'],
    createArea: ['areas', 'areaId'],
    createBay: ['bays', 'bayId'],
    createLane: ['lanes', 'laneId'],
    createDevice: ['devices', 'deviceId'],
    createStation: ['stations', 'stationId'],
    createAccount: ['accounts', 'accountId'],
    createGroup: ['groups', 'groupId'],
    createVehicle: ['vehicles', 'vehicleId'],
    createCredential: ['credentials', 'credentialId'],
    createTariff: ['tariffs', 'tariffId'],
    createTariffAssignment: ['tariff-assignments', 'assignmentId'],
    createApiKey: ['api-keys', 'keyId'],
    createConnection: ['connections', 'connectionId'],
  }

  test(
    'every operation with anything broken: a clear answer, and exactly what was accepted is there',
    async () => {
      const calls = operations.flatMap((operation) => sample(callsOf(operation, victims), operation.hasBody ? 12 : 4))
      const faults: string[] = []
      const seen = new Map<number, number>()
      await forEach(calls, async (call) => {
        const { status, type, text } = await send(call)
        seen.set(status, (seen.get(status) ?? 0) + 1)
        // Whether it can work now is what it is asked.
        if (call.operation.id === 'getReadiness') return
        for (const fault of problemFaults(status, type, text))
          faults.push(`${call.operation.method} ${call.path.slice(0, 200)} ${call.body?.slice(0, 300)}: ${fault}`)
        const [list, id] = makes[call.operation.id] ?? []
        if (status === 201 && list !== undefined && id !== undefined)
          before.records.get(list)?.add(String((JSON.parse(text) as Record<string, unknown>)[id]))
      })
      expect(faults).toEqual([])
      for (const status of [200, 201, 400, 404, 415, 422]) expect([...seen.keys()]).toContain(status)
      await expectAlive()
    },
    limitMs,
  )

  test(
    'bodies too large, too deep, cut, compressed, in other letters or shorter than they say',
    async () => {
      const auth = `Authorization: Bearer ${keys[0]}`
      const json = 'Content-Type: application/json'
      const to = (headers: string[]) => head('POST', '/api/v1/groups', [auth, json, ...headers])
      const sized = (body: string | Buffer, ...more: string[]) => [
        to([`Content-Length: ${Buffer.byteLength(body)}`, ...more]),
        body,
      ]
      const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
      const cases: [name: string, parts: (string | Buffer)[], codes: string[], hangUp?: boolean][] = [
        ['said to be too large', [to(['Content-Length: 900000000'])], ['body_too_large']],
        ['a length past every number', [to(['Content-Length: 99999999999999999999'])], ['malformed_request']],
        ['a length below zero', [to(['Content-Length: -1'])], ['malformed_request']],
        ['two lengths', [to(['Content-Length: 2', 'Content-Length: 3']), '{}'], ['malformed_request']],
        ['a length beside chunks', [to(['Content-Length: 2', 'Transfer-Encoding: chunked'])], ['malformed_request']],
        ['too large in chunks', [to(['Transfer-Encoding: chunked']), chunk('x'.repeat(1_200_000))], ['body_too_large']],
        ['a broken chunk', [to(['Transfer-Encoding: chunked']), 'zz\r\n'], ['malformed_request']],
        ['an unknown transfer', [to(['Transfer-Encoding: gzip']), '{}'], ['malformed_request']],
        ['cut in the middle', [to(['Content-Length: 100']), '{"code":'], ['body_incomplete'], true],
        ['cut between chunks', [to(['Transfer-Encoding: chunked']), chunk('{"code":')], ['body_incomplete'], true],
        [
          'chunks that end too early',
          [to(['Transfer-Encoding: chunked']), chunk('{"code"'), '0\r\n\r\n'],
          ['invalid_json'],
        ],
        ['nothing', sized(''), ['invalid_json']],
        ['deep', sized('['.repeat(200_000)), ['invalid_json']],
        ['quotes', sized(`"${'\\"'.repeat(400_000)}"`), ['invalid_request']],
        [
          'many names',
          sized(write(Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`k${i}`, i])))),
          ['invalid_request'],
        ],
        ['many items', sized(`{"code":"G","siteIds":[${'1,'.repeat(200_000)}1]}`), ['invalid_request']],
        ['latin letters', sized(Buffer.from('{"code":"M\u00fcller"}', 'latin1')), ['invalid_json']],
        ['UTF-16', sized(Buffer.from('{"code":"G"}', 'utf16le')), ['invalid_json']],
        ['said to be gzip', sized('{}', 'Content-Encoding: gzip'), ['unsupported_media_type']],
        ['gzip unsaid', sized(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])), ['invalid_json']],
      ]
      const faults: string[] = []
      await forEach(cases, async ([name, parts, codes, hangUp = false]) => {
        const { answers, ended } = await exchange(hub.url, parts, { hangUp })
        faults.push(...faultsOf(answers).map((fault) => `${name}: ${fault}`))
        const code = answers.map(({ body }) => (JSON.parse(body) as Problem).code)
        // Whoever goes on sending what is not wanted may miss the answer.
        const missed = ended === 'reset' && answers.length === 0 && codes[0] === 'body_too_large'
        if (!missed && (code.length !== 1 || !codes.includes(code[0] ?? ''))) faults.push(`${name}: ${code.join()}`)
      })
      expect(faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'an event stream begins only where the hub gave a place, and its callers cannot be too many',
    async () => {
      const places = fc.oneof(
        fc.constantFrom('abcdef', 'no cursor!', '%00', '-', 'a'.repeat(1_025), 'ü', '0.0', '"', 'null'),
        fc
          .constantFrom('1.x', '1.0195f3b2-6c00-7000-8000-0a1b2c3d4e5f.2', '-1.0195f3b2-6c00-7000-8000-0a1b2c3d4e5f')
          .map((text) => Buffer.from(text).toString('base64url')),
        fc.base64String({ minLength: 4, maxLength: 40 }).map((text) => text.replace(/=+$/, '').replace(/[+/]/g, '-')),
      )
      await forEach(sample(places, 40), async (place) => {
        const headers = { authorization: `Bearer ${keys[0]}`, 'last-event-id': place }
        const response = await patient(() => fetch(`${hub.url}/api/v1/events/stream`, { headers }))
        expect([response.status, ((await response.json()) as Problem).errors?.[0]]).toEqual([
          422,
          { in: 'header', pointer: '/last-event-id', message: expect.any(String) },
        ])
      })
      const leaving = new AbortController()
      const headers = { authorization: `Bearer ${keys[1]}` }
      const open = () => patient(() => fetch(`${hub.url}/api/v1/events/stream`, { headers, signal: leaving.signal }))
      const statuses: number[] = []
      // Held on to: what is forgotten is collected, and its socket closed.
      const held: Response[] = []
      for (let i = 0; i < 110; i++) {
        const response = await open()
        held.push(response)
        statuses.push(response.status)
        if (response.status !== 200) expect(((await response.json()) as Problem).code).toBe('too_many_streams')
      }
      expect(statuses.filter((status) => status === 200)).toHaveLength(100)
      leaving.abort()
      const mine = await fetch(`${hub.url}/api/v1/session`, { headers })
      expect(mine.status).toBe(200)
      await expectAlive()
    },
    limitMs,
  )

  let turn = 0
  async function send({ operation, path, headers, body }: HttpCall) {
    try {
      const response = await patient(() => {
        turn += 1
        const authorization = `Bearer ${keys[turn % keys.length]}`
        const init = { method: operation.method, headers: { authorization, ...headers }, redirect: 'manual' as const }
        return fetch(`${hub.url}${path}`, body === undefined ? init : { ...init, body })
      })
      return {
        status: response.status,
        type: response.headers.get('content-type') ?? undefined,
        text: await response.text(),
      }
    } catch (error) {
      // Whoever sends more address and headers than are read may miss the answer.
      const size = path.length + JSON.stringify(headers).length
      if (size > 16_000)
        return { status: 431, type: 'application/problem+json', text: '{"status":431,"code":"x","title":"x"}' }
      throw new Error(`${operation.id} ${path.slice(0, 200)} was not answered`, { cause: error })
    }
  }

  /** Asks again when it was asked too often. */
  async function patient(ask: () => Promise<Response>): Promise<Response> {
    for (;;) {
      const response = await ask()
      if (response.status !== 429 || !response.headers.has('retry-after')) return response
      await response.arrayBuffer()
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
})

describe('the port', () => {
  test(
    'bytes that are no request, or a strange one',
    async () => {
      const get = (path: string, ...headers: string[]) => head('GET', path, headers)
      const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((one) => Buffer.from(one))
      const text = fc.string({ unit: 'binary', maxLength: 200 })
      const names = fc.constantFrom(
        'Host',
        'Content-Length',
        'Transfer-Encoding',
        'Connection',
        'Upgrade',
        'Expect',
        'TE',
        'Range',
      )
      const values = fc.oneof(
        text,
        fc.constantFrom('', ',', 'chunked', 'identity', 'close, close', '-1', '0x1', 'bytes=0-1,2-3', '\x7f'),
      )
      const wildHeaders = fc.array(fc.tuple(names, values), { maxLength: 5 }).map((all) =>
        head(
          'GET',
          '/livez',
          all.map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, '')}`),
        ),
      )
      const wild = sample(
        fc.oneof(
          bytes,
          torn(fc.constant(get('/livez'))).map((one) => Buffer.from(one)),
          wildHeaders,
        ),
        150,
      )
      const known = [
        'hello\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
        'GET /livez HTTP/1.1\r\n\r\n',
        'GET  /livez  HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost: user@x/y?z\r\nConnection: close\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost : x\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n',
        'GET /livez HTTP/1.1\nHost: x\n\n',
        'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n',
        head('TRACE', '/livez'),
        head('PROPFIND', '/api/v1/sites'),
        head('OPTIONS', '*'),
        head('GET', 'http://[::/livez'),
        get('/livez', ...Array.from({ length: 5_000 }, (_, i) => `h${i}: x`)),
        get('/livez', `Cookie: ${'x'.repeat(20_000)}`),
        get(`/${'a'.repeat(20_000)}`),
        get(`/api/v1/sites?search=${'a'.repeat(15_000)}`),
        get('/livez', 'Expect: tea'),
        head('POST', '/api/v1/session', [
          'Expect: 100-continue',
          'Content-Length: 900000000',
          'Content-Type: application/json',
        ]),
      ]
      const faults: string[] = []
      await forEach([...known, ...wild], async (request) => {
        const { answers, rest } = await exchange(hub.url, request, { hangUp: true })
        const final = answers.filter(({ status }) => status >= 200)
        for (const fault of faultsOf(final)) faults.push(`${String(request).slice(0, 200)}: ${fault}`)
        if (rest !== '') faults.push(`${String(request).slice(0, 200)}: answered ${rest.slice(0, 200)}`)
        if (known.includes(String(request)) && final.length === 0)
          faults.push(`no answer to ${String(request).slice(0, 200)}`)
      })
      expect(faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'addresses that climb out, are encoded twice, or name no file or station',
    async () => {
      const climbs = [
        '..',
        '.',
        '%2e%2e',
        '%2E%2E%2f',
        '..%5c',
        '%5c..',
        '%252e%252e',
        '\\..',
        '%c0%ae%c0%ae',
        '%00',
        '%ff',
        '%zz',
        '',
      ]
      const ends = [
        'hub.key',
        'etc/passwd',
        'package.json',
        'core/runtime/main.ts',
        'index.html',
        'PG_VERSION',
        'read-assets.ts',
      ]
      const roots = [
        '',
        '/docs',
        '/dashboard',
        '/dashboard/assets',
        '/c',
        '/c/CP-1-1',
        '/api/v1/sites',
        '/openapi.json',
        `/in/${wildConnectionId}`,
        '/ocpp',
      ]
      const paths = fc
        .record({
          root: fc.constantFrom(...roots),
          climb: fc.array(fc.constantFrom(...climbs), { minLength: 1, maxLength: 6 }),
          end: fc.constantFrom(...ends),
        })
        .map(({ root, climb, end }) => `${root}/${climb.join('/')}/${end}`)
      const stations = fc
        .array(
          fc.constantFrom('%', '%25', '%2', '%00', '%ff', '%F0%9F%85%BF', '..', '/', 'CP-1', ';', "'", 'a'.repeat(500)),
          { minLength: 1, maxLength: 5 },
        )
        .map((parts) => `/ocpp/${parts.join('')}`)
      const faults: string[] = []
      await forEach([...sample(paths, 150), ...sample(stations, 60)], async (path) => {
        const { answers } = await exchange(hub.url, head('GET', path))
        const [answer] = answers
        if (answer === undefined || answer.status >= 500) faults.push(`${path}: ${answer?.status}`)
        // Some of these climb to a page that is there; none may be a file that is not meant for anybody.
        if (
          /root:|PRIVATE|"scripts"|readFile|import /.test(answer?.body ?? '') &&
          !answer?.headers.get('content-type')?.includes('html')
        )
          faults.push(`${path}: ${answer?.body.slice(0, 100)}`)
      })
      expect(faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'handshakes: of other protocols, at other addresses, with strange headers',
    async () => {
      const auth = `Authorization: Bearer ${keys[2]}`
      const offers = ['h2c', 'TLS/1.0', 'websockets', 'h2c, websocket', '']
      for (const offer of offers) {
        const text = head('GET', '/api/v1/organization', [auth, `Upgrade: ${offer}`]).replace(
          'Connection: close',
          'Connection: Upgrade, close',
        )
        const { answers } = await exchange(hub.url, text)
        expect([offer, answers.map(({ status }) => status)]).toEqual([offer, [200]])
      }
      const usual: Record<string, string> = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Protocol': 'ocpp1.6',
        Authorization: `Basic ${Buffer.from('CP-1:wrong').toString('base64')}`,
      }
      const strange = fc.oneof(
        fc.constantFrom(
          '',
          ',',
          '13, 13',
          '-1',
          '99',
          'x'.repeat(5_000),
          'ocpp9.9',
          'Basic',
          'Basic %%%',
          'Basic Og==',
          'Digest x',
          'permessage-deflate; server_max_window_bits=99',
          '\x7f\x80',
        ),
        fc.string({ unit: 'binary', maxLength: 40 }).map((one) => one.replace(/[^\x20-\x7e]/g, '')),
      )
      const handshakes = fc
        .record({
          path: fc.constantFrom(
            '/',
            '/ocpp',
            '/ocpp/',
            '/ocpp/CP-1',
            '/ocpp/%00',
            '/ocpp/%zz',
            '/ocpp/a/b/c',
            '/livez',
            '/api/v1/events/stream',
            `/in/${wildConnectionId}/facts`,
            '//ocpp//CP-1',
            `/ocpp/${'x'.repeat(3_000)}`,
          ),
          method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'DELETE'),
          changed: fc.array(
            fc.tuple(fc.constantFrom(...Object.keys(usual), 'Sec-WebSocket-Extensions', 'Origin'), fc.option(strange)),
            { maxLength: 3 },
          ),
        })
        .map(({ path, method, changed }) => {
          const headers: Record<string, string | null> = { ...usual, ...Object.fromEntries(changed) }
          const lines = Object.entries(headers).flatMap(([name, value]) =>
            value === null ? [] : [`${name}: ${value}`],
          )
          return `${method} ${path} HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`
        })
      const faults: string[] = []
      await forEach(sample(handshakes, 120), async (text) => {
        const { answers } = await exchange(hub.url, text, { hangUp: true })
        const [answer] = answers
        if (answer !== undefined && answer.status >= 500)
          faults.push(`${text.slice(0, 300)}: ${answer.status} ${answer.body}`)
      })
      expect(faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'requests one behind the other without waiting, with rubbish at the end',
    async () => {
      const one = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'
      const { answers } = await exchange(hub.url, [one.repeat(200), 'rubbish\r\n\r\n'])
      expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 200 }, () => 200), 400])
      expect(faultsOf(answers)).toEqual([])
      const mixed = [
        head('POST', '/api/v1/session', ['Content-Type: application/json', 'Content-Length: 2']).replace(
          'Connection: close\r\n',
          '',
        ),
        '{}',
        one,
        head('GET', '/nowhere/at/all'),
      ]
      expect((await exchange(hub.url, mixed)).answers.map(({ status }) => status)).toEqual([422, 200, 404])
    },
    limitMs,
  )

  test(
    'hundreds of connections that say nothing, half of something, or nothing more: others are served',
    async () => {
      const begins = [
        '',
        'GET /li',
        'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n',
        head('POST', '/api/v1/sites', ['Content-Length: 10']),
      ]
      const held: Socket[] = Array.from({ length: 400 }, (_, i) => {
        const socket = dial(hub.url)
        socket.write(begins[i % begins.length] ?? '')
        return socket
      })
      const round = honest.round()
      for (let i = 0; i < 50; i++) expect((await fetch(`${hub.url}/livez`)).status).toBe(200)
      await round
      for (const [i, socket] of held.entries())
        if (i % 2 === 0) socket.resetAndDestroy()
        else socket.destroy()
      await expectAlive()
    },
    limitMs,
  )
})

describe('who asks', () => {
  test(
    'rubbish in the place of keys and tokens is refused, and locks nobody else out',
    async () => {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const good = await issuer.token({ roles: ['owner'], name: 'Ada' })
      const [header = '', claims = '', signature = ''] = good.split('.')
      const forged = [
        `${part({ alg: 'none' })}.${claims}.`,
        `${part({ alg: 'HS256', kid: 'k1' })}.${claims}.${signature}`,
        `${part({ alg: 'ES256', kid: 'k2' })}.${claims}.${signature}`,
        `${part({ alg: 'ES256', crit: ['x'], x: 1 })}.${claims}.${signature}`,
        `${part({ alg: 'ES256', jwk: {}, jku: 'http://127.0.0.1:1/' })}.${claims}.${signature}`,
        `${header}.${part({ sub: 'u', roles: ['owner'], exp: 9e15, iss: issuer.url, aud: issuer.audience })}.${signature}`,
        `${header}.${claims}.${signature.slice(0, -4)}AAAA`,
        `${header}.${claims}.`,
        `${'a'.repeat(4_000)}.${'b'.repeat(4_000)}.${'c'.repeat(4_000)}`,
        `${part(null)}.${part([])}.${part(0)}`,
        'a.b.c',
        '..',
      ]
      const bearer = fc.oneof(
        fc.constantFrom(...forged),
        fc.constantFrom(adminKey.slice(0, -1), `${adminKey}x`, 'x'.repeat(12_000), 'null', '__proto__'),
        fc.base64String({ minLength: 1, maxLength: 200 }),
      )
      const schemes = fc.constantFrom('Basic', 'Digest', 'bearer:', 'Bearer Bearer', '', 'Token', `Basic ${part('a')}`)
      const texts = fc.oneof(
        { weight: 3, arbitrary: bearer.map((token) => `Bearer ${token}`) },
        { weight: 1, arbitrary: fc.tuple(schemes, bearer).map(([scheme, token]) => `${scheme} ${token}`) },
      )
      const faults: string[] = []
      const seen = new Set<number>()
      const guess = async (text: string) => {
        const { answers } = await exchange(hub.url, head('GET', '/api/v1/sites', [`Authorization: ${text}`]))
        faults.push(...faultsOf(answers).map((fault) => `${text.slice(0, 200)}: ${fault}`))
        const status = answers[0]?.status ?? 0
        if (status < 400) faults.push(`${text.slice(0, 200)}: ${status}`)
        seen.add(status)
      }
      await forEach(sample(texts, 80), guess)
      // As many as it takes, whatever else the machine does.
      const flood = (authorization: string) =>
        eventually(
          async () => {
            const asked = head('GET', '/api/v1/session', [`Authorization: ${authorization}`])
            const { answers } = await exchange(hub.url, [asked.replace('Connection: close\r\n', '').repeat(800), asked])
            faults.push(...faultsOf(answers))
            return answers.some(({ status }) => status === 429)
          },
          'a refusal of who asks too often',
          patienceMs,
        )
      await flood('Bearer bwk_guess')
      expect(faults).toEqual([])
      expect(seen).toContain(401)
      const ask = (authorization: string) => fetch(`${hub.url}/api/v1/session`, { headers: { authorization } })
      expect((await ask(`Bearer ${keys[3]}`)).status).toBe(200)
      expect((await ask(`Bearer ${good}`)).status).toBe(200)
      const login = { method: 'POST', headers: { 'content-type': 'application/json' }, body: write({ key: keys[3] }) }
      expect((await fetch(`${hub.url}/api/v1/session`, login)).status).toBe(200)
      // A key that asks too often is refused; the others are not.
      await flood(`Bearer ${keys[4]}`)
      expect((await ask(`Bearer ${keys[3]}`)).status).toBe(200)
      expect(faults).toEqual([])
    },
    limitMs,
  )
})

describe('the parking line', () => {
  const stored = new Set<string>()
  let asked = 0

  const facts = () => {
    const base = fc.tuple(fc.constantFrom(...wireFacts), fc.nat(400)).map(([fact, n]) => ({ ...fact, id: `wild-${n}` }))
    const times = fc.constantFrom(
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999Z',
      '0000-01-01T00:00:00+23:59',
      '9999-12-31T23:59:59-23:59',
      '1999-12-31T23:59:59Z',
      '2100-01-01T00:00:00Z',
    )
    const absurd = fc.tuple(base, times).map(([fact, occurredAt]) => ({ ...fact, occurredAt }))
    const absurdStay = fc.tuple(base, times, times).map(([fact, enteredAt, exitedAt]) => ({
      ...fact,
      type: 'stay.opened',
      stayRef: 'absurd',
      data: { enteredAt, exitedAt },
    }))
    return fc.oneof(
      { weight: 3, arbitrary: base as fc.Arbitrary<unknown> },
      { weight: 8, arbitrary: broken(base) },
      { weight: 2, arbitrary: fc.oneof(absurd, absurdStay) as fc.Arbitrary<unknown> },
    )
  }

  /** Answers of a batch that was taken. */
  function note(results: readonly { id: string; revision: number; status: string; problem?: object }[]): string[] {
    for (const { id, revision, status } of results) {
      if (status === 'stored' || status === 'superseded') stored.add(`${id}/${revision}`)
    }
    return results.flatMap((result) => {
      const known = ['stored', 'duplicate', 'superseded', 'rejected'].includes(result.status)
      return known && (result.status === 'rejected') === (result.problem !== undefined) ? [] : [write(result)]
    })
  }

  test(
    'mangled facts in signed batches: each its own result, and the same again is a duplicate',
    async () => {
      const batches = sample(fc.array(facts(), { minLength: 1, maxLength: 8 }), 40).map((batch) =>
        write({ facts: batch }),
      )
      const faults: string[] = []
      await forEach(batches, async (body) => {
        const headers = signedHeaders(line, body, { id: `batch-${body.length}` })
        const ask = () => fetch(`${line.url}/facts`, { method: 'POST', headers, body })
        const response = await ask()
        const text = await response.text()
        faults.push(...problemFaults(response.status, response.headers.get('content-type') ?? '', text))
        if (response.status !== 200) return
        faults.push(...note(JSON.parse(text).results))
        // Sent again by whoever heard it on the way.
        const again = (await (await ask()).json()) as { results: { status: string }[] }
        const fresh = again.results.filter(({ status }) => status === 'stored')
        if (fresh.length > 0) faults.push(`stored again: ${body.slice(0, 300)}`)
      })
      expect(faults).toEqual([])
      expect(stored.size).toBeGreaterThan(10)
      await expectAlive()
    },
    limitMs,
  )

  test(
    'bodies that are no batch, requests not signed as agreed: a refusal that says why, and nothing stored',
    async () => {
      const fact = write({ ...wireFacts[0], id: 'never' })
      const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
      const many = write({ facts: Array.from({ length: 1_001 }, (_, i) => ({ ...wireFacts[0], id: `never-${i}` })) })
      const bare = (headers: Record<string, string>) =>
        fetch(`${line.url}/facts`, { method: 'POST', headers, body: fact })
      const code = async (sent: Promise<Response>) => {
        const response = await sent
        const text = await response.text()
        expect(problemFaults(response.status, response.headers.get('content-type') ?? '', text)).toEqual([])
        return `${response.status} ${(JSON.parse(text) as Problem).code}`
      }
      expect(await code(bare({}))).toBe('401 signature_missing')
      expect(
        await code(bare({ 'webhook-id': 'x'.repeat(9_000), 'webhook-timestamp': '1', 'webhook-signature': 'v1,' })),
      ).toBe('401 signature_invalid')
      expect(await code(post(line, 'facts', fact, { secret: other }))).toBe('401 signature_invalid')
      expect(await code(post(line, 'facts', fact, { skew: -400 }))).toBe('401 timestamp_stale')
      expect(await code(post(line, 'facts', fact, { skew: 400 }))).toBe('401 timestamp_stale')
      expect(await code(post(line, 'facts', fact, { headers: { 'webhook-timestamp': '9'.repeat(13) } }))).toBe(
        '401 timestamp_invalid',
      )
      expect(await code(post(line, 'facts', fact, { sent: fact.replace('never', 'other') }))).toBe(
        '401 signature_invalid',
      )
      expect(await code(post(line, 'gate-requests', fact, { sent: `${fact} ` }))).toBe('401 signature_invalid')
      expect(await code(post(line, 'facts', many))).toBe('400 body_invalid')
      expect(await code(post(line, 'facts', Buffer.from(fact.replace('never', 'M\u00fcller'), 'latin1')))).toBe(
        '400 body_not_utf8',
      )
      expect(await code(post(line, 'facts', fact, { headers: { 'content-encoding': 'gzip' } }))).toBe(
        '415 encoding_unsupported',
      )
      expect(await code(post(line, '..%2ffacts', fact))).toBe('404 not_found')
      expect(await code(post(line, 'facts', fact, { method: 'PUT' }))).toBe('405 method_not_allowed')
      const large = await exchange(hub.url, head('POST', `/in/${wildConnectionId}/facts`, ['Content-Length: 2098000']))
      expect(large.answers.map(({ status }) => status)).toEqual([413])
      const promised = Buffer.byteLength(fact) + 100
      const cut = [head('POST', `/in/${wildConnectionId}/facts`, [`Content-Length: ${promised}`]), fact]
      expect((await exchange(hub.url, cut, { hangUp: true })).answers.map(({ status }) => status)).toEqual([400])

      const bodies = fc.oneof(
        torn(fc.constant(write({ facts: wireFacts.map((one) => ({ ...one, id: `never-${one.id}` })) }))),
        hostileValues.map(write),
        fc.string(),
      )
      const texts = sample(bodies, 80).filter((body) => {
        try {
          return !('facts' in JSON.parse(body))
        } catch {
          return true
        }
      })
      const faults: string[] = []
      await forEach(texts, async (body) => {
        const response = await post(line, 'facts', body)
        const text = await response.text()
        faults.push(...problemFaults(response.status, response.headers.get('content-type') ?? '', text))
        if (response.status === 200) faults.push(...note(JSON.parse(text).results))
      })
      expect(faults).toEqual([])
      expect([...stored].filter((one) => one.startsWith('never'))).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'gate questions with anything broken are answered, soon',
    async () => {
      const question = fc.record({
        requestId: fc.uuid(),
        lane: fc.constantFrom('IN', 'OUT', 'NOWHERE'),
        direction: fc.constantFrom('entry', 'exit'),
        credentials: fc.constantFrom<object[]>(
          [{ kind: 'card', value: '04A1B2C3D41000', encoding: 'hex' }],
          [{ kind: 'plate', value: 'B-V 1', confidence: 0.4, candidates: [{ value: 'B-V 7', confidence: 0.3 }] }],
          [],
        ),
        occurredAt: fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-03-10T08:00:00Z'),
      })
      const bodies = sample(
        fc.oneof(
          { weight: 1, arbitrary: question as fc.Arbitrary<unknown> },
          { weight: 3, arbitrary: broken(question) },
        ),
        120,
      )
      const faults: string[] = []
      await forEach(bodies.map(write), async (body) => {
        const response = await post(line, 'gate-requests', body)
        const text = await response.text()
        faults.push(...problemFaults(response.status, response.headers.get('content-type') ?? '', text))
        const answer = JSON.parse(text) as { decision?: string; errors?: unknown[]; code?: string }
        if (response.status === 200) asked += 1
        if (response.status === 200 && !['granted', 'declined', 'notFound'].includes(answer.decision ?? ''))
          faults.push(text)
        if (answer.code === 'body_invalid' && !answer.errors?.length) faults.push(`names no field: ${text}`)
      })
      expect(faults).toEqual([])
      expect(asked).toBeGreaterThan(10)
      await expectAlive()
    },
    limitMs,
  )

  test(
    'afterwards: exactly the stored facts are stored, nobody honest noticed, memory is bounded, the records load again',
    async () => {
      for (const { name, end, stop } of drips) {
        const { answers } = await end
        expect([name, answers.map(({ status }) => status)]).toEqual([name, [408]])
        stop()
      }
      await honest.drained()
      expect(honest.faults).toEqual([])
      expect(honest.disconnects()).toBe(0)
      await untilNothingIsDue()
      expect(residentBytes() - before.bytes).toBeLessThan(400_000_000)
      expect(hub.output()).not.toMatch(/"level":(50|60)/)
      // Everything that is said is a line of the log, but for the greeting.
      const said = hub
        .output()
        .split('\n')
        .slice(1)
        .filter((one) => one !== '' && !/^[{ B]/.test(one))
      expect(said).toEqual([])

      // What was stored must not keep the hub from starting again.
      expect(await hub.kill('SIGTERM'), hub.output()).toEqual({ code: 0, signal: null })
      await hub.start()
      const after = await allRecords()
      for (const [list, ids] of before.records) {
        const found = after.get(list) ?? new Set()
        expect([list, [...ids].filter((id) => !found.has(id))]).toEqual([list, []])
        // Facts of the parking line make devices known, too, and handshakes make stations that wait to be admitted.
        if (list !== 'devices' && list !== 'stations')
          expect([list, [...found].filter((id) => !ids.has(id))]).toEqual([list, []])
      }
      await honest.round()
      await honest.drained()
      await untilNothingIsDue()
      await honest.close()
      expect(await hub.kill('SIGTERM'), hub.output()).toEqual({ code: 0, signal: null })

      const rows = await readStored(hub.dataDir)
      const factsOf = (connectionId: string) => rows.parking_fact.filter((row) => row.connection_id === connectionId)
      const [decisions, told] = split(factsOf(wildConnectionId), (row) => row.vendor_event_id.startsWith('hub:'))
      expect(told.map((row) => `${row.vendor_event_id}/${row.revision}`).sort()).toEqual([...stored].sort())
      expect(decisions).toHaveLength(asked)
      expect(
        factsOf(garage.connectionId)
          .map((row) => `${row.vendor_event_id}/${row.revision}`)
          .sort(),
      ).toEqual([...honest.acknowledged.facts.keys()].sort())
      expect(honest.facts.filter((fact) => !honest.acknowledged.facts.has(`${fact.id}/${fact.revision}`))).toEqual([])
      const honestCodes = garage.stations.slice(0, 2).map((station) => station.code)
      expect(chargerDifferences({ ...honest, extraStatuses: [] }, ofStations(rows, honestCodes))).toEqual([])
    },
    limitMs,
  )
})

function split<T>(all: readonly T[], first: (one: T) => boolean): [T[], T[]] {
  return [all.filter(first), all.filter((one) => !first(one))]
}

/** Every record of every list, live and archived. */
async function allRecords(): Promise<Map<string, Set<string>>> {
  const { call } = api(hub.url, adminKey)
  const found = new Map<string, Set<string>>()
  for (const operation of operations) {
    const list = /^\/api\/v1\/([a-z-]+)$/.exec(operation.path)?.[1]
    const names = operation.parameters.map(({ name }) => name)
    const id = idNames[list ?? '']
    if (operation.method !== 'GET' || list === undefined || id === undefined || !names.includes('cursor')) continue
    const ids = new Set<string>()
    for (const archived of names.includes('archived') ? ['&archived=false', '&archived=true'] : ['']) {
      let cursor = ''
      do {
        const page = await call<{ items: Record<string, string>[]; nextCursor: string | null }>(
          'GET',
          `${list}?limit=200${archived}${cursor}`,
        )
        for (const item of page.items) ids.add(item[id] ?? '')
        cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
      } while (cursor !== '')
    }
    found.set(list, ids)
  }
  return found
}

const idNames: Readonly<Record<string, string>> = {
  sites: 'siteId',
  areas: 'areaId',
  bays: 'bayId',
  lanes: 'laneId',
  devices: 'deviceId',
  stations: 'stationId',
  accounts: 'accountId',
  groups: 'groupId',
  vehicles: 'vehicleId',
  credentials: 'credentialId',
  tariffs: 'tariffId',
  'tariff-assignments': 'assignmentId',
  'api-keys': 'keyId',
  connections: 'connectionId',
}

/** Commands for a station that is away expire later; everything else is done. */
function untilNothingIsDue(): Promise<void> {
  return eventually(
    async () => {
      const answer = await fetch(`${hub.url}/readyz`)
      return /\\"due\\":0,.*\\"running\\":0/.test(await answer.text())
    },
    'a hub with nothing to do',
    patienceMs,
  )
}
