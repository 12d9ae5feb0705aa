// Owns who was in the garage when: groups plug-ins into stays, gives each stay a driver, adds parkers who do not charge.
// Must not make facts or messages. Gate times are derived from plugged times; the data has none.
import type { Random } from '../random.ts'
import type { NoiseProfile } from './noise.ts'
import type { People, Person } from './people.ts'
import { misread } from './plates.ts'
import type { PlugTime } from './plug-times.ts'

export interface Visit {
  /** Number of the stay at the parking system. */
  ref: string
  person: Person
  /** The plate on the car; differs from the person's own for strangers made to look alike. */
  plate: string
  ticket: string | null
  enteredAt: Date
  exitedAt: Date
  plugs: readonly PlugTime[]
  /** This stranger's plate is one misread away from that person's. */
  lookalikeOf: Person | null
}

const minute = 60_000
/** Nobody is back sooner than this. */
const awayMs = 30 * minute

export function createVisits(
  plugs: readonly PlugTime[],
  people: People,
  noise: NoiseProfile,
  extraRatio: number,
  random: Random,
): Visit[] {
  const groups = groupByCar(plugs, noise, random.fork('shuffle'))
  const times = random.fork('gate')
  const lastExit = new Map<string, number>()
  const drafts: Omit<Visit, 'ref' | 'ticket'>[] = []

  const place = (candidates: readonly Person[], enteredAt: Date, exitedAt: Date, picker: Random): Person => {
    const free = candidates.filter((one) => (lastExit.get(one.ref) ?? 0) + awayMs < enteredAt.getTime())
    if (free.length === 0) throw new RangeError('more cars at once than people: give the scenario more drivers')
    const person = picker.weighted(free, (one) => one.weight)
    lastExit.set(person.ref, exitedAt.getTime())
    return person
  }

  const who = random.fork('drivers')
  for (const group of groups) {
    const first = group[0]
    const last = group.at(-1)
    if (!first || !last) continue
    const enteredAt = new Date(first.pluggedAt.getTime() - times.int(180, 720) * 1000)
    const exitedAt = new Date(last.unpluggedAt.getTime() + times.int(120, 1500) * 1000)
    const person = place(people.drivers, enteredAt, exitedAt, who)
    drafts.push({ person, plate: person.plate, enteredAt, exitedAt, plugs: group, lookalikeOf: null })
  }
  const charging = [...drafts]
  drafts.push(...passers(charging, people, Math.round(charging.length * extraRatio), place, random.fork('others')))
  drafts.push(...lookalikes(charging, people, noise, random.fork('lookalikes')))

  drafts.sort((a, b) => a.enteredAt.getTime() - b.enteredAt.getTime() || (a.person.ref < b.person.ref ? -1 : 1))
  return drafts.map((draft, i) => ({
    ...draft,
    ref: `S${String(i + 1).padStart(6, '0')}`,
    // A letter in front: a number of digits alone could be taken for a card.
    ticket: draft.person.kind === 'ticket' ? `T${String(4_200_000 + i * 7)}` : null,
  }))
}

/** Plug-ins of one car in one stay: usually one, two when the car was moved to another charger. */
function groupByCar(plugs: readonly PlugTime[], noise: NoiseProfile, random: Random): PlugTime[][] {
  const taken = new Set<PlugTime>()
  const groups: PlugTime[][] = []
  for (const plug of plugs) {
    if (taken.has(plug)) continue
    taken.add(plug)
    const moved = random.chance(noise.shuffled)
    const next = moved ? plugs.find((other) => !taken.has(other) && follows(plug, other)) : undefined
    if (next) taken.add(next)
    groups.push(next ? [plug, next] : [plug])
  }
  return groups
}

function follows(first: PlugTime, second: PlugTime): boolean {
  const gap = second.pluggedAt.getTime() - first.unpluggedAt.getTime()
  return first.session.stationId !== second.session.stationId && gap > 4 * minute && gap < 60 * minute
}

type Place = (candidates: readonly Person[], enteredAt: Date, exitedAt: Date, picker: Random) => Person

/** Parkers who do not charge come in the rhythm of those who do. */
function passers(
  charging: readonly Omit<Visit, 'ref' | 'ticket'>[],
  people: People,
  count: number,
  place: Place,
  random: Random,
): Omit<Visit, 'ref' | 'ticket'>[] {
  if (charging.length === 0) return []
  const times = Array.from({ length: count }, () => {
    const like = random.pick(charging)
    const enteredAt = new Date(like.enteredAt.getTime() + random.int(-90, 90) * minute)
    const hours = random.chance(0.6) ? 4 + random.next() * 6 : 0.3 + random.next() * 3.5
    return { enteredAt, exitedAt: new Date(enteredAt.getTime() + Math.round(hours * 60) * minute) }
  }).sort((a, b) => a.enteredAt.getTime() - b.enteredAt.getTime())
  return times.map(({ enteredAt, exitedAt }) => {
    const person = place(people.others, enteredAt, exitedAt, random)
    return { person, plate: person.plate, enteredAt, exitedAt, plugs: [], lookalikeOf: null }
  })
}

/** Strangers whose plates are one misread away from that of a driver who is in at the same time. */
function lookalikes(
  charging: readonly Omit<Visit, 'ref' | 'ticket'>[],
  people: People,
  noise: NoiseProfile,
  random: Random,
): Omit<Visit, 'ref' | 'ticket'>[] {
  const targets = charging.filter((visit) => visit.person.plateEnrolled)
  const stranger = people.others.find((one) => one.kind === 'ticket')
  if (!stranger || targets.length === 0) return []
  return Array.from({ length: noise.lookalikePlates }, (_, i) => {
    const like = random.pick(targets)
    const plate = misread(like.plate, random)
    const enteredAt = new Date(like.enteredAt.getTime() - random.int(5, 40) * minute)
    const exitedAt = new Date(like.exitedAt.getTime() + random.int(5, 90) * minute)
    return {
      person: { ...stranger, ref: `stranger${i + 1}`, plate },
      plate,
      enteredAt,
      exitedAt,
      plugs: [],
      lookalikeOf: like.person,
    }
  })
}
