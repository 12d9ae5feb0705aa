// Owns the proof of one subject's billing: when it waits, what it bills, how it corrects, and that repeating is free.
// Must not test prices; the tariff's own tests do.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BillBasis } from '../../../core/domain/bill/index.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, type Garage, hourMs, minuteMs, openGarage, parkingRules } from './garage.ts'

let database: TestDatabase
let garage: Garage
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  garage = await openGarage(database.db)
})

const evaluate = (subjectKey: string) =>
  evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey })
const wait = (ms: number) => garage.clock.advance(ms)
/** 07:55 to 11:55: four hours, 8.00. */
const closed = { state: 'closed', entry: '2024-06-10T07:55:00Z', exit: '2024-06-10T11:55:00Z' } as const

async function subject(key: string) {
  return garage.db
    .selectFrom('billing_subject')
    .select(['state', 'reason', 'due_at'])
    .where('organization_id', '=', garage.organizationId)
    .where('subject_key', '=', key)
    .executeTakeFirst()
}

describe('one bill per stay', () => {
  test('parking and charging together, after the facts have settled', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({ charging: 60, idle: 45, energyWh: 12_345 })
    await garage.link(stayId, sessionId)
    const key = `stay:${stayId}`
    const due = new Date(garage.clock.now().getTime() + 15 * minuteMs)
    expect(await evaluate(key)).toEqual({
      kind: 'waiting',
      state: 'pending',
      reason: 'Late facts may still arrive.',
      dueAt: due,
    })
    const timers = await garage.db
      .selectFrom('timer')
      .selectAll()
      .where('organization_id', '=', garage.organizationId)
      .execute()
    expect(timers).toMatchObject([
      {
        kind: 'bill.evaluate',
        key: `bill:${key}`,
        due_at: due,
        data: { organizationId: garage.organizationId, siteId: garage.siteId, subjectKey: key },
      },
    ])

    wait(15 * minuteMs)
    expect(await evaluate(key)).toMatchObject({
      kind: 'issued',
      bills: [{ number: 'P1-000001', kind: 'bill', totalMinor: 1705 }],
    })
    expect(await billsOf(garage)).toEqual([
      {
        subject: key,
        number: 'P1-1',
        kind: 'bill',
        sequence: 1,
        totalMinor: 800 + 605 + 300,
        netMinor: 672 + 508 + 252,
        taxMinor: 128 + 97 + 48,
        reason: null,
        lines: [
          { key: 'parking/band:0', totalMinor: 800, billedQuantity: '240' },
          { key: `charging:${sessionId}/energy`, totalMinor: 605, billedQuantity: '12.345' },
          { key: `charging:${sessionId}/idle`, totalMinor: 300, billedQuantity: '30' },
        ],
      },
    ])
    expect(await subject(key)).toEqual({ state: 'settled', reason: null, due_at: null })
    expect(
      await garage.db.selectFrom('timer').selectAll().where('organization_id', '=', garage.organizationId).execute(),
    ).toEqual([])
    const frozen = await garage.db
      .selectFrom('charging_session')
      .select(['tariff_id', 'tariff_version', 'version'])
      .where('session_id', '=', sessionId)
      .executeTakeFirst()
    expect(frozen).toEqual({ tariff_id: garage.chargingTariff, tariff_version: 1, version: 1 })

    // Again, and the session on its own: nothing more.
    expect(await evaluate(key)).toEqual({ kind: 'unchanged', note: null })
    expect(await evaluate(`session:${sessionId}`)).toEqual({
      kind: 'unchanged',
      note: 'The charging session belongs to a stay and is billed with it.',
    })
    expect(await billsOf(garage)).toHaveLength(1)
  })

  test('the journal and the event come with the bill', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    const entries = await garage.db
      .selectFrom('journal_entry')
      .selectAll()
      .where('organization_id', '=', garage.organizationId)
      .execute()
    expect(entries).toMatchObject([{ source_type: 'bill', description: 'Bill P1-000001', business_date: '2024-06-10' }])
    const postings = await garage.db
      .selectFrom('journal_posting')
      .selectAll()
      .where('organization_id', '=', garage.organizationId)
      .orderBy('posting')
      .execute()
    expect(
      postings.map((each) => [each.debit_account, each.credit_account, each.amount_minor, each.bill_line]),
    ).toEqual([
      ['receivable', 'revenue.parking', 672, 1],
      ['receivable', 'tax.payable.VAT', 128, 1],
    ])
    const events = await garage.db
      .selectFrom('event')
      .select(['type', 'data'])
      .where('organization_id', '=', garage.organizationId)
      .execute()
    expect(events).toMatchObject([
      { type: 'bill.issued', data: { number: 'P1-000001', totalMinor: 800, currency: 'EUR', siteId: garage.siteId } },
    ])
  })

  test('what it was made from is kept on the bill', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    const { basis, rounding } = await garage.db
      .selectFrom('bill')
      .select(['basis', 'rounding'])
      .where('organization_id', '=', garage.organizationId)
      .executeTakeFirstOrThrow()
    expect(rounding).toEqual({ name: 'line_half_up', mode: 'half_up', tax: 'per_line' })
    const { parking } = basis as BillBasis
    expect(parking?.tariff).toMatchObject({
      tariffId: garage.parkingTariff,
      version: 1,
      engine: 'tariff-standard',
      fixed: false,
    })
    const engine = garage.deps.engine('tariff-standard')
    if (!engine || !parking) throw new Error('nothing to price')
    expect(engine.quote({ ...parking.input, rules: parkingRules })).toMatchObject({
      kind: 'priced',
      lines: [{ gross: '8' }],
    })
  })

  test('a contract parker gets a line of nothing, and so does nobody who charged nothing', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay({ ...closed, parkerKind: 'contract' })
    const failed = await garage.session({ charging: 1, energyWh: 0 })
    await garage.link(stayId, failed)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    expect(await billsOf(garage)).toMatchObject([
      { totalMinor: 0, lines: [{ key: 'parking/included', totalMinor: 0 }] },
    ])
    expect(
      await garage.db
        .selectFrom('journal_entry')
        .select('entry_id')
        .where('organization_id', '=', garage.organizationId)
        .execute(),
    ).toEqual([])
  })
})

describe('waiting', () => {
  test('for the car to leave', async () => {
    const stayId = await garage.stay({ state: 'open', exit: null })
    wait(hourMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'waiting', state: 'pending', dueAt: null })
  })

  test('not for ever: energy of a car that stays is billed after three days, its parking when it leaves', async () => {
    const stayId = await garage.stay({ state: 'open', exit: null })
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId)
    const due = new Date(garage.clock.now().getTime() + 72 * hourMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'waiting', dueAt: due })
    wait(72 * hourMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({
      kind: 'issued',
      bills: [{ kind: 'bill', totalMinor: 490 }],
    })
    await garage.changeStay(stayId, { state: 'closed', exit: '2024-06-14T07:55:00Z' })
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({
      kind: 'issued',
      bills: [{ kind: 'adjustment', totalMinor: 8000 }],
    })
  })

  test('for a charger that has not told the end, a day at most', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({ state: 'active' })
    await garage.link(stayId, sessionId)
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({
      kind: 'waiting',
      state: 'pending',
      reason: expect.stringContaining('charger'),
    })
    wait(24 * hourMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 800 }] })
    await garage.changeSession(sessionId, { state: 'closed' })
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({
      kind: 'issued',
      bills: [{ kind: 'adjustment', totalMinor: 490 }],
    })
  })

  test('a session that ended is over when its car has left, even if nobody saw the cable come out', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({ state: 'ended' })
    await garage.link(stayId, sessionId)
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 800 + 490 }] })
  })

  test('for a person to decide about a link, three days at most', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId, 'review')
    const due = new Date(garage.clock.now().getTime() + 72 * hourMs)
    wait(3 * hourMs)
    for (const key of [`stay:${stayId}`, `session:${sessionId}`]) {
      expect(await evaluate(key)).toMatchObject({ kind: 'waiting', state: 'held', dueAt: due })
      expect(await subject(key)).toMatchObject({ state: 'held', due_at: due })
    }
    wait(72 * hourMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 800 }] })
    expect(await evaluate(`session:${sessionId}`)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 490 }] })
    // The person decides after all.
    await garage.link(stayId, sessionId, 'linked')
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({
      kind: 'issued',
      bills: [
        { subjectKey: `session:${sessionId}`, kind: 'adjustment', totalMinor: -490 },
        { subjectKey: `stay:${stayId}`, kind: 'adjustment', totalMinor: 490 },
      ],
    })
  })

  test('a session alone waits for a stay to become known, and for the cable to come out', async () => {
    const sessionId = await garage.session({ state: 'ended' })
    const key = `session:${sessionId}`
    expect(await evaluate(key)).toMatchObject({ kind: 'waiting', reason: 'The cable is still plugged in.' })
    await garage.changeSession(sessionId, { state: 'closed' })
    wait(15 * minuteMs)
    expect(await evaluate(key)).toMatchObject({
      kind: 'waiting',
      reason: 'A stay that the session belongs to may still become known.',
    })
    wait(105 * minuteMs)
    expect(await evaluate(key)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 490 }] })
  })

  test('settings of the site move all of it', async () => {
    garage = await openGarage(database.db, {
      settings: { settle_delay_minutes: 0, link_window_minutes: 0, bill_series: 'X' },
    })
    const sessionId = await garage.session({})
    expect(await evaluate(`session:${sessionId}`)).toMatchObject({ kind: 'issued', bills: [{ number: 'X-000001' }] })
  })
})

describe('corrections', () => {
  const issued = async (values: object = {}) => {
    wait(6 * hourMs)
    const stayId = await garage.stay({ ...closed, ...values })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    return stayId
  }

  test('a stay that turns out to be an account’s is given back and billed to the account, once', async () => {
    const stayId = await issued()
    await garage.changeStay(stayId, { accountId: garage.accountId })
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({
      kind: 'issued',
      bills: [
        { kind: 'adjustment', totalMinor: -800 },
        { kind: 'adjustment', totalMinor: 800 },
      ],
    })
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'unchanged' })
    const rows = await garage.db
      .selectFrom('bill')
      .select(['account_id', 'total_minor', 'reason'])
      .where('organization_id', '=', garage.organizationId)
      .orderBy('sequence')
      .execute()
    expect(rows).toEqual([
      { account_id: null, total_minor: 800, reason: null },
      { account_id: null, total_minor: -800, reason: 'It belongs to another account and is billed there.' },
      { account_id: garage.accountId, total_minor: 800, reason: expect.stringContaining('Corrected') },
    ])
    await garage.changeStay(stayId, { state: 'voided' })
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ bills: [{ totalMinor: -800 }] })
  })

  test('a corrected exit takes the line back and bills it anew', async () => {
    const stayId = await issued()
    await garage.changeStay(stayId, { exit: '2024-06-10T09:55:00Z' })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    const [bill, adjustment] = await billsOf(garage)
    expect(adjustment).toMatchObject({
      kind: 'adjustment',
      sequence: 2,
      totalMinor: -400,
      reason: 'Corrected: parking.',
    })
    expect(adjustment?.lines.map((line) => line.totalMinor)).toEqual([-800, 400])
    expect((bill?.taxMinor ?? 0) + (adjustment?.taxMinor ?? 0)).toBe(64)
    const events = await garage.db
      .selectFrom('event')
      .select(['type', 'data'])
      .where('organization_id', '=', garage.organizationId)
      .orderBy('event_id')
      .execute()
    expect(events.map((event) => event.type)).toEqual(['bill.issued', 'bill.adjusted'])
  })

  test('a correction that changes no price makes no bill', async () => {
    const stayId = await issued()
    await garage.changeStay(stayId, { exit: '2024-06-10T11:40:00Z' })
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toEqual({ kind: 'unchanged', note: null })
  })

  test('a voided stay comes to nothing', async () => {
    const stayId = await issued()
    await garage.changeStay(stayId, { state: 'voided' })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    expect(await billsOf(garage)).toMatchObject([
      { totalMinor: 800 },
      { totalMinor: -800, reason: 'The stay was voided.' },
    ])
    // It was not so, after all.
    await garage.changeStay(stayId, { state: 'closed' })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([800, -800, 800])
  })

  test('an exit taken back is no exit: its parking comes to nothing until the next', async () => {
    const stayId = await issued()
    await garage.changeStay(stayId, { state: 'open', exit: null })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([800, -800])
  })

  test('a session that a late fact made part of another is given back', async () => {
    const sessionId = await garage.session({})
    wait(3 * hourMs)
    await evaluate(`session:${sessionId}`)
    await garage.changeSession(sessionId, { state: 'void' })
    wait(15 * minuteMs)
    await evaluate(`session:${sessionId}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([490, -490])
  })

  test("unlinked, a session leaves the stay's bill for its own", async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    await garage.link(stayId, sessionId, 'unlinked')
    wait(3 * hourMs)
    expect(await evaluate(`session:${sessionId}`)).toMatchObject({
      bills: [
        { subjectKey: `stay:${stayId}`, kind: 'adjustment', totalMinor: -490 },
        { subjectKey: `session:${sessionId}`, kind: 'bill', totalMinor: 490 },
      ],
    })
    expect(await evaluate(`stay:${stayId}`)).toEqual({ kind: 'unchanged', note: null })
  })

  test('news of a linked session is sent on to its stay', async () => {
    const stayId = await garage.stay({ state: 'open', exit: null })
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId)
    await evaluate(`session:${sessionId}`)
    const { rows } = await database.ownerPool.query(
      'select task_identifier as task, key from graphile_worker.jobs where key = $1',
      [`bill:stay:${stayId}`],
    )
    expect(rows).toEqual([{ task: 'bill.evaluate', key: `bill:stay:${stayId}` }])
  })
})

describe('tariffs', () => {
  test('a stay and a session keep the plan of the day on which they were first billed', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    wait(hourMs)
    // A dearer plan for everybody, valid since ever, and a correction under it.
    await garage.assign(
      await garage.tariff('parking', { ...parkingRules, bands: [{ everyMinutes: 60, price: '9.00' }] }),
      { priority: 9 },
    )
    await garage.assign(await garage.tariff('charging', { scope: 'charging', energy: { price: '9.00' } }), {
      priority: 9,
    })
    await garage.changeStay(stayId, { exit: '2024-06-10T12:55:00Z' })
    await garage.changeSession(sessionId, { energyWh: 20_000 })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([1290, 200 + 490])
  })

  test('only facts change a price afterwards: another kind of parker, another tariff of the same day', async () => {
    const staff = await garage.tariff('parking', { ...parkingRules, bands: [{ everyMinutes: 60, price: '1.00' }] })
    await garage.assign(staff, { parker_kind: 'member' })
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    await garage.changeStay(stayId, { parkerKind: 'member' })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([800, -400])
  })

  test('groups of the account count, as they were', async () => {
    const { organizationId: organization_id, accountId: account_id, groupId: group_id } = garage
    const staff = await garage.tariff('charging', { scope: 'charging', energy: { price: '0.10' } })
    await garage.assign(staff, { group_id })
    await garage.db.insertInto('account_group_member').values({ organization_id, account_id, group_id }).execute()
    const sessionId = await garage.session({ accountId: account_id })
    const other = await garage.session({})
    wait(3 * hourMs)
    await evaluate(`session:${sessionId}`)
    await evaluate(`session:${other}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([100, 490])
    await garage.db.deleteFrom('account_group_member').where('organization_id', '=', organization_id).execute()
    await garage.changeSession(sessionId, { energyWh: 20_000, accountId: account_id })
    wait(3 * hourMs)
    await evaluate(`session:${sessionId}`)
    expect((await billsOf(garage, `session:${sessionId}`)).map((bill) => bill.totalMinor)).toEqual([100, 100])
  })

  test('a tariff fixed at the start of a session is the one', async () => {
    const fixed = await garage.tariff('charging', { scope: 'charging', energy: { price: '0.25' } })
    const sessionId = await garage.session({ tariff: { id: fixed, version: 1 } })
    wait(3 * hourMs)
    await evaluate(`session:${sessionId}`)
    expect(await billsOf(garage)).toMatchObject([{ totalMinor: 250 }])
  })

  test('without a tariff nothing is guessed: it is held and says so', async () => {
    await garage.db.deleteFrom('tariff_assignment').where('organization_id', '=', garage.organizationId).execute()
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toEqual({
      kind: 'waiting',
      state: 'held',
      reason: 'No tariff applies to the stay.',
      dueAt: null,
    })
    expect(await billsOf(garage)).toEqual([])
    await garage.assign(garage.parkingTariff)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'issued' })
  })

  test('without the engine, too', async () => {
    garage = await openGarage(database.db, { engine: null })
    const sessionId = await garage.session({})
    wait(3 * hourMs)
    expect(await evaluate(`session:${sessionId}`)).toMatchObject({
      state: 'held',
      reason: 'The tariff engine tariff-standard is not running.',
    })
  })

  test('what cannot be priced does not keep the rest from being billed', async () => {
    wait(6 * hourMs)
    // The car came in again before its exit was reported.
    const stayId = await garage.stay({ ...closed, exit: null })
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId)
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ kind: 'issued', bills: [{ totalMinor: 490 }] })
    expect(await subject(`stay:${stayId}`)).toMatchObject({
      state: 'held',
      reason: 'The stay could not be priced: The exit was never reported.',
    })
  })

  test('the way out is free for a while after paying, also when the payment is told of after the bill', async () => {
    const tariffId = await garage.tariff('parking', { ...parkingRules, exitGraceMinutes: 15 })
    await garage.assign(tariffId, { parker_kind: 'member' })
    wait(6 * hourMs)
    // In at 07:55, paid in the third hour, out in the fourth.
    const stayId = await garage.stay({ ...closed, exit: '2024-06-10T11:00:00Z', parkerKind: 'member' })
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    await garage.pay({ stayId, amountMinor: 600, at: new Date('2024-06-10T10:50:00Z') })
    await evaluate(`stay:${stayId}`)
    await evaluate(`stay:${stayId}`)
    // What is paid when the car is long gone says nothing about how it left.
    await garage.pay({ stayId, amountMinor: 1, at: new Date('2024-06-10T12:00:00Z') })
    await evaluate(`stay:${stayId}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([800, -200])
  })

  test('a lost ticket is priced as one, flagged or without an entry', async () => {
    wait(6 * hourMs)
    const lost = await garage.stay({ ...closed, flags: ['lost_ticket'] })
    const unknown = await garage.stay({ state: 'exit_only', entry: null, exit: closed.exit })
    wait(15 * minuteMs)
    await evaluate(`stay:${lost}`)
    await evaluate(`stay:${unknown}`)
    expect((await billsOf(garage)).map((bill) => bill.totalMinor)).toEqual([2000, 2000])
  })
})

describe('what is not billed', () => {
  test('a session at no site, one that took nothing, and what nobody knows', async () => {
    const nowhere = await garage.session({ siteId: null })
    const nothing = await garage.session({ energyWh: 0, charging: 1 })
    wait(3 * hourMs)
    expect(await evaluate(`session:${nowhere}`)).toEqual({
      kind: 'not_billable',
      reason: 'Its station stands at no site.',
    })
    expect(await evaluate(`session:${nothing}`)).toEqual({ kind: 'unchanged', note: null })
    expect(await evaluate('session:0190b5a0-0000-7000-8000-000000000001')).toMatchObject({ kind: 'not_billable' })
    expect(await evaluate('nonsense')).toMatchObject({ kind: 'not_billable' })
    expect(await billsOf(garage)).toEqual([])
  })

  test('what the site does not bill through the hub', async () => {
    garage = await openGarage(database.db, { settings: { bill_parking: false } })
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    const sessionId = await garage.session({})
    await garage.link(stayId, sessionId)
    wait(15 * minuteMs)
    expect(await evaluate(`stay:${stayId}`)).toMatchObject({ bills: [{ totalMinor: 490 }] })
  })
})

describe('payments', () => {
  test('are posted once, stand on the receipt, and leave what is due', async () => {
    wait(6 * hourMs)
    const stayId = await garage.stay(closed)
    await garage.pay({ stayId, amountMinor: 500 })
    await garage.pay({ stayId, amountMinor: 100, kind: 'refunded' })
    await garage.pay({ stayId, amountMinor: 900, kind: 'failed' })
    await evaluate(`stay:${stayId}`)
    wait(15 * minuteMs)
    await evaluate(`stay:${stayId}`)
    await evaluate(`stay:${stayId}`)
    const { receipt } = await garage.db
      .selectFrom('bill')
      .select('receipt')
      .where('organization_id', '=', garage.organizationId)
      .executeTakeFirstOrThrow()
    expect(receipt).toMatchObject({
      due: '4.00',
      payments: [{ amount: '5.00', reference: 'TX-1' }, { amount: '1.00' }, { amount: '9.00', kind: 'failed' }],
    })
    const entries = await garage.db
      .selectFrom('journal_entry')
      .select('description')
      .where('organization_id', '=', garage.organizationId)
      .orderBy('entry_id')
      .execute()
    expect(entries.map((entry) => entry.description)).toEqual([
      'Payment by card, TX-1',
      'Refund by card, TX-1',
      'Bill P1-000001',
    ])
  })
})
