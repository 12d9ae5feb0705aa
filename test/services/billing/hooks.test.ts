// Owns the proof of what plugins may do to a bill: add lines that lower it, hold it; and that their silence changes nothing.
// Must not use the plugin host.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { PricedLine } from '../../../core/plugin/index.ts'
import type { BillingHooks, PriceAsk } from '../../../core/services/billing/billing-deps.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, type Garage, hourMs, minuteMs, openGarage } from './garage.ts'

const credit = (key: string, amount: string, more: Partial<PricedLine> = {}): PricedLine => ({
  key,
  kind: 'CREDIT',
  description: 'Loyalty',
  quantity: '1',
  billedQuantity: '1',
  unit: 'piece',
  unitPrice: amount,
  net: amount,
  taxCode: 'none',
  taxRate: '0',
  rulePath: '',
  explanation: [],
  ...more,
})

let database: TestDatabase
let garage: Garage
let answers: Awaited<ReturnType<BillingHooks['price']>>
let hold: Awaited<ReturnType<BillingHooks['settle']>>
let asked: PriceAsk[]
let meanwhile: (() => Promise<void>) | null
let totals: number[]
let listening: boolean
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  answers = []
  asked = []
  totals = []
  hold = { kind: 'pass' }
  meanwhile = null
  listening = true
  const hooks: BillingHooks = {
    listening: () => listening,
    async price(ask) {
      asked.push(ask)
      await meanwhile?.()
      return answers
    },
    async settle(ask) {
      totals.push(ask.totalMinor)
      return hold
    },
  }
  garage = await openGarage(database.db, { hooks })
})

const evaluate = (id: string) =>
  evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `session:${id}` })
async function session(energyWh = 10_000) {
  const id = await garage.session({ energyWh })
  garage.clock.advance(3 * hourMs)
  return id
}

test('a plugin adds a line that lowers the bill; the hub names it', async () => {
  answers = [{ by: 'loyalty', lines: [credit('points', '-1.00')] }]
  const id = await session()
  await evaluate(id)
  expect(asked).toMatchObject([
    { siteId: garage.siteId, subjectKey: `session:${id}`, currency: 'EUR', lines: [{ key: 'energy' }] },
  ])
  expect(totals).toEqual([390])
  expect(await billsOf(garage)).toMatchObject([
    { totalMinor: 390, lines: [{ totalMinor: 490 }, { key: 'added:loyalty/points', totalMinor: -100 }] },
  ])
  // All as it should be: nobody is asked again.
  expect(await evaluate(id)).toEqual({ kind: 'unchanged', note: null })
  expect(asked).toHaveLength(1)
})

test("lines that are no plugin's to add are not taken", async () => {
  answers = [
    {
      by: 'acme',
      lines: [
        credit('dear', '2.00'),
        credit('energy', '-1.00', { kind: 'ENERGY' }),
        credit('huge', '-5.00'),
        credit('wrong', 'NaN'),
        credit('fine', '-4.00'),
        credit('fine', '-0.10'),
        credit('rest', '-1.00'),
      ],
    },
  ]
  await evaluate(await session())
  expect((await billsOf(garage))[0]?.lines.map((line) => [line.key.split('/')[1], line.totalMinor])).toEqual([
    ['energy', 490],
    ['fine', -400],
  ])
})

test('a plugin that is silent keeps what it added, one that answers may take it back', async () => {
  answers = [{ by: 'loyalty', lines: [credit('points', '-1.00')] }]
  const id = await session()
  await evaluate(id)
  answers = []
  await garage.changeSession(id, { energyWh: 20_000 })
  garage.clock.advance(3 * hourMs)
  await evaluate(id)
  expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([390, 490])
  answers = [{ by: 'loyalty', lines: [] }]
  await garage.changeSession(id, { energyWh: 10_000 })
  garage.clock.advance(3 * hourMs)
  await evaluate(id)
  expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([390, 490, -490 + 100])
  // Nothing left to bill, nothing left to add to.
  await garage.changeSession(id, { state: 'void' })
  garage.clock.advance(minuteMs * 15)
  await evaluate(id)
  expect((await billsOf(garage)).reduce((sum, bill) => sum + bill.totalMinor, 0)).toBe(0)
})

test('an answer about facts that have changed does not count', async () => {
  answers = [{ by: 'loyalty', lines: [credit('points', '-1.00')] }]
  const id = await session()
  meanwhile = async () => {
    meanwhile = null
    answers = [{ by: 'loyalty', lines: [credit('points', '-2.00')] }]
    const at = garage.clock.now()
    await garage.db
      .updateTable('charging_session')
      .set({ energy_wh: 20_000, periods: '[]' })
      .where('session_id', '=', id)
      .execute()
    expect(garage.clock.now()).toEqual(at)
  }
  await evaluate(id)
  expect(asked).toHaveLength(2)
  expect(await billsOf(garage)).toMatchObject([{ totalMinor: 980 - 200 }])
})

test('a plugin holds a bill until a time', async () => {
  const id = await session()
  const until = new Date(garage.clock.now().getTime() + hourMs)
  hold = { kind: 'hold', until, reason: 'The fleet looks at it first.' }
  expect(await evaluate(id)).toEqual({
    kind: 'waiting',
    state: 'held',
    reason: 'The fleet looks at it first.',
    dueAt: until,
  })
  expect(await billsOf(garage)).toEqual([])
  garage.clock.advance(hourMs)
  expect(await evaluate(id)).toMatchObject({ kind: 'issued' })
})

test('where no plugin listens, none is asked, and what was added stays', async () => {
  answers = [{ by: 'loyalty', lines: [credit('points', '-1.00')] }]
  const id = await session()
  await evaluate(id)
  listening = false
  await garage.changeSession(id, { energyWh: 20_000 })
  garage.clock.advance(3 * hourMs)
  await evaluate(id)
  expect(asked).toHaveLength(1)
  expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([390, 490])
})

test('a validation pays for the parking of a stay, never for the energy on the same bill', async () => {
  answers = [
    {
      by: 'cinema',
      lines: [credit('v', '-50.00', { kind: 'VALIDATION', taxCode: 'VAT', taxRate: '19' }), credit('c', '-1.00')],
    },
  ]
  garage.clock.advance(6 * hourMs)
  const stayId = await garage.stay({ state: 'closed', entry: '2024-06-10T07:55:00Z', exit: '2024-06-10T11:55:00Z' })
  const sessionId = await garage.session({ energyWh: 10_000 })
  await garage.link(stayId, sessionId)
  garage.clock.advance(3 * hourMs)
  await evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `stay:${stayId}` })
  const [bill] = await billsOf(garage)
  expect(bill?.lines.map(({ key, totalMinor }) => [key.split('/').at(-1), totalMinor])).toEqual(
    expect.arrayContaining([
      ['v', -800],
      ['c', -100],
      ['energy', 490],
    ]),
  )
  expect(bill?.totalMinor).toBe(390)
})
