// Owns how much of a session's energy is charged at which price: what is free of it, hours, tiers.
// Must not create or lose a watt-hour: cumulative energy is rounded at each change of price.
import { Decimal, type LocalSegment, localSegments, type PricedSession, windowAt } from '../../core/plugin/index.ts'
import type { EnergyPrice } from './rules.ts'

export interface EnergyShare {
  /** `free`: of the allowance. Window and tier by index. */
  at: 'free' | 'plain' | `window:${number}` | `tier:${number}`
  energyWh: number
  /** Some of it was measured across a change of price. */
  shared: boolean
}

/**
 * @param session its periods in order of time
 * @param freeWh the first energy of the session, free
 * @returns a share for each price with energy, and always at least one
 */
export function energyShares(
  session: PricedSession,
  zone: string,
  rule: EnergyPrice | undefined,
  freeWh: number,
): EnergyShare[] {
  const shares = new Map<string, EnergyShare>()
  const add = (at: EnergyShare['at'], energyWh: number, shared: boolean) => {
    const share = shares.get(at) ?? { at, energyWh: 0, shared: false }
    shares.set(at, { at, energyWh: share.energyWh + energyWh, shared: share.shared || shared })
  }
  const slots = timeSlots(session, zone, rule)
  let before = 0
  for (const [i, { energyWh, shared }] of inSlots(session, slots).entries()) {
    let left = energyWh
    while (left > 0) {
      const { at, until } = priceAt(rule, slots[i], before, freeWh)
      const part = Math.min(left, until - before)
      add(at, part, shared)
      before += part
      left -= part
    }
  }
  if (shares.size === 0) add(priceAt(rule, slots[0], 0, 0).at, 0, false)
  return [...shares.values()].sort((a, b) => orderOf(a.at) - orderOf(b.at))
}

const orderOf = (at: EnergyShare['at']): number =>
  at === 'free' ? -2 : at === 'plain' ? -1 : (at.startsWith('tier') ? 0 : 1000) + Number(at.slice(at.indexOf(':') + 1))

interface Slot extends LocalSegment {
  /** Of the tiers by minutes. */
  tier: number
}

/** Stretches of the session with one price each, from first to last instant that energy may have flowed at. */
function timeSlots(session: PricedSession, zone: string, rule: EnergyPrice | undefined): Slot[] {
  const startedAt = Date.parse(session.startedAt)
  const instants = session.periods.flatMap(({ from, to }) => [Date.parse(from), Date.parse(to)])
  const all = [startedAt, Date.parse(session.endedAt), ...instants].filter((at) => !Number.isNaN(at))
  const from = all.reduce((least, at) => Math.min(least, at), startedAt)
  const to = all.reduce((most, at) => Math.max(most, at), startedAt)
  const windows = rule?.windows ?? []
  const segments =
    to > from ? localSegments(from, to, zone, windows) : [{ from, to, window: windowAt(from, zone, windows) }]
  const cuts = (rule?.tiers ?? []).flatMap(({ untilMinutes }) =>
    untilMinutes === undefined ? [] : [startedAt + untilMinutes * 60_000],
  )
  return segments.flatMap((segment) => {
    const edges = [segment.from, ...cuts.filter((cut) => cut > segment.from && cut < segment.to), segment.to]
    return edges.slice(0, -1).map((edge, i) => ({
      from: edge,
      to: edges[i + 1] ?? segment.to,
      window: segment.window,
      tier: cuts.filter((cut) => cut <= edge).length,
    }))
  })
}

/** Energy of each slot; what was measured across a change is shared by time. */
function inSlots(session: PricedSession, slots: readonly Slot[]): { energyWh: number; shared: boolean }[] {
  const found = slots.map(() => ({ energyWh: 0, shared: false }))
  const give = (index: number, energyWh: number, shared: boolean) => {
    const slot = found[index] ?? found.at(-1)
    if (slot === undefined || energyWh === 0) return
    slot.energyWh += energyWh
    slot.shared ||= shared
  }
  const place = (from: number, to: number, energyWh: number) => {
    if (energyWh === 0) return
    const first = Math.max(
      slots.findLastIndex((slot) => slot.from <= from),
      0,
    )
    if (!(to > from)) return give(first, energyWh, false)
    const last = slots.findLastIndex((slot) => slot.from < to)
    let counted = 0
    for (let i = first; i <= last; i += 1) {
      const end = slots[i]?.to ?? to
      const upTo = i === last ? energyWh : shareOf(energyWh, end - from, to - from)
      give(i, upTo - counted, first < last)
      counted = upTo
    }
  }
  let known = 0
  for (const period of session.periods) {
    known += period.energyWh
    place(Date.parse(period.from), Date.parse(period.to), period.energyWh)
  }
  // Energy that no period holds is known for the session only.
  place(Date.parse(session.startedAt), Date.parse(session.endedAt), session.energyWh - known)
  return found
}

/** What the next watt-hour costs, and up to how many in all that holds. */
function priceAt(
  rule: EnergyPrice | undefined,
  slot: Slot | undefined,
  before: number,
  freeWh: number,
): { at: EnergyShare['at']; until: number } {
  if (before < freeWh) return { at: 'free', until: freeWh }
  if (slot !== undefined && slot.window !== -1) return { at: `window:${slot.window}`, until: Number.POSITIVE_INFINITY }
  const tiers = rule?.tiers
  if (tiers === undefined) return { at: 'plain', until: Number.POSITIVE_INFINITY }
  if (tiers.some(({ untilMinutes }) => untilMinutes !== undefined)) {
    return { at: `tier:${Math.min(slot?.tier ?? 0, tiers.length - 1)}`, until: Number.POSITIVE_INFINITY }
  }
  const index = tiers.findIndex(({ untilKwh }) => untilKwh === undefined || wattHours(untilKwh) > before)
  const { untilKwh } = tiers[index] ?? {}
  const until = untilKwh === undefined ? Number.POSITIVE_INFINITY : wattHours(untilKwh)
  return { at: `tier:${index === -1 ? tiers.length - 1 : index}`, until }
}

export function wattHours(kwh: string): number {
  return new Decimal(kwh).times(1000).toNumber()
}

/** energy × part / whole, half up, in integers: milliseconds times watt-hours outgrow a double. */
function shareOf(energyWh: number, part: number, whole: number): number {
  return Number((2n * BigInt(energyWh) * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole)))
}
