// Owns the proof of user and customer files over a real socket: what becomes the list of people, and what of the hub goes out.
// Must not test what an import does with the list beyond that it takes every line.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import files from '../../../adapters/skidata/files/index.ts'
import { customer, user } from '../../../adapters/skidata/files/layouts.ts'
import { readRecordFile } from '../../../adapters/skidata/files/record-file.ts'
import { personOf, unknownColumns } from '../../../core/domain/imports/people-columns.ts'
import { readCsv } from '../../../core/domain/imports/read-csv.ts'
import type { AnyPlugin, OpenApiFragment, ParcsLink, ParkingAction } from '../../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'

const exchange = 'a secret of the card files'
const authorization = `Bearer ${exchange}`
let database: TestDatabase
let open: OpenConnection
let link: ParcsLink
let people: (request: Request) => Promise<Response>
const held: AnyPlugin = {
  ...(files as AnyPlugin),
  setup: (ctx) =>
    files.setup({
      ...ctx,
      get db() {
        return ctx.db
      },
      route: (fragment: OpenApiFragment, fetch: typeof people) => {
        people = fetch
        return ctx.route(fragment, fetch)
      },
      provide: (name: 'parcs', given: { connect(...doors: never[]): Promise<ParcsLink> }) =>
        ctx.provide(name, {
          connect: async (...doors: never[]) => {
            link = await given.connect(...doors)
            return link
          },
        } as never),
    } as never),
}
const config = {
  facilityNo: 1234567,
  articleOfGroup: { staff: 7 },
  plateField: 'identificationNumber',
  userNumbersFrom: 500_000,
}
beforeAll(async () => {
  database = await createTestDatabase()
  open = await openConnection(database, held, { config, secrets: { exchange } })
})
afterAll(async () => {
  await open.stop()
  await database.drop()
})

const head = (records: number, facility = '1234567') =>
  `000001;${facility};20190310;${String(records).padStart(5, '0')};"USD"`
const customerRow = (number: number, more: { blocked?: string; modified?: string } = {}) =>
  `${String(number).padStart(9, '0')};"";"Müller & Söhne";"";"Weg 1";"12345";"Ort";"D";"";"";"+49 30 1234";"R1";20190101;20201231;;0002;"";${more.modified ?? '20190301 100000'};${more.blocked ?? '0'};;0;1;1;0;0;"";"";"";"buero@example.com";0;"";"A1"`
const userRow = (
  number: number,
  more: { surname?: string; plates?: string; deleted?: string; modified?: string; customer?: string } = {},
) =>
  `${String(number).padStart(9, '0')};${more.customer ?? '000000010'};"Dr.";"${more.surname ?? 'Žižka'}";"Jan";19800229;"P1";"";${more.modified ?? '20190301 115500'};${more.deleted ?? '0'};"${more.plates ?? ''}";0;1;0;"4111111111111111";20251231;"";"";"IT";"jan@example.com";1;1;"";1;3;2`
const cardRow = (ticket: string, owner: number, serial = '', article = '007') =>
  `"${ticket}";${String(owner).padStart(9, '0')};${article};20190101;20291231;0;;2;0;0001;0;0;1;1;0;0;"";"";;;"";"";3;"";"${serial}";;;0;1234567`

const send = async (file: string, body: string | Uint8Array) => {
  const response = await fetch(`${open.url}/${file}`, {
    method: 'PUT',
    headers: { authorization },
    body: body as never,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const lines = (...all: string[]) => [head(all.length), ...all].join('\r\n')
const list = () => people(new Request('http://hub/people.csv'))

describe('files of people that come in', () => {
  test('become a list that the import takes line by line, with nothing kept that it does not need', async () => {
    expect(await send('customers', lines(customerRow(10), customerRow(11, { blocked: '1' })))).toEqual({
      status: 200,
      body: { stored: 2, unchanged: 0, older: 0, rejects: [] },
    })
    await send('cards', lines(cardRow('T1', 1, '04A3C6CAE26180'), cardRow('T2', 1), cardRow('T3', 3)))
    const users = lines(
      userRow(1, { plates: 'B-AY 1,B-AY 2' }),
      userRow(2, { customer: '000000011' }),
      userRow(3, { deleted: '1', surname: '=cmd()' }),
    )
    const text = await (await list()).text()
    expect(text.split('\r\n')).toHaveLength(2)
    // In Windows-1252, as the system may well write it.
    const ansi = Buffer.from(users.replaceAll('Ž', '\x8e').replaceAll('ž', '\x9e'), 'latin1')
    expect((await send('users', ansi)).body).toEqual({ stored: 3, unchanged: 0, older: 0, rejects: [] })
    const csv = readCsv(await (await list()).text())
    if (csv.kind === 'broken') throw new Error(csv.message)
    expect(unknownColumns(csv.header)).toEqual([])
    const read = csv.rows.map((row) => personOf(csv.header, row))
    expect(read.flatMap(({ problems }) => problems)).toEqual([])
    const one = {
      account_number: 'SKI-1',
      account_name: 'Jan Žižka',
      account_kind: 'person',
      account_status: 'active',
      parker_kind: 'contract',
      email: 'jan@example.com',
      phone: '+49 30 1234',
      valid_from: '2019-01-01T08:00:00.000Z',
      valid_until: '2021-01-01T08:00:00.000Z',
      groups: 'staff',
    }
    const cardOf = (credential_value: string, credential_label: string) => ({
      credential_kind: 'card',
      credential_value,
      credential_label,
      credential_status: 'active',
    })
    const { groups: _, ...two } = { ...one, account_number: 'SKI-2', account_status: 'suspended' }
    expect(read.map(({ person }) => person)).toEqual([
      { ...one, plate: 'B-AY 1' },
      { ...one, plate: 'B-AY 2' },
      { ...one, ...cardOf('04A3C6CAE26180', 'T1') },
      { ...one, ...cardOf('T2', 'T2') },
      two,
      { ...one, account_number: 'SKI-3', account_name: 'Jan =cmd()', account_status: 'closed' },
    ])
    const kept = await database.pool.query('select row from plugin_skidata_files.person')
    expect(JSON.stringify(kept.rows)).not.toMatch(/4111|1980|Weg 1/)
  })

  test('come twice, late and changed: the newest content of a person stands', async () => {
    const first = lines(userRow(20), userRow(21))
    await send('users', first)
    expect((await send('users', first)).body).toMatchObject({ stored: 0, unchanged: 2, older: 0 })
    const newer = lines(userRow(20, { surname: 'Neu', modified: '20190302 000000' }))
    expect((await send('users', newer)).body).toMatchObject({ stored: 1, unchanged: 0, older: 0 })
    expect((await send('users', first)).body).toMatchObject({ stored: 0, unchanged: 1, older: 1 })
    expect(await (await list()).text()).toContain('SKI-20,Jan Neu')
  })

  test('name what is unfit by line and field', async () => {
    const bad = [
      userRow(30, { surname: 'x'.repeat(26) }),
      userRow(31, { modified: '20190301 240000' }),
      userRow(31, { modified: '20190230 100000' }),
      userRow(1).replace(';"IT"', ''),
      userRow(32).replace('000000032', ''),
      userRow(33),
      userRow(33),
    ]
    expect((await send('users', lines(...bad))).body).toEqual({
      stored: 1,
      unchanged: 0,
      older: 0,
      rejects: [
        { line: 2, field: 'surname', message: 'is longer than 25 characters' },
        { line: 3, field: 'lastModification', message: 'is no time as YYYYMMDD HHMMSS' },
        { line: 4, field: 'lastModification', message: 'is no time as YYYYMMDD HHMMSS' },
        { line: 5, field: '', message: 'has 25 fields instead of 26' },
        { line: 6, field: 'userNumber', message: 'is empty' },
        { line: 8, field: 'userNumber', message: 'stands in line 7 already' },
      ],
    })
    const whole = { status: 422, body: { stored: 0 } }
    expect(await send('customers', [head(2), customerRow(1)].join('\n'))).toMatchObject(whole)
    expect(await send('customers', [head(1, '0000009'), customerRow(1)].join('\n'))).toMatchObject(whole)
    // A file of another kind has other fields.
    expect((await send('users', lines(customerRow(1)))).body).toMatchObject({ stored: 0 })
  })

  test('of bytes without sense, or of rows with a broken part, do no harm', async () => {
    const before = await (await list()).text()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('users', 'customers'),
        fc.uint8Array({ maxLength: 500 }),
        async (file, bytes) => {
          expect((await send(file, bytes)).status).toBe(422)
        },
      ),
      { numRuns: 20 },
    )
    const broken = fc
      .tuple(fc.nat(25), fc.constantFrom('"', '"\0"', 'x', '99999999999', '-1', '"ä"";"'))
      .map(([at, part]) =>
        lines(
          userRow(40)
            .split(';')
            .map((old, i) => (i === at ? part : old))
            .join(';'),
        ),
      )
    await fc.assert(
      fc.asyncProperty(broken, async (file) => {
        const { status, body } = await send('users', file)
        const { stored, unchanged, older, rejects } = body as Record<string, number> & { rejects: { line: number }[] }
        expect(status).toBe(200)
        expect(Number(stored) + Number(unchanged) + Number(older) + rejects.length).toBe(1)
        for (const { line } of rejects) expect(line).toBe(2)
      }),
      { numRuns: 40 },
    )
    const after = (await (await list()).text()).split('\r\n').filter((line) => !line.startsWith('SKI-40,'))
    expect(after.join('\r\n')).toBe(before)
    const strange = { method: 'PUT', headers: { authorization: 'Bearer x' }, body: lines(userRow(1)) }
    expect((await fetch(`${open.url}/users`, strange)).status).toBe(401)
  })
})

describe('files of people that go out', () => {
  const signal = new AbortController().signal
  const put = (credentialId: string, accountNumber: string | null, more: object = {}) =>
    link.act?.(
      {
        id: credentialId,
        kind: 'credential.put',
        attempt: 1,
        askedAt: new Date('2019-03-10T12:00:00Z'),
        data: {
          credentialId,
          accountNumber,
          holder: 'Zoë Łucja; "van" Äther',
          parkerKind: 'contract',
          groups: ['staff'],
          presentations: [{ kind: 'card', key: credentialId, value: `CARD-${credentialId}` }],
          plates: [{ text: 'B-CD 3', country: 'DE' }],
          validFrom: null,
          validUntil: null,
          maxInside: 2,
          allowPassback: false,
          ...more,
        },
      } as ParkingAction,
      signal,
    )
  const get = async (file: string) => {
    const response = await fetch(`${open.url}/${file}`, { headers: { authorization } })
    return { type: response.headers.get('content-type'), bytes: Buffer.from(await response.arrayBuffer()) }
  }

  test('are the hub’s accounts with numbers of their own, and those that came from the system keep theirs', async () => {
    // A number that the system has given meanwhile is not given again.
    await send('users', lines(userRow(500_000)))
    expect(await put('a', 'ACC-1')).toEqual({ kind: 'done', reference: 'CARD-a' })
    await put('b', 'ACC-1')
    await put('c', 'SKI-1', { holder: 'Jan' })
    await put('d', null)
    const cards = (await get('cards')).bytes.toString().split('\r\n').slice(1, 5)
    expect(cards.map((line) => line.split(';').slice(0, 3))).toEqual([
      ['"CARD-a"', '000500001', '007'],
      ['"CARD-b"', '000500001', '007'],
      ['"CARD-c"', '000000001', '007'],
      ['"CARD-d"', '', '007'],
    ])
    const users = await get('users')
    expect(users.type).toBe('text/csv; charset=windows-1252')
    expect(users.bytes.toString('latin1')).toBe(
      '000001;1234567;20190310;00001;"USD"\r\n' +
        '000500001;000500001;"";"Äther";"Zoë ?ucja van";;"";"";20190310 050000;0;"B-CD 3";0;1;0;"";;"";"";"";"";1;;"";;;\r\n',
    )
    expect((await get('customers')).bytes.toString('latin1')).toBe(
      '000001;1234567;20190310;00001;"USD"\r\n' +
        '000500001;"";"Äther";"Zoë ?ucja van";"";"";"";"";"";"";"";"";;;;0002;"";20190310 050000;0;;0;0;1;0;0;"";"";"";"";0;"";"ACC-1"\r\n',
    )
    // What came back in the system's own file is nobody new.
    await send('users', lines(userRow(500_001)))
    expect(await (await list()).text()).not.toContain('SKI-500001')
  })

  test('block a customer of whom no card is left, and refuse what does not fit', async () => {
    const removal = (credentialId: string) => ({ credentialId, reason: 'lost', presentations: [] })
    for (const id of ['a', 'b'])
      await link.act?.(
        { id, kind: 'credential.remove', attempt: 1, askedAt: new Date(), data: removal(id) } as ParkingAction,
        signal,
      )
    const read = readRecordFile(customer, (await get('customers')).bytes.toString('latin1'))
    expect(read).toMatchObject({ kind: 'ok', rejects: [], records: [{ fields: { blocked: true } }] })
    expect(await put('e', `ACC-${'9'.repeat(20)}`)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('accountingNumber'),
    })
    const many = Array.from({ length: 9 }, (_, i) => ({ text: `B-CD ${i}`, country: null }))
    expect(await put('f', 'ACC-2', { plates: many })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('identificationNumber'),
    })
    expect((await get('cards')).bytes.toString()).not.toContain('CARD-f')
  })

  test('carry any name, so that what is written can be read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (holder) => {
        expect(await put('g', 'ACC-9', { holder })).toMatchObject({ kind: 'done' })
        const read = readRecordFile(user, (await get('users')).bytes.toString('latin1').replaceAll(/[\x80-\x9f]/g, '?'))
        expect(read).toMatchObject({ kind: 'ok', rejects: [] })
      }),
      { numRuns: 60 },
    )
  })
})
