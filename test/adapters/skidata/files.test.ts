// Owns the proof of card files over a real socket: what is taken, what is named as unfit with line and field, what is written.
// Must not test what a booking does; the hub's own tests do.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import files from '../../../adapters/skidata/files/index.ts'
import { card as cardLayout } from '../../../adapters/skidata/files/layouts.ts'
import {
  emptyRecord,
  readRecordFile,
  unfitFields,
  writeRecordFile,
} from '../../../adapters/skidata/files/record-file.ts'
import type { AnyPlugin, ParcsLink, ParkingAction } from '../../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'

const exchange = 'a secret of the card files'
let database: TestDatabase
let open: OpenConnection
let link: ParcsLink
const held: AnyPlugin = {
  ...(files as AnyPlugin),
  setup: (ctx) =>
    files.setup({
      ...ctx,
      get db() {
        return ctx.db
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
beforeAll(async () => {
  database = await createTestDatabase()
  open = await openConnection(database, held, { config: { facilityNo: 1234567 }, secrets: { exchange } })
})
afterAll(async () => {
  await open.stop()
  await database.drop()
})

const head = (records: number, facility = '1234567') =>
  `000001;${facility};20190310;${String(records).padStart(5, '0')};"USD"`
const row = (number: string, more: { blocked?: string; expires?: string; serial?: string } = {}) =>
  `"${number}";000000007;002;20190101;${more.expires ?? '20191231'};${more.blocked ?? '0'};;2;0;0001;0;0;1;1;0;0;"";"";;;"";"";3;"";"${more.serial ?? ''}";;;0;1234567`
const send = async (body: string | Uint8Array, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${exchange}` }
  const response = await fetch(`${open.url}/cards`, { method: 'PUT', headers, body: body as never, ...init })
  return {
    status: response.status,
    body: (await response.json()) as { stored: number; unchanged: number; rejects: object[] },
  }
}
const facts = async () =>
  (
    await database.pool.query(
      'select vendor_event_id as id, revision, data from parking_fact order by vendor_event_id, revision',
    )
  ).rows

describe('a card file that comes in', () => {
  test('is told card by card, again where a card changed, and names what is unfit by line and field', async () => {
    const bad = [
      row('x'.repeat(24)),
      row('A3', { blocked: '2' }),
      row('A1'),
      'too;short',
      row('A4', { expires: '20190230' }),
      row(''),
    ]
    const file = [head(8), row('A1', { serial: '04A3C6CAE26180' }), row('A2'), ...bad].join('\r\n')
    expect(await send(file)).toEqual({
      status: 200,
      body: {
        stored: 2,
        unchanged: 0,
        rejects: [
          { line: 4, field: 'ticketNumber', message: 'is longer than 23 characters' },
          { line: 5, field: 'blocked', message: 'is neither 0 nor 1' },
          { line: 6, field: 'ticketNumber', message: 'stands in line 2 already' },
          { line: 7, field: '', message: 'has 2 fields instead of 29' },
          { line: 8, field: 'expires', message: 'is no date as YYYYMMDD' },
          { line: 9, field: 'ticketNumber', message: 'is empty' },
        ],
      },
    })
    const again = [head(2), row('A1', { serial: '04A3C6CAE26180' }), row('A2', { blocked: '1' })].join('\n')
    expect((await send(again)).body).toEqual({ stored: 1, unchanged: 1, rejects: [] })
    const told = await facts()
    expect(told.map(({ id, revision, data }) => [id, revision, data.state])).toEqual([
      ['card/A1', 1, 'booked'],
      ['card/A2', 1, 'booked'],
      ['card/A2', 2, 'cancelled'],
    ])
    expect(told[0].data).toMatchObject({
      from: '2019-01-01T08:00:00.000Z',
      until: '2020-01-01T08:00:00.000Z',
      product: '2',
      credentials: [
        { kind: 'card', value: 'A1' },
        { kind: 'card', value: '04A3C6CAE26180' },
      ],
    })
  })

  test('that was told and not marked before a kill is told on, whatever the next file says', async () => {
    await send([head(1), row('K1')].join('\n'))
    // As after a kill between the hub's answer and the mark.
    await database.pool.query('update plugin_skidata_files.card set told = false where ticket_number = $1', ['K1'])
    const [, ...rest] = [head(1), row('K1', { blocked: '1' })]
    const nextDay = [head(1).replace('20190310', '20190311'), ...rest].join('\n')
    expect((await send(nextDay)).body).toEqual({ stored: 1, unchanged: 0, rejects: [] })
    expect((await send(nextDay)).body).toEqual({ stored: 0, unchanged: 1, rejects: [] })
    const states = (await facts())
      .filter(({ id }) => id === 'card/K1')
      .map(({ revision, data }) => [revision, data.state])
    expect(states).toEqual([
      [1, 'booked'],
      [2, 'cancelled'],
    ])
  })

  test.each([
    ['cut off', [head(3), row('B1')].join('\n'), 'records'],
    ['of another facility', [head(1, '0000009'), row('B1')].join('\n'), 'facility'],
    ['empty', '', ''],
    ['no card file', '<html>', ''],
    ['without a date', '000001;1234567;;00000;"USD"', 'date'],
  ])('is refused whole when it is %s', async (_, body, field) => {
    const before = await facts()
    expect(await send(body)).toMatchObject({ status: 422, body: { stored: 0, rejects: [{ line: 1, field }] } })
    expect(await facts()).toEqual(before)
  })

  test('of bytes without sense does no harm, and strangers are not let in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        expect([200, 422]).toContain((await send(bytes)).status)
      }),
      { numRuns: 30 },
    )
    const headers = { authorization: 'Bearer x' }
    expect((await send('', { headers })).status).toBe(401)
    expect((await fetch(`${open.url}/else`, { headers: { authorization: `Bearer ${exchange}` } })).status).toBe(404)
  })
})

describe('the file that goes out', () => {
  const signal = new AbortController().signal
  const put = (value: string, credentialId = 'c1') =>
    link.act?.(
      {
        id: 'a',
        kind: 'credential.put',
        attempt: 1,
        askedAt: new Date('2019-03-10T12:00:00Z'),
        data: {
          credentialId,
          accountNumber: null,
          holder: 'Erika',
          parkerKind: 'contract',
          plates: [],
          groups: [],
          presentations: [{ kind: 'card', key: value, value }],
          validFrom: null,
          validUntil: new Date('2020-01-01T08:00:00Z'),
          maxInside: null,
          allowPassback: true,
        },
      } as ParkingAction,
      signal,
    )
  const get = async () =>
    (await fetch(`${open.url}/cards`, { headers: { authorization: `Bearer ${exchange}` } })).text()

  test('has the hub’s credentials, and a revoked one as blocked', async () => {
    expect(await put('04A3C6CAE26199')).toEqual({ kind: 'done', reference: '04A3C6CAE26199' })
    expect(await put('x'.repeat(24), 'c2')).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ticketNumber'),
    })
    expect(await put('a"b', 'c3')).toMatchObject({ kind: 'refused' })
    expect(await get()).toBe(
      '000001;1234567;20190310;00001;"USD"\r\n' +
        '"04A3C6CAE26199";;002;;20191231;0;;;;;1;0;0;0;0;0;"";"";;;"";"";;"";"04A3C6CAE26199";;;0;1234567\r\n',
    )
    const data = { credentialId: 'c1', reason: 'lost', presentations: [] }
    const remove = { id: 'b', kind: 'credential.remove', attempt: 1, askedAt: new Date(), data } as ParkingAction
    for (let time = 0; time < 2; time++) expect(await link.act?.(remove, signal)).toMatchObject({ kind: 'done' })
    expect(await get()).toContain('20191231;1;20190310;')
  })

  test('is read back as it was written, whatever fits into it', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-~]{1,23}$/),
        fc.integer({ min: 0, max: 999 }),
        fc.boolean(),
        (ticketNumber, articleNumber, isNeutral) => {
          const card = { ...emptyRecord(cardLayout), ticketNumber, articleNumber, isNeutral }
          fc.pre(unfitFields(cardLayout, card).length === 0)
          const text = writeRecordFile(cardLayout, { facility: 7, date: '2019-03-10', currency: 'USD' }, [card])
          const read = readRecordFile(cardLayout, text)
          expect(read).toMatchObject({ kind: 'ok', rejects: [], records: [{ line: 2, fields: card }] })
        },
      ),
    )
  })
})
