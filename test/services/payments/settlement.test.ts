// Owns the proof that what a charger's terminal settled becomes a payment of its session, once, and never silently nothing.
// Must not speak OCPP; test/adapters/ocpp shows how the message becomes this job.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookSettlement, type SettlementTold } from '../../../core/services/payments/book-settlement.ts'
import { subjectStanding } from '../../../core/store/subject-standing.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function terminal() {
  const garage = await openGarage(database.db)
  const { db, organizationId, siteId, stationId, deps } = garage
  const sessionId = await garage.session({})
  const at = new Date('2024-06-10T05:00:00Z')
  await db
    .insertInto('ocpp_transaction')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      station_id: stationId,
      transaction_id: deps.newId(),
      session_id: sessionId,
      protocol: 'ocpp2.1',
      station_ref: 'TX-1',
      start_key: 'TX-1',
      evse_number: 1,
      connector_number: 1,
      state: 'ended',
      started_at: at,
      start_received_at: at,
    } as never)
    .execute()
  const book = (settled: Partial<SettlementTold['settled']>, noticeId = deps.newId()) =>
    bookSettlement(deps)({
      organizationId,
      siteId,
      stationId,
      noticeId,
      at: at.toISOString(),
      settled: {
        pspRef: 'psp-1',
        status: 'settled',
        amount: '12.34',
        at: at.toISOString(),
        transaction: 'TX-1',
        ...settled,
      },
    })
  const rows = () =>
    db.selectFrom('payment').selectAll().where('organization_id', '=', organizationId).orderBy('payment_id').execute()
  const reviews = () =>
    db
      .selectFrom('review_item')
      .select(['kind', 'reason', 'state'])
      .orderBy('review_id')
      .where('organization_id', '=', organizationId)
      .execute()
  /** The message again, as the job that waits for its session would be run. */
  const waited = (settled: Partial<SettlementTold['settled']>, noticeId: string, hours: number) =>
    bookSettlement(deps)({
      organizationId,
      siteId,
      stationId,
      noticeId,
      at: at.toISOString(),
      settled: { pspRef: 'psp-1', status: 'settled', amount: '12.34', at: at.toISOString(), ...settled },
      waiting: { since: new Date(deps.clock.now().getTime() - hours * 3_600_000).toISOString(), times: 3 },
    })
  return { ...garage, book, waited, rows, reviews, sessionId }
}

test('it is booked for its session, and once however often it is told', async () => {
  const { book, rows, reviews, sessionId } = await terminal()
  for (let i = 0; i < 3; i++) await book({})
  // Also when it is found by its provider's name alone.
  await book({ transaction: undefined } as never)
  expect(await rows()).toMatchObject([
    {
      kind: 'captured',
      method: 'terminal',
      amount_minor: 1234,
      currency: 'EUR',
      subject_key: `session:${sessionId}`,
      vendor_transaction: 'psp-1',
    },
  ])
  await book({ pspRef: 'psp-2', status: 'failed' })
  expect((await rows()).map(({ kind }) => kind)).toEqual(['captured', 'failed'])
  expect(await reviews()).toEqual([])
})

test('another amount, a failure after it and a refund are booked once, and a person is told of what contradicts', async () => {
  const { book, rows, reviews } = await terminal()
  await book({ receiptId: 'R-7', receiptUrl: 'https://pay.example/r/7' })
  for (let i = 0; i < 2; i++) await book({ amount: '15.00' })
  await book({ status: 'failed', at: '2024-06-10T06:00:00.000Z' })
  for (let i = 0; i < 2; i++) await book({ status: 'refunded', amount: '2.00', refund: 'RF-1' })
  expect((await rows()).map(({ kind, amount_minor, reason }) => [kind, amount_minor, reason])).toEqual([
    ['captured', 1234, 'Receipt R-7 of the terminal. https://pay.example/r/7'],
    ['captured', 266, null],
    ['failed', 1234, null],
    ['refunded', 200, null],
  ])
  expect((await reviews()).map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/psp-1.*1234 and with 1500/),
    expect.stringMatching(/failed after it had been settled/),
  ])
})

test('without a session it waits for one, a person is told, and after a day it is unapplied money', async () => {
  const { book, waited, rows, reviews, deps } = await terminal()
  const noticeId = deps.newId()
  for (let i = 0; i < 2; i++) await book({ transaction: 'TX-unknown' }, noticeId)
  expect(await rows()).toEqual([])
  expect(await reviews()).toMatchObject([{ kind: 'settlement_waiting', state: 'open' }])
  await waited({ transaction: 'TX-unknown' }, noticeId, 25)
  expect(await rows()).toMatchObject([{ subject_key: null, amount_minor: 1234 }])
  expect(await reviews()).toMatchObject([
    { kind: 'settlement_waiting', state: 'resolved' },
    { kind: 'settlement', state: 'open', reason: expect.stringMatching(/unapplied/) },
  ])
})

test('its transaction is told of later: then it is booked there, and nobody has to look any more', async () => {
  const { db, book, waited, rows, reviews, deps, sessionId, organizationId } = await terminal()
  const noticeId = deps.newId()
  await book({ transaction: 'TX-2' }, noticeId)
  await db
    .updateTable('ocpp_transaction')
    .set({ station_ref: 'TX-2' })
    .where('organization_id', '=', organizationId)
    .execute()
  await waited({ transaction: 'TX-2' }, noticeId, 1)
  expect(await rows()).toMatchObject([{ subject_key: `session:${sessionId}`, amount_minor: 1234 }])
  expect(await reviews()).toMatchObject([{ state: 'resolved' }])
})

test('money for a session counts where the session is billed: with its stay while they are linked', async () => {
  const { db, book, sessionId, organizationId, stay, link } = await terminal()
  await book({})
  const stayId = await stay({})
  const paid = async () => {
    const keys = [`session:${sessionId}`, `stay:${stayId}`]
    const standing = await subjectStanding(db, organizationId, keys)
    return keys.map((key) => standing.get(key)?.paidMinor)
  }
  expect(await paid()).toEqual([1234, 0])
  await link(stayId, sessionId)
  expect(await paid()).toEqual([0, 1234])
})

test('what cannot be read or is in other money is not booked, and a person is told', async () => {
  const { book, rows, reviews } = await terminal()
  for (const amount of ['', '-1', '1e9', 'NaN', '12,50', '9'.repeat(400)]) await book({ amount })
  await book({ currency: 'CHF' })
  await book({ unit: 'minor', amount: '12.5' })
  expect(await rows()).toEqual([])
  expect((await reviews()).map(({ kind }) => kind)).toEqual(Array(8).fill('settlement'))
  await book({ unit: 'minor', amount: '1250', currency: 'eur' })
  expect(await rows()).toMatchObject([{ amount_minor: 1250 }])
})
