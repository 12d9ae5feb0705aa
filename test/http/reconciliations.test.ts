// Owns the proof of reconciliation over the API: started, read, decided, exported; bad files refused whole and by row and column.
// Must not test how rows are matched.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let otherSite: string
let stationId: string

async function post(path: string, body: Json, status = 201): Promise<Json> {
  const answer = await hub.call('POST', path, { body })
  expect([path, answer.status, answer.status === status ? '' : answer.body]).toEqual([path, status, ''])
  return answer.body
}
const day = { from: '2026-03-09', to: '2026-03-09' }
const ask = (body: Json, options: Json = {}): Promise<Answer> =>
  hub.call('POST', '/reconciliations', { body: { siteId, ...day, ...body }, ...options })
const problems = async (body: Json): Promise<string[]> => {
  const answer = await ask(body)
  expect([answer.status, answer.body.code]).toEqual([422, 'invalid_request'])
  return answer.body.errors.map(({ pointer, message }: Json) => `${pointer} ${message}`)
}
const stored = async (): Promise<number> => {
  const { rows } = await hub.database.pool.query(
    `select (select count(*) from reconciliation)::int + (select count(*) from reconciliation_row)::int as rows`,
  )
  return rows[0].rows
}

beforeAll(async () => {
  hub = await startHubApi()
  siteId = (await post('/sites', { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId
  otherSite = (await post('/sites', { code: 'P2', timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId
  stationId = (await post('/stations', { siteId, code: 'CP' })).stationId
  const [connectionId, paymentId] = [hub.service.newId(), hub.service.newId()]
  await hub.database.pool.query(
    `insert into payment (organization_id, site_id, payment_id, kind, connection_id, content_key, vendor_transaction, method, scope,
       amount_minor, currency, at, recorded_at)
     values ($1, $2, $3::uuid, 'captured', $4, $3::text, 'A-1', 'cash', 'both', 400, 'EUR', '2026-03-09T10:00:00Z', '2026-03-09T10:00:00Z')`,
    [hub.organizationId, siteId, paymentId, connectionId],
  )
})
afterAll(() => hub.close())

const report = 'date,device,transaction,method,gross\n2026-03-09,K1,A-2,cash,3.50\n2026-03-09,K1,=cmd,cash,1.00\n'

test('a report is compared, decided about, run again, listed and exported', async () => {
  const first = await ask({ kind: 'parcs_report', csv: report, fileName: 'day.csv' })
  expect(first.status).toBe(201)
  const { reconciliationId } = first.body
  expect(first.headers.get('location')).toBe(`/api/v1/reconciliations/${reconciliationId}`)
  expect(first.body).toMatchObject({
    state: 'differs',
    openItems: 3,
    runs: 1,
    fileName: 'day.csv',
    from: day.from,
    to: day.to,
    totals: [{ sort: 'payment', unit: 'EUR', oursAmount: 400, theirsAmount: 450, difference: -50 }],
  })
  const again = await ask({ kind: 'parcs_report', csv: report, fileName: 'day.csv' })
  expect([again.status, again.body.reconciliationId, again.body.runs]).toEqual([200, reconciliationId, 2])

  const path = `/reconciliations/${reconciliationId}`
  const list = async (query = ''): Promise<Json[]> => (await hub.call('GET', `${path}/items${query}`)).body.items
  const [mine] = await list('?class=missing_there')
  const there = await list('?class=missing_here&state=open')
  expect([mine.ours[0].references, there.length]).toEqual([{ transaction: 'A-1' }, 2])
  const row = there.find((item) => item.theirs[0].references.transaction === 'A-2')
  const wish = { ours: [mine.ours[0].id], theirs: [row.theirs[0].id], reason: 'Mistyped.' }
  expect(await post(`${path}/matches`, wish, 200)).toMatchObject({ openItems: 2, runs: 3 })
  const [pair] = await list('?class=amount_differs')
  expect(pair).toMatchObject({
    matchedBy: 'person',
    difference: 50,
    words: '4.00 EUR here, 3.50 EUR there: 0.50 EUR more here.',
  })
  const said = { reason: 'Tip.' }
  expect(await post(`${path}/items/${pair.itemId}/accept`, said, 200)).toMatchObject({
    state: 'accepted',
    note: 'Tip.',
  })
  expect((await hub.call('POST', `${path}/items/${pair.itemId}/accept`, { body: said })).status).toBe(409)
  expect(await post(`${path}/items/${pair.itemId}/reopen`, said, 200)).toMatchObject({ state: 'open' })
  expect(await post(`${path}/items/${pair.itemId}/unmatch`, said, 200)).toMatchObject({ openItems: 3 })
  expect((await hub.call('POST', `${path}/items/${pair.itemId}/unmatch`, { body: said })).status).toBe(409)
  expect((await list('?state=closed')).length).toBe(1)
  expect((await hub.call('GET', `${path}/decisions`)).body.items.map(({ kind }: Json) => kind)).toEqual([
    ...['match', 'accept', 'reopen', 'unmatch'],
  ])
  expect(await post(`${path}/rerun`, undefined, 200)).toMatchObject({ runs: 5 })

  const pages: Json[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Answer = await hub.call('GET', `${path}/items?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`)
    pages.push(...page.body.items)
    cursor = page.body.nextCursor
  }
  expect(pages.map(({ itemId }) => itemId)).toEqual((await list()).map(({ itemId }) => itemId))
  const csv = await hub.call('GET', `${path}/items`, { headers: { Accept: 'text/csv' } })
  expect(csv.headers.get('content-type')).toContain('text/csv')
  const lines = String(csv.body).trim().split('\r\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(/^businessDate,class,state,reasons/)

  const found = async (query: string): Promise<string[]> =>
    (await hub.call('GET', `/reconciliations?${query}`)).body.items.map((one: Json) => one.reconciliationId)
  expect(await found(`siteId=${siteId}&kind=parcs_report&state=differs&from=2026-03-09&to=2026-03-09`)).toEqual([
    reconciliationId,
  ])
  for (const none of ['from=2026-03-10', 'to=2026-03-08', 'state=agreed', 'kind=parcs_stays', `siteId=${otherSite}`]) {
    expect(await found(none)).toEqual([])
  }
})

test('keys see and do what their scopes and sites let them', async () => {
  const { reconciliationId } = (await ask({ kind: 'session_energy' })).body
  const keyOf = async (body: Json): Promise<string> => (await post('/api-keys', { name: 'k', ...body })).key
  const reader = await keyOf({ scopes: ['money:read'] })
  const elsewhere = await keyOf({ scopes: ['money:read', 'money:write'], siteIds: [otherSite] })
  const path = `/reconciliations/${reconciliationId}`
  expect((await hub.call('GET', path, { key: reader })).status).toBe(200)
  expect((await ask({ kind: 'session_energy' }, { key: reader })).status).toBe(403)
  expect((await hub.call('POST', `${path}/rerun`, { key: reader })).status).toBe(403)
  expect((await hub.call('GET', path, { key: elsewhere })).status).toBe(404)
  expect((await hub.call('GET', `${path}/items`, { key: elsewhere })).status).toBe(404)
  expect((await hub.call('POST', `${path}/rerun`, { key: elsewhere })).status).toBe(404)
  expect((await ask({ kind: 'session_energy' }, { key: elsewhere })).body.errors).toMatchObject([
    { pointer: '/siteId' },
  ])
  expect((await hub.call('GET', '/reconciliations', { key: elsewhere })).body.items).toEqual([])
})

describe('what is refused', () => {
  test('a file with bad rows, whole, with every mistake by row and column', async () => {
    const before = await stored()
    const csv =
      'date,time,device,gross,tax,count,currency\n2026-03-09,08:00,K1,4.00,,,\n09.03.2026,,K1,,x,1.5,Euro\n2026-02-30,25:00,K1,4.005,1,,\n' +
      '2026-03-09,,K1,99999999999999,,,\n'
    expect(await problems({ kind: 'parcs_report', csv })).toEqual([
      '/csv row 3, column date: is no date or time',
      '/csv row 3, column currency: is no currency code',
      '/csv row 3, column gross: is empty',
      '/csv row 3, column tax: is no number',
      '/csv row 3, column count: is no whole number',
      '/csv row 4, column date: is no date or time',
      '/csv row 4, column gross: has more digits than EUR has',
      '/csv row 5, column gross: is out of range',
    ])
    const settled = 'type,reference,gross,fee,net,created\n,ch_1,5,,,2026-03-09\ncharge,ch_2,a,b,c,d\n'
    expect(await problems({ kind: 'processor_settlement', methods: ['card'], csv: settled })).toEqual([
      '/csv row 2, column type: is empty',
      '/csv row 3, column created: is no date or time',
      '/csv row 3, column gross: is no number',
      '/csv row 3, column fee: is no number',
      '/csv row 3, column net: is no number',
    ])
    const readings =
      'meter,time,registerWh\n,2026-03-09T00:00:00Z,5\nM,2026-03-09T01:00:00Z,-5\nM,now,1\nM,2026-03-09T02:00:00Z,1\nM,2026-03-09T02:00:00Z,2\n'
    expect(await problems({ kind: 'meter_readings', csv: readings })).toEqual([
      '/csv row 2, column meter: is empty',
      '/csv row 3, column registerWh: is out of range',
      '/csv row 4, column time: is no date or time',
      '/csv row 6, column time: is there twice with different registers',
    ])
    const many = await problems({ kind: 'parcs_report', csv: `date,gross\n${'x,y\n'.repeat(500)}` })
    expect(many).toHaveLength(100)
    expect(await stored()).toBe(before)
  })

  test.each([
    [{ kind: 'parcs_report' }, '/csv give either csv or lines'],
    [{ kind: 'parcs_report', csv: 'a', lines: [{ a: 1 }] }, '/csv give either csv or lines'],
    [{ kind: 'parcs_report', csv: 'date\n2026-03-09\n' }, '/csv has no column gross'],
    [{ kind: 'parcs_report', csv: 'date,gross\n' }, '/csv has no row'],
    [{ kind: 'parcs_report', csv: 'date,gross\n"2026' }, '/csv The quotation mark of line 2 is not closed.'],
    [{ kind: 'parcs_report', csv: 'date,gross\n2026-03-09,1,2\n' }, '/csv row 2 has 3 cells, the header 2'],
    [
      { kind: 'parcs_report', csv: 'date,gross\n1,2', mapping: { columns: { price: 'x' } } },
      '/mapping/columns/price is no field of this report',
    ],
    [
      { kind: 'parcs_report', csv: 'date,gross\n1,2', mapping: { columns: { device: 'x' } } },
      '/mapping/columns/device names no column of the file',
    ],
    [{ kind: 'parcs_report', lines: [{ date: '2026-03-09' }] }, '/lines has no column gross'],
    [{ kind: 'parcs_stays', csv: 'a' }, '/csv goes only with parcs_report, meter_readings, processor_settlement'],
    [{ kind: 'session_energy', methods: ['card'] }, '/methods goes only with processor_settlement'],
    [
      { kind: 'meter_readings', csv: 'meter,time\nM,2026-03-09\n' },
      '/csv needs one of the columns registerWh and registerKwh',
    ],
    [{ kind: 'parcs_stays', from: '2026-03-10' }, '/to must not be before from'],
    [{ kind: 'parcs_stays', from: '2025-03-10' }, '/to must be within 92 days of from'],
  ])('%j', async (body, message) => {
    const before = await stored()
    expect(await problems(body)).toEqual([message])
    expect(await stored()).toBe(before)
  })

  test('matches of rows that are not there, or not of one kind', async () => {
    const { reconciliationId } = (await ask({ kind: 'parcs_report', csv: report })).body
    const answer = await hub.call('POST', `/reconciliations/${reconciliationId}/matches`, {
      body: { ours: ['line:2'], theirs: ['__proto__', "'; drop table bill; --"], reason: 'x' },
    })
    expect(answer.body.errors.map(({ pointer }: Json) => pointer)).toEqual(['/ours/0', '/theirs/0', '/theirs/1'])
    for (const part of ['accept', 'reopen', 'unmatch']) {
      const unknown = `/reconciliations/${reconciliationId}/items/${siteId}/${part}`
      expect((await hub.call('POST', unknown, { body: { reason: 'x' } })).status).toBe(404)
    }
  })
})

test('rows as JSON are read like a file, numbers and all', async () => {
  const lines = [
    { meter: 'M', time: '2026-03-08T23:00:00Z', registerKwh: 1.5 },
    { meter: 'M', time: '2026-03-09T23:00:00Z', registerKwh: '21.25' },
  ]
  const { body } = await ask({ kind: 'meter_readings', lines, meters: [{ meter: 'M', stationIds: [stationId] }] })
  expect(body.totals).toMatchObject([{ sort: 'meter', unit: 'Wh', theirsAmount: 19_750, oursAmount: 0 }])
})

test('no file makes it stumble: taken or refused with a reason, never half', async () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '2026-03-09',
      '09.03.2026 08:00',
      '4,00',
      '4.00',
      '-1',
      '(3.00)',
      '1e9',
      'NaN',
      '',
      '"',
      '""',
      '=1+1',
      'EUR',
      'charge',
      'payout',
      '\u0000',
      '\ud800',
      '__proto__',
      '999999999999999999999',
    ),
    fc.string({ maxLength: 12 }),
  )
  const header = fc.constantFrom(
    'date,device,ticket,transaction,method,gross,tax,count,currency',
    'type,reference,gross,fee,net,currency,created,availableOn,payout',
    'meter,time,registerWh,a,b,c,d,e,f',
    '',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('parcs_report', 'processor_settlement', 'meter_readings'),
      header,
      fc.constantFrom(',', ';'),
      fc.array(fc.array(cell, { minLength: 1, maxLength: 10 }), { maxLength: 6 }),
      async (kind, titles, mark, rows) => {
        const csv = [titles.replaceAll(',', mark), ...rows.map((cells) => cells.join(mark))].join('\n') || 'x'
        const before = await stored()
        const answer = await ask({ kind, csv, ...(kind === 'processor_settlement' ? { methods: ['card'] } : {}) })
        expect([200, 201, 422]).toContain(answer.status)
        if (answer.status === 422) {
          expect(answer.body.errors.length).toBeGreaterThan(0)
          expect(await stored()).toBe(before)
        }
      },
    ),
    { numRuns: 120 },
  )
  expect(hub.errors).toEqual([])
})
