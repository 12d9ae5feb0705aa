// Owns energy between two instants: of a meter by its readings, of a session by its registers.
// Must not hold one against the other.
import type { Reason } from './book-row.ts'

export interface MeterReading {
  meter: string
  /** RFC 3339. */
  at: string
  registerWh: number
}

export function readingsByMeter(readings: readonly MeterReading[]): Map<string, MeterReading[]> {
  const found = new Map<string, MeterReading[]>()
  for (const reading of readings) {
    const before = found.get(reading.meter)
    if (before === undefined) found.set(reading.meter, [reading])
    else before.push(reading)
  }
  return found
}

export interface MeterSpan {
  meter: string
  /** Of the first and last reading. */
  from: string
  to: string
  energyWh: number
  notes: { reason: Reason; words: string }[]
}

/** How much of the days the readings may leave out at either end. */
const edgeMs = 3_600_000

/**
 * What a meter counted between its first and last reading of a span. A register that falls went over its last digit (when it was
 * near it) or began anew.
 * @returns null with fewer than two readings inside the span
 */
export function meterSpan(
  meter: string,
  readings: readonly MeterReading[],
  fromMs: number,
  toMs: number,
): MeterSpan | null {
  const inside = readings
    .map((reading) => ({ ...reading, ms: Date.parse(reading.at) }))
    .filter(({ ms }) => ms >= fromMs && ms <= toMs)
    .sort((a, b) => a.ms - b.ms)
  const [first, last] = [inside[0], inside.at(-1)]
  if (first === undefined || last === undefined || first.ms === last.ms) return null
  const notes: MeterSpan['notes'] = []
  let energyWh = 0
  for (const [i, { at, registerWh }] of inside.entries()) {
    const before = inside[i - 1]
    if (before === undefined) continue
    const step = registerWh - before.registerWh
    if (step >= 0) energyWh += step
    else if (isRollover(before.registerWh, registerWh)) {
      energyWh += 10 ** digitsOf(before.registerWh) + step
      notes.push({ reason: 'rollover', words: `The register passed its last digit before ${at}; that is reckoned in.` })
    } else {
      energyWh += registerWh
      notes.push({
        reason: 'reset',
        words: `The register began anew before ${at}; what it counted until then is not known.`,
      })
    }
  }
  if (first.ms > fromMs + edgeMs || last.ms < toMs - edgeMs) {
    notes.push({
      reason: 'gap',
      words: `The readings cover ${first.at} to ${last.at} only; the sessions are taken of that time.`,
    })
  }
  return { meter, from: first.at, to: last.at, energyWh, notes }
}

const digitsOf = (register: number): number => String(register).length

/** From the last tenth of its digits to the first: 99,981 then 40. */
function isRollover(before: number, after: number): boolean {
  const most = 10 ** digitsOf(before)
  return most >= 10_000 && before >= most * 0.9 && after <= most * 0.1
}

export interface MeteredSession {
  startedAt: string
  endedAt: string
  energyWh: number
  /** Instants and watt-hours, as measured. */
  registers: readonly (readonly [string, number])[]
}

/** What a session took within the time: between two measured points in proportion to the time between them. */
export function energyWithin(session: MeteredSession, fromMs: number, toMs: number): number {
  const [start, end] = [Date.parse(session.startedAt), Date.parse(session.endedAt)]
  if (start >= fromMs && end <= toMs) return session.energyWh
  if (end <= fromMs || start >= toMs) return 0
  const taken = registerAt(session, Math.min(end, toMs)) - registerAt(session, Math.max(start, fromMs))
  return Math.min(session.energyWh, Math.max(0, Math.round(taken)))
}

/** Energy since the session began, at an instant inside it. */
function registerAt(session: MeteredSession, ms: number): number {
  const measured = session.registers
    .map(([at, register]) => ({ ms: Date.parse(at), register }))
    .filter((point) => !Number.isNaN(point.ms))
    .sort((a, b) => a.ms - b.ms)
  const base = measured[0]?.register ?? 0
  const points = [
    { ms: Date.parse(session.startedAt), wh: 0 },
    ...measured.map((point) => ({ ms: point.ms, wh: point.register - base })),
    { ms: Date.parse(session.endedAt), wh: session.energyWh },
  ]
  const after = points.findIndex((point) => point.ms >= ms)
  const [left, right] = [points[Math.max(0, after - 1)], points[after]]
  if (right === undefined) return session.energyWh
  if (left === undefined || right.ms <= left.ms) return right.wh
  // Fractions only until the whole is rounded to watt-hours.
  return left.wh + ((right.wh - left.wh) * (ms - left.ms)) / (right.ms - left.ms)
}
