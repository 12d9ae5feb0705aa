// Owns how facts reach the hub: late, twice, out of order, and not at all while the line is down.
// Must not change a fact.
import type { Random } from '../random.ts'
import type { ParcsStep } from './month.ts'
import type { NoiseProfile } from './noise.ts'

const second = 1000
const minute = 60 * second

/** Counters and pay stations are not doubted: an hourly count that comes a day late is worth nothing to anybody. */
const prompt = new Set(['occupancy.changed', 'equipment.changed'])

export function deliver(steps: readonly ParcsStep[], noise: NoiseProfile, random: Random): ParcsStep[] {
  const out: ParcsStep[] = []
  for (const step of steps) {
    if (step.kind !== 'parcs.fact' || prompt.has(step.fact.type)) {
      out.push(step)
      continue
    }
    const at = random.chance(noise.factLate) ? new Date(step.at.getTime() + lateness(random)) : step.at
    out.push({ ...step, at })
    if (random.chance(noise.factDoubled)) {
      out.push({ ...step, at: new Date(at.getTime() + random.int(1, 7200) * second) })
    }
  }
  return [...out, ...outages(steps, noise, random)]
}

/** Mostly minutes, sometimes hours, up to a day. */
function lateness(random: Random): number {
  const share = random.next()
  return Math.round(minute * (2 + 1438 * share ** 4))
}

/** The line to the hub is down for one to six hours. Nothing is lost: the parking system keeps a queue. */
function outages(steps: readonly ParcsStep[], noise: NoiseProfile, random: Random): ParcsStep[] {
  if (steps.length === 0 || noise.parcsOutages === 0) return []
  const times = steps.map((step) => step.at.getTime())
  const first = times.reduce((a, b) => Math.min(a, b))
  const last = times.reduce((a, b) => Math.max(a, b))
  const slot = (last - first) / noise.parcsOutages
  return Array.from({ length: noise.parcsOutages }, (_, i) => {
    const from = first + slot * (i + 0.2 + 0.5 * random.next())
    const until = Math.min(from + random.int(60, 360) * minute, first + slot * (i + 1) - minute)
    return [
      { kind: 'parcs.line' as const, at: new Date(from), online: false },
      { kind: 'parcs.line' as const, at: new Date(until), online: true },
    ]
  }).flat()
}
