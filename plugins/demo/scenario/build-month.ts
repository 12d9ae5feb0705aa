// Owns the whole scenario: real plug-ins in, a site, a timeline and the truth about it out. Pure: same input, same month.
// Must not read files or clocks, nor touch a socket.
import { createRandom } from '../random.ts'
import type { AcnSession, AcnStation } from './acn.ts'
import { background } from './background.ts'
import { newUid } from './cards.ts'
import { type ChargingPart, chargingPart } from './charging-steps.ts'
import { deliver } from './delivery.ts'
import { judge } from './evidence.ts'
import { type FactContext, factsOfVisit, type VisitFacts } from './facts-of-visit.ts'
import { createGarage } from './garage.ts'
import type { Month, StationStep, Step, TruthSession } from './month.ts'
import { type NoiseProfile, noiseProfiles } from './noise.ts'
import { createPeople } from './people.ts'
import { plugTimes } from './plug-times.ts'
import { createVisits, type Visit } from './visits.ts'

interface MonthInput {
  sessions: readonly AcnSession[]
  stations: readonly AcnStation[]
  seed: string | number
  noise?: NoiseProfile
  /** Drivers who charge. */
  drivers?: number
  /** Stays without charging, against stays with it. */
  extraRatio?: number
  sampleMinutes?: number
  idleSampleMinutes?: number
}

export function buildMonth(input: MonthInput): Month {
  const noise = input.noise ?? noiseProfiles.default
  const random = createRandom(input.seed)
  const options = { sampleMinutes: input.sampleMinutes ?? 15, idleSampleMinutes: input.idleSampleMinutes ?? 60 }
  const people = createPeople({ drivers: input.drivers ?? 220, others: 320 }, random.fork('people'))
  const garage = createGarage(input.stations, noise, random.fork('garage'))
  const plugs = plugTimes(input.sessions, random.fork('plugs'))
  const visits = createVisits(plugs, people, noise, input.extraRatio ?? 1.5, random.fork('visits'))

  const counters = new Map<string, number>()
  const ctx: FactContext = {
    garage,
    noise,
    nextId: (source) => {
      const next = (counters.get(source) ?? 0) + 1
      counters.set(source, next)
      return `${source}-${String(next).padStart(6, '0')}`
    },
  }

  const strangers = random.fork('strangers')
  const nextPlug = nextPlugByStation(plugs)
  const stationSteps: StationStep[] = []
  const told: Told[] = []
  for (const visit of visits) {
    const facts = factsOfVisit(visit, ctx, random.fork(`gate/${visit.ref}`))
    const parts = new Map<string, ChargingPart>()
    for (const plug of visit.plugs) {
      const station = garage.stations.find((one) => one.id === plug.session.stationId)
      if (!station)
        throw new RangeError(`${plug.session.id} is at ${plug.session.stationId}, which is not in the garage`)
      const scene = {
        plug,
        visit,
        station,
        options,
        noise,
        nextPlugAt: nextPlug.get(plug),
        strangerUid: newUid(strangers),
      }
      const part = chargingPart(scene, random.fork(`charge/${plug.session.id}`))
      stationSteps.push(...part.steps)
      parts.set(plug.session.id, part)
    }
    told.push({ visit, facts, parts, from: visit.enteredAt.getTime(), to: visit.exitedAt.getTime() })
  }
  const beside = background(visits, people, ctx, random.fork('background'))
  const parcsSteps = deliver(
    [...told.flatMap(({ facts }) => facts.steps), ...beside.steps],
    noise,
    random.fork('delivery'),
  )

  const timeline: Step[] = [...stationSteps, ...parcsSteps].sort((a, b) => a.at.getTime() - b.at.getTime())
  return {
    site: { ...garage.site, ...people.setup },
    timeline,
    truth: {
      stays: told.map(({ facts }) => facts.stay),
      sessions: told.flatMap((one) => sessionsOf(one, told)),
      voidedStayRefs: [...told.flatMap(({ facts }) => facts.voidedRefs), ...beside.ghostRefs],
      refusals: beside.refusals,
      backouts: told.reduce((sum, { facts }) => sum + facts.backouts, 0),
      energyWh: input.sessions.reduce((sum, session) => sum + session.energyWh, 0),
    },
  }
}

/** A visit with everything that was noticed of it; `from` and `to` are its ends in milliseconds. */
interface Told {
  visit: Visit
  facts: VisitFacts
  parts: Map<string, ChargingPart>
  from: number
  to: number
}

/** Plates read at the gates for other cars that were in at the same time. */
function platesBeside(one: Told, all: readonly Told[]): Set<string> {
  const plates = new Set<string>()
  for (const other of all) {
    if (other === one || other.from >= one.to || other.to <= one.from) continue
    const { entryPlate, exitPlate } = other.facts.seen
    if (entryPlate !== null) plates.add(entryPlate)
    if (exitPlate !== null) plates.add(exitPlate)
  }
  return plates
}

function sessionsOf(one: Told, all: readonly Told[]): TruthSession[] {
  const { visit, facts, parts } = one
  if (visit.plugs.length === 0) return []
  const rivals = platesBeside(one, all)
  return visit.plugs.flatMap((plug, i) => {
    const part = parts.get(plug.session.id)
    if (!part) return []
    const station = plug.session.stationId
    return {
      id: plug.session.id,
      stationId: station,
      evse: 1,
      pluggedAt: part.pluggedAt,
      unpluggedAt: part.unpluggedAt,
      energyWh: plug.session.energyWh,
      charges: part.charges,
      stayRef: visit.ref,
      driver: visit.person.ref,
      ...judge(visit, facts.stay, facts.seen, part, plug.session.id, rivals),
      anomalies: [
        ...part.anomalies,
        ...(i > 0 ? (['shuffled'] as const) : []),
        ...(facts.stay.entryMissing ? (['entryMissing'] as const) : []),
        ...(facts.stay.exitMissing ? (['exitMissing'] as const) : []),
      ],
    }
  })
}

function nextPlugByStation(plugs: ReturnType<typeof plugTimes>) {
  const out = new Map<(typeof plugs)[number], Date>()
  const last = new Map<string, (typeof plugs)[number]>()
  for (const plug of plugs) {
    const before = last.get(plug.session.stationId)
    if (before) out.set(before, plug.pluggedAt)
    last.set(plug.session.stationId, plug)
  }
  return out
}
