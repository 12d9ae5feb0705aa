// Owns the proof of the three billing models: the same stay under each, what the parking system is told, and whose money it is.
// Must not call a vendor.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingModelRule, billingModels, chooseBillingModel } from '../../../core/domain/bill/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { accountBalances } from '../../../core/store/journal.ts'
import { unsettledBefore } from '../../../core/store/ledger-unsettled.ts'
import { writeAbilities } from '../../../core/store/parcs-links.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, type Garage, openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const offersAll = {
  'stay.product': { repeatable: false },
  'stay.validate': { repeatable: false },
  'stay.prepay': { repeatable: false },
}

async function rule(garage: Garage, model: string | null, more: Record<string, unknown> = {}) {
  await garage.db
    .insertInto('billing_model_rule')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      rule_id: systemNewId(),
      model,
      valid_from: new Date('2024-01-01T00:00:00Z'),
      created_at: garage.clock.now(),
      created_by: 'test',
      ...more,
    })
    .execute()
}

/** 90 minutes of parking (4.00) with 10 kWh of charging (4.90), its parking paid at the pay station. */
async function visit(model: string | null, settings: object = {}, offers: object = offersAll) {
  const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0, ...settings } })
  if (model !== null) await rule(garage, model)
  const stayId = await garage.stay({ entry: '2024-06-10T02:00:00Z', exit: '2024-06-10T03:30:00Z' })
  const sessionId = await garage.session({ from: '2024-06-10T02:10:00Z', charging: 60 })
  await garage.link(stayId, sessionId)
  const { connection_id: connectionId } = await garage.db
    .selectFrom('stay')
    .select('connection_id')
    .where('stay_id', '=', stayId)
    .executeTakeFirstOrThrow()
  const { organizationId, siteId } = garage
  const now = garage.clock.now()
  await garage.db
    .insertInto('connection')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      connection_id: connectionId,
      plugin_id: 'x',
      name: 'x',
      state: 'running',
      state_at: now,
      created_at: now,
      updated_at: now,
    })
    .execute()
  const abilities = { features: [], actions: offers, canAsk: false, canQuote: false }
  await writeAbilities(garage.db, { organizationId, siteId, connectionId }, abilities, now)
  await garage.db
    .insertInto('payment')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      payment_id: systemNewId(),
      kind: 'captured',
      stay_id: stayId,
      subject_key: `stay:${stayId}`,
      connection_id: connectionId,
      content_key: systemNewId(),
      method: 'cash',
      scope: 'parking',
      amount_minor: 400,
      currency: 'EUR',
      at: now,
      recorded_at: now,
    })
    .execute()
  const bill = () => evaluateBill(garage.deps)({ organizationId, subjectKey: `stay:${stayId}` })
  const told = async () =>
    (
      await garage.db
        .selectFrom('parking_action')
        .select(['kind', 'data'])
        .where('subject_key', '=', stayId)
        .orderBy('position')
        .execute()
    ).map(({ kind, data }) => {
      const { amountMinor, product, providerNo } = data as Record<string, unknown>
      return [kind, amountMinor ?? product, ...(providerNo === undefined ? [] : [providerNo])]
    })
  const balances = async () => {
    const sight = { organizationId, siteIds: null }
    const rows = await accountBalances(garage.db, sight, {})
    return Object.fromEntries(rows.map((row) => [row.account, row.balanceMinor]))
  }
  const waiting = () =>
    unsettledBefore(garage.db, { organizationId, siteId }, { before: new Date('2025-01-01'), zone: 'UTC' })
  return { ...garage, stayId, sessionId, bill, told, balances, waiting }
}

test('hub: one bill for both, and what was paid at the pay station lowers what is owed', async () => {
  const here = await visit(null)
  expect((await here.bill()).kind).toBe('issued')
  expect(await billsOf(here)).toMatchObject([{ totalMinor: 890 }])
  expect(await here.told()).toEqual([])
  expect(await here.balances()).toMatchObject({ receivable: 490, cash: 400, 'revenue.parking': -336 })
  expect(await here.waiting()).toEqual([])
})

test('separate: the hub bills the charging alone and books no money of the parking system', async () => {
  const here = await visit('separate', { parcs_after_bill: 'confirm' })
  expect((await here.bill()).kind).toBe('issued')
  expect(await billsOf(here)).toMatchObject([{ totalMinor: 490 }])
  expect(await here.told()).toEqual([])
  const balances = await here.balances()
  expect(balances).toMatchObject({ receivable: 490 })
  expect(balances).not.toHaveProperty('cash')
  expect(balances).not.toHaveProperty(['revenue.parking'])
  expect(await here.waiting()).toEqual([])
})

test('parcs: the driver owes the hub nothing, the operator owes the energy, and the parking system is told once', async () => {
  const here = await visit('parcs', { parcs_energy_provider: '77' })
  expect((await here.bill()).kind).toBe('issued')
  expect((await here.bill()).kind).toBe('unchanged')
  expect(await billsOf(here)).toMatchObject([{ totalMinor: 490 }])
  expect(await here.told()).toEqual([['stay.validate', 490, '77']])
  const balances = await here.balances()
  expect(balances).toMatchObject({ 'third_party.receivable': 490, 'revenue.energy': -412 })
  expect(balances).not.toHaveProperty('receivable')
  expect(balances).not.toHaveProperty('cash')
  expect(await here.waiting()).toEqual([])
})

test('parcs: the way follows what the parking system offers; where it offers none a person is told', async () => {
  const product = await visit('parcs', { parcs_energy_product: 'EV' })
  await product.bill()
  expect(await product.told()).toEqual([['stay.product', 'EV']])
  const { 'stay.prepay': prepay } = offersAll
  const prepaid = await visit('parcs', { parcs_energy_product: 'EV' }, { 'stay.prepay': prepay })
  await prepaid.bill()
  expect(await prepaid.told()).toEqual([['stay.prepay', 490]])
  const none = await visit('parcs', {}, { 'stay.confirm': { repeatable: false } })
  await none.bill()
  expect(await none.told()).toEqual([])
  const reviews = await none.db
    .selectFrom('review_item')
    .select(['kind', 'reason'])
    .where('organization_id', '=', none.organizationId)
    .execute()
  expect(reviews).toMatchObject([{ kind: 'parcs_money', reason: expect.stringContaining('offers no way') }])
})

test('parcs: energy is billed while the car is inside, so that the pay station knows it in time', async () => {
  const here = await visit('parcs')
  await here.changeStay(here.stayId, { state: 'open', exit: null })
  expect((await here.bill()).kind).toBe('issued')
  expect(await here.told()).toEqual([['stay.validate', 490]])
})

test('what began under one model keeps it; an override for a group or account beats the site', async () => {
  const here = await visit('separate')
  await rule(here, 'hub', { valid_from: new Date('2024-06-10T02:30:00Z') })
  await here.bill()
  expect(await billsOf(here)).toMatchObject([{ totalMinor: 490 }])
  await here.changeSession(here.sessionId, { from: '2024-06-10T02:10:00Z', charging: 60, energyWh: 20_000 })
  await here.bill()
  expect((await billsOf(here)).map((bill) => bill.totalMinor)).toEqual([490, 490])

  const own = await visit('separate')
  await own.db
    .insertInto('account_group_member')
    .values({ organization_id: own.organizationId, group_id: own.groupId, account_id: own.accountId })
    .execute()
  await own.changeStay(own.stayId, {
    entry: '2024-06-10T02:00:00Z',
    exit: '2024-06-10T03:30:00Z',
    accountId: own.accountId,
  })
  await rule(own, 'hub', { group_id: own.groupId })
  await own.bill()
  expect(await billsOf(own)).toMatchObject([{ totalMinor: 890 }])
})

test('a session without a stay is billed by the hub, whatever the model', async () => {
  const here = await visit('parcs')
  const alone = await here.session({ from: '2024-06-09T02:10:00Z', charging: 60 })
  here.clock.advance(24 * 3_600_000)
  await evaluateBill(here.deps)({ organizationId: here.organizationId, subjectKey: `session:${alone}` })
  expect(await billsOf(here, `session:${alone}`)).toMatchObject([{ totalMinor: 490 }])
  expect(await here.balances()).toMatchObject({ receivable: 490 })
})

test('property: of rules in any order, the newest begun one of the nearest holder decides, and later ones change nothing', () => {
  const at = new Date('2024-06-10T00:00:00Z')
  const instant = fc.integer({ min: -5, max: 5 }).map((days) => new Date(at.getTime() + days * 86_400_000))
  const one = fc.record({
    ruleId: fc.uuid(),
    accountId: fc.constantFrom(null, 'a', 'b'),
    groupId: fc.constant(null),
    model: fc.constantFrom(null, ...billingModels),
    validFrom: instant,
    createdAt: instant,
  })
  const ask = { at, accountId: 'a', parentAccountId: null, groupIds: [] }
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), fc.nat(), (rules: BillingModelRule[], turn) => {
      const chosen = chooseBillingModel(rules, ask)
      const turned = [...rules.slice(turn % (rules.length + 1)), ...rules.slice(0, turn % (rules.length + 1))]
      expect(chooseBillingModel(turned, ask)).toEqual(chosen)
      expect(
        chooseBillingModel(
          rules.filter((each) => each.validFrom <= at && each.accountId !== 'b'),
          ask,
        ),
      ).toEqual(chosen)
    }),
  )
})
