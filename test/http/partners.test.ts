// Owns the proof of settling with partners over the API: records in, priced anew, argued about, stated, posted once.
// Must not test prices in depth; the engine's own tests do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import tariffOcpi from '../../plugins/tariff-ocpi/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let partnerId: string
const sessionIds: string[] = []

async function post(path: string, body: Json, status = 201): Promise<Json> {
  const answer = await hub.call('POST', path, { body })
  expect([path, answer.status, answer.status === status ? '' : answer.body]).toEqual([path, status, ''])
  return answer.body
}

const tariff = {
  country_code: 'DE',
  party_id: 'ALL',
  id: '14',
  currency: 'EUR',
  min_price: { excl_vat: 1 },
  last_updated: '2026-01-01T00:00:00Z',
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.25, vat: 19, step_size: 500 }],
      restrictions: { start_time: '00:00', end_time: '09:30' },
    },
    { price_components: [{ type: 'ENERGY', price: 0.4, vat: 19, step_size: 500 }] },
  ],
}

beforeAll(async () => {
  hub = await startHubApi({ plugins: [tariffOcpi] })
  siteId = (await post('/sites', { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId
  const { stationId } = await post('/stations', { siteId, code: 'DE*ALL*E1' })
  const { tariffId } = await post('/tariffs', {
    code: 'roam',
    scope: 'charging',
    engine: 'tariff-ocpi',
    currency: 'EUR',
    validFrom: '2026-01-01T00:00:00Z',
    rules: { edition: '2.2.1', tariff },
  })
  for (const [from, energyWh] of [
    ['2026-02-03T10:00:00Z', 10_030],
    ['2026-02-04T08:00:00Z', 10_030],
  ] as const) {
    const sessionId = hub.service.newId()
    sessionIds.push(sessionId)
    await hub.database.pool.query(
      `insert into charging_session (organization_id, site_id, session_id, station_id, evse_number, state, plugged_at, started_at, ended_at,
         unplugged_at, energy_wh, periods, registers, facts_at, created_at, updated_at)
       values ($1, $2, $3, $4, 1, 'closed', $5, $5, $6, $6, $7, '[]', '[]', $6, $6, $6)`,
      [hub.organizationId, siteId, sessionId, stationId, from, new Date(Date.parse(from) + 3_600_000), energyWh],
    )
  }
  const partner = {
    siteId,
    code: 'ABC',
    name: 'Alpha Mobility',
    direction: 'owes_us',
    tax: { code: 'VAT', percent: '19' },
  }
  expect(await hub.call('POST', '/partners', { body: { ...partner, tariffId: siteId } })).toMatchObject({ status: 422 })
  partnerId = (await post('/partners', { ...partner, tariffId })).partnerId
})
afterAll(() => hub.close())

/** Ten and a half kWh of 0.40: 4.20, and 19 % of it. */
const record = (id: string, more: Json = {}): Json => ({
  country_code: 'DE',
  party_id: 'ABC',
  id,
  currency: 'EUR',
  session_id: sessionIds[0],
  start_date_time: '2026-02-03T10:00:00Z',
  end_date_time: '2026-02-03T11:00:00Z',
  charging_periods: [{ start_date_time: '2026-02-03T10:00:00Z', dimensions: [{ type: 'ENERGY', volume: 10.03 }] }],
  total_cost: { excl_vat: 4.2, incl_vat: 5.0 },
  total_energy: 10.03,
  total_time: 1,
  ...more,
})
const take = async (body: Json): Promise<Json[]> => (await post(`/partners/${partnerId}/cdr-imports`, body, 200)).items

describe('records', () => {
  test('are taken once, tied to their session and priced anew', async () => {
    const [first] = await take({ cdrs: record('C1') })
    expect(first).toMatchObject({ status: 'stored', state: 'agreed', classes: ['matched'] })
    expect((await take({ cdrs: [record('C1')] }))[0]).toMatchObject({ status: 'duplicate', cdrId: first.cdrId })
    const { body } = await hub.call('GET', `/partner-cdrs/${first.cdrId}`)
    expect(body).toMatchObject({
      sessionId: sessionIds[0],
      matchMethod: 'reference',
      totalMinor: 500,
      body: { id: 'C1' },
    })
    expect(body.repriced).toMatchObject({ netMinor: 420, taxMinor: 80, totalMinor: 500 })
    const [other] = await take({ cdrs: record('C1', { total_cost: { excl_vat: 4.3, incl_vat: 5.12 } }) })
    expect(other).toMatchObject({ status: 'conflict', state: 'conflict' })
    const resolved = await post(`/partner-cdrs/${other.cdrId}/resolve`, { use: 'old', reason: 'A typing error.' }, 200)
    expect(resolved.state).toBe('replaced')
    const { rows } = await hub.database.pool.query(`select data from event where type = 'partner_cdr.conflict'`)
    expect(rows).toMatchObject([{ data: { externalId: 'C1', partnerId } }])
  })

  test('say why their amount is another one', async () => {
    const evse = { session_id: 'theirs', cdr_location: { evse_id: 'DE*ALL*E1' } }
    const early = {
      ...evse,
      start_date_time: '2026-02-04T08:00:00Z',
      end_date_time: '2026-02-04T09:00:00Z',
      charging_periods: [{ start_date_time: '2026-02-04T08:00:00Z', dimensions: [{ type: 'ENERGY', volume: 10.03 }] }],
    }
    const classes = async (id: string, more: Json) => (await take({ cdrs: record(id, more) }))[0].classes
    // At 09:00 in Berlin a kWh is 0.25: 2.63 net, 3.12 with tax. In New York, or by a clock an hour late, 0.40.
    const wrongZone = await classes('Z1', { ...early, total_cost: { excl_vat: 4.2, incl_vat: 5.0 } })
    expect(wrongZone).toEqual(['wrong_zone'])
    expect(await classes('Z2', { ...early, total_cost: { excl_vat: 2.63, incl_vat: 3.12 } })).toEqual([
      'matched',
      'same_session',
    ])
    const cost = (net: number, gross: number) => ({ total_cost: { excl_vat: net, incl_vat: gross } })
    const of = async (id: string, more: Json) =>
      (await classes(id, more)).filter((name: string) => name !== 'same_session')
    expect(await of('D1', cost(4.01, 4.77))).toEqual(['step_edition'])
    expect(await of('D2', cost(4.2, 4.2))).toEqual(['tax'])
    expect(await of('D3', cost(4.2, 5.01))).toEqual(['tax'])
    expect(await of('D4', cost(9, 10.71))).toEqual(['unknown'])
    expect(await of('D5', { ...cost(4.8, 5.71), total_energy: 12 })).toEqual(['missing_period', 'energy'])
    expect(await of('D6', { currency: 'CHF' })).toEqual(['currency'])
    expect(await of('D7', { ...cost(-4.2, -5), credit: true, credit_reference_id: 'C1' })).toEqual(['credit'])
  })

  test('of every edition and from a file are read, and bad ones named by field', async () => {
    const { end_date_time, total_cost: _, ...shared } = record('O1', { auth_id: 'TAG', session_id: undefined })
    const [old] = await take({ edition: '2.1.1', cdrs: { ...shared, stop_date_time: end_date_time, total_cost: 4.2 } })
    expect(old).toMatchObject({ status: 'stored', classes: ['matched', 'no_session'] })
    const taxes = { before_taxes: 4.2, taxes: [{ name: 'VAT', amount: 0.8 }] }
    expect((await take({ edition: '2.3.0', cdrs: record('O2', { total_cost: taxes }) }))[0].classes).toContain(
      'matched',
    )
    const csv =
      'id;start;end;energyKwh;net;gross\r\nF1;2026-02-03T10:00:00Z;2026-02-03T11:00:00Z;10.03;4.20;5.00\r\nF2;x;y;1;1;1\r\n'
    expect(await take({ csv })).toMatchObject([
      { externalId: 'F1', status: 'stored' },
      {
        externalId: 'F2',
        status: 'rejected',
        problems: [
          { pointer: '/start_date_time' },
          { pointer: '/end_date_time' },
          { pointer: '/charging_periods/0/start_date_time' },
        ],
      },
    ])
    for (const bad of [
      null,
      7,
      [],
      {},
      { id: 'x'.repeat(99) },
      record('B', { charging_periods: [] }),
      record('B', { total_cost: 'x' }),
    ]) {
      expect((await take({ cdrs: [bad] }))[0]).toMatchObject({ status: 'rejected' })
    }
    expect(await hub.call('POST', `/partners/${partnerId}/cdr-imports`, { body: { csv: 'a,b\n1,2' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/csv' }] },
    })
  })
})

test('what is disputed waits, the rest is stated, numbered, posted once and paid; the settlement is the next statement', async () => {
  const list = async (query: string): Promise<Json[]> =>
    (await hub.call('GET', `/partner-cdrs?partnerId=${partnerId}&${query}&limit=200`)).body.items
  const [unknown] = await list('class=unknown')
  const dispute = await post(`/partner-cdrs/${unknown.cdrId}/disputes`, { reason: 'Ten euros for ten kilowatt-hours.' })
  expect(dispute).toMatchObject({ state: 'open', expectedMinor: 500 })
  expect(
    await hub.call('POST', `/partner-cdrs/${unknown.cdrId}/disputes`, { body: { reason: 'Again.' } }),
  ).toMatchObject({ status: 409 })
  expect(await hub.call('POST', `/partners/${partnerId}/statements`, { body: { month: '2026-03' } })).toMatchObject({
    status: 422,
  })
  const draft = await post(`/partners/${partnerId}/statements`, { month: '2026-02' })
  const counted = (await list('')).filter(
    (cdr) => ['agreed', 'differs'].includes(cdr.state) && cdr.cdrId !== unknown.cdrId,
  )
  expect(draft).toMatchObject({ state: 'draft', number: null })
  expect(draft.lines).toHaveLength(counted.length)
  expect(draft.totalMinor).toBe(counted.reduce((sum, cdr) => sum + cdr.totalMinor, 0))
  expect(await hub.call('POST', `/partners/${partnerId}/statements`, { body: { month: '2026-02' } })).toMatchObject({
    status: 409,
  })
  expect(await hub.call('DELETE', `/settlement-statements/${draft.statementId}`)).toMatchObject({ status: 204 })
  const { statementId } = await post(`/partners/${partnerId}/statements`, { month: '2026-02' })
  const move = (state: string, id = statementId) =>
    hub.call('POST', `/settlement-statements/${id}/state`, { body: { state } })
  expect(await move('paid')).toMatchObject({ status: 409 })
  expect(await move('sent')).toMatchObject({
    status: 200,
    body: { number: 'S/ABC-000001', totalMinor: draft.totalMinor },
  })
  expect(await move('sent')).toMatchObject({ status: 409 })
  const balances = async () =>
    Object.fromEntries(
      (await hub.call('GET', '/journal/balances')).body.items.map((row: Json) => [row.account, row.balanceMinor]),
    )
  expect(await balances()).toMatchObject({
    'partner.receivable': draft.totalMinor,
    'revenue.energy': -draft.netMinor,
    'tax.payable.VAT': -draft.taxMinor,
  })
  expect(await move('agreed')).toMatchObject({ status: 200 })
  expect(await move('paid')).toMatchObject({ status: 200 })
  expect(await balances()).toMatchObject({ bank: draft.totalMinor, 'partner.receivable': 0 })
  expect(await hub.call('DELETE', `/settlement-statements/${statementId}`)).toMatchObject({ status: 409 })

  await post(`/cdr-disputes/${dispute.disputeId}/answer`, { answer: 'The price was wrong.' }, 200)
  const settled = { netMinor: 420, taxMinor: 80, settlement: 'As priced by us.' }
  await post(`/cdr-disputes/${dispute.disputeId}/settle`, settled, 200)
  expect(await hub.call('POST', `/cdr-disputes/${dispute.disputeId}/settle`, { body: settled })).toMatchObject({
    status: 409,
  })
  // A record that was stated already, and turns out to be another amount.
  const [stated] = await list('class=tax')
  const late = await post(`/partner-cdrs/${stated.cdrId}/disputes`, { reason: 'No tax in it.', expectedMinor: 500 })
  await post(`/cdr-disputes/${late.disputeId}/settle`, settled, 200)
  const next = await post(`/partners/${partnerId}/statements`, { month: '2026-02' })
  expect(next.lines).toMatchObject([
    { kind: 'cdr', totalMinor: 500, words: 'As priced by us.' },
    { kind: 'correction', totalMinor: 500 - stated.totalMinor },
  ])
  expect(await move('sent', next.statementId)).toMatchObject({ body: { number: 'S/ABC-000002' } })
  expect((await balances())['partner.receivable']).toBe(1000 - stated.totalMinor)

  const known = async (path: string): Promise<number> => (await hub.call('GET', path)).body.items.length
  expect([
    await known(`/cdr-disputes?siteId=${siteId}`),
    await known(`/settlement-statements?siteId=${siteId}`),
  ]).toEqual([2, 2])
  expect(await known(`/cdr-disputes?siteId=${partnerId}`)).toBe(0)
  expect(await known(`/settlement-statements?siteId=${partnerId}`)).toBe(0)
  expect((await list('externalId=D4')).map(({ externalId }) => externalId)).toEqual(['D4'])

  const paper = await hub.call('GET', `/settlement-statements/${next.statementId}/document`)
  expect(paper.body).toMatchObject({
    title: 'Settlement statement',
    number: 'S/ABC-000002',
    buyer: { name: 'Alpha Mobility' },
  })
  expect(paper.body.totals.at(-1)).toEqual(['Total', `€${((1000 - stated.totalMinor) / 100).toFixed(2)}`])
  const asPdf = await hub.call('GET', `/settlement-statements/${next.statementId}/document?format=pdf`)
  expect(asPdf.headers.get('content-disposition')).toBe('inline; filename="S_ABC-000002.pdf"')
  expect(asPdf.body.slice(0, 5)).toBe('%PDF-')
  const asPage = await hub.call('GET', `/settlement-statements/${next.statementId}/document`, {
    headers: { Accept: 'text/html' },
  })
  expect(asPage.body).toContain('<p class="number">S/ABC-000002</p>')
  const csv = await hub.call('GET', `/settlement-statements/${next.statementId}`, { headers: { Accept: 'text/csv' } })
  expect(csv.body.split('\r\n')[0]).toBe('kind,id,siteId,text,date,energyWh,netMinor,taxMinor,totalMinor,words')
  // The books of these days: the report names what the partner brought beside the bills.
  const report = await hub.call('GET', `/reports/revenue?siteId=${siteId}&from=2026-03-10`)
  expect(report).toMatchObject({ status: 200, body: { reconciled: true } })
  const energy = report.body.currencies[0].ledger.accounts.find((row: Json) => row.account === 'tax.payable.VAT')
  expect(energy.others.map((row: Json) => row.sourceType)).toEqual(['cdr_dispute', 'partner_cdr'])
})

test('reports, agreements and rates over the API', async () => {
  const rows = await hub.call('GET', '/reports/revenue?from=2026-03-10&by=kind', { headers: { Accept: 'text/csv' } })
  expect([rows.status, rows.body.split('\r\n')[0].split(',').slice(0, 3)]).toEqual([200, ['currency', 'key', 'label']])
  expect(
    await hub.call('GET', `/reports/revenue/bills?siteId=${siteId}&from=2026-03-10&by=kind&key=ENERGY`),
  ).toMatchObject({
    status: 200,
    body: { items: [], nextCursor: null },
  })
  expect(await hub.call('GET', `/reports/revenue/bills?siteId=${siteId}&from=2026-03-10&cursor=WyJ4Il0`)).toMatchObject(
    { status: 422 },
  )
  expect(await hub.call('GET', '/reports/revenue')).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/from' }] },
  })
  expect((await hub.call('GET', '/reports/ticket-sequence?from=2026-03-10')).body).toMatchObject({ sequences: [] })
  const agreement = await post('/revenue-agreements', {
    siteId,
    party: 'owner',
    name: 'Grund AG',
    validFrom: '2026-01-01',
    shares: [{ kinds: ['PARKING'], percent: '70' }],
  })
  expect((await hub.call('GET', `/revenue-agreements?siteId=${siteId}`)).body.items).toMatchObject([
    { name: 'Grund AG' },
  ])
  const path = `/revenue-agreements/${agreement.agreementId}`
  expect(await hub.call('PATCH', path, { body: { validTo: '2026-12-31' } })).toMatchObject({ status: 200 })
  expect(await post(`${path}/statements`, { month: '2026-02' })).toMatchObject({
    state: 'draft',
    totalMinor: 0,
    lines: [],
  })
  await post('/energy-rates', { siteId, name: 'Stadtwerke', validFrom: '2026-01-01', pricePerKwh: '0.22' })
  const twice = { siteId, name: 'Other', validFrom: '2026-01-01', pricePerKwh: '0.3' }
  expect(await hub.call('POST', '/energy-rates', { body: twice })).toMatchObject({ status: 409 })
  expect((await hub.call('GET', '/energy-costs')).body.items).toEqual([])
  expect(hub.errors).toEqual([])
})
