// Owns the price of one charging session: whose prices, each of its parts as lines, and its limits.
// Must not bill anything for time in which the station held the energy back.
import type { PricedSession, PriceInput, PriceResult } from '../../core/plugin/index.ts'
import { type ChargingContext, limitLines } from './charging-limits.ts'
import { energyLines, idleLines, reservationLines, sessionLines, timeLines } from './charging-lines.ts'
import { pricesFor } from './charging-variants.ts'
import type { ChargingRules } from './rules.ts'

export function quoteCharging(rules: ChargingRules, session: PricedSession, input: PriceInput): PriceResult {
  const wrong = wrongFacts(session)
  if (wrong !== null) return { kind: 'unpriceable', reason: wrong }
  const chosen = pricesFor(rules, input)
  const context: ChargingContext = {
    ...chosen,
    main: rules.tax,
    session: { ...session, periods: byStart(session) },
    input,
  }
  const lines = [
    ...energyLines(context),
    ...timeLines(context),
    ...sessionLines(context),
    ...reservationLines(context),
    ...idleLines(context),
  ]
  const all = [...lines, ...limitLines(context, lines)]
  const { notes } = chosen
  return {
    kind: 'priced',
    lines: notes.length === 0 ? all : all.map((line) => ({ ...line, explanation: [...notes, ...line.explanation] })),
  }
}

function wrongFacts(session: PricedSession): string | null {
  if (!Number.isSafeInteger(session.energyWh) || session.energyWh < 0) return 'The energy is not a count of watt-hours.'
  const { pluggedAt, unpluggedAt, startedAt, endedAt } = session
  if ([pluggedAt, unpluggedAt, startedAt, endedAt].some((at) => Number.isNaN(Date.parse(at))))
    return 'A time of the session is not a date.'
  const periods = byStart(session)
  let energy = 0
  for (const [i, period] of periods.entries()) {
    const from = Date.parse(period.from)
    const to = Date.parse(period.to)
    if (Number.isNaN(from) || Number.isNaN(to) || to < from)
      return 'A period of the session has no proper beginning and end.'
    const before = periods[i - 1]
    if (before !== undefined && Date.parse(before.to) > from) return 'Periods of the session overlap.'
    if (!Number.isSafeInteger(period.energyWh) || period.energyWh < 0) return 'A period has no proper energy.'
    energy += period.energyWh
  }
  const { reservation } = session
  if (reservation !== undefined && !(Date.parse(reservation.from) <= Date.parse(reservation.to)))
    return 'The reservation has no proper beginning and end.'
  if (energy > session.energyWh) return 'The periods hold more energy than the session.'
  return null
}

function byStart(session: PricedSession) {
  return [...session.periods].sort(
    (a, b) => Date.parse(a.from) - Date.parse(b.from) || Date.parse(a.to) - Date.parse(b.to),
  )
}
