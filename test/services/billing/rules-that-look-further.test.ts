// Owns the proof that bills give engines what their rules look at: sessions of the stay, what the account used before.
// Must not test prices beyond telling them apart.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { readUsage } from '../../../core/store/account-usage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, openGarage } from './garage.ts'

let database: TestDatabase
let garage: Garage
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  garage = await openGarage(database.db)
})

async function billed(subjectKey: `stay:${string}` | `session:${string}`): Promise<number> {
  const { organizationId } = garage
  garage.clock.advance(48 * hourMs)
  await evaluateBill(garage.deps)({ organizationId, subjectKey })
  const rows = await garage.db
    .selectFrom('bill')
    .select('total_minor')
    .where('organization_id', '=', organizationId)
    .where('subject_key', '=', subjectKey)
    .execute()
  return rows.reduce((sum, row) => sum + row.total_minor, 0)
}

test('free energy of a day is used up by sessions that began earlier on that day of the site', async () => {
  const tariff = await garage.tariff(
    'charging',
    { scope: 'charging', energy: { price: '0.50' }, allowance: { kwh: '10', per: 'day' } },
    'allowance',
  )
  await garage.assign(tariff, { priority: 9 })
  const { accountId } = garage
  const session = (from: string, energyWh: number) => garage.session({ from, energyWh, accountId })
  // 23:30 on the 9th in Berlin, then twice on the 10th.
  const before = await session('2024-06-09T21:30:00Z', 9_000)
  const first = await session('2024-06-09T22:30:00Z', 7_000)
  const second = await session('2024-06-10T08:00:00Z', 8_000)
  expect(await billed(`session:${before}`)).toBe(0)
  expect(await billed(`session:${second}`)).toBe(250)
  expect(await billed(`session:${first}`)).toBe(0)
  const { organizationId } = garage
  const ask = { organizationId, accountId, sessionId: second, zone: 'Europe/Berlin', currency: 'EUR' }
  const usage = await readUsage(garage.db, { ...ask, before: new Date('2024-06-10T08:00:00Z') })
  expect(usage).toEqual({
    day: { energyWh: 7_000, net: '0.00', gross: '0.00' },
    month: { energyWh: 16_000, net: '0.00', gross: '0.00' },
  })
  const next = await readUsage(garage.db, { ...ask, sessionId: first, before: new Date('2024-06-11T08:00:00Z') })
  expect(next.month).toEqual({ energyWh: 24_000, net: '2.50', gross: '2.50' })
})

test('parking that is free while charging knows the sessions of its stay', async () => {
  const rules = { scope: 'parking', bands: [{ everyMinutes: 60, price: '2.00' }], charging: { freeMinutes: 120 } }
  await garage.assign(await garage.tariff('parking', rules, 'combined'), { priority: 9 })
  const free = await garage.tariff('charging', { scope: 'charging', energy: { price: '0' } }, 'free')
  await garage.assign(free, { priority: 9 })
  const stay = () => garage.stay({ entry: '2024-06-10T08:00:00Z', exit: '2024-06-10T12:00:00Z', state: 'closed' })
  const [alone, charging] = [await stay(), await stay()]
  await garage.link(charging, await garage.session({ from: '2024-06-10T08:00:00Z', charging: 90, energyWh: 5_000 }))
  expect([await billed(`stay:${alone}`), await billed(`stay:${charging}`)]).toEqual([800, 600])
})
