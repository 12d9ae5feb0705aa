// Owns the proof that parking which the parking system prices is billed once, at its final price, and put right when that changes.
// Must not test how the price is told; test/domain/stay does.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, type Garage, hourMs, minuteMs, openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const settings = { parking_price: 'parcs', parking_tax_code: 'VAT', parking_tax_percent: '19' }
const open = (more: object = {}) => openGarage(database.db, { settings: { ...settings, ...more } })
const closed = { state: 'closed', entry: '2024-06-10T07:55:00Z', exit: '2024-06-10T11:55:00Z' } as const
const price = (amountMinor: number, more: object = {}) => ({
  amountMinor,
  currency: 'EUR',
  final: true,
  factId: 'f',
  at: '2024-06-10T11:50:00.000Z',
  ...more,
})
const evaluate = (garage: Garage, stayId: string) =>
  evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `stay:${stayId}` })
async function linesOf(garage: Garage, stayId?: string) {
  const rows = await garage.db
    .selectFrom('bill_line')
    .select(['line_key', 'total_minor', 'tax_minor', 'net_minor', 'tax_rate', 'tariff_id', 'stay_id'])
    .where('organization_id', '=', garage.organizationId)
    .orderBy('bill_id')
    .orderBy('line')
    .execute()
  return rows
    .filter((row) => stayId === undefined || row.stay_id === stayId)
    .map((row) => ({
      key: row.line_key,
      totalMinor: row.total_minor,
      taxMinor: row.tax_minor,
      netMinor: row.net_minor,
      taxRate: row.tax_rate,
      tariffId: row.tariff_id,
    }))
}

describe('a site where the parking system prices parking', () => {
  test('bills one parking line at its price and tax, beside the energy', async () => {
    const garage = await open()
    garage.clock.advance(6 * hourMs)
    const stayId = await garage.stay({ ...closed, price: price(320, { taxMinor: 51, rate: 'Tagestarif' }) })
    const sessionId = await garage.session({ energyWh: 10_000 })
    await garage.link(stayId, sessionId)
    garage.clock.advance(3 * hourMs)
    expect(await evaluate(garage, stayId)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 320 + 490 }] })
    expect(await linesOf(garage)).toMatchObject([
      { key: 'parking/vendor_price', totalMinor: 320, taxMinor: 51, netMinor: 269, taxRate: '19', tariffId: null },
      { totalMinor: 490 },
    ])
  })

  test('a tax that the site’s rate does not explain stands with the rate that it is', async () => {
    const garage = await open()
    const stayId = await garage.stay({ ...closed, price: price(1_070, { taxMinor: 70 }) })
    garage.clock.advance(hourMs)
    await evaluate(garage, stayId)
    expect(await linesOf(garage)).toMatchObject([{ totalMinor: 1_070, taxMinor: 70, taxRate: '7' }])
  })

  test('waits for the final price up to a time, then bills the rest and says why', async () => {
    const garage = await open({ price_hold_minutes: 30 })
    garage.clock.advance(6 * hourMs)
    const stayId = await garage.stay({ ...closed, price: price(200, { final: false }) })
    const sessionId = await garage.session({ energyWh: 10_000 })
    await garage.link(stayId, sessionId)
    garage.clock.advance(20 * minuteMs)
    expect(await evaluate(garage, stayId)).toMatchObject({
      kind: 'waiting',
      state: 'pending',
      reason: 'The parking system has not told its final price yet.',
    })
    garage.clock.advance(10 * minuteMs)
    expect(await evaluate(garage, stayId)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 490 }] })
    const held = await garage.db
      .selectFrom('billing_subject')
      .select(['state', 'reason'])
      .where('subject_key', '=', `stay:${stayId}`)
      .executeTakeFirst()
    expect(held).toEqual({ state: 'held', reason: 'The parking system has not told its final price of the stay.' })
    await garage.changeStay(stayId, { price: price(260) })
    garage.clock.advance(hourMs)
    expect(await evaluate(garage, stayId)).toMatchObject({
      kind: 'issued',
      bills: [{ kind: 'adjustment', totalMinor: 260 }],
    })
    expect(await evaluate(garage, stayId)).toEqual({ kind: 'unchanged', note: null })
  })

  test('a contract parker’s stay waits for no price; one in foreign money is not billed', async () => {
    const garage = await open()
    const contract = await garage.stay({ ...closed, parkerKind: 'contract' })
    const foreign = await garage.stay({ ...closed, price: price(500, { currency: 'CHF' }) })
    garage.clock.advance(20 * minuteMs)
    expect(await evaluate(garage, contract)).toEqual({ kind: 'unchanged', note: null })
    expect(await evaluate(garage, foreign)).toEqual({
      kind: 'unchanged',
      note: 'The parking system priced the stay in CHF, not in EUR.',
    })
    expect(await billsOf(garage)).toEqual([])
  })

  test('what was billed by the tariff stays with the tariff when the site’s setting changes', async () => {
    const garage = await open({ parking_price: 'hub' })
    const stayId = await garage.stay({ ...closed, price: price(5_000) })
    garage.clock.advance(hourMs)
    await evaluate(garage, stayId)
    await garage.db
      .updateTable('site')
      .set({ settings: JSON.stringify(settings) })
      .where('site_id', '=', garage.siteId)
      .execute()
    expect(await evaluate(garage, stayId)).toEqual({ kind: 'unchanged', note: null })
    expect(await linesOf(garage)).toMatchObject([{ totalMinor: 800 }])
  })

  test('however prices come and go, what is billed is the price that stands, once', async () => {
    const garage = await open()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.nat(2)), { minLength: 1, maxLength: 6 }),
        async (steps) => {
          const stayId = await garage.stay(closed)
          for (const [amount, times] of steps) {
            await garage.changeStay(stayId, { price: price(amount, { taxMinor: Math.floor(amount / 10) }) })
            garage.clock.advance(hourMs)
            for (let i = 0; i <= times; i++) await evaluate(garage, stayId)
          }
          const lines = await linesOf(garage, stayId)
          const [amount = 0] = steps.at(-1) ?? []
          expect(lines.reduce((sum, line) => sum + line.totalMinor, 0)).toBe(amount)
          expect(lines.reduce((sum, line) => sum + line.taxMinor, 0)).toBe(Math.floor(amount / 10))
        },
      ),
      { numRuns: 12 },
    )
  })
})
