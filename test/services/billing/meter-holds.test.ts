// Owns the proof that a bill waits for the last reading and for signed data as long as its site says, that what comes later is a
// correction, and that a receipt which lacks what a regime asks for is told of.
// Must not test prices, nor what each regime asks for.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, hourMs, minuteMs, openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** A stay with an hour of charging, both over, in a garage whose clock is past all other waits. */
async function visit(settings: object) {
  const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0, ...settings } })
  const { db, organizationId, siteId, stationId } = garage
  garage.clock.advance(6 * hourMs)
  const stayId = await garage.stay({ entry: '2024-06-10T07:55:00Z', exit: '2024-06-10T11:55:00Z' })
  const sessionId = await garage.session({ charging: 60, energyWh: 9_000 })
  await garage.link(stayId, sessionId)
  const subjectKey = `stay:${stayId}`
  return {
    ...garage,
    sessionId,
    subjectKey,
    evaluate: () => evaluateBill(garage.deps)({ organizationId, subjectKey }),
    flag: (flags: string[]) =>
      db.updateTable('charging_session').set({ flags }).where('session_id', '=', sessionId).execute(),
    sign: (at: string, context: 'begin' | 'end' = 'end') => {
      const data = Buffer.from(`OCMF|{"at":"${at}"}|{}`)
      return db
        .insertInto('signed_meter_value')
        .values({
          organization_id: organizationId,
          site_id: siteId,
          station_id: stationId,
          evse_number: 1,
          context,
          data,
          sha256: createHash('sha256').update(data).digest('hex'),
          measurand: 'Energy.Active.Import.Register',
          at: new Date(at),
          received_at: garage.clock.now(),
        })
        .execute()
    },
    subject: () =>
      db
        .selectFrom('billing_subject')
        .select(['state', 'reason', 'due_at'])
        .where('organization_id', '=', organizationId)
        .where('subject_key', '=', subjectKey)
        .executeTakeFirstOrThrow(),
    reviews: () =>
      db
        .selectFrom('review_item')
        .select(['kind', 'reason'])
        .where('organization_id', '=', organizationId)
        .where('kind', '=', 'receipt_incomplete')
        .execute(),
  }
}

test('a session without its last reading is waited for, billed with a note, and corrected when the reading comes', async () => {
  const here = await visit({ meter_end_hold_hours: 2 })
  await here.flag(['meter_stop_missing'])
  const dueAt = new Date(here.clock.now().getTime() + 2 * hourMs)
  const waiting = { state: 'pending', reason: 'The last meter reading has not come yet.' }
  expect(await here.evaluate()).toEqual({ kind: 'waiting', ...waiting, dueAt })
  expect(await here.subject()).toEqual({ ...waiting, due_at: dueAt })
  here.clock.advance(2 * hourMs - 1)
  expect((await here.evaluate()).kind).toBe('waiting')
  here.clock.advance(1)
  expect(await here.evaluate()).toMatchObject({ kind: 'issued', bills: [{ kind: 'bill', totalMinor: 800 + 441 }] })
  expect(await here.subject()).toMatchObject({
    state: 'settled',
    reason: expect.stringContaining('did not come in time'),
  })
  expect((await here.evaluate()).kind).toBe('unchanged')

  here.clock.advance(24 * hourMs)
  await here.changeSession(here.sessionId, { charging: 60, energyWh: 10_000 })
  await here.flag([])
  expect(await here.evaluate()).toMatchObject({ kind: 'issued', bills: [{ kind: 'adjustment', totalMinor: 49 }] })
  expect(await here.subject()).toMatchObject({ state: 'settled', reason: null })
  expect((await billsOf(here)).map(({ totalMinor }) => totalMinor)).toEqual([1241, 49])
})

test('a reading that comes while it is waited for is billed at once, and nothing is corrected', async () => {
  const here = await visit({ meter_end_hold_hours: 2 })
  await here.flag(['meter_stop_missing'])
  expect((await here.evaluate()).kind).toBe('waiting')
  here.clock.advance(10 * minuteMs)
  await here.changeSession(here.sessionId, { charging: 60, energyWh: 10_000 })
  await here.flag([])
  expect(await here.evaluate()).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 800 + 490 }] })
  expect(await here.subject()).toMatchObject({ reason: null })
})

test('signed data of the end is waited for; that of the beginning or of another session does not do', async () => {
  const here = await visit({ signed_data_hold_hours: 24 })
  await here.sign('2024-06-10T08:00:00Z', 'begin')
  await here.sign('2024-06-10T10:30:00Z')
  expect(await here.evaluate()).toMatchObject({ reason: 'The signed meter data has not come yet.' })
  await here.sign('2024-06-10T09:00:00Z')
  expect(await here.evaluate()).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 800 + 441 }] })
  expect(await here.subject()).toMatchObject({ reason: null })
})

test('signed data that never comes holds nothing for ever: a note stays, and late data changes no amount', async () => {
  const here = await visit({ signed_data_hold_hours: 24, receipt_regimes: ['de_eichrecht'] })
  expect((await here.evaluate()).kind).toBe('waiting')
  here.clock.advance(24 * hourMs)
  expect(await here.evaluate()).toMatchObject({ kind: 'issued' })
  expect(await here.subject()).toMatchObject({ reason: 'The signed meter data did not come in time.' })
  await here.sign('2024-06-10T09:00:00Z')
  expect((await here.evaluate()).kind).toBe('unchanged')
  expect(await billsOf(here)).toHaveLength(1)
})

test('a receipt that lacks what a regime asks for says so, and a person is told once a day', async () => {
  const here = await visit({ receipt_regimes: ['eu_vat', 'de_eichrecht', 'no_such_regime'] })
  await here.evaluate()
  const { receipt } = await here.db
    .selectFrom('bill')
    .select('receipt')
    .where('organization_id', '=', here.organizationId)
    .executeTakeFirstOrThrow()
  const named = (receipt as { missing: { regime: string; item: string }[] }).missing.map(
    (one) => `${one.regime} ${one.item}`,
  )
  expect(named).toEqual(expect.arrayContaining(['eu_vat seller_tax_id', 'de_eichrecht signed_data']))
  expect(named.some((one) => one.startsWith('no_such_regime'))).toBe(false)
  const told = await here.reviews()
  expect(told).toHaveLength(1)
  for (const one of named) expect(told[0]?.reason).toContain(one.split(' ')[1])
  const again = async () => {
    const stayId = await here.stay({ entry: '2024-06-10T07:55:00Z', exit: '2024-06-10T11:55:00Z' })
    const sessionId = await here.session({ charging: 60, energyWh: 9_000 })
    await here.link(stayId, sessionId)
    const { organizationId } = here
    expect((await evaluateBill(here.deps)({ organizationId, subjectKey: `stay:${stayId}` })).kind).toBe('issued')
  }
  await again()
  expect(await here.reviews()).toHaveLength(1)
  here.clock.advance(24 * hourMs)
  await again()
  expect(await here.reviews()).toHaveLength(2)
})
