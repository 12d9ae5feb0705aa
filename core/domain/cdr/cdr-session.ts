// Owns turning a charge detail record into the session that a tariff engine prices: its periods as the record has them.
// Must not price.
import type { PricedSession, SessionPeriod } from '../price.ts'
import type { Cdr, CdrPeriod } from './read-cdr.ts'

const iso = (at: number) => new Date(at).toISOString()

/** Times of one period follow each other, the first carries its energy; energy without a time lasts until the next period. */
export function sessionOfCdr(cdr: Cdr): PricedSession {
  const start = cdr.startedAt.getTime()
  const end = cdr.endedAt.getTime()
  const periods: SessionPeriod[] = []
  let reservedMs = 0
  for (const [i, period] of cdr.periods.entries()) {
    if (period.reservationMs !== null) reservedMs += period.reservationMs
    const next = cdr.periods.slice(i + 1).find(({ at }) => at > period.at)?.at ?? Math.max(end, period.at)
    periods.push(...placed(period, next))
  }
  const from = periods[0]?.from ?? iso(start)
  const until = periods.at(-1)?.to ?? iso(end)
  const charging = reservedMs > 0 ? iso(start + reservedMs) : from
  return {
    sessionId: cdr.externalId,
    pluggedAt: charging < from ? charging : from,
    unpluggedAt: until,
    startedAt: charging < from ? charging : from,
    endedAt: until,
    energyWh: periods.reduce((sum, { energyWh }) => sum + energyWh, 0),
    periods,
    flags: [],
    periodsOf: 'record',
    ...(reservedMs > 0
      ? { reservation: { from: iso(start), to: iso(start + reservedMs), outcome: 'used' as const } }
      : {}),
  }
}

function placed(period: CdrPeriod, next: number): SessionPeriod[] {
  const more = {
    ...(period.currentMa === undefined ? {} : { currentMa: period.currentMa }),
    ...(period.powerW === undefined ? {} : { powerW: period.powerW }),
    ...(period.tariffRef === undefined ? {} : { tariffRef: period.tariffRef }),
  }
  const energyWh = period.energyWh.round().toNumber()
  const times = [
    ...(period.chargingMs === null ? [] : [{ state: 'charging' as const, ms: period.chargingMs }]),
    ...(period.parkingMs === null ? [] : [{ state: 'suspended_vehicle' as const, ms: period.parkingMs }]),
  ]
  if (times.length === 0) {
    if (energyWh === 0) return []
    return [{ from: iso(period.at), to: iso(next), state: 'connected', energyWh, ...more }]
  }
  let at = period.at
  return times.map(({ state, ms }, i) => {
    const from = iso(at)
    at += ms
    return { from, to: iso(at), state, energyWh: i === 0 ? energyWh : 0, ...more }
  })
}
