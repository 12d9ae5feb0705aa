// Owns the walk-through that a newcomer does with a dozen calls: an empty hub becomes a garage, and a car gets its bill.
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../core/runtime/config.ts'
import { type Hub, startHub } from '../../core/runtime/hub.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { silent } from '../setup/silent-log.ts'
import type { Json } from './hub-api.ts'

let hub: Hub
let database: TestDatabase
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-walkthrough-'))

beforeAll(async () => {
  database = await createTestDatabase()
  const config = { ...readConfig({ BAYWATT_PORT: '0', DATABASE_URL: database.url }), dataDir }
  hub = await startHub({ config, log: silent })
})
afterAll(async () => {
  await hub.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** As `curl -H "Authorization: Bearer $KEY" -d "$JSON" $HUB/api/v1/...` */
async function curl(method: string, path: string, body?: Json, status = method === 'POST' ? 201 : 200): Promise<Json> {
  const response = await fetch(`${hub.url}/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${hub.firstKey}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: Json = await response.json()
  expect([`${method} ${path}`, response.status, response.status === status ? '' : answer]).toEqual([
    `${method} ${path}`,
    status,
    '',
  ])
  return answer
}

test('a garage is set up with a dozen calls, and the first car is let in, out and billed', async () => {
  const { siteId } = await curl('POST', '/sites', {
    code: 'P1',
    name: 'Central garage',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    settings: { settle_delay_minutes: 0 },
  })
  const { bayId } = await curl('POST', '/bays', { siteId, code: 'B-01', kind: 'ev' })
  await curl('POST', '/lanes', { siteId, code: 'E1', direction: 'entry' })
  const station = await curl('POST', '/stations', {
    siteId,
    code: 'CP-01',
    evses: [{ number: 1, bayId, maxPowerW: 22_000 }],
  })
  expect(station).toMatchObject({
    secret: expect.stringMatching(/^[0-9a-f]{40}$/),
    connectUrl: expect.stringContaining('/ocpp/CP-01'),
  })

  const { accountId } = await curl('POST', '/accounts', { name: 'Ada Parker', kind: 'person' })
  await curl('POST', '/credentials', {
    accountId,
    kind: 'card',
    presentations: [{ value: '04:A1:B2:C3:D4:E5:F6', encoding: 'hex' }],
  })

  const parking = await curl('POST', '/tariffs', {
    code: 'parking',
    scope: 'parking',
    currency: 'EUR',
    rules: {
      scope: 'parking',
      tax: { code: 'VAT', percent: '19', included: true },
      bands: [{ everyMinutes: 60, price: '2.00' }],
    },
    validFrom: '2026-01-01T00:00:00Z',
  })
  await curl('POST', '/tariff-assignments', { siteId, tariffId: parking.tariffId })
  const charging = await curl('POST', '/tariffs', {
    code: 'charging',
    scope: 'charging',
    currency: 'EUR',
    rules: { scope: 'charging', tax: { code: 'VAT', percent: '19', included: true }, energy: { price: '0.49' } },
    validFrom: '2026-01-01T00:00:00Z',
  })
  await curl('POST', '/tariff-assignments', { siteId, tariffId: charging.tariffId })

  const key = randomBytes(32)
  const { connectionId } = await curl('POST', '/connections', {
    pluginId: 'parcs-http',
    siteId,
    name: 'Gates',
    secrets: { signing: `whsec_${key.toString('base64')}` },
  })
  await eventually(
    async () => (await curl('GET', `/connections/${connectionId}`)).state === 'running',
    'the connection to run',
  )
  expect(await curl('GET', `/sites/${siteId}/overview`)).toMatchObject({
    bays: [{ code: 'B-01', car: null, evses: [{ stationCode: 'CP-01', status: 'unknown', connected: false }] }],
    openStays: { count: 0 },
    revenueToday: { totalMinor: 0 },
  })

  const tell = async (fact: Json): Promise<void> => {
    const body = JSON.stringify(fact)
    const [id, timestamp] = [fact.id, String(Math.floor(Date.now() / 1000))]
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    const response = await fetch(`${hub.url}/in/${connectionId}/facts`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
    })
    expect([response.status, await response.json()]).toMatchObject([200, { results: [{ status: 'stored' }] }])
  }
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const passed = (id: string, direction: string, minutes: number, value: string) =>
    tell({
      id,
      revision: 1,
      type: 'gate.passed',
      occurredAt: ago(minutes),
      stayRef: 'T-1',
      lane: 'E1',
      data: { direction, credentials: [{ kind: 'card', value }] },
    })

  await passed('in-1', 'entry', 150, 'F6E5D4C3B2A104')
  const { items: open } = await curl('GET', `/stays?siteId=${siteId}&state=open`)
  expect(open).toMatchObject([{ stayRef: 'T-1', accountId, exitedAt: null }])
  await passed('out-1', 'exit', 0, '04A1B2C3D4E5F6')

  await eventually(async () => (await curl('GET', `/bills?stayId=${open[0].stayId}`)).items.length > 0, 'the bill')
  const { items: bills } = await curl('GET', `/bills?stayId=${open[0].stayId}`)
  expect(bills).toMatchObject([
    { kind: 'bill', accountId, currency: 'EUR', totalMinor: 600, netMinor: 504, taxMinor: 96 },
  ])
  const bill = await curl('GET', `/bills/${bills[0].billId}`)
  expect(bill.lines).toMatchObject([{ kind: 'PARKING', totalMinor: 600, taxRate: '19', taxIncluded: true }])
  const receipt = await fetch(`${hub.url}/api/v1/bills/${bill.billId}/receipt`, {
    headers: { Authorization: `Bearer ${hub.firstKey}`, Accept: 'text/html' },
  })
  expect([receipt.headers.get('content-type'), (await receipt.text()).includes(bill.number)]).toEqual([
    'text/html; charset=utf-8',
    true,
  ])
  const { items: balances } = await curl('GET', '/journal/balances')
  expect(balances.reduce((sum: number, one: Json) => sum + one.balanceMinor, 0)).toBe(0)
  const timeline = await curl('GET', `/stays/${open[0].stayId}/timeline`)
  expect(timeline.items.map((one: Json) => one.type)).toEqual(['gate.passed', 'gate.passed'])
}, 120_000)
