// Owns the behaviour of telling a parking system what was billed: once for each bill, in the bill's own transaction.
// Must not call a vendor.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { writeAbilities } from '../../../core/store/parcs-links.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function garage(way: string, actions: object) {
  const garage = await openGarage(database.db, { settings: { parcs_after_bill: way, settle_delay_minutes: 0 } })
  const stayId = await garage.stay({ entry: '2024-06-10T02:00:00Z', exit: '2024-06-10T03:30:00Z' })
  const { connection_id: connectionId } = await garage.db
    .selectFrom('stay')
    .select('connection_id')
    .where('stay_id', '=', stayId)
    .executeTakeFirstOrThrow()
  const { organizationId, siteId } = garage
  const now = garage.clock.now()
  const row = { organization_id: organizationId, site_id: siteId, connection_id: connectionId }
  await garage.db
    .insertInto('connection')
    .values({ ...row, plugin_id: 'x', name: 'x', state: 'running', state_at: now, created_at: now, updated_at: now })
    .execute()
  const abilities = { features: [], actions, canAsk: false, canQuote: false }
  await writeAbilities(garage.db, { organizationId, siteId, connectionId }, abilities, now)
  const bill = () => evaluateBill(garage.deps)({ organizationId, subjectKey: `stay:${stayId}` })
  const told = () =>
    garage.db.selectFrom('parking_action').selectAll().where('subject_key', '=', stayId).orderBy('position').execute()
  const reviews = () =>
    garage.db
      .selectFrom('review_item')
      .select(['kind', 'reason'])
      .where('organization_id', '=', organizationId)
      .execute()
  return { ...garage, stayId, bill, told, reviews }
}

const confirm = { 'stay.confirm': { repeatable: false } }

test('a bill that is evaluated twice is told once, with its number and the parking part', async () => {
  const here = await garage('confirm', confirm)
  const first = await here.bill()
  expect(first.kind).toBe('issued')
  expect((await here.bill()).kind).toBe('unchanged')
  const told = await here.told()
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ kind: 'stay.confirm', state: 'queued', requested_by: 'hub:billing' })
  const number = first.kind === 'issued' ? first.bills[0]?.number : ''
  expect(told[0]?.data).toMatchObject({ amountMinor: 400, currency: 'EUR', authorisation: number })
  expect(told[0]?.idempotency_key).toBe(`bill:${told[0]?.bill_id}`)
})

test('an adjustment takes the place of what was not sent, and of what was goes to a person', async () => {
  const here = await garage('confirm', confirm)
  await here.bill()
  await here.changeStay(here.stayId, { exit: '2024-06-10T05:30:00Z' })
  await here.bill()
  expect((await here.told()).map(({ state, data }) => [state, (data as { amountMinor: number }).amountMinor])).toEqual([
    ['superseded', 400],
    ['queued', 800],
  ])
  await here.db
    .updateTable('parking_action')
    .set({ state: 'done' })
    .where('subject_key', '=', here.stayId)
    .where('state', '=', 'queued')
    .execute()
  await here.changeStay(here.stayId, { exit: '2024-06-10T03:30:00Z' })
  await here.bill()
  expect(await here.told()).toHaveLength(2)
  expect(await here.reviews()).toMatchObject([{ kind: 'parcs_money', reason: expect.stringContaining('400') }])
})

test('a vendor that takes a confirmation twice is told the new whole', async () => {
  const here = await garage('confirm', { 'stay.confirm': { repeatable: true } })
  await here.bill()
  await here.db.updateTable('parking_action').set({ state: 'done' }).where('subject_key', '=', here.stayId).execute()
  await here.changeStay(here.stayId, { exit: '2024-06-10T05:30:00Z' })
  await here.bill()
  const [, second] = await here.told()
  expect(second).toMatchObject({ state: 'queued', data: { amountMinor: 800 } })
})

test('nothing is asked of a vendor that does not offer it, nor where the site says none', async () => {
  const unable = await garage('prepay', confirm)
  await unable.bill()
  expect(await unable.told()).toEqual([])
  expect(await unable.reviews()).toMatchObject([
    { kind: 'parcs_money', reason: expect.stringContaining('stay.prepay') },
  ])
  const silent = await garage('none', confirm)
  expect((await silent.bill()).kind).toBe('issued')
  expect([await silent.told(), await silent.reviews()]).toEqual([[], []])
})
