// Owns the proof that memberships and invoices keep the books right: nothing twice, all earned in the end, credits beside invoices.
// Must not test the arithmetic of days; test/domain/membership does.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addDays } from '../../../core/domain/local-time.ts'
import { runTimers } from '../../../core/events/run-timers.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { collectInvoices, endOfPeriod, previewInvoice } from '../../../core/services/invoices/collect-invoices.ts'
import {
  creditInvoice,
  payInvoice,
  tellOverdue,
  writeOffInvoice,
} from '../../../core/services/invoices/manage-invoices.ts'
import { recordDeposit, setTerms } from '../../../core/services/invoices/manage-terms.ts'
import { documentOfInvoice, listInvoices, statementOf } from '../../../core/services/invoices/read-invoices.ts'
import { closePeriod } from '../../../core/services/ledger/close-period.ts'
import type { Access, Outcome } from '../../../core/services/manage/outcome.ts'
import {
  changeMembership,
  type MembershipWish,
  startMembership,
} from '../../../core/services/memberships/change-membership.ts'
import { followMembership } from '../../../core/services/memberships/follow-membership.ts'
import { recogniseMemberships } from '../../../core/services/memberships/recognise-memberships.ts'
import { accountBalances } from '../../../core/store/journal.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const dayMs = 86_400_000

function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}

async function office(at = '2028-01-31T09:00:00Z', priceMinor = 3100, more: object = {}) {
  const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0, link_window_minutes: 0 } })
  const { organizationId, siteId, deps, clock, db, accountId, groupId } = garage
  clock.advanceTo(new Date(at))
  const access: Access = { organizationId, siteIds: null, actor: 'key:test', requestId: 'test' }
  const plan = async (code: string, price: number, extra: object = {}) => {
    const planId = systemNewId()
    await db
      .insertInto('membership_plan')
      .values({
        organization_id: organizationId,
        site_id: siteId,
        plan_id: planId,
        code,
        name: code,
        group_id: groupId,
        every: 'month',
        price_minor: price,
        currency: 'EUR',
        tax_included: true,
        tax_code: 'VAT',
        tax_percent: '19',
        created_at: clock.now(),
        updated_at: clock.now(),
        ...extra,
      })
      .execute()
    return planId
  }
  const planId = await plan('monthly', priceMinor, more)
  const balances = async (): Promise<Record<string, number>> => {
    const rows = await accountBalances(db, access, {})
    expect(rows.reduce((sum, row) => sum + row.balanceMinor, 0)).toBe(0)
    return Object.fromEntries(rows.map((row) => [row.account, row.balanceMinor]))
  }
  const members = async () =>
    (await db.selectFrom('account_group_member').selectAll().where('group_id', '=', groupId).execute()).length
  /** Billed less tax: what is earned and what is still to be served. */
  const agree = async () => {
    const { billed } = await db
      .selectFrom('membership_charge')
      .select((on) => on.fn.sum('net_minor').as('billed'))
      .where('organization_id', '=', organizationId)
      .executeTakeFirstOrThrow()
    const now = await balances()
    const earned = -(now['revenue.membership'] ?? 0)
    expect(earned - (now['revenue.deferred'] ?? 0)).toBe(Number(billed ?? 0))
    return earned
  }
  const follow = (membershipId: string) => followMembership(deps)({ organizationId, membershipId })
  const recognise = () => recogniseMemberships(deps)({ organizationId, siteId })
  return { ...garage, access, plan, planId, balances, members, agree, follow, recognise, accountId }
}

test('a membership begins, is renewed at month ends, earns day by day, and a second run posts nothing', async () => {
  const here = await office()
  const { membership, totalMinor } = value(await startMembership(here.deps)(here.access, here))
  expect([membership.state, totalMinor, await here.members()]).toEqual(['active', 3100, 1])
  expect(membership).toMatchObject({ periodFrom: '2028-01-31', periodTo: '2028-02-29', anchorDay: 31 })
  expect(await here.balances()).toMatchObject({ receivable: 3100, 'revenue.deferred': -2605, 'tax.payable.VAT': -495 })
  here.clock.advanceTo(new Date('2028-04-02T09:00:00Z'))
  await Promise.all([here.follow(membership.membershipId), here.follow(membership.membershipId)])
  await Promise.all([here.recognise(), here.recognise()])
  const earned = await here.agree()
  await here.recognise()
  expect(await here.agree()).toBe(earned)
  const bills = await here.db
    .selectFrom('bill')
    .select(['total_minor', 'subject_key'])
    .where('organization_id', '=', here.organizationId)
    .execute()
  expect(bills.map((bill) => bill.total_minor)).toEqual([3100, 3100, 3100])
  const closed = await closePeriod(here.deps)(here.access, { siteId: here.siteId, to: '2028-04-01' })
  expect(closed).toMatchObject({ kind: 'ok', value: [{ unsettled: [] }] })
})

test('a preview says what a change would cost, and leaves everything as it was', async () => {
  const here = await office('2028-03-01T09:00:00Z')
  const { membership } = value(await startMembership(here.deps)(here.access, here))
  here.clock.advanceTo(new Date('2028-03-11T09:00:00Z'))
  const before = await here.balances()
  const cancel = { kind: 'cancel', at: 'now', reason: 'Moved away' } as const
  const change = changeMembership(here.deps)
  const preview = value(await change(here.access, membership.membershipId, { ...cancel, preview: true }))
  expect(preview).toMatchObject({ totalMinor: -2100, preview: true, membership: { state: 'ended' } })
  expect([await here.balances(), await here.members()]).toEqual([before, 1])
  const real = value(await change(here.access, membership.membershipId, cancel))
  expect([real.totalMinor, await here.members()]).toEqual([-2100, 0])
  await here.recognise()
  expect(await here.balances()).toMatchObject({ 'revenue.deferred': 0, receivable: 1000 })
})

test('a pause with credit gives back and bills again; one without changes no money but the access', async () => {
  const here = await office('2028-03-01T09:00:00Z')
  const { membershipId } = value(await startMembership(here.deps)(here.access, here)).membership
  const change = (wish: MembershipWish) => changeMembership(here.deps)(here.access, membershipId, wish)
  here.clock.advanceTo(new Date('2028-03-11T09:00:00Z'))
  expect(value(await change({ kind: 'pause', credit: true, resumesOn: '2028-04-11' })).totalMinor).toBe(-2100)
  expect(await here.members()).toBe(0)
  here.clock.advanceTo(new Date('2028-04-20T09:00:00Z'))
  await here.follow(membershipId)
  await here.recognise()
  await here.agree()
  expect(await here.members()).toBe(1)
  expect((await here.balances()).receivable).toBe(1000 + 2067)
  expect(value(await change({ kind: 'pause', credit: false })).totalMinor).toBe(0)
  expect(value(await change({ kind: 'resume' })).totalMinor).toBe(0)
  expect(await change({ kind: 'resume' })).toMatchObject({ kind: 'conflict' })
})

test('property: whatever is asked of a membership and whenever, earned and still to be served are what was billed', async () => {
  const step = fc.record({
    days: fc.integer({ min: 0, max: 40 }),
    what: fc.constantFrom('look', 'pause', 'pauseFree', 'resume', 'cheap', 'dear', 'next', 'end', 'now'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 7 }),
      fc.constantFrom('month', 'four_weeks'),
      async (steps, every) => {
        const here = await office('2028-01-31T09:00:00Z', 2999, { every, advance_days: 3 })
        const other = await here.plan('other', 4711, { every })
        const { membershipId } = value(await startMembership(here.deps)(here.access, here)).membership
        const wishes: Record<string, MembershipWish> = {
          pause: { kind: 'pause', credit: true },
          pauseFree: { kind: 'pause', credit: false },
          resume: { kind: 'resume' },
          cheap: { kind: 'change', planId: here.planId, at: 'now' },
          dear: { kind: 'change', planId: other, at: 'now' },
          next: { kind: 'change', planId: other, at: 'period_end' },
          end: { kind: 'cancel', at: 'period_end', reason: 'x' },
          now: { kind: 'cancel', at: 'now', reason: 'x' },
        }
        for (const { days, what } of steps) {
          here.clock.advance(days * dayMs)
          await here.follow(membershipId)
          const wish = wishes[what]
          if (wish !== undefined) await changeMembership(here.deps)(here.access, membershipId, wish)
          await here.recognise()
          await here.agree()
        }
        await changeMembership(here.deps)(here.access, membershipId, { kind: 'cancel', at: 'now', reason: 'The end.' })
        here.clock.advance(dayMs)
        await here.recognise()
        await here.agree()
        expect((await here.balances())['revenue.deferred'] ?? 0).toBe(0)
      },
    ),
    { numRuns: 8 },
  )
}, 240_000)

async function withTerms(at = '2024-06-10T09:00:00Z') {
  const here = await office(at)
  const { siteId, accountId, deps, access } = here
  const stays = async (n: number) => {
    for (let i = 0; i < n; i++) {
      const stayId = await here.stay({ entry: '2024-06-10T02:00:00Z', exit: '2024-06-10T03:30:00Z', accountId })
      await evaluateBill(deps)({ organizationId: here.organizationId, subjectKey: `stay:${stayId}` })
    }
  }
  value(
    await setTerms(deps)(access, accountId, { siteId, cadence: 'month', dueDays: 14, buyer: { name: 'Fleet GmbH' } }),
  )
  const collect = () => collectInvoices(deps)({ organizationId: here.organizationId, accountId })
  const all = async () => (await listInvoices(deps)(access, { sort: 'issuedAt' })).items
  return { ...here, stays, collect, all }
}

test('an account’s bills become one invoice at the end of the month, once; late ones are on the next', async () => {
  const here = await withTerms()
  await here.stays(3)
  expect(value(await previewInvoice(here.deps)(here.access, here.accountId))).toMatchObject({
    sums: { totalMinor: 1200 },
    to: '2024-07-01',
  })
  here.clock.advanceTo(new Date('2024-07-01T09:00:00Z'))
  await Promise.all([here.collect(), here.collect()])
  await here.stays(1)
  expect(await here.all()).toMatchObject([
    { number: 'INV-000001', totalMinor: 1200, openMinor: 1200, state: 'issued', dueOn: '2024-07-15', lineCount: 3 },
  ])
  here.clock.advanceTo(new Date('2024-09-02T09:00:00Z'))
  await here.collect()
  expect((await here.all()).map((one) => [one.number, one.totalMinor, one.fromDate, one.state])).toEqual([
    ['INV-000001', 1200, '2024-06-10', 'overdue'],
    ['INV-000002', 400, '2024-07-01', 'issued'],
  ])
})

test('the first invoice begins with the day that the terms name, today when they name none, and what was billed before stays', async () => {
  const here = await office('2024-06-10T09:00:00Z')
  const { deps, access, accountId, organizationId, siteId } = here
  const stay = async (exit: string) => {
    const stayId = await here.stay({ entry: '2024-06-10T02:00:00Z', exit, accountId })
    await evaluateBill(deps)({ organizationId, subjectKey: `stay:${stayId}` })
    return stayId
  }
  const correct = async (stayId: string, exit: string) => {
    await here.changeStay(stayId, { entry: '2024-06-10T02:00:00Z', exit, accountId })
    await evaluateBill(deps)({ organizationId, subjectKey: `stay:${stayId}` })
  }
  const terms = (more: object = {}, account = accountId) =>
    setTerms(deps)(access, account, { siteId, cadence: 'month', dueDays: 14, ...more })
  const running = async () => value(await previewInvoice(deps)(access, accountId)).sums.totalMinor
  const old = await stay('2024-06-10T03:30:00Z')
  here.clock.advanceTo(new Date('2024-06-12T09:00:00Z'))
  const early = await stay('2024-06-10T04:30:00Z')
  here.clock.advanceTo(new Date('2024-06-20T09:00:00Z'))
  expect(value(await terms())).toMatchObject({ from: '2024-06-20', collectedTo: '2024-06-20' })
  expect(await running()).toBe(0)
  // An adjustment of a bill that stays as it was goes with it.
  await correct(old, '2024-06-10T04:30:00Z')
  expect(await running()).toBe(0)
  const fresh = await stay('2024-06-10T02:30:00Z')
  expect(await running()).toBe(200)
  // Nothing was invoiced yet: the day may be another one, earlier too.
  expect(value(await terms({ from: '2024-06-12' }))).toMatchObject({ collectedTo: '2024-06-12' })
  expect(await running()).toBe(600 + 200)
  here.clock.advanceTo(new Date('2024-07-01T09:00:00Z'))
  const collect = () => collectInvoices(deps)({ organizationId, accountId })
  await collect()
  const all = async () => (await listInvoices(deps)(access, { sort: 'issuedAt' })).items
  expect(await all()).toMatchObject([{ fromDate: '2024-06-12', totalMinor: 800, lineCount: 2 }])
  // The same terms again are no other day; a day within what was invoiced is refused, and so is one in a far year.
  expect(value(await terms({ from: '2024-06-12' }))).toMatchObject({ collectedTo: '2024-07-01' })
  expect(await terms({ from: '2024-06-30' })).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/from' }] })
  expect(await terms({ from: '2099-01-01' })).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/from' }] })
  await correct(early, '2024-06-10T05:30:00Z')
  await correct(fresh, '2024-06-10T03:30:00Z')
  value(await setTerms(deps)(access, accountId, null))
  here.clock.advanceTo(new Date('2024-07-20T09:00:00Z'))
  await stay('2024-06-10T02:30:00Z')
  value(await terms({ from: '2024-07-21' }))
  here.clock.advanceTo(new Date('2024-07-21T09:00:00Z'))
  await correct(fresh, '2024-06-10T04:30:00Z')
  expect(await running()).toBe(200)
  here.clock.advanceTo(new Date('2024-08-01T09:00:00Z'))
  await collect()
  expect((await all()).map((one) => [one.fromDate, one.totalMinor])).toEqual([
    ['2024-06-12', 800],
    ['2024-07-21', 200],
  ])
})

test('payments, credit notes, write-offs and deposits settle invoices, and the books follow to the cent', async () => {
  const here = await withTerms()
  await here.stays(3)
  here.clock.advanceTo(new Date('2024-07-01T09:00:00Z'))
  await here.collect()
  const [invoice] = await here.all()
  const id = invoice?.invoiceId ?? ''
  const { deps, access } = here
  expect(value(await payInvoice(deps)(access, id, { amountMinor: 500, method: 'bank' })).openMinor).toBe(700)
  const approved = { reason: 'Wrong gate', approvedBy: 'Ada' }
  const note = value(await creditInvoice(deps)(access, id, { ...approved, lines: [{ line: 1, totalMinor: 150 }] }))
  expect(note).toMatchObject({
    kind: 'credit_note',
    totalMinor: -150,
    taxMinor: -24,
    openMinor: 0,
    number: 'INV-000002',
  })
  const tooMuch = await creditInvoice(deps)(access, id, { ...approved, lines: [{ line: 1, totalMinor: 251 }] })
  expect(tooMuch).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/lines/0/totalMinor' }] })
  const { siteId, accountId } = here
  value(await recordDeposit(deps)(access, accountId, { siteId, kind: 'received', amountMinor: 200, method: 'bank' }))
  const kept = { siteId, kind: 'kept', amountMinor: 200, invoiceId: id, reason: 'Unpaid' } as const
  value(await recordDeposit(deps)(access, accountId, kept))
  expect(await recordDeposit(deps)(access, accountId, { ...kept, amountMinor: 1 })).toMatchObject({ kind: 'invalid' })
  here.clock.advanceTo(new Date('2024-08-01T09:00:00Z'))
  const follow = { organizationId: here.organizationId, invoiceId: id }
  await tellOverdue(deps)(follow)
  await tellOverdue(deps)(follow)
  const told = await here.db
    .selectFrom('event')
    .select('data')
    .where('type', '=', 'invoice.overdue')
    .where('organization_id', '=', here.organizationId)
    .execute()
  expect(told).toMatchObject([{ data: { openMinor: 350 } }])
  value(await writeOffInvoice(deps)(access, id, approved))
  expect((await here.all()).map((one) => one.state)).toEqual(['written_off', 'paid'])
  expect(await here.balances()).toMatchObject({
    receivable: 0,
    bad_debts: 350,
    'deposits.held': 0,
    'clearing.bank': 700,
  })
  const statement = value(await statementOf(deps)(access, accountId, { from: '2024-07-01', to: '2024-08-31' }))
  expect(statement).toMatchObject({ openingMinor: 0, closingMinor: 0 })
  expect(statement.movements.map((one) => one.amountMinor).sort((a, b) => a - b)).toEqual([
    -500, -350, -200, -150, 1200,
  ])
})

test('what was paid at the gate is on the invoice, and the document says it in four languages', async () => {
  const here = await withTerms()
  await here.stays(1)
  const [bill] = await here.db
    .selectFrom('bill')
    .selectAll()
    .where('organization_id', '=', here.organizationId)
    .execute()
  const paymentId = systemNewId()
  const now = here.clock.now()
  await here.db
    .insertInto('payment')
    .values({
      organization_id: here.organizationId,
      site_id: here.siteId,
      payment_id: paymentId,
      kind: 'captured',
      stay_id: bill?.stay_id ?? null,
      subject_key: bill?.subject_key ?? null,
      content_key: paymentId,
      method: 'card',
      scope: 'both',
      amount_minor: 100,
      currency: 'EUR',
      at: now,
      recorded_at: now,
    })
    .execute()
  here.clock.advanceTo(new Date('2024-07-01T09:00:00Z'))
  await here.collect()
  const [invoice] = await here.all()
  expect(invoice).toMatchObject({ totalMinor: 400, openMinor: 300, state: 'part_paid' })
  for (const [locale, title, toPay] of [
    ['en-GB', 'Invoice', '€3.00'],
    ['de-DE', 'Rechnung', '3,00 €'],
    ['es-ES', 'Factura', '3,00 €'],
    ['fr-FR', 'Facture', '3,00 €'],
  ] as const) {
    const document = value(await documentOfInvoice(here.deps)(here.access, invoice?.invoiceId ?? '', locale))
    expect([document.title, document.totals.at(-1)?.[1].replace(/\s/gu, ' ')]).toEqual([title, toPay])
    expect(document.buyer?.name).toBe('Fleet GmbH')
  }
})

test('weeks end on Mondays, months on the first', () => {
  expect(endOfPeriod('week', '2024-06-10')).toBe('2024-06-17')
  expect(endOfPeriod('week', '2024-06-16')).toBe('2024-06-17')
  expect(endOfPeriod('month', '2024-12-31')).toBe('2025-01-01')
  expect(addDays('2024-12-31', 1)).toBe('2025-01-01')
})

test('appointments bring the jobs of renewal, earning and collecting', async () => {
  const here: Garage & { access: Access; planId: string } = await withTerms()
  value(await startMembership(here.deps)(here.access, here))
  const timers = await here.db
    .selectFrom('timer')
    .select('kind')
    .where('organization_id', '=', here.organizationId)
    .orderBy('kind')
    .execute()
  expect(timers.map((one) => one.kind)).toEqual(['invoice.collect', 'membership.follow', 'membership.recognise'])
  here.clock.advanceTo(new Date('2024-07-11T09:00:00Z'))
  expect(await runTimers(here.deps)()).toBeGreaterThanOrEqual(3)
})
