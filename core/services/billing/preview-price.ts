// Owns trying rules on an example: what it would cost to the cent, at every quarter of an hour, and the price in plain words.
// Must not store anything.
import { defaultRounding, refundOfPart, roundLines, totalsOf } from '../../domain/bill/index.ts'
import { clockChangeDates, isTimeZone, quarterHours, startOfLocalDate, withOffset } from '../../domain/local-time.ts'
import type { ParkerKind } from '../../domain/parking-fact.ts'
import type {
  AppliedDiscount,
  PricedLine,
  PricedSession,
  PricedStay,
  PriceInput,
  SessionPeriod,
  TariffEngine,
} from '../../domain/price.ts'
import { type FieldProblem, invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { BillingDeps } from './billing-deps.ts'
import { standardTariffEngine } from './manage-tariffs.ts'
import { brokenRules } from './tariff-rules.ts'

type Instant = string | Date

export interface PreviewStay {
  enteredAt: Instant
  exitedAt: Instant
  parkerKind?: ParkerKind
  lostTicket?: boolean
  paidAt?: Instant
  validations?: readonly Omit<AppliedDiscount, 'factId' | 'kind'>[]
}

/** `chargedUntil`: when the car was full; left out, it charges to the end. */
export interface PreviewSession {
  pluggedAt: Instant
  unpluggedAt: Instant
  chargedUntil?: Instant
  reservedFrom?: Instant
  energyWh: number
  parkerKind?: ParkerKind
}

export interface PreviewRequest {
  engine?: string
  scope: 'parking' | 'charging'
  currency: string
  timeZone: string
  rules: unknown
  groups?: readonly string[]
  stay?: PreviewStay
  /** With scope parking: of the same stay, for rules that look at charging. */
  session?: PreviewSession
  /** Energy that the account has charged before, on the same day and in the same month. */
  usedWh?: { day: number; month: number }
  /** Price the same example as if it began at other times: every quarter of a local day, or of those with a change of clocks. */
  starts?: { date: string } | { clockChangesOf: number }
  /** Give back part of a line, by its key. */
  refunds?: readonly { key: string; quantity: string }[]
}

export interface Preview {
  currency: string
  description: readonly string[]
  lines: readonly PricedLine[]
  netMinor: number
  taxMinor: number
  totalMinor: number
  /** `totalMinor` is null where `reason` says why it cannot be priced. */
  starts: readonly PreviewStart[]
}

export interface PreviewStart {
  startsAt: string
  totalMinor: number | null
  reason: string | null
}

/** Without a stay or session: the price in words only. */
export function previewPrice(deps: Pick<BillingDeps, 'engine'>): (input: PreviewRequest) => Outcome<Preview> {
  return (input) => {
    const { scope, currency, timeZone: zone, rules } = input
    const name = input.engine ?? standardTariffEngine
    const refusal = brokenRules(deps, name, rules, { scope, currency })
    if (refusal !== undefined) return refusal
    if (!isTimeZone(zone)) return invalid('/timeZone', 'There is no such time zone.')
    const engine = deps.engine(name)
    if (engine === null) return invalid('/engine', 'No running plugin provides this tariff engine.')
    const description = engine.describe(rules, { currency, zone })
    const problems = wrongTimes(input)
    if (problems.length > 0) return { kind: 'invalid', problems }
    const example = exampleOf(input)
    if (example === null) {
      return ok({ currency, description, lines: [], netMinor: 0, taxMinor: 0, totalMinor: 0, starts: [] })
    }
    const result = engine.quote(example)
    if (result.kind === 'unpriceable') return invalid(scope === 'parking' ? '/stay' : '/session', result.reason)
    const refunds = refundLines(result.lines, input.refunds ?? [])
    if (!Array.isArray(refunds)) return refunds
    const lines = [...result.lines, ...refunds]
    const totals = totalsOf(roundLines(lines, currency, defaultRounding))
    return ok({ currency, description, lines, ...totals, starts: atOtherTimes(engine, example, startsOf(input)) })
  }
}

/** Null: only the words are asked for. */
function exampleOf({ scope, rules, currency, timeZone: zone, ...input }: PreviewRequest): PriceInput | null {
  const parking = scope === 'parking'
  const main = parking ? input.stay : input.session
  if (main === undefined) return null
  const { session, stay, usedWh } = input
  const usage = (energyWh: number) => ({ energyWh, net: '0', gross: '0' })
  return {
    scope,
    rules,
    currency,
    zone,
    groups: input.groups ?? [],
    stay: parking && stay !== undefined ? stayOf(stay) : null,
    session: !parking && session !== undefined ? sessionOf(session) : null,
    ...(parking && session !== undefined ? { sessions: [sessionOf(session)] } : {}),
    ...(parking || session?.parkerKind === undefined ? {} : { parkerKind: session.parkerKind }),
    ...(usedWh === undefined ? {} : { used: { day: usage(usedWh.day), month: usage(usedWh.month) } }),
  }
}

function refundLines(
  lines: readonly PricedLine[],
  asked: NonNullable<PreviewRequest['refunds']>,
): PricedLine[] | Outcome<never> {
  const refunds: PricedLine[] = []
  for (const [i, { key, quantity }] of asked.entries()) {
    const line = lines.find((each) => each.key === key)
    if (line === undefined) return invalid(`/refunds/${i}/key`, 'There is no such line.')
    if (asked.findIndex((each) => each.key === key) < i) return invalid(`/refunds/${i}/key`, 'It is named twice.')
    const refund = refundOfPart(line, quantity)
    if (refund.kind === 'refused') return invalid(`/refunds/${i}/quantity`, refund.reason)
    refunds.push(refund.line)
  }
  return refunds
}

function startsOf({ starts, timeZone }: PreviewRequest): number[] {
  if (starts === undefined) return []
  const dates = 'date' in starts ? [starts.date] : clockChangeDates(starts.clockChangesOf, timeZone)
  return dates.flatMap((date) => quarterHours(date, timeZone))
}

/** The example moved in time: everything in it lasts as long as it did. */
function atOtherTimes(engine: TariffEngine, example: PriceInput, starts: readonly number[]): PreviewStart[] {
  const began = Date.parse(example.stay?.enteredAt ?? example.session?.pluggedAt ?? '')
  return starts.map((start) => {
    const result = engine.quote(movedInTime(example, start - began))
    const startsAt = withOffset(new Date(start), example.zone)
    if (result.kind === 'unpriceable') return { startsAt, totalMinor: null, reason: result.reason }
    const { totalMinor } = totalsOf(roundLines(result.lines, example.currency, defaultRounding))
    return { startsAt, totalMinor, reason: null }
  })
}

function movedInTime(example: PriceInput, ms: number): PriceInput {
  const at = (instant: string) => iso(new Date(Date.parse(instant) + ms))
  const session = (each: PricedSession): PricedSession => ({
    ...each,
    pluggedAt: at(each.pluggedAt),
    unpluggedAt: at(each.unpluggedAt),
    startedAt: at(each.startedAt),
    endedAt: at(each.endedAt),
    periods: each.periods.map((period) => ({ ...period, from: at(period.from), to: at(period.to) })),
    ...(each.reservation === undefined
      ? {}
      : { reservation: { ...each.reservation, from: at(each.reservation.from), to: at(each.reservation.to) } }),
  })
  const { stay } = example
  return {
    ...example,
    stay: stay && {
      ...stay,
      enteredAt: stay.enteredAt && at(stay.enteredAt),
      exitedAt: stay.exitedAt && at(stay.exitedAt),
    },
    session: example.session && session(example.session),
    ...(example.sessions === undefined ? {} : { sessions: example.sessions.map(session) }),
  }
}

function wrongTimes({ stay, session, starts }: PreviewRequest): FieldProblem[] {
  const problems: FieldProblem[] = []
  const order = (pointer: string, first: Instant, then: Instant) => {
    if (new Date(then) < new Date(first)) problems.push({ pointer, message: 'It has to be later than the beginning.' })
  }
  if (stay !== undefined) order('/stay/exitedAt', stay.enteredAt, stay.exitedAt)
  if (session !== undefined) {
    order('/session/unpluggedAt', session.pluggedAt, session.unpluggedAt)
    const { chargedUntil = session.unpluggedAt } = session
    order('/session/chargedUntil', session.pluggedAt, chargedUntil)
    order('/session/unpluggedAt', chargedUntil, session.unpluggedAt)
    if (session.reservedFrom !== undefined) order('/session/pluggedAt', session.reservedFrom, session.pluggedAt)
  }
  if (starts !== undefined && 'date' in starts && !isLocalDate(starts.date)) {
    problems.push({ pointer: '/starts/date', message: 'No calendar has this date.' })
  }
  return problems
}

function isLocalDate(date: string): boolean {
  try {
    startOfLocalDate(date, 'UTC')
    return true
  } catch {
    return false
  }
}

const iso = (at: Instant) => new Date(at).toISOString()

function stayOf(stay: PreviewStay): PricedStay {
  return {
    stayId: 'preview',
    enteredAt: iso(stay.enteredAt),
    exitedAt: iso(stay.exitedAt),
    parkerKind: stay.parkerKind ?? 'transient',
    discounts: (stay.validations ?? []).map((each, i) => ({ ...each, factId: `preview-${i}`, kind: 'validation' })),
    ...(stay.lostTicket === undefined ? {} : { lostTicket: stay.lostTicket }),
    ...(stay.paidAt === undefined ? {} : { paidAt: iso(stay.paidAt) }),
  }
}

function sessionOf({ pluggedAt, unpluggedAt, chargedUntil, reservedFrom, energyWh }: PreviewSession): PricedSession {
  const [from, until, full] = [iso(pluggedAt), iso(unpluggedAt), iso(chargedUntil ?? unpluggedAt)]
  const charging: SessionPeriod = { from, to: full, state: 'charging', energyWh }
  const idle: SessionPeriod[] = full < until ? [{ from: full, to: until, state: 'finished', energyWh: 0 }] : []
  return {
    sessionId: 'preview',
    pluggedAt: from,
    unpluggedAt: until,
    startedAt: from,
    endedAt: full,
    energyWh,
    periods: [charging, ...idle],
    flags: [],
    ...(reservedFrom === undefined
      ? {}
      : { reservation: { from: iso(reservedFrom), to: from, outcome: 'used' as const } }),
  }
}
