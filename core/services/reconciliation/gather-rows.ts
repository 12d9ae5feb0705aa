// Owns bringing both sides of a reconciliation together as rows: what the hub has, and what others say.
// Must not compare them.
import { type BusinessClock, businessClock, businessDate, startOfBusinessDate } from '../../domain/business-day.ts'
import { addDays } from '../../domain/local-time.ts'
import type { BookRow, Reason } from '../../domain/reconciliation/book-row.ts'
import { energyWithin, meterSpan, readingsByMeter } from '../../domain/reconciliation/meter-span.ts'
import type { ReadingLine } from '../../domain/reconciliation/read-meter-readings.ts'
import { groupName, type ReportLine, rowOfReportLine } from '../../domain/reconciliation/read-parcs-report.ts'
import { rowsOfSettlement, type SettlementLine } from '../../domain/reconciliation/read-settlement.ts'
import type { Site } from '../../store/places.ts'
import {
  parcsPayments,
  pricedStays,
  providerMovements,
  type SessionEnergy,
  type SourceSpan,
  sessionEnergy,
  stationCodes,
  stationSessions,
  toldPayments,
} from '../../store/reconciliation-sources.ts'
import { linesOf, type Reconciliation, type RunPlace } from '../../store/reconciliations.ts'
import type { Db } from '../../store/record-table.ts'
import { inTurns, rowsInTurns } from '../in-turns.ts'
import type { ReconciliationOptions } from './reconciliation-input.ts'

/** Days on either side in which the partner of a row is looked for. */
const marginDays = 3

export interface BothSides {
  ours: BookRow[]
  theirs: BookRow[]
}

interface Gathering {
  db: Db
  place: RunPlace
  site: Site
  clock: BusinessClock
  from: string
  to: string
  options: ReconciliationOptions
  /** With the days beside. */
  wide: SourceSpan
  now: Date
}

export function gatherRows(db: Db, site: Site, run: Reconciliation, place: RunPlace, now: Date): Promise<BothSides> {
  const clock = businessClock(site.timeZone, site.settings)
  const options = run.options as ReconciliationOptions
  const { from, to, kind } = run
  const [fromDay, toDay] = [addDays(from, -marginDays), addDays(to, marginDays)]
  const wide = {
    organizationId: place.organizationId,
    siteId: site.siteId,
    fromDay,
    toDay,
    connectionId: options.connectionId,
    fromAt: startOfBusinessDate(fromDay, clock),
    toAt: startOfBusinessDate(addDays(toDay, 1), clock),
  }
  return sources[kind]({ db, place, site, clock, from, to, options, wide, now })
}

const sources: Readonly<Record<Reconciliation['kind'], (gathering: Gathering) => Promise<BothSides>>> = {
  parcs_stays: parcsStays,
  parcs_report: parcsReport,
  session_energy: energyOfSessions,
  meter_readings: energyOfMeters,
  processor_settlement: processorSettlement,
}

type When = Pick<BookRow, 'day' | 'outside' | 'at'>
function whenOf({ clock, from, to }: Gathering, at: Date): When {
  const day = businessDate(at, clock)
  return { day, outside: day < from || day > to, at: at.toISOString() }
}

interface MoneyRow {
  amountMinor: number
  currency: string
  at: Date
  transaction: string | null
  ticket?: string | null
  place?: string | null
}
function paymentRow(gathering: Gathering, id: string, what: string, row: MoneyRow): BookRow {
  const { amountMinor: amount, currency: unit, transaction, ticket = null, place = null } = row
  const named = transaction ?? ticket
  return {
    id,
    sort: 'payment',
    amount,
    unit,
    place,
    ...whenOf(gathering, row.at),
    references: { ...(transaction === null ? {} : { transaction }), ...(ticket === null ? {} : { ticket }) },
    text: `${amount < 0 ? 'Refund' : what}${named === null ? '' : ` ${named}`}`,
  }
}

const note = (reason: Reason, words: string) => ({ reason, words })

/** Of what is not billed yet: why. */
function billingNotes(state: string | null, why: string | null): NonNullable<BookRow['notes']> {
  if (state !== 'pending' && state !== 'held') return []
  const words = state === 'held' ? 'Its bill is held' : 'Its bill is not made yet'
  return [note(state, `${words}${why === null ? '.' : `: ${why}`}`)]
}

async function parcsStays(gathering: Gathering): Promise<BothSides> {
  const { db, wide } = gathering
  const ours: BookRow[] = []
  const theirs: BookRow[] = []
  for await (const row of rowsInTurns(await parcsPayments(db, wide))) {
    const made = paymentRow(gathering, `payment:${row.paymentId}`, 'Payment', row)
    ours.push({ ...made, references: { id: row.paymentId, ...made.references } })
  }
  for await (const row of rowsInTurns(await toldPayments(db, wide))) {
    const made = paymentRow(gathering, `fact:${row.factId}`, 'Payment', row)
    theirs.push({ ...made, references: { id: row.factId, ...made.references } })
  }
  const seen = new Set<string>()
  for await (const row of rowsInTurns(await pricedStays(db, wide))) {
    const shared = { sort: 'price' as const, place: row.place, references: { stay: row.stayId } }
    const text = `Parking of ${row.ticket ?? `stay ${row.stayId}`}`
    const left = row.leftAt ?? row.pricedAt
    const told = row.priceMinor !== null && row.priceCurrency !== null && left !== null && !seen.has(row.stayId)
    seen.add(row.stayId)
    if (told) {
      theirs.push({
        ...shared,
        id: `price:${row.stayId}`,
        amount: row.priceMinor ?? 0,
        unit: row.priceCurrency ?? '',
        text,
        ...whenOf(gathering, left),
        ...(row.priceTaxMinor === null ? {} : { parts: { tax: row.priceTaxMinor } }),
        ...(row.billDate === null ? { notes: billingNotes(row.billingState, row.billingReason) } : {}),
      })
    }
    if (row.billDate === null || row.billCurrency === null) continue
    const day = row.billDate
    ours.push({
      ...shared,
      id: `bill:${row.stayId}:${row.billCurrency}`,
      amount: row.billedMinor ?? 0,
      unit: row.billCurrency,
      text,
      day,
      outside: day < gathering.from || day > gathering.to,
      at: null,
      parts: { tax: row.billedTaxMinor ?? 0, discount: row.billedDiscountMinor ?? 0 },
    })
  }
  return { ours, theirs }
}

async function parcsReport(gathering: Gathering): Promise<BothSides> {
  const { db, wide, place, clock, from, to, options } = gathering
  const lines = await linesOf<ReportLine>(db, place)
  const methods = options.methodNames ?? {}
  const theirs: BookRow[] = []
  for await (const line of rowsInTurns(lines)) theirs.push(rowOfReportLine(line, clock, { from, to, methods }))
  const taken = await parcsPayments(db, wide)
  const ours: BookRow[] = []
  if (lines.some(({ count }) => count === null)) {
    for await (const row of rowsInTurns(taken)) {
      const made = paymentRow(gathering, `payment:${row.paymentId}`, 'Payment', row)
      ours.push({ ...made, ...(row.discountMinor === 0 ? {} : { parts: { discount: row.discountMinor } }) })
    }
  }
  const counted = lines.filter(({ count }) => count !== null)
  if (counted.length === 0) return { ours, theirs }
  const byDevice = counted.some(({ device }) => device !== null)
  const byMethod = counted.some(({ method }) => method !== null)
  const sums = new Map<string, BookRow & { count: number }>()
  for await (const row of rowsInTurns(taken)) {
    const when = whenOf(gathering, row.at)
    const [device, method] = [byDevice ? row.place : null, byMethod ? (row.method?.toLowerCase() ?? null) : null]
    const id = groupName(when.day, device, method)
    const key = JSON.stringify([id, row.currency])
    const before = sums.get(key)
    const count = (before?.count ?? 0) + 1
    const what = `${device === null ? '' : ` at ${device}`}${method === null ? '' : ` by ${method}`}`
    sums.set(key, {
      id: `${id} ${row.currency}`,
      sort: 'total',
      amount: (before?.amount ?? 0) + row.amountMinor,
      unit: row.currency,
      ...when,
      at: null,
      place: null,
      references: { id },
      count,
      text: `${count} takings${what} on ${when.day}`,
    })
  }
  return { ours: [...ours, ...[...sums.values()].map(({ count: _, ...row }) => row)], theirs }
}

async function processorSettlement(gathering: Gathering): Promise<BothSides> {
  const { db, wide, place, clock, from, to, options } = gathering
  const lines = await linesOf<SettlementLine>(db, place)
  const reckoned = await inTurns(rowsOfSettlement(lines, clock, { from, to, fee: options.fee }))
  const moved = await providerMovements(db, { ...wide, methods: options.methods })
  const ours: BookRow[] = []
  for await (const row of rowsInTurns(moved)) ours.push(paymentRow(gathering, row.id, 'Payment', row))
  return { ours: [...ours, ...reckoned.ours], theirs: reckoned.theirs }
}

async function energyOfSessions(gathering: Gathering): Promise<BothSides> {
  const { db, wide } = gathering
  const ours: BookRow[] = []
  const theirs: BookRow[] = []
  for await (const row of rowsInTurns(await sessionEnergy(db, wide))) {
    const shared = {
      sort: 'energy' as const,
      unit: 'Wh',
      place: row.station,
      ...whenOf(gathering, row.endedAt),
      references: { id: row.sessionId },
      text: `Session ${row.sessionId} at ${row.station}`,
    }
    if (row.billedWh !== null) {
      ours.push({ ...shared, id: `billed:${row.sessionId}`, amount: row.billedWh, parts: { step: row.stepWh } })
    }
    if (!row.void && row.energyWh !== 0) {
      theirs.push({ ...shared, id: `session:${row.sessionId}`, amount: row.energyWh, notes: energyNotes(row) })
    }
  }
  return { ours, theirs }
}

function energyNotes(row: SessionEnergy): NonNullable<BookRow['notes']> {
  if (row.billedWh !== null) return []
  if (row.billed) return [note('not_by_energy', 'It is billed, and its tariff has no price for energy.')]
  return billingNotes(row.billingState, row.billingReason)
}

async function energyOfMeters(gathering: Gathering): Promise<BothSides> {
  const { db, place, from, site, options, now } = gathering
  const lines = await linesOf<ReadingLine>(db, place)
  const { fromAt, toAt } = instantsOf(gathering)
  const codes = await stationCodes(db, place.organizationId, site.siteId)
  const ours: BookRow[] = []
  const theirs: BookRow[] = []
  for (const [meter, readings] of readingsByMeter(lines)) {
    const span = meterSpan(meter, readings, fromAt.getTime(), toAt.getTime())
    if (span === null) continue
    const behind = options.meters?.find((each) => each.meter === meter)?.stationIds ?? [...codes.keys()]
    const range = { fromAt: new Date(span.from), toAt: new Date(span.to) }
    const sessions = await stationSessions(db, { ...place, ...range }, { stationIds: behind, now })
    const energy = sessions.reduce((sum, session) => {
      const [startedAt, endedAt] = [session.startedAt.toISOString(), session.endedAt.toISOString()]
      return sum + energyWithin({ ...session, startedAt, endedAt }, range.fromAt.getTime(), range.toAt.getTime())
    }, 0)
    const shared = {
      sort: 'meter' as const,
      unit: 'Wh',
      day: from,
      outside: false,
      at: null,
      place: null,
      references: { id: `meter ${meter}` },
    }
    const chargers = behind.map((stationId) => codes.get(stationId) ?? stationId).sort()
    const text = `${sessions.length} sessions at ${chargers.slice(0, 10).join(', ')}${chargers.length > 10 ? ' …' : ''}`
    ours.push({ ...shared, id: `sessions:${meter}`, amount: energy, text })
    theirs.push({ ...shared, id: `meter:${meter}`, amount: span.energyWh, text: `Meter ${meter}`, notes: span.notes })
  }
  return { ours, theirs }
}

/** Of the compared days alone. */
export function instantsOf({ clock, from, to }: Pick<Gathering, 'clock' | 'from' | 'to'>): {
  fromAt: Date
  toAt: Date
} {
  return { fromAt: startOfBusinessDate(from, clock), toAt: startOfBusinessDate(addDays(to, 1), clock) }
}
