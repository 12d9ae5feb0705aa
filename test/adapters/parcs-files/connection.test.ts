// Owns the proof that the plugin works in the real host: SFTP over a socket, a folder, uploads, dry run, files out.
// Must not repeat what the tests of one file prove.
import { generateKeyPairSync } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import parcsFiles from '../../../adapters/parcs-files/index.ts'
import type { FileDb } from '../../../adapters/parcs-files/intake/tables.ts'
import type { AnyPlugin, ParkingAction } from '../../../core/plugin/index.ts'
import { createPluginTester, type PluginTester } from '../../../core/testing/index.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type SftpServer, sftpServer } from '../../sim/parcs-files/sftp-server.ts'
import { fileTables, header, stays } from './shop.ts'

const plugin = parcsFiles as AnyPlugin
const one = 'T1;B-AA 1;26.10.2019 10:00;26.10.2019 12:30;5,50'
const two = 'T2;B-BB 2;26.10.2019 11:00;;'
const text = (...lines: string[]) => `${[header, ...lines].join('\n')}\n`
const site = {
  siteId: 's',
  name: 'Garage',
  zone: 'Europe/Berlin',
  currency: 'EUR',
  address: null,
  latitude: null,
  longitude: null,
  areas: [],
  bays: [],
  lanes: [],
}

let database: TestDatabase
let tables: FileDb
let db: Kysely<unknown>
let place: string
let tester: PluginTester | undefined
let server: SftpServer | undefined
/** The tester's first id is its connection's; every test gets tables of its own by emptying them. */
const connectionId = '00000000-0000-7000-8000-000000000001'

beforeAll(async () => {
  database = await createTestDatabase()
  tables = await fileTables(database)
  // The contract hands plugins a schema of unknown tables.
  db = tables as unknown as Kysely<unknown>
})
afterAll(() => database.drop())
afterEach(async () => {
  await tester?.stop()
  await server?.stop()
  tester = undefined
  server = undefined
  if (place) rmSync(place, { recursive: true, force: true })
  for (const table of ['met_file', 'taken_file', 'rejected_line', 'told_fact', 'upload', 'upload_part'] as const)
    await tables.deleteFrom(table).execute()
})

async function open(config: object, secrets: Record<string, string> = {}): Promise<PluginTester> {
  tester = createPluginTester(plugin, { config, secrets, db, siteId: 's', book: { site: async () => site } })
  await tester.start()
  return tester
}
const folder = () => {
  place = mkdtempSync(join(tmpdir(), 'baywatt-drop-'))
  return place
}
const ids = (all: PluginTester) => all.facts.map(({ id, revision }) => `${id}#${revision}`).sort()
const route = async (all: PluginTester, method: string, path: string, query = '', body?: unknown) => {
  const known = path.startsWith('/files/') ? '/files/{fileId}/rejected-lines' : path
  const init = {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }
  const response = await all.route(known, new Request(`http://hub/api/v1/x/parcs-files${path}${query}`, init))
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  return { status: response.status, body: (await response.json()) as any }
}

describe('over SFTP', () => {
  const login = { source: 'sftp', host: '127.0.0.1', user: 'garage', folder: '/', mapping: stays }

  test('files that stand still are taken once, archived, and the answer to a card is written whole', async () => {
    server = await sftpServer(folder(), { user: 'garage', password: 'pass word' })
    writeFileSync(join(place, 'b.csv'), text(two))
    writeFileSync(join(place, 'a.csv'), text(one))
    writeFileSync(join(place, 'c.csv.part'), text('T3;;'))
    writeFileSync(join(place, 'notes.txt'), 'no')
    const config = {
      ...login,
      port: server.port,
      hostKey: server.fingerprint,
      afterwards: 'archive',
      out: { template: 'amano-iparc', lotId: '7' },
    }
    const all = await open(config, { password: 'pass word' })
    await all.runSchedule('look')
    expect(all.facts).toEqual([])
    all.clock.advance(61_000)
    await all.runSchedule('look')
    expect(ids(all)).toEqual(['payment.captured:T1#1', 'stay.closed:T1#1', 'stay.opened:T1#1', 'stay.opened:T2#1'])
    expect(readdirSync(join(place, 'archive')).sort()).toEqual(['a.csv', 'b.csv'])
    expect(readdirSync(place).sort()).toEqual(['archive', 'c.csv.part', 'notes.txt'])
    expect(await all.act(put('a1', 'ticket', '123ABC'))).toEqual({ kind: 'done', reference: 'baywatt-a1.csv' })
    expect(await all.act(put('a1', 'ticket', '123ABC'))).toEqual({ kind: 'done', reference: 'baywatt-a1.csv' })
    expect(readdirSync(join(place, 'out'))).toEqual(['baywatt-a1.csv'])
    expect(readFileSync(join(place, 'out/baywatt-a1.csv'), 'utf8')).toBe(
      '123ABC,7,1,03102019_0900,-1,1,,,,"Ann ""A""","O\'Hara-Quite-Lo"\r\n',
    )
  })

  test('a server with another key gets no password, and the check says which key it shows', async () => {
    server = await sftpServer(folder(), { user: 'garage', password: 'pass word' })
    const config = { ...login, port: server.port, hostKey: `SHA256:${'A'.repeat(43)}` }
    const other = createPluginTester(plugin, { config, secrets: { password: 'pass word' }, db })
    await expect(other.check()).rejects.toMatchObject({
      code: 'config_invalid',
      pointer: '/hostKey',
      message: expect.stringContaining(server.fingerprint),
    })
    expect(server.logins).toBe(0)
    const right = { ...config, hostKey: server.fingerprint }
    await createPluginTester(plugin, { config: right, secrets: { password: 'pass word' }, db }).check()
    await expect(
      createPluginTester(plugin, { config: right, secrets: { password: 'wrong' }, db }).check(),
    ).rejects.toMatchObject({ code: 'auth_failed' })
    await expect(
      createPluginTester(plugin, {
        config: { ...right, folder: '/none' },
        secrets: { password: 'pass word' },
        db,
      }).check(),
    ).rejects.toMatchObject({ code: 'not_ready' })
  })

  test('a key logs in, too', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    })
    server = await sftpServer(folder(), { user: 'garage', key: privateKey })
    const config = { ...login, port: server.port, hostKey: server.fingerprint, login: 'key' }
    await createPluginTester(plugin, { config, secrets: { privateKey }, db }).check()
    await expect(
      createPluginTester(plugin, { config, secrets: { privateKey: 'no key' }, db }).check(),
    ).rejects.toMatchObject({ code: 'auth_failed' })
  })

  test('while it is away nothing is lost, health says so, and an action is later', async () => {
    server = await sftpServer(folder(), { user: 'garage', password: 'p' })
    const { port, fingerprint } = server
    writeFileSync(join(place, 'a.csv'), text(one))
    const all = await open(
      { ...login, ready: 'named', port, hostKey: fingerprint, out: { template: 'amano-iparc' } },
      { password: 'p' },
    )
    await server.stop()
    await all.runSchedule('look')
    expect(await all.health()).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('cannot be reached'),
    })
    expect(await all.act(put('a1', 'ticket', '1'))).toMatchObject({ kind: 'later' })
    expect(all.facts).toEqual([])
  })
})

describe('from a folder', () => {
  const given = (path: string) => writeFileSync(join(path, '.baywatt-drop'), `${connectionId}\n`)

  test('of the machine only when its owner gave it to this connection, and never through a link', async () => {
    folder()
    await expect(open({ source: 'folder', folder: place })).rejects.toMatchObject({
      code: 'config_invalid',
      pointer: '/folder',
    })
    writeFileSync(join(place, '.baywatt-drop'), 'another')
    await expect(open({ source: 'folder', folder: place })).rejects.toThrow(connectionId)
    given(place)
    writeFileSync(join(place, 'real.csv'), text(one))
    const secret = mkdtempSync(join(tmpdir(), 'baywatt-secret-'))
    writeFileSync(join(secret, 'secret.csv'), text(two))
    symlinkSync(join(secret, 'secret.csv'), join(place, 'link.csv'))
    const all = await open({ source: 'folder', folder: place, ready: 'named', mapping: stays })
    await all.runSchedule('look')
    rmSync(secret, { recursive: true })
    expect(ids(all)).toEqual(['payment.captured:T1#1', 'stay.closed:T1#1', 'stay.opened:T1#1'])
  })

  test('a marker says that a file is there; both are archived, a second of the same name beside the first', async () => {
    given(folder())
    writeFileSync(join(place, 'a.csv'), text(one))
    const all = await open({ source: 'folder', folder: place, ready: 'marker', afterwards: 'archive', mapping: stays })
    await all.runSchedule('look')
    expect(all.facts).toEqual([])
    writeFileSync(join(place, 'a.csv.done'), '')
    await all.runSchedule('look')
    expect(all.facts).toHaveLength(3)
    writeFileSync(join(place, 'a.csv'), text(one, two))
    writeFileSync(join(place, 'a.csv.done'), '')
    await all.runSchedule('look')
    expect(all.facts).toHaveLength(4)
    expect(readdirSync(join(place, 'archive')).sort()).toEqual(
      ['a.csv', 'a.csv.done', 'a.csv~1.done', 'a~1.csv'].sort(),
    )
  })

  test('a file that is written to does not stand still; one left in place is read again only when it changed', async () => {
    given(folder())
    const path = join(place, 'day.csv')
    writeFileSync(path, text(one))
    const all = await open({ source: 'folder', folder: place, growing: true, mapping: stays })
    await all.runSchedule('look')
    all.clock.advance(61_000)
    writeFileSync(path, text(one, two).slice(0, -4))
    utimesSync(path, 1_600_000_000, 1_600_000_000)
    await all.runSchedule('look')
    expect(all.facts).toEqual([])
    all.clock.advance(61_000)
    await all.runSchedule('look')
    expect(all.facts).toHaveLength(3)
    const { recorded } = all
    all.clock.advance(61_000)
    await all.runSchedule('look')
    expect(all.recorded).toBe(recorded)
    writeFileSync(path, text(one, two))
    await all.runSchedule('look')
    all.clock.advance(61_000)
    await all.runSchedule('look')
    expect(ids(all)).toHaveLength(4)
    renameSync(path, join(place, 'day-renamed.csv'))
    await all.runSchedule('look')
    all.clock.advance(61_000)
    await all.runSchedule('look')
    expect(ids(all)).toHaveLength(4)
  })

  test('one that cannot be taken is named, and does not stop the next', async () => {
    given(folder())
    writeFileSync(join(place, 'a.csv'), 'X;Y\n1;2\n')
    writeFileSync(join(place, 'b.csv'), text(one))
    writeFileSync(join(place, 'c.csv'), Buffer.alloc(1_000_001, 'x'))
    const all = await open({ source: 'folder', folder: place, ready: 'named', maxFileMegabytes: 1, mapping: stays })
    await all.runSchedule('look')
    expect(all.facts).toHaveLength(3)
    expect(await all.health()).toEqual({
      state: 'degraded',
      reason: expect.stringMatching(/^a\.csv: The file has no column/),
    })
    const { body } = await route(all, 'GET', '/files')
    expect(body.waiting).toEqual([{ name: 'c.csv', size: 1_000_001 }])
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    expect(body.items.map(({ name, state, stored }: any) => [name, state, stored]).sort()).toEqual([
      ['a.csv', 'refused', 0],
      ['b.csv', 'done', 1],
    ])
  })
})

describe('posted', () => {
  const token = 'a token of the gate vendor'
  const post = (all: PluginTester, name: string, body: string | null, authorization = `Bearer ${token}`) =>
    all.inbound(
      new Request(`http://hub/in/x/files/${name}`, { method: 'POST', body, headers: { authorization } }),
      `/files/${name}`,
    )

  test('a file is stored before the yes, taken, and a stranger has no say', async () => {
    const all = await open({ mapping: stays }, { uploadToken: token })
    expect((await post(all, 'a.csv', text(one), 'Bearer no')).status).toBe(401)
    expect((await post(all, 'a.csv', '')).status).toBe(422)
    expect((await post(all, '..%2Fa.csv', text(one))).status).toBe(422)
    expect((await post(all, '%ff.csv', text(one))).status).toBe(422)
    expect((await post(all, 'a.csv', text(one, 'T9;;nonsense;;'))).status).toBe(202)
    await eventually(async () => all.facts.length === 3, 'the facts')
    await eventually(
      async () => (await tables.selectFrom('upload_part').selectAll().execute()).length === 0,
      'the upload gone',
    )
    const { body } = await route(all, 'GET', '/files')
    expect(body.items[0]).toMatchObject({
      name: 'a.csv',
      state: 'done',
      stored: 1,
      rejected: 1,
      read: text(one, 'T9;;nonsense;;').length,
    })
    const lines = await route(all, 'GET', `/files/${body.items[0].fileId}/rejected-lines`)
    expect(lines.body.items).toEqual([
      { line: 3, column: 'Einfahrt', field: 'occurredAt', message: expect.stringContaining('no date') },
    ])
  })

  test('without a mapping files wait, and are taken once there is one', async () => {
    const all = await open({}, { uploadToken: token })
    expect((await route(all, 'POST', '/files', '?name=a.csv', text(one))).status).toBe(202)
    expect(await all.health()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('no mapping') })
    expect((await route(all, 'GET', '/files')).body.waiting).toEqual([{ name: 'a.csv', size: text(one).length }])
    const tried = await route(all, 'POST', '/dry-run', '', { file: 'a.csv' })
    expect(tried.body.counts).toEqual({ rows: 1, taken: 1, passedOver: 0, rejected: 0 })
    await all.stop()
    const later = await open({ mapping: stays }, { uploadToken: token })
    await later.runSchedule('look')
    expect(later.facts).toHaveLength(3)
  })
})

describe('a dry run', () => {
  const tryOut = async (sample: string | Buffer, mapping?: object) => {
    const all = tester ?? (await open({}))
    return route(all, 'POST', '/dry-run', '', {
      sample: Buffer.from(sample as string).toString('base64'),
      ...(mapping ? { mapping } : {}),
    })
  }

  test('proposes a mapping from the header and shows each row with what it becomes', async () => {
    const { body } = await tryOut(text(one, two))
    expect(body.proposal).toMatchObject({ delimiter: ';', header: true, times: ['dd.MM.yyyy H:mm'], key: ['Ticket'] })
    expect(body.proposal.facts.map(({ type }: { type: string }) => type)).toEqual([
      'stay.opened',
      'stay.closed',
      'payment.captured',
    ])
    expect(body.rows[0].facts).toMatchObject([
      { id: 'stay.opened:T1', occurredAt: '2019-10-26T08:00:00.000Z' },
      { id: 'stay.closed:T1' },
      { id: 'payment.captured:T1', data: { amountMinor: 550 } },
    ])
    expect(body.columns[1]).toEqual({ name: 'Kennzeichen', title: 'Kennzeichen', examples: ['B-AA 1', 'B-BB 2'] })
  })

  test.each([
    [
      'movements',
      'Date,Time,Direction,License Plate\n10/26/2019,9:05 PM,IN,ABC 123\n10/27/2019,1:00 AM,OUT,ABC 123\n',
      ['gate.passed'],
      { data: { direction: 'entry', credentials: [{ kind: 'plate', value: 'ABC 123' }] } },
    ],
    [
      'counters',
      'Timestamp|Zone|Free|Capacity\n2019-10-26 10:00|P1|12|80\n',
      ['occupancy.changed'],
      { data: { counter: 'P1', free: 12, capacity: 80 } },
    ],
    [
      'payments',
      'Receipt\tTimestamp\tAmount\tCurrency\nR1\t2019-10-26T10:00:00Z\t4.50\tUSD\n',
      ['payment.captured'],
      { id: 'payment.captured:R1', data: { amountMinor: 450, currency: 'USD' } },
    ],
  ])('knows %s', async (_, sample, types, first) => {
    const { body } = await tryOut(sample)
    expect(body.proposal.facts.map(({ type }: { type: string }) => type)).toEqual(types)
    expect(body.counts.rejected).toBe(0)
    expect(body.rows[0].facts[0]).toMatchObject(first)
  })

  test('says what is wrong with a mapping, a file and a body, and stores nothing', async () => {
    const bad = await tryOut(text(one), {
      ...stays,
      times: ['yyyy'],
      facts: [{ type: 'gate.passed', fields: { amount: { column: 'Betrag' } } }],
    })
    expect(bad.body.faults.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/times/0',
      '/facts/0/fields/occurredAt',
      '/facts/0/fields/direction',
      '/facts/0/fields/amount',
    ])
    expect((await tryOut(text(one), { facts: 7 })).status).toBe(422)
    expect((await tryOut('A;B\n1;2\n', stays)).body.missing).toEqual([
      'Ticket',
      'Einfahrt',
      'Kennzeichen',
      'Ausfahrt',
      'Betrag',
    ])
    expect((await tryOut('')).body.reason).toBe('There is no line in the file.')
    const all = tester as PluginTester
    expect((await route(all, 'POST', '/dry-run', '', '{"sample"')).status).toBe(400)
    expect((await route(all, 'POST', '/dry-run', '', {})).status).toBe(422)
    expect((await route(all, 'POST', '/dry-run', '', { file: '../../etc/passwd' })).status).toBe(404)
    expect(await tables.selectFrom('told_fact').selectAll().execute()).toEqual([])
  })
})

describe('files out', () => {
  const csv = {
    template: 'csv',
    delimiter: ';',
    encoding: 'latin1',
    actions: ['credential.put', 'credential.remove', 'stay.validate', 'stay.prepay'],
    columns: [
      { header: 'Do', field: 'action', words: { 'credential.put': 'A', 'credential.remove': 'D' } },
      { header: 'Card', field: 'value' },
      { header: 'Name', field: 'holder' },
      { header: 'From', field: 'validFrom', time: 'dd.MM.yyyy' },
      { header: 'Amount', field: 'amount' },
      { header: 'Lot', constant: '3' },
    ],
  }
  const outOf = async (out: object) => {
    folder()
    writeFileSync(join(place, '.baywatt-drop'), connectionId)
    return open({ source: 'folder', folder: place, out })
  }
  const written = (id: string) => readFileSync(join(place, `out/baywatt-${id}.csv`), 'latin1')

  test('by columns, harmless in a spreadsheet, in the encoding that was asked for', async () => {
    const all = await outOf(csv)
    const card = put('c1', 'card', '04AA', { holder: '=1+1;"Ünal"', validFrom: new Date('2019-03-31T22:30:00Z') })
    expect(await all.act(card)).toMatchObject({ kind: 'done' })
    expect(written('c1')).toBe(`Do;Card;Name;From;Amount;Lot\r\nA;04AA;"'=1+1;""Ünal""";01.04.2019;;3\r\n`)
    expect(await all.act(prepay('c2', 1250, 'EUR'))).toMatchObject({ kind: 'done' })
    expect(written('c2')).toContain('stay.prepay;T77;;;12.50;3')
  })

  test('iParc: prepaid and validated tickets, removals, and what it cannot take', async () => {
    const all = await outOf({ template: 'amano-iparc', lotId: '12', actions: csv.actions })
    expect(await all.act(prepay('p1', 1250, 'USD'))).toMatchObject({ kind: 'done' })
    expect(written('p1')).toBe('T77,12,1,03102019_0900,1,1,,$012.50,,"",""\r\n')
    const validate = { ...prepay('p2', 0, 'USD'), kind: 'stay.validate' } as ParkingAction & { data: object }
    expect(await all.act({ ...validate, data: { ...validate.data, providerNo: '44' } } as ParkingAction)).toMatchObject(
      { kind: 'done' },
    )
    expect(written('p2')).toBe('T77,12,1,03102019_0900,1,1,,,44,"",""\r\n')
    const remove = {
      id: 'p3',
      kind: 'credential.remove',
      attempt: 1,
      askedAt: new Date('2019-03-10T08:00:00Z'),
      data: { credentialId: 'c', reason: 'gone', presentations: [{ kind: 'qr', key: 'qr:9', value: '9' }] },
    } as const
    expect(await all.act(remove)).toMatchObject({ kind: 'done' })
    expect(written('p3')).toBe('9,12,2,03102019_0900,-1,1,,,,"",""\r\n')
    expect(await all.act(put('p4', 'ticket', '1234567890123456'))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('15'),
    })
    expect(await all.act(put('p5', 'card', '04AA'))).toMatchObject({ kind: 'refused' })
    expect(await all.act(prepay('p6', 100_000, 'USD'))).toMatchObject({ kind: 'refused' })
    expect(await all.act(prepay('p7', 100, 'EUR'))).toMatchObject({ kind: 'refused' })
    expect(readdirSync(join(place, 'out')).sort()).toEqual(['baywatt-p1.csv', 'baywatt-p2.csv', 'baywatt-p3.csv'])
  })

  test('acknowledged: unknown until the vendor has answered, never written twice after it', async () => {
    const all = await outOf({ template: 'amano-iparc', acknowledged: true })
    expect(all.actions['credential.put']).toEqual({ repeatable: false })
    const yes = put('y', 'ticket', '1')
    const no = put('n', 'ticket', '2')
    expect(await all.act(yes)).toMatchObject({ kind: 'unknown' })
    expect(await all.askOutcome(yes)).toMatchObject({ kind: 'unknown' })
    await all.act(no)
    mkdirSync(join(place, 'archive'))
    renameSync(join(place, 'out/baywatt-y.csv'), join(place, 'out/baywatt-y.csv.ack'))
    writeFileSync(join(place, 'out/baywatt-n.csv.err'), 'lot 7 unknown\nmore')
    expect(await all.askOutcome(yes)).toEqual({ kind: 'done', reference: 'baywatt-y.csv' })
    expect(await all.askOutcome(no)).toEqual({ kind: 'refused', reason: 'lot 7 unknown' })
    expect(await all.act(yes)).toEqual({ kind: 'done', reference: 'baywatt-y.csv' })
    expect(readdirSync(join(place, 'out')).sort()).toEqual(['baywatt-n.csv', 'baywatt-n.csv.err', 'baywatt-y.csv.ack'])
  })
})

function put(id: string, kind: string, value: string, more: object = {}): ParkingAction {
  return {
    id,
    kind: 'credential.put',
    attempt: 1,
    askedAt: new Date('2019-03-10T08:00:00Z'),
    data: {
      credentialId: 'c',
      accountNumber: null,
      holder: 'O\'Hara-Quite-Long, Ann "A"',
      parkerKind: 'contract',
      presentations: [{ kind, key: `${kind}:${value}`, value }],
      plates: [],
      groups: [],
      validFrom: null,
      validUntil: null,
      maxInside: null,
      allowPassback: false,
      ...more,
    },
  }
}

function prepay(id: string, amountMinor: number, currency: string): ParkingAction {
  const stay = {
    stayId: 's',
    stayRef: 'T77',
    credentials: [{ kind: 'ticket', value: 'T77' }],
    enteredAt: null,
    exitedAt: null,
  } as const
  return {
    id,
    kind: 'stay.prepay',
    attempt: 1,
    askedAt: new Date('2019-03-10T08:00:00Z'),
    data: { ...stay, amountMinor, currency, reason: 'charged' },
  }
}
