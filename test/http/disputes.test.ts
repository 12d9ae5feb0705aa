// Owns the proof of disputes, grants, receipt links and signed meter data over the API.
// Must not know prices.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemNewId } from '../../core/runtime/random.ts'
import { evaluateBill } from '../../core/services/billing/evaluate-bill.ts'
import { billsOf, type Garage, hourMs, openGarage } from '../services/billing/garage.ts'
import { type HubApi, startHubApi } from './hub-api.ts'

let hub: HubApi
let garage: Garage
let billId: string
let sessionId: string

beforeAll(async () => {
  hub = await startHubApi()
  garage = await openGarage(hub.database.db)
  // The garage is another organization: its owner is the hub's key, moved there.
  await hub.database.ownerPool.query('update api_key set organization_id = $1', [garage.organizationId])
  sessionId = await garage.session({ accountId: garage.accountId })
  garage.clock.advance(6 * hourMs)
  await evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `session:${sessionId}` })
  const { items } = (await hub.call('GET', '/bills')).body
  billId = items[0].billId
})
afterAll(() => hub.close())

describe('disputes', () => {
  test('are opened, listed, decided and credited', async () => {
    const opened = await hub.call('POST', `/bills/${billId}/disputes`, {
      body: { line: 1, amountMinor: 90, reason: 'Too much.', evidence: 'Photo.' },
    })
    expect([opened.status, opened.body.state, opened.body.billNumber]).toEqual([201, 'open', 'P1-000001'])
    const { disputeId } = opened.body
    expect((await hub.call('GET', '/disputes?state=open')).body.items).toHaveLength(1)
    const decided = await hub.call('POST', `/disputes/${disputeId}/decision`, {
      body: { state: 'accepted', amountMinor: 80, decision: 'Part of it.', version: 1 },
    })
    expect([decided.status, decided.body.creditedMinor, decided.body.version]).toEqual([200, 80, 2])
    await evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `session:${sessionId}` })
    const after = (await hub.call('GET', `/disputes/${disputeId}`)).body
    expect(after.adjustmentBillIds).toHaveLength(1)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([490, -80])
    expect((await hub.call('GET', `/bill-credits?billId=${billId}`)).body.items).toMatchObject([
      { kind: 'dispute', creditedMinor: 80, adjustmentBillIds: after.adjustmentBillIds },
    ])
    const wrong = await hub.call('POST', `/disputes/${disputeId}/decision`, {
      body: { state: 'refused', decision: 'No.' },
    })
    expect(wrong.status).toBe(409)
  })

  test('a grant is refused when it is more than stands, and unknown bills are', async () => {
    const body = { kind: 'goodwill', amountMinor: 100_000, reason: 'Sorry.' }
    expect((await hub.call('POST', `/bills/${billId}/credits`, { body })).status).toBe(422)
    expect((await hub.call('POST', `/bills/${systemNewId()}/credits`, { body })).status).toBe(404)
    expect((await hub.call('POST', `/bills/${billId}/credits`, { body: { ...body, amountMinor: 10 } })).status).toBe(
      201,
    )
  })
})

describe('a receipt', () => {
  test('is a PDF in the language that is asked for, marked as a copy if wanted', async () => {
    const get = (query: string) =>
      hub.app.request(`/api/v1/bills/${billId}/receipt${query}`, {
        headers: { Authorization: `Bearer ${hub.owner}`, 'Accept-Language': 'fr' },
      })
    const pdf = await get('?format=pdf&copy=true')
    expect(pdf.headers.get('content-type')).toBe('application/pdf')
    expect(
      Buffer.from(await pdf.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
    expect(await (await get('?format=html')).text()).toContain('Reçu')
    expect(await (await get('?format=html&locale=es')).text()).toContain('Recibo')
    await garage.db
      .updateTable('account')
      .set({ settings: '{"locale":"de-AT"}' })
      .where('account_id', '=', garage.accountId)
      .execute()
    expect(await (await get('?format=html')).text()).toContain('Beleg')
  })

  test('is read by its link without a key, until it expires', async () => {
    const made = await hub.call('POST', `/bills/${billId}/link`, { body: { days: 1 } })
    expect(made.status).toBe(201)
    const path = new URL(made.body.url).pathname
    const page = await hub.app.request(path)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await hub.app.request(`${path}x`)).status).toBe(404)
    hub.clock.advance(25 * hourMs)
    expect((await hub.app.request(path)).status).toBe(410)
  })
})

test('signed meter data is listed, downloaded byte for byte and as a file for transparency software', async () => {
  const data = Buffer.from('OCMF|{"RD":[]}|{"SA":"x","SD":"<&"}\n')
  const sha256 = 'a'.repeat(64)
  await garage.db
    .insertInto('signed_meter_value')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      station_id: garage.stationId,
      evse_number: 1,
      sha256,
      at: new Date('2024-06-10T09:00:00Z'),
      context: 'end',
      received_at: new Date('2024-06-10T09:00:00Z'),
      measurand: 'Energy.Active.Import.Register',
      data,
    })
    .execute()
  const list = (await hub.call('GET', `/charging-sessions/${sessionId}/signed-data`)).body
  expect(list).toMatchObject({ verdict: 'none', records: [{ sha256, format: 'OCMF', signature: 'no_key' }] })
  const headers = { Authorization: `Bearer ${hub.owner}` }
  const raw = await hub.app.request(`/api/v1/charging-sessions/${sessionId}/signed-data/${sha256}`, { headers })
  expect(Buffer.from(await raw.arrayBuffer()).equals(data)).toBe(true)
  const xml = await (
    await hub.app.request(`/api/v1/charging-sessions/${sessionId}/transparency-file`, { headers })
  ).text()
  expect(xml).toContain('<signedData format="OCMF" encoding="plain">OCMF|{"RD":[]}|{"SA":"x","SD":"&lt;&amp;"}')
  const publicKey = '04'.repeat(40)
  const key = await hub.call('POST', `/stations/${garage.stationId}/meter-keys`, { body: { publicKey } })
  expect([key.status, key.body.publicKey]).toEqual([201, publicKey])
  expect((await hub.call('DELETE', `/stations/${garage.stationId}/meter-keys/${key.body.keyId}`)).status).toBe(204)
  expect((await hub.call('GET', `/stations/${garage.stationId}/meter-keys`)).body.items).toEqual([])
})
