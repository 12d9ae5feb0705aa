// Owns the proof that shares of the takings and the cost of energy are posted when days are closed: exactly once, to the cent.
// Must not test what an agreement may look like over the API.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lineKinds } from '../../../core/domain/price.ts'
import { energyCostOf, shareOfDay } from '../../../core/domain/share/share-of-day.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { closePeriod } from '../../../core/services/ledger/close-period.ts'
import { trialBalance } from '../../../core/services/ledger/read-ledger.ts'
import type { Access, Outcome } from '../../../core/services/manage/outcome.ts'
import { manageAgreements, manageEnergyRates } from '../../../core/services/shares/manage-agreements.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const accessTo = (garage: Garage): Access => ({
  organizationId: garage.organizationId,
  siteIds: null,
  actor: 'key:auditor',
  requestId: 'r1',
})
function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}
const bill = (garage: Garage, subjectKey: string) =>
  evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey })
const close = async (garage: Garage, to: string) =>
  value(await closePeriod(garage.deps)(accessTo(garage), { siteId: garage.siteId, to }))
const balances = async (garage: Garage, date = '2024-12-31') =>
  Object.fromEntries(
    (await trialBalance(garage.deps)(accessTo(garage), { siteId: garage.siteId, date })).accounts.map(
      ({ account, balanceMinor }) => [account, balanceMinor],
    ),
  )

test('the owner gets a part of the parking and so much a kWh, the energy costs what it costs, each day once', async () => {
  const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0 } })
  const { siteId } = garage
  const agreement = value(
    await manageAgreements(garage.deps).create(accessTo(garage), {
      siteId,
      party: 'owner',
      name: 'Grund AG',
      validFrom: '2024-06-01',
      shares: [
        { kinds: ['PARKING', 'VALIDATION'], percent: '70' },
        { kinds: ['ENERGY'], perKwh: '0.05' },
      ],
    }),
  )
  value(
    await manageEnergyRates(garage.deps).create(accessTo(garage), {
      siteId,
      name: 'Stadtwerke',
      validFrom: '2024-06-01',
      pricePerKwh: '0.2237',
    }),
  )
  garage.clock.advance(6 * hourMs)
  const stayId = await garage.stay({ exit: '2024-06-10T11:55:00Z' })
  const sessionId = await garage.session({ energyWh: 10_000 })
  await garage.link(stayId, sessionId)
  await bill(garage, `stay:${stayId}`)
  garage.clock.advance(24 * hourMs)
  const [period] = await close(garage, '2024-06-10')
  // 8.00 with 19 % in it: 6.72 net; 70 % is 4.704. 10 kWh × 0.05 = 0.50. Energy: 10 × 0.2237 = 2.237.
  expect(await balances(garage)).toMatchObject({
    'share.owner': 470 + 50,
    'owner.payable': -520,
    'energy.cost': 224,
    'energy.payable': -224,
  })
  expect(period?.entryCount).toBe(3)
  // More energy becomes known of the closed day: the difference is posted on an open one.
  await garage.changeSession(sessionId, { energyWh: 12_000 })
  garage.clock.advance(24 * hourMs)
  await close(garage, '2024-06-11')
  await close(garage, '2024-06-11').catch(() => undefined)
  expect(await balances(garage)).toMatchObject({ 'energy.cost': 268, 'energy.payable': -268, 'share.owner': 520 })
  const { rows } = await database.ownerPool.query(
    `select e.business_date::text as day, e.fact_date::text as fact, e.corrects_entry_id is not null as corrects from journal_entry e
     where e.organization_id = $1 and e.source_type = 'energy_cost' order by e.posted_at`,
    [garage.organizationId],
  )
  expect(rows).toEqual([
    { day: '2024-06-10', fact: '2024-06-10', corrects: false },
    { day: '2024-06-11', fact: '2024-06-10', corrects: true },
  ])
  expect(
    await manageAgreements(garage.deps).update(accessTo(garage), agreement.agreementId, { validTo: '2024-06-09' }),
  ).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/validTo' }] })
})

test('an agreement holds from its first to its last day', async () => {
  const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0 } })
  const { siteId } = garage
  const add = (validFrom: string, validTo: string | null, percent: string) =>
    manageAgreements(garage.deps).create(accessTo(garage), {
      siteId,
      party: 'partner',
      name: `P ${percent}`,
      validFrom,
      validTo,
      shares: [{ kinds: ['PARKING'], percent }],
    })
  value(await add('2024-06-01', '2024-06-10', '10'))
  value(await add('2024-06-11', null, '50'))
  expect(await add('2024-06-11', '2024-06-10', '50')).toMatchObject({ problems: [{ pointer: '/validTo' }] })
  expect(await add('2024-06-11', null, '101')).toMatchObject({ problems: [{ pointer: '/shares/0/percent' }] })
  for (const day of [10, 11]) {
    garage.clock.advance(day === 10 ? 6 * hourMs : 24 * hourMs)
    const stayId = await garage.stay({ entry: `2024-06-${day}T07:55:00Z`, exit: `2024-06-${day}T11:55:00Z` })
    await bill(garage, `stay:${stayId}`)
  }
  garage.clock.advance(48 * hourMs)
  await close(garage, '2024-06-12')
  expect(await balances(garage)).toMatchObject({ 'share.partner': 67 + 336, 'partner.payable': -403 })
})

test('shares of a day add up to the rules, each rounded once, and all of the net is all of the net', () => {
  const sums = fc.array(
    fc.record({
      kind: fc.constantFrom(...lineKinds),
      netMinor: fc.integer({ min: -1_000_000, max: 10_000_000 }),
      energyWh: fc.integer({ min: 0, max: 5_000_000 }),
    }),
  )
  fc.assert(
    fc.property(sums, fc.integer({ min: 0, max: 10_000 }), (day, points) => {
      const net = day.reduce((sum, { netMinor }) => sum + netMinor, 0)
      const all = shareOfDay([{ kinds: lineKinds, percent: '100' }], day, 'EUR')
      expect(all.amountMinor).toBe(net === 0 ? 0 : net)
      const percent = (points / 100).toFixed(2)
      const rest = ((10_000 - points) / 100).toFixed(2)
      const [a, b] = [percent, rest].map(
        (each) => shareOfDay([{ kinds: lineKinds, percent: each }], day, 'EUR').amountMinor,
      )
      expect(Math.abs((a ?? 0) + (b ?? 0) - net)).toBeLessThanOrEqual(1)
    }),
  )
  expect(energyCostOf(1, '0.3', 'EUR')).toBe(0)
  expect(energyCostOf(12_345, '0.2237', 'EUR')).toBe(276)
  expect(energyCostOf(12_345, '30', 'JPY')).toBe(370)
})
