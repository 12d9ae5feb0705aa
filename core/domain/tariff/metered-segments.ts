// Owns cutting a session where its price may change: at an instant, at an amount of energy, after a length of time.
// Must not create or lose energy, and must not know what anything costs.
import { Decimal } from '../money.ts'
import type { PricedSession, SessionPeriod } from '../price.ts'

/** Where a tariff's answer may change. Lengths are milliseconds. */
export interface PriceEdges {
  /** Instants strictly inside (from, to). */
  instants(from: number, to: number): readonly number[]
  energyWh?: readonly (number | string)[]
  /** Since the session began, parking included. */
  elapsedMs?: readonly number[]
  chargingMs?: readonly number[]
  idleMs?: readonly number[]
}

/** What the session had come to. */
export interface SessionSoFar {
  energyWh: Decimal
  elapsedMs: number
  chargingMs: number
  idleMs: number
}

export interface MeteredSegment {
  from: number
  to: number
  state: SessionPeriod['state']
  energyWh: Decimal
  /** At `from`. */
  before: SessionSoFar
  /** Measured; else the average of its period; null when neither is known. */
  powerW: Decimal | null
  powerMeasured: boolean
  currentA: Decimal | null
  tariffRef: string | undefined
  /** Place of its period in the session. */
  period: number
  /** It is only a part of its period: its energy was shared by time. */
  part: boolean
}

export type MeteredSession = { kind: 'cut'; segments: MeteredSegment[] } | { kind: 'wrong'; reason: string }

/** Records give hours with four digits: two periods may seem to overlap by that much. */
const recordSlackMs = 1_000

/** @param edges null: the periods as they are, not cut anywhere */
export function meteredSegments(session: PricedSession, edges: PriceEdges | null): MeteredSession {
  const periods = [...session.periods].sort(
    (a, b) => Date.parse(a.from) - Date.parse(b.from) || Date.parse(a.to) - Date.parse(b.to),
  )
  const reason = wrongPeriods(periods, session)
  if (reason !== null) return { kind: 'wrong', reason }
  const start = Date.parse(session.startedAt)
  const segments: MeteredSegment[] = []
  let before: SessionSoFar = { energyWh: new Decimal(0), elapsedMs: 0, chargingMs: 0, idleMs: 0 }
  for (const [index, period] of withAllEnergy(periods, session).entries()) {
    const from = Date.parse(period.from)
    const to = Date.parse(period.to)
    before = { ...before, elapsedMs: Math.max(from - start, 0) }
    const cuts = edges === null ? [] : cutsInside(period, before, edges, start)
    let counted = new Decimal(0)
    const powerW = powerOf(period)
    for (const [i, cut] of [...cuts, { at: to, energyWh: new Decimal(period.energyWh) }].entries()) {
      const at = i === 0 ? from : (cuts[i - 1]?.at ?? from)
      const energyWh = Decimal.max(cut.energyWh.minus(counted), 0)
      segments.push({
        from: at,
        to: cut.at,
        state: period.state,
        energyWh,
        before,
        powerW,
        powerMeasured: period.powerW !== undefined,
        currentA: period.currentMa === undefined ? null : new Decimal(period.currentMa).div(1000),
        tariffRef: period.tariffRef,
        period: index,
        part: cuts.length > 0,
      })
      counted = counted.plus(energyWh)
      before = later(before, period.state, cut.at - at, energyWh, Math.max(cut.at - start, 0))
    }
  }
  return { kind: 'cut', segments }
}

/** The car was plugged in and would not take energy. Time in which the station held it back is nobody's idling. */
export function isIdle(state: SessionPeriod['state']): boolean {
  return state === 'suspended_vehicle' || state === 'finished'
}

function later(
  before: SessionSoFar,
  state: SessionPeriod['state'],
  ms: number,
  energyWh: Decimal,
  elapsedMs: number,
): SessionSoFar {
  return {
    energyWh: before.energyWh.plus(energyWh),
    elapsedMs,
    chargingMs: before.chargingMs + (state === 'charging' ? ms : 0),
    idleMs: before.idleMs + (isIdle(state) ? ms : 0),
  }
}

interface Cut {
  at: number
  /** Of the period, up to here. */
  energyWh: Decimal
}

/** Energy at an edge in time is a whole watt-hour of the session's own count, so cutting elsewhere too changes nothing. */
function cutsInside(period: SessionPeriod, before: SessionSoFar, edges: PriceEdges, start: number): Cut[] {
  const from = Date.parse(period.from)
  const to = Date.parse(period.to)
  const span = to - from
  const energy = new Decimal(period.energyWh)
  const cuts: Cut[] = []
  const instants = new Set<number>(edges.instants(from, to))
  for (const ms of edges.elapsedMs ?? []) instants.add(start + ms)
  if (period.state === 'charging') for (const ms of edges.chargingMs ?? []) instants.add(from + ms - before.chargingMs)
  if (isIdle(period.state)) for (const ms of edges.idleMs ?? []) instants.add(from + ms - before.idleMs)
  for (const at of instants) {
    if (at <= from || at >= to) continue
    const count = before.energyWh.plus(energy.times(at - from).div(span))
    cuts.push({ at, energyWh: count.toDecimalPlaces(0, Decimal.ROUND_HALF_UP).minus(before.energyWh) })
  }
  for (const limit of edges.energyWh ?? []) {
    const inside = new Decimal(limit).minus(before.energyWh)
    if (inside.lte(0) || inside.gte(energy)) continue
    cuts.push({ at: from + inside.times(span).div(energy).round().toNumber(), energyWh: inside })
  }
  cuts.sort((a, b) => a.at - b.at || a.energyWh.comparedTo(b.energyWh))
  let reached = new Decimal(0)
  return cuts.map((cut) => {
    reached = Decimal.min(Decimal.max(reached, cut.energyWh), energy)
    return { at: cut.at, energyWh: reached }
  })
}

function powerOf(period: SessionPeriod): Decimal | null {
  if (period.powerW !== undefined) return new Decimal(period.powerW)
  const ms = Date.parse(period.to) - Date.parse(period.from)
  return ms <= 0 ? null : new Decimal(period.energyWh).times(3_600_000).div(ms)
}

function wrongPeriods(periods: readonly SessionPeriod[], session: PricedSession): string | null {
  if (!Number.isFinite(session.energyWh) || session.energyWh < 0) return 'The energy is not a count of watt-hours.'
  if (Number.isNaN(Date.parse(session.startedAt)) || Number.isNaN(Date.parse(session.endedAt))) {
    return 'The session has no proper beginning and end.'
  }
  const slack = session.periodsOf === 'record' ? recordSlackMs : 0
  let energy = new Decimal(0)
  let end = Number.NEGATIVE_INFINITY
  for (const period of periods) {
    const from = Date.parse(period.from)
    const to = Date.parse(period.to)
    if (Number.isNaN(from) || Number.isNaN(to) || to < from)
      return 'A period of the session has no proper beginning and end.'
    if (from + slack < end) return 'Periods of the session overlap.'
    if (!Number.isFinite(period.energyWh) || period.energyWh < 0) return 'A period has no proper energy.'
    end = Math.max(end, to)
    energy = energy.plus(period.energyWh)
  }
  return energy.gt(session.energyWh) ? 'The periods hold more energy than the session.' : null
}

/** Energy that no period holds is known for the session only: it counts with the last period that charged. */
function withAllEnergy(periods: readonly SessionPeriod[], session: PricedSession): readonly SessionPeriod[] {
  const rest = new Decimal(session.energyWh).minus(Decimal.sum(0, ...periods.map((period) => period.energyWh)))
  if (rest.isZero()) return periods
  const last = periods.findLastIndex((period) => period.state === 'charging')
  if (last === -1) {
    const from = session.startedAt
    const to = periods[0]?.from ?? session.endedAt
    const before: SessionPeriod = {
      from,
      to: Date.parse(to) < Date.parse(from) ? from : to,
      state: 'connected',
      energyWh: rest.toNumber(),
    }
    return [before, ...periods]
  }
  return periods.map((period, i) =>
    i === last ? { ...period, energyWh: rest.plus(period.energyWh).toNumber() } : period,
  )
}
