// Owns the proof that books are held against what others say: every kind of source, what people decided kept over runs, late facts closing.
// Must not test how rows are matched in depth; the domain's own tests do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import type { Access, Outcome } from '../../../core/services/manage/outcome.ts'
import { acceptItem, matchRows, reopenItem, unmatchItem } from '../../../core/services/reconciliation/decide-item.ts'
import {
  listDecisions,
  listItems,
  listReconciliations,
} from '../../../core/services/reconciliation/read-reconciliations.ts'
import type { ReconciliationInput } from '../../../core/services/reconciliation/reconciliation-input.ts'
import { rerunReconciliation, startReconciliation } from '../../../core/services/reconciliation/run-reconciliation.ts'
import type { Reconciliation, ReconciliationItem } from '../../../core/store/reconciliations.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const accessTo = (garage: Garage, siteIds: string[] | null = null): Access => ({
  organizationId: garage.organizationId,
  siteIds,
  actor: 'key:auditor',
  requestId: 'r1',
})
function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}
type Asked = Partial<ReconciliationInput> & Pick<ReconciliationInput, 'kind'>
const ask = (garage: Garage, input: Asked) =>
  startReconciliation(garage.deps)(accessTo(garage), {
    siteId: garage.siteId,
    from: '2024-06-10',
    to: '2024-06-10',
    ...input,
  })
const start = async (garage: Garage, input: Asked): Promise<Reconciliation> => value(await ask(garage, input)).run
const rerun = async (garage: Garage, { reconciliationId }: Reconciliation) =>
  value(await rerunReconciliation(garage.deps)(accessTo(garage), reconciliationId))
const items = async (
  garage: Garage,
  { reconciliationId }: Reconciliation,
  query: object = {},
): Promise<ReconciliationItem[]> =>
  value(await listItems(garage.deps)(accessTo(garage), reconciliationId, { limit: 200, ...query })).items
const brief = (list: readonly ReconciliationItem[]) =>
  list.map((item) => [item.class, item.state, item.difference]).sort()

/** A payment as a parking system's fact makes it, with its fact. */
async function told(
  garage: Garage,
  values: {
    amountMinor: number
    at?: string
    transaction?: string
    ticket?: string
    device?: string
    method?: string
    booked?: boolean
    fact?: boolean
    order?: string
  },
): Promise<string> {
  const { amountMinor, at = '2024-06-10T10:00:00Z', transaction = null, device = null, method = 'cash' } = values
  const id = garage.deps.newId()
  const connectionId = garage.deps.newId()
  let stayId: string | null = null
  if (values.ticket !== undefined) {
    stayId = await garage.stay({ exit: at })
    await database.ownerPool.query('update stay set stay_ref = $1 where stay_id = $2', [values.ticket, stayId])
  }
  const kind = amountMinor < 0 ? 'refunded' : 'captured'
  if (values.booked !== false) {
    await database.ownerPool.query(
      `insert into payment (organization_id, site_id, payment_id, kind, stay_id, connection_id, content_key, vendor_transaction, method,
         scope, amount_minor, currency, at, recorded_at, order_id, movement)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'both', $10, 'EUR', $11, $11, $12, $13)`,
      [
        ...[
          garage.organizationId,
          garage.siteId,
          id,
          kind,
          stayId,
          connectionId,
          `${connectionId}/${id}/0`,
          transaction,
        ],
        ...[
          method,
          Math.abs(amountMinor),
          at,
          values.order ?? null,
          values.order === undefined ? null : `${kind}/${transaction}`,
        ],
      ],
    )
  }
  if (values.fact !== false && values.order === undefined) {
    await database.ownerPool.query(
      `insert into parking_fact (organization_id, site_id, connection_id, vendor_event_id, revision, fact_id, type, occurred_at,
         received_at, stay_id, device_code, data)
       values ($1, $2, $3, $4::text, 0, $4::uuid, $5, $6, $6, $7, $8, $9)`,
      [
        ...[garage.organizationId, garage.siteId, connectionId, id, `payment.${kind}`, at, stayId, device],
        JSON.stringify({
          amountMinor: Math.abs(amountMinor),
          currency: 'EUR',
          method,
          scope: 'parking',
          ...(transaction === null ? {} : { vendorTransaction: transaction }),
        }),
      ],
    )
  }
  return id
}

const german = {
  mapping: {
    columns: { date: 'Datum', device: 'Kasse', ticket: 'Beleg', method: 'Art', gross: 'Brutto', tax: 'MwSt' },
    decimalComma: true,
    dateOrder: 'dmy' as const,
  },
  methodNames: { Bar: 'cash' },
}
const reportOf = (...rows: string[]) => ({
  kind: 'parcs_report' as const,
  csv: ['Datum;Kasse;Beleg;Art;Brutto;MwSt', ...rows, ''].join('\r\n'),
  ...german,
})

describe('a report of the parking system', () => {
  test('is matched by ticket, every difference with its class and reason, and adds up', async () => {
    const garage = await openGarage(database.db)
    await told(garage, { amountMinor: 400, ticket: 'T-1', device: 'K1' })
    await told(garage, { amountMinor: 800, ticket: 'T-2', device: 'K1' })
    await told(garage, { amountMinor: 600, ticket: 'T-3', device: 'K1' })
    await told(garage, { amountMinor: 200, ticket: 'T-4', device: 'K1', at: '2024-06-10T22:30:00Z' })
    await told(garage, { amountMinor: 350, device: 'K2', at: '2024-06-10T12:03:00Z' })
    const run = await start(
      garage,
      reportOf(
        '10.06.2024;K1;t-1;Bar;4,00;0,64',
        '10.06.2024;K1;T-2;Bar;6,72;1,28',
        '10.06.2024;K1;T-2;Bar;6,72;1,28',
        '10.06.2024;K1;T-4;Bar;2,00;',
        '10.06.2024 14:01;K2;;Bar;3,50;',
        '10.06.2024;K1;T-9;Bar;1,00;',
      ),
    )
    const all = await items(garage, run)
    expect(brief(all)).toEqual([
      ['amount_differs', 'explained', 128],
      ['day_differs', 'explained', -200],
      ['duplicate_there', 'open', -672],
      ['matched', 'agreed', 0],
      ['matched', 'agreed', 0],
      ['missing_here', 'open', -100],
      ['missing_there', 'open', 600],
    ])
    expect(all.find((item) => item.class === 'amount_differs')).toMatchObject({
      reasons: ['tax'],
      matchedBy: 'reference',
    })
    expect(all.filter((item) => item.matchedBy === 'likeness').map(({ words }) => words)).toEqual([
      'Both have 3.50 EUR.',
    ])
    expect(run).toMatchObject({
      state: 'differs',
      openItems: 3,
      runs: 1,
      totals: [{ sort: 'payment', unit: 'EUR', oursAmount: 2_150, theirsAmount: 2_394, difference: -244 }],
      counts: { states: { open: 3, explained: 2, agreed: 2 } },
    })
    expect(all.reduce((sum, { difference }) => sum + difference, 0)).toBe(-244)
    const { rows } = await database.ownerPool.query(
      `select data from event where organization_id = $1 and type = 'reconciliation.differs'`,
      [garage.organizationId],
    )
    expect(rows).toMatchObject([{ data: { reconciliationId: run.reconciliationId, openItems: 3 } }])
  })

  test('of sums only is compared by day, device and method, over and short', async () => {
    const garage = await openGarage(database.db)
    for (const [amountMinor, device, method] of [
      [400, 'K1', 'cash'],
      [600, 'K1', 'cash'],
      [800, 'K1', 'card'],
      [500, 'K2', 'cash'],
    ] as const) {
      await told(garage, { amountMinor, device, method })
    }
    const csv =
      'date,device,method,count,gross\n2024-06-10,K1,CASH,2,10.00\n2024-06-10,K1,card,1,7.00\n2024-06-10,K2,cash,2,5.50\n'
    const all = await items(garage, await start(garage, { kind: 'parcs_report', csv }))
    expect(brief(all)).toEqual([
      ['amount_differs', 'open', -50],
      ['amount_differs', 'open', 100],
      ['matched', 'agreed', 0],
    ])
    expect(all.map(({ reasons }) => reasons.join()).sort()).toEqual(['', 'over', 'short'])
  })

  test('the same file twice is one run, another reading of it is another', async () => {
    const garage = await openGarage(database.db)
    const file = reportOf('10.06.2024;K1;T-1;Bar;4,00;')
    const first = value(await ask(garage, file))
    const again = value(await ask(garage, { ...file, methodNames: { ...file.methodNames } }))
    expect([first.created, again.created, again.run.runs]).toEqual([true, false, 2])
    expect(again.run.reconciliationId).toBe(first.run.reconciliationId)
    expect(value(await ask(garage, { ...file, to: '2024-06-11' })).created).toBe(true)
    const both = await Promise.all([1, 2].map(() => ask(garage, reportOf('10.06.2024;K1;T-2;Bar;4,00;'))))
    expect(both.map((each) => value(each).created).sort()).toEqual([false, true])
    const { rows } = await database.ownerPool.query(
      'select count(*)::int as lines from reconciliation_row where organization_id = $1',
      [garage.organizationId],
    )
    expect(rows).toEqual([{ lines: 3 }])
  })

  test('of twenty thousand rows is taken', async () => {
    const garage = await openGarage(database.db)
    const rows = Array.from({ length: 19_998 }, (_, i) => `10.06.2024;K${i % 7};T${i % 5_000};Bar;${i % 9},00;`)
    await told(garage, { amountMinor: 300, ticket: 'T3' })
    const run = await start(garage, reportOf(...rows))
    expect(run.totals).toMatchObject([{ theirsCount: 19_998, oursCount: 1 }])
    expect(Object.values(run.counts.classes).reduce((sum, count) => sum + count, 0)).toBe(19_998)
  })
})

describe('what people decided', () => {
  test('stays over runs, and is undone only by people', async () => {
    const garage = await openGarage(database.db)
    const { deps } = garage
    const access = accessTo(garage)
    const paymentId = await told(garage, { amountMinor: 400, ticket: 'T-1', device: 'K1' })
    const run = await start(garage, reportOf('10.06.2024;K1;T-7;Bar;3,90;', '10.06.2024;K1;T-8;Bar;1,00;'))
    const { reconciliationId } = run
    const wish = { ours: [`payment:${paymentId}`], theirs: ['line:2'], reason: 'Mistyped.' }
    const match = matchRows(deps)
    expect(await match(access, reconciliationId, { ...wish, theirs: ['line:9'] })).toMatchObject({
      problems: [{ pointer: '/theirs/0', message: 'no such row in this reconciliation' }],
    })
    value(await match(access, reconciliationId, wish))
    expect(await match(access, reconciliationId, wish)).toMatchObject({
      problems: [{ pointer: '/ours/0' }, { pointer: '/theirs/0' }],
    })
    const matched = (await items(garage, run)).find(({ matchedBy }) => matchedBy === 'person')
    expect(matched).toMatchObject({ class: 'amount_differs', difference: 10, state: 'open' })
    const accepted = value(await acceptItem(deps)(access, reconciliationId, matched?.itemId ?? '', 'Tip.'))
    expect(accepted).toMatchObject({ state: 'accepted', note: 'Tip.', decidedBy: 'key:auditor' })
    expect(await acceptItem(deps)(access, reconciliationId, accepted.itemId, 'x')).toMatchObject({ kind: 'conflict' })
    const after = await rerun(garage, run)
    expect(after).toMatchObject({ openItems: 1, counts: { states: { accepted: 1, open: 1 } } })
    expect(brief(await items(garage, run))).toEqual([
      ['amount_differs', 'accepted', 10],
      ['missing_here', 'open', -100],
    ])
    const reopened = value(await reopenItem(deps)(access, reconciliationId, accepted.itemId, 'It was no tip.'))
    expect(reopened.state).toBe('open')
    await rerun(garage, run)
    expect((await items(garage, run, { state: 'open' })).map(({ note }) => note).sort()).toEqual([
      'It was no tip.',
      null,
    ])
    value(await unmatchItem(deps)(access, reconciliationId, accepted.itemId, 'Another car.'))
    expect(brief(await items(garage, run))).toEqual([
      ['missing_here', 'open', -100],
      ['missing_here', 'open', -390],
      ['missing_there', 'open', 400],
    ])
    expect(brief(await items(garage, run, { state: 'closed' }))).toEqual([['amount_differs', 'closed', 10]])
    const decisions = value(await listDecisions(deps)(access, reconciliationId, {})).items
    expect(decisions.map(({ kind, undoneBy }) => [kind, undoneBy])).toEqual([
      ['match', 'key:auditor'],
      ['accept', null],
      ['reopen', null],
      ['unmatch', null],
    ])
    const { rows } = await database.ownerPool.query(
      'select action from audit_log where organization_id = $1 order by audit_id',
      [garage.organizationId],
    )
    expect(rows.map(({ action }) => action)).toEqual([
      ...['reconciliation.created', 'reconciliation.matched', 'reconciliation_item.accept', 'reconciliation.rerun'],
      ...['reconciliation_item.reopen', 'reconciliation.rerun', 'reconciliation.unmatched'],
    ])
    await expect(database.pool.query('delete from reconciliation_decision')).rejects.toThrow()
  })

  test('keeps rows apart that the hub had matched', async () => {
    const garage = await openGarage(database.db)
    await told(garage, { amountMinor: 400, ticket: 'T-1', device: 'K1' })
    const run = await start(garage, reportOf('10.06.2024;K1;T-1;Bar;4,00;'))
    const [pair] = await items(garage, run)
    value(await unmatchItem(garage.deps)(accessTo(garage), run.reconciliationId, pair?.itemId ?? '', 'Two cars.'))
    await rerun(garage, run)
    expect((await items(garage, run)).map((item) => item.class).sort()).toEqual(['missing_here', 'missing_there'])
  })

  test('a late fact closes a difference, and an accepted one of another amount is open again', async () => {
    const garage = await openGarage(database.db)
    const run = await start(garage, reportOf('10.06.2024;K1;T-1;Bar;4,00;'))
    const [missing] = await items(garage, run)
    expect(missing).toMatchObject({ class: 'missing_here', state: 'open' })
    await told(garage, { amountMinor: 400, ticket: 'T-1', device: 'K1' })
    garage.clock.advance(hourMs)
    expect(await rerun(garage, run)).toMatchObject({ state: 'agreed', openItems: 0 })
    const [closed] = await items(garage, run, { state: 'closed' })
    expect(closed).toMatchObject({ itemId: missing?.itemId, closedAt: garage.clock.now() })
    const sums = 'date,count,gross\n2024-06-10,1,5.00\n'
    const totals = await start(garage, { kind: 'parcs_report', csv: sums })
    const [short] = await items(garage, totals)
    value(await acceptItem(garage.deps)(accessTo(garage), totals.reconciliationId, short?.itemId ?? '', 'Float.'))
    await told(garage, { amountMinor: 70, device: 'K1' })
    await rerun(garage, totals)
    expect(await items(garage, totals)).toMatchObject([
      {
        state: 'open',
        difference: -30,
        note: 'Float.',
        words: expect.stringContaining('accepted when it was another amount'),
      },
    ])
  })
})

test('what a parking system told is held against payments and bills, and nobody else sees it', async () => {
  const garage = await openGarage(database.db, {
    settings: { parking_price: 'parcs', settle_delay_minutes: 0, parking_tax_percent: '19' },
  })
  garage.clock.advance(6 * hourMs)
  const price = {
    amountMinor: 500,
    currency: 'EUR',
    final: true,
    factId: garage.deps.newId(),
    at: '2024-06-10T11:00:00Z',
  }
  const billed = await garage.stay({ exit: '2024-06-10T11:00:00Z', price })
  await evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `stay:${billed}` })
  await garage.changeStay(billed, { price: { ...price, amountMinor: 520 } })
  await garage.stay({ exit: '2024-06-10T11:30:00Z', price: { ...price, amountMinor: 300 } })
  await told(garage, { amountMinor: 500, transaction: 'A1' })
  await told(garage, { amountMinor: 210, transaction: 'A2', booked: false })
  const run = await start(garage, { kind: 'parcs_stays' })
  const all = await items(garage, run)
  expect(all.map((item) => [item.sort, item.class, item.difference]).sort()).toEqual([
    ['payment', 'matched', 0],
    ['payment', 'missing_here', -210],
    ['price', 'amount_differs', -20],
    ['price', 'missing_here', -300],
  ])
  const other = await openGarage(database.db)
  expect(await rerunReconciliation(other.deps)(accessTo(other), run.reconciliationId)).toEqual({ kind: 'not_found' })
  expect((await listReconciliations(other.deps)(accessTo(other), {})).items).toEqual([])
  const limited = accessTo(garage, [other.siteId])
  expect(await listItems(garage.deps)(limited, run.reconciliationId, {})).toEqual({ kind: 'not_found' })
  expect(await acceptItem(garage.deps)(limited, run.reconciliationId, all[0]?.itemId ?? '', 'x')).toEqual({
    kind: 'not_found',
  })
})

describe('energy', () => {
  test('billed is held against energy metered', async () => {
    const garage = await openGarage(database.db, { settings: { settle_delay_minutes: 0, link_window_minutes: 0 } })
    garage.clock.advance(12 * hourMs)
    const right = await garage.session({ energyWh: 10_000 })
    const grown = await garage.session({ energyWh: 8_000 })
    await garage.session({ energyWh: 5_000 })
    for (const id of [right, grown]) {
      await evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `session:${id}` })
    }
    await garage.changeSession(grown, { energyWh: 9_000 })
    const run = await start(garage, { kind: 'session_energy' })
    const all = await items(garage, run)
    expect(brief(all)).toEqual([
      ['amount_differs', 'open', -1_000],
      ['matched', 'agreed', 0],
      ['missing_here', 'open', -5_000],
    ])
    expect(all.find(({ class: name }) => name === 'amount_differs')).toMatchObject({
      reasons: ['under_billed'],
      unit: 'Wh',
      words: '8.000 kWh here, 9.000 kWh there: 1.000 kWh more there. Less energy is billed than was metered.',
    })
    expect(run.totals).toMatchObject([{ sort: 'energy', unit: 'Wh', oursAmount: 18_000, theirsAmount: 24_000 }])
  })

  test('of a meter is held against the sessions behind it', async () => {
    const garage = await openGarage(database.db)
    garage.clock.advance(48 * hourMs)
    await garage.session({ energyWh: 60_000 })
    await garage.session({ energyWh: 40_000, from: '2024-06-10T12:00:00Z' })
    // Half of it lies behind the last reading, at local midnight.
    await garage.session({ energyWh: 10_000, from: '2024-06-10T21:30:00Z' })
    const read = async (end: number, more: Asked = { kind: 'meter_readings' }) =>
      (
        await items(
          garage,
          await start(garage, {
            csv: `meter,time,registerWh\nM,2024-06-09T22:00:00Z,1000\nM,2024-06-10T22:00:00Z,${end}\n`,
            ...more,
          }),
        )
      )[0]
    expect(await read(106_500)).toMatchObject({ class: 'matched', oursAmount: 105_000, theirsAmount: 105_500 })
    const lost = await read(121_000)
    expect(lost).toMatchObject({ class: 'amount_differs', reasons: ['loss'], difference: -15_000, state: 'open' })
    expect(lost?.words).toContain('125 ‰')
    const csv = 'meter,time,registerKwh\nM,2024-06-10T08:00:00Z,99990\nM,2024-06-10T16:00:00Z,50\n'
    expect(await read(0, { kind: 'meter_readings', csv })).toMatchObject({
      theirsAmount: 60_000,
      reasons: ['rollover', 'gap', 'gain'],
    })
    const { stationId } = garage
    const two = 'meter,time,registerWh\nM,2024-06-10,1\nN,2024-06-10T08:00:00Z,5\n'
    expect(
      await ask(garage, {
        kind: 'meter_readings',
        csv: two,
        meters: [{ meter: 'X', stationIds: [stationId, garage.siteId] }],
      }),
    ).toMatchObject({
      problems: [{ pointer: '/csv', message: 'row 2, column time: has no time of day' }],
    })
    const one = 'meter,time,registerWh\nM,2024-06-10T07:00:00Z,1\nN,2024-06-10T08:00:00Z,5\n'
    expect(
      await ask(garage, {
        kind: 'meter_readings',
        csv: one,
        meters: [{ meter: 'X', stationIds: [stationId, garage.siteId] }],
      }),
    ).toMatchObject({
      problems: [
        { pointer: '/meters/0/meter' },
        { pointer: '/meters/0/stationIds/1' },
        { pointer: '/csv', message: 'meter M has fewer than two readings from 2024-06-10 to 2024-06-10' },
        { pointer: '/meters' },
        { pointer: '/csv' },
        { pointer: '/meters' },
      ],
    })
  })
})

test("a processor's file is held against what was taken, its fees and payouts against themselves", async () => {
  const garage = await openGarage(database.db)
  const order = garage.deps.newId()
  // One capture that pays for two things is one charge there.
  await told(garage, { amountMinor: 700, transaction: 'ch_1', method: 'card', order })
  await database.ownerPool.query(
    `insert into payment (organization_id, site_id, payment_id, kind, content_key, vendor_transaction, method, scope, amount_minor, currency,
       at, recorded_at, order_id, movement)
     values ($1, $2, $3::uuid, 'captured', $3::text, 'ch_1', 'card', 'both', 300, 'EUR', '2024-06-10T10:00:00Z', '2024-06-10T10:00:00Z', $4, 'captured/ch_1')`,
    [garage.organizationId, garage.siteId, garage.deps.newId(), order],
  )
  await told(garage, { amountMinor: -300, transaction: 're_1', method: 'card', order })
  await told(garage, { amountMinor: 450, transaction: 'ch_2', method: 'card', order: garage.deps.newId() })
  await told(garage, { amountMinor: 999, method: 'cash' })
  const csv = [
    'balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,automatic_payout_id',
    'txn_1,2024-06-10 10:00:01,eur,10.00,0.40,9.60,charge,ch_1,po_1',
    'txn_2,2024-06-10 10:05:00,eur,-3.00,0.00,-3.00,refund,re_1,po_1',
    'txn_3,2024-06-10 11:00:00,eur,5.00,0.33,4.60,charge,ch_3,po_1',
    'txn_4,2024-06-10 11:00:00,eur,-5.00,15.00,-20.00,dispute,dp_1,',
    'txn_5,2024-06-10 12:00:00,eur,-0.10,0.00,-0.10,fee,,',
    'txn_6,2024-06-10 13:00:00,eur,-11.30,0.00,-11.30,payout,po_1,',
  ].join('\n')
  const input: Asked = {
    kind: 'processor_settlement',
    format: 'stripe',
    methods: ['card'],
    csv,
    fee: { percent: '1.5', fixedMinor: 25 },
  }
  const run = await start(garage, input)
  const all = await items(garage, run)
  expect(all.map((item) => [item.sort, item.class, item.reasons.join(), item.difference, item.state]).sort()).toEqual([
    ['fee', 'matched', '', 0, 'agreed'],
    ['fee', 'matched', '', 0, 'agreed'],
    ['fee', 'missing_here', 'fee', 10, 'explained'],
    ['net', 'amount_differs', 'arithmetic', 7, 'open'],
    ['payment', 'matched', '', 0, 'agreed'],
    ['payment', 'matched', '', 0, 'agreed'],
    ['payment', 'missing_here', '', -500, 'open'],
    ['payment', 'missing_here', 'dispute', 500, 'open'],
    ['payment', 'missing_there', '', 450, 'open'],
    ['payout', 'amount_differs', '', -10, 'open'],
  ])
  expect(await ask(garage, { ...input, methods: undefined } as unknown as Asked)).toMatchObject({
    problems: [{ pointer: '/connectionId' }],
  })
  expect(await ask(garage, { ...input, connectionId: garage.siteId })).toMatchObject({
    problems: [{ pointer: '/connectionId', message: 'no such connection at this site' }],
  })
})
