// Owns the proof of the revenue report: parking beside charging, every grouping adding up to the same, and the ledger's own totals.
// Must not bill by hand; bills are made by the service that makes them.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lineGroupings } from '../../../core/domain/report/revenue-report.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { postPayment } from '../../../core/services/billing/post-payment.ts'
import { closePeriod } from '../../../core/services/ledger/close-period.ts'
import { trialBalance } from '../../../core/services/ledger/read-ledger.ts'
import type { Access, Outcome } from '../../../core/services/manage/outcome.ts'
import { billsOfRow, revenueReport } from '../../../core/services/reports/revenue-report.ts'
import { ticketSequence } from '../../../core/services/reports/ticket-sequence.ts'
import { appendEntry } from '../../../core/store/journal.ts'
import { transaction } from '../../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, minuteMs, openGarage } from '../billing/garage.ts'

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
const report = async (garage: Garage, query: Parameters<ReturnType<typeof revenueReport>>[1]) =>
  value(await revenueReport(garage.deps)(accessTo(garage), query))

/** A stay with a session, a stay with a validation, a session of its own; all billed and paid. */
async function aDay(garage: Garage): Promise<void> {
  garage.clock.advance(6 * hourMs)
  const both = await garage.stay({ exit: '2024-06-10T11:55:00Z' })
  const charged = await garage.session({ charging: 60, idle: 30, energyWh: 12_345 })
  await garage.link(both, charged)
  const validated = await garage.stay({
    exit: '2024-06-10T10:00:00Z',
    discounts: [{ factId: garage.deps.newId(), kind: 'validation', amountMinor: 250 }],
    flags: ['lost_ticket'],
  })
  const alone = await garage.session({ from: '2024-06-10T09:00:00Z', energyWh: 7_001 })
  await garage.pay({ stayId: both, amountMinor: 800 })
  await garage.pay({ stayId: validated, amountMinor: 350, method: 'cash' })
  await garage.pay({ stayId: validated, amountMinor: 50, kind: 'refunded', method: 'cash' })
  await postPayment(garage.deps)({
    organizationId: garage.organizationId,
    paymentId: await garage.pay({ amountMinor: 77, method: 'app' }),
  })
  garage.clock.advance(3 * hourMs)
  for (const key of [`stay:${both}`, `stay:${validated}`, `session:${alone}`]) await bill(garage, key)
}

describe('the report of a day', () => {
  test('has parking and charging in one table, and is the ledger to the cent', async () => {
    const garage = await openGarage(database.db)
    await aDay(garage)
    const day = await report(garage, { siteId: garage.siteId, from: '2024-06-10', by: 'kind' })
    expect(day.reconciled).toBe(true)
    const [euro, ...others] = day.currencies
    expect(others).toEqual([])
    expect(euro?.rows.map(({ key, grossMinor }) => [key, grossMinor])).toEqual(
      euro?.kinds.map(({ kind, grossMinor }) => [kind, grossMinor]),
    )
    const of = (kind: string) => euro?.kinds.find((each) => each.kind === kind)
    expect(of('PARKING')?.grossMinor).toBeGreaterThan(0)
    expect(of('ENERGY')).toMatchObject({ energyWh: 12_345 + 7_001, grossMinor: Math.round(12_345 * 0.049) + 343 })
    expect(of('IDLE')?.grossMinor).toBe(150)
    const totals = euro?.totals
    if (totals === undefined || euro === undefined) throw new Error('no totals')
    expect(totals.totalMinor).toBe(
      totals.grossMinor - totals.discountsMinor - totals.validationsMinor - totals.paidByOthersMinor,
    )
    expect(totals.totalMinor).toBe(totals.netMinor + totals.taxMinor - totals.paidByOthersMinor)
    expect(euro.taxes).toEqual([
      {
        code: 'VAT',
        rate: '19',
        netMinor: totals.netMinor,
        taxMinor: totals.taxMinor,
        totalMinor: totals.netMinor + totals.taxMinor,
      },
    ])
    expect(euro.payments.byMethod).toEqual([
      { name: 'app', captured: 1, capturedMinor: 77, refunded: 0, refundedMinor: 0, netMinor: 77 },
      { name: 'card', captured: 1, capturedMinor: 800, refunded: 0, refundedMinor: 0, netMinor: 800 },
      { name: 'cash', captured: 1, capturedMinor: 350, refunded: 1, refundedMinor: 50, netMinor: 300 },
    ])
    expect(day.exceptions.find(({ name }) => name === 'lost_ticket')).toMatchObject({ count: 1 })
    expect(day.exceptions.find(({ name }) => name === 'refunds')).toMatchObject({ count: 1 })
    expect(day.use).toMatchObject({ issued: 2, closed: 2, open: 0, sessions: 2, meteredWh: 19_346 })
    // The same accounts as the trial balance of the end of the day has.
    const balance = await trialBalance(garage.deps)(accessTo(garage), { siteId: garage.siteId, date: '2024-06-10' })
    expect(euro.ledger.accounts.map(({ account, movementMinor }) => [account, movementMinor])).toEqual(
      balance.accounts.map(({ account, balanceMinor }) => [account, balanceMinor]),
    )
    expect(new Set(day.figures.map(({ name }) => name))).toContain('averageTicketMinor')
    expect(euro.averageTicketMinor).toBe(Math.round((of('PARKING')?.grossMinor ?? 0) / 2))
  })

  test('adds up to the same however it is grouped, and every row leads to its bills', async () => {
    const garage = await openGarage(database.db)
    await aDay(garage)
    const plain = (await report(garage, { siteId: garage.siteId, from: '2024-06-10' })).currencies[0]
    for (const by of lineGroupings) {
      const [euro] = (await report(garage, { siteId: garage.siteId, from: '2024-06-10', by })).currencies
      expect(euro?.totals, by).toEqual(plain?.totals)
      const sum = (name: 'netMinor' | 'totalMinor' | 'energyWh' | 'lines') =>
        euro?.rows.reduce((total, row) => total + row[name], 0)
      expect([sum('netMinor'), sum('totalMinor'), sum('energyWh'), sum('lines')], by).toEqual([
        ...[plain?.totals.netMinor, plain?.totals.totalMinor, plain?.totals.energyWh, plain?.totals.lines],
      ])
      for (const row of euro?.rows ?? []) {
        const { items } = value(
          await billsOfRow(garage.deps)(accessTo(garage), {
            siteId: garage.siteId,
            from: '2024-06-10',
            by,
            ...(row.key === null ? {} : { key: row.key }),
          }),
        )
        expect([items.length, items.reduce((total, each) => total + each.totalMinor, 0)], by).toEqual([
          ...[row.bills, row.totalMinor],
        ])
      }
    }
  })

  test('stays the same when its days are closed, and names what the ledger has beside it', async () => {
    const garage = await openGarage(database.db)
    await aDay(garage)
    const open = await report(garage, { siteId: garage.siteId, from: '2024-06-10' })
    garage.clock.advance(24 * hourMs)
    const [period] = value(
      await closePeriod(garage.deps)(accessTo(garage), { siteId: garage.siteId, to: '2024-06-10' }),
    )
    const closed = await report(garage, { periodId: period?.periodId ?? '' })
    expect(closed).toEqual(open)
    const stray = { entryId: garage.deps.newId(), sourceType: 'bill' as const, sourceId: garage.deps.newId() }
    await transaction(garage.db, (trx) =>
      appendEntry(
        trx,
        {
          organizationId: garage.organizationId,
          siteId: garage.siteId,
          ...stray,
          description: 'by hand',
          businessDate: '2024-06-11',
          factDate: '2024-06-11',
          corrects: null,
          billId: null,
          currency: 'EUR',
          postedAt: garage.clock.now(),
        },
        [{ debit: 'receivable', credit: 'revenue.parking', amountMinor: 5 as never, line: null }],
      ),
    )
    const wrong = await report(garage, { siteId: garage.siteId, from: '2024-06-11' })
    expect(wrong).toMatchObject({
      reconciled: false,
      currencies: [
        {
          ledger: {
            accounts: [
              { account: 'receivable', reportMinor: 0, ledgerMinor: 5, differenceMinor: 5 },
              { account: 'revenue.parking', differenceMinor: -5 },
            ],
          },
        },
      ],
    })
  })

  test('begins when the site says that its day does', async () => {
    const garage = await openGarage(database.db, { settings: { business_day_start: '04:00', settle_delay_minutes: 0 } })
    // 03:30 in Berlin: still the day before.
    garage.clock.advance(-6 * hourMs + 90 * minuteMs + 24 * hourMs)
    const night = await garage.stay({ entry: '2024-06-10T22:00:00Z', exit: '2024-06-11T01:20:00Z' })
    await bill(garage, `stay:${night}`)
    garage.clock.advance(40 * minuteMs)
    const morning = await garage.stay({ entry: '2024-06-10T22:00:00Z', exit: '2024-06-11T02:05:00Z' })
    await bill(garage, `stay:${morning}`)
    const both = await report(garage, { siteId: garage.siteId, from: '2024-06-10', to: '2024-06-11' })
    expect(both.currencies[0]?.rows.map(({ key, bills }) => [key, bills])).toEqual([
      ['2024-06-10', 1],
      ['2024-06-11', 1],
    ])
    expect(both.reconciled).toBe(true)
    expect((await report(garage, { siteId: garage.siteId, from: '2024-06-10' })).use).toMatchObject({
      issued: 2,
      closed: 1,
      open: 1,
    })
  })

  test('is refused for days that are no span, and for sites out of reach', async () => {
    const garage = await openGarage(database.db)
    const ask = (query: object, siteIds: string[] | null = null) =>
      revenueReport(garage.deps)({ ...accessTo(garage), siteIds }, query)
    expect(await ask({})).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/from' }] })
    expect(await ask({ from: '2024-06-10', to: '2024-06-09' })).toMatchObject({ problems: [{ pointer: '/to' }] })
    expect(await ask({ from: '2023-01-01', to: '2024-06-09' })).toMatchObject({ problems: [{ pointer: '/to' }] })
    expect(await ask({ periodId: garage.siteId })).toMatchObject({ problems: [{ pointer: '/periodId' }] })
    expect(await ask({ from: '2024-06-10', siteId: garage.siteId }, [])).toMatchObject({
      problems: [{ pointer: '/siteId' }],
    })
    expect(await ask({ from: '2024-06-10' }, [])).toMatchObject({ value: { siteIds: [], currencies: [] } })
  })
})

test('whatever is parked, charged and validated, the report is the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          minutes: fc.integer({ min: 0, max: 1_000 }),
          energyWh: fc.option(fc.integer({ min: 1, max: 90_000 })),
          validation: fc.option(fc.integer({ min: 1, max: 3_000 })),
          late: fc.boolean(),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      async (visits) => {
        const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0 } })
        garage.clock.advance(30 * hourMs)
        for (const { minutes, energyWh, validation, late } of visits) {
          const exit = new Date(Date.parse('2024-06-10T07:55:00Z') + minutes * minuteMs).toISOString()
          const discounts =
            validation === null
              ? []
              : [{ factId: garage.deps.newId(), kind: 'validation' as const, amountMinor: validation }]
          const stayId = await garage.stay({ exit, discounts })
          if (energyWh !== null && !late) await garage.link(stayId, await garage.session({ energyWh }))
          await bill(garage, `stay:${stayId}`)
          if (energyWh !== null && late) {
            await garage.link(stayId, await garage.session({ energyWh }))
            await bill(garage, `stay:${stayId}`)
          }
        }
        const all = await report(garage, { siteId: garage.siteId, from: '2024-06-10', to: '2024-06-12' })
        expect(all.reconciled).toBe(true)
        for (const { totals } of all.currencies) {
          expect(totals.totalMinor).toBe(totals.netMinor + totals.taxMinor - totals.paidByOthersMinor)
        }
      },
    ),
    { numRuns: 12 },
  )
})

test('a ticket whose number was never told is a gap', async () => {
  const garage = await openGarage(database.db)
  const ids: string[] = []
  for (const ref of ['T-0008', 'T-0009', 'T-0010', 'T-0014', 'X1']) {
    const stayId = await garage.stay({
      exit: '2024-06-10T09:00:00Z',
      ...(ref === 'T-0010' ? { state: 'voided' as const } : {}),
    })
    await database.ownerPool.query('update stay set stay_ref = $1 where stay_id = $2', [ref, stayId])
    ids.push(stayId)
  }
  const { sequences } = value(
    await ticketSequence(garage.deps)(accessTo(garage), { siteId: garage.siteId, from: '2024-06-10' }),
  )
  expect(sequences).toMatchObject([
    {
      prefix: 'T-',
      first: 'T-0008',
      last: 'T-0014',
      issued: 4,
      voided: 1,
      missing: 3,
      gaps: [{ from: 'T-0011', to: 'T-0013', missing: 3 }],
    },
    { prefix: 'X', issued: 1, missing: 0, gaps: [] },
  ])
})
