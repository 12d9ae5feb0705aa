// Owns what the parking system notices of one visit: requests, decisions, passages, bay and charger cameras, corrections.
// Must not decide when a fact is delivered; delivery.ts does.
import type { ReportedCredential } from '../../../core/plugin/index.ts'
import type { WireFact } from '../parcs/index.ts'
import type { Random } from '../random.ts'
import { isLossless, readCard } from './cards.ts'
import type { Garage, Lane } from './garage.ts'
import type { ParcsStep, TruthStay } from './month.ts'
import type { NoiseProfile } from './noise.ts'
import type { Person } from './people.ts'
import { misread } from './plates.ts'
import type { PlugTime } from './plug-times.ts'
import type { Visit } from './visits.ts'

/** What stood in the facts in the end, after corrections: the ground for judging what could be known. */
export interface Seen {
  entryPlate: string | null
  exitPlate: string | null
  /** The whole card, the ticket or the app token was read at this gate. */
  entryToken: boolean
  exitToken: boolean
  bayPlates: ReadonlyMap<string, string>
  chargerPlates: ReadonlyMap<string, string>
}

export interface VisitFacts {
  steps: ParcsStep[]
  stay: TruthStay
  seen: Seen
  voidedRefs: string[]
  backouts: number
}

export interface FactContext {
  garage: Garage
  noise: NoiseProfile
  /** Numbers the facts of one source. */
  nextId(source: string): string
}

const second = 1000
const minute = 60 * second
const later = (at: Date, ms: number) => new Date(at.getTime() + ms)
const iso = (at: Date) => at.toISOString()

export function factsOfVisit(visit: Visit, ctx: FactContext, random: Random): VisitFacts {
  const { noise } = ctx
  const steps: ParcsStep[] = []
  const entryMissing = random.chance(noise.entryMissing)
  const exitMissing = !entryMissing && random.chance(noise.exitMissing)
  const parkerKind = parkerKindOf(visit.person)
  const voidedRefs: string[] = []

  // ---- in
  const entry = random.pick(ctx.garage.lanes.filter((lane) => lane.direction === 'entry'))
  const plateIn = readPlate(visit.plate, noise.plateMisread, random)
  const reissued = random.chance(noise.voidedReissued) && !entryMissing
  const firstRef = reissued ? `${visit.ref}A` : visit.ref
  let entryPlate: string | null = entryMissing ? null : plateIn.value
  let backouts = 0
  if (!entryMissing) {
    if (random.chance(noise.backout)) {
      backouts = 1
      steps.push(...backout(visit, entry, ctx, random))
    }
    steps.push(...passage(visit, entry, 'entry', plateIn, visit.enteredAt, firstRef, ctx, random))
    const mended = plateIn.wrong ? mend(visit, firstRef, steps, ctx, random) : null
    if (mended) {
      entryPlate = visit.plate
      steps.push(mended)
    }
    if (reissued) {
      voidedRefs.push(firstRef)
      const at = later(visit.enteredAt, random.int(5, 90) * minute)
      const base = { revision: 1, backfilled: false, occurredAt: iso(at), lane: entry.code }
      const data = { reason: 'reissued' }
      steps.push(fact({ ...base, id: ctx.nextId('ADM'), type: 'stay.voided', stayRef: firstRef, data }, at))
      const plate = { ...plateIn, value: entryPlate ?? plateIn.value }
      const again = passed(visit, entry, 'entry', plate, visit.enteredAt, visit.ref, undefined, ctx)
      steps.push(fact(again, later(at, 2 * second)))
    }
  }

  // ---- bays and chargers
  const { bayPlates, chargerPlates } = places(visit, ctx, steps, random)

  // ---- out
  const exit = random.pick(ctx.garage.lanes.filter((lane) => lane.direction === 'exit'))
  const plateOut = readPlate(visit.plate, noise.plateMisread, random)
  if (visit.person.kind === 'ticket' && !entryMissing && !exitMissing) {
    steps.push(settlement(visit, random.chance(noise.validation), ctx, random))
  }
  if (!exitMissing) {
    steps.push(...passage(visit, exit, 'exit', plateOut, visit.exitedAt, visit.ref, ctx, random))
  }

  return {
    steps,
    voidedRefs,
    backouts,
    stay: {
      ref: visit.ref,
      driver: visit.person.ref,
      account: visit.person.account,
      plate: visit.plate,
      parkerKind,
      enteredAt: visit.enteredAt,
      exitedAt: visit.exitedAt,
      entryMissing,
      exitMissing,
      plateRead: !plateIn.wrong ? 'right' : entryPlate === visit.plate ? 'misreadThenCorrected' : 'misread',
      sessions: visit.plugs.map((plug) => plug.session.id),
    },
    seen: {
      entryPlate,
      exitPlate: exitMissing ? null : plateOut.value,
      entryToken: !entryMissing && presents(visit.person, entry),
      exitToken: !exitMissing && presents(visit.person, exit),
      bayPlates,
      chargerPlates,
    },
  }
}

interface PlateRead {
  value: string
  wrong: boolean
  credential: ReportedCredential
}

function readPlate(plate: string, rate: number, random: Random): PlateRead {
  const wrong = random.chance(rate)
  const value = wrong ? misread(plate, random) : plate
  const confidence = wrong ? random.int(55, 84) / 100 : random.int(90, 99) / 100
  // Half of the engines list the right text behind their wrong first choice.
  const candidates =
    wrong && random.chance(0.5)
      ? {
          candidates: [
            { value, confidence },
            { value: plate, confidence: Math.round((confidence - 0.05) * 100) / 100 },
          ],
        }
      : {}
  return { value, wrong, credential: { kind: 'plate', value, country: 'US', confidence, ...candidates } }
}

function parkerKindOf(person: Person): TruthStay['parkerKind'] {
  if (person.kind === 'ticket') return 'transient'
  return person.kind === 'card' ? 'contract' : 'member'
}

/** True when the gate read something that names this person beyond doubt. Parkers known by plate show nothing else. */
function presents(person: Person, lane: Lane): boolean {
  return person.kind === 'card' ? isLossless(lane.reader) : person.kind !== 'plate'
}

function credentialsAt(visit: Visit, lane: Lane, plate: PlateRead): ReportedCredential[] {
  const { person } = visit
  const reader = `${lane.code}-R`
  const shown: ReportedCredential[] = []
  if (person.kind === 'card' && person.uid) shown.push(readCard(person.uid, lane.reader, reader))
  if (person.kind === 'app' && person.app) shown.push({ kind: 'app', value: person.app, reader })
  if (visit.ticket) shown.push({ kind: 'ticket', value: visit.ticket, reader })
  return [...shown, { ...plate.credential, reader: `${lane.code}-C` }]
}

function fact(wire: WireFact, at: Date): ParcsStep {
  return { kind: 'parcs.fact', at, fact: wire }
}

function passed(
  visit: Visit,
  lane: Lane,
  direction: 'entry' | 'exit',
  plate: PlateRead,
  at: Date,
  stayRef: string,
  requestId: string | undefined,
  ctx: FactContext,
): WireFact {
  const credentials = credentialsAt(visit, lane, { ...plate, credential: { ...plate.credential, value: plate.value } })
  return {
    id: ctx.nextId(lane.code),
    revision: 1,
    type: 'gate.passed',
    occurredAt: iso(at),
    backfilled: false,
    stayRef,
    lane: lane.code,
    device: `${lane.code}-G`,
    data: { direction, ...(requestId ? { requestId } : {}), credentials, parkerKind: parkerKindOf(visit.person) },
  }
}

/** Asked, granted, driven through. */
function passage(
  visit: Visit,
  lane: Lane,
  direction: 'entry' | 'exit',
  plate: PlateRead,
  at: Date,
  stayRef: string,
  ctx: FactContext,
  random: Random,
): ParcsStep[] {
  const asked = later(at, -random.int(12, 30) * second)
  const requestId = ctx.nextId(`${lane.code}Q`)
  const steps = request(visit, lane, direction, plate, asked, requestId, ctx)
  return [...steps, fact(passed(visit, lane, direction, plate, at, stayRef, requestId, ctx), at)]
}

function request(
  visit: Visit,
  lane: Lane,
  direction: 'entry' | 'exit',
  plate: PlateRead,
  at: Date,
  requestId: string,
  ctx: FactContext,
): ParcsStep[] {
  const credentials = credentialsAt(visit, lane, plate)
  const base = { revision: 1, backfilled: false, lane: lane.code, device: `${lane.code}-R` }
  const data = { direction, requestId, credentials }
  const decidedAt = later(at, 2 * second)
  const asks = lane.asks && direction === 'entry' && visit.person.kind !== 'ticket'
  // A parker known by nothing but the plate is a stranger when it is misread; an operator opens.
  const expected = visit.person.kind === 'plate' && plate.wrong ? ('refused' as const) : ('granted' as const)
  const question = { requestId, lane: lane.code, direction, credentials, occurredAt: iso(at) }
  return [
    fact({ ...base, id: ctx.nextId(lane.code), type: 'gate.requested', occurredAt: iso(at), data }, at),
    ...(asks ? [{ kind: 'parcs.ask' as const, at: later(at, second), question, expected }] : []),
    fact(
      {
        ...base,
        id: ctx.nextId(lane.code),
        type: 'gate.decided',
        occurredAt: iso(decidedAt),
        data: { ...data, decision: 'granted', reasonCode: expected === 'granted' ? 'OK' : 'OPERATOR' },
      },
      decidedAt,
    ),
  ]
}

/** Granted, but the car reverses out of the lane; it comes back minutes later and gets in. */
function backout(visit: Visit, lane: Lane, ctx: FactContext, random: Random): ParcsStep[] {
  const at = later(visit.enteredAt, -random.int(3, 9) * minute)
  const requestId = ctx.nextId(`${lane.code}Q`)
  const plate = readPlate(visit.plate, 0, random)
  const left = later(at, 40 * second)
  return [
    ...request(visit, lane, 'entry', plate, at, requestId, ctx),
    fact(
      {
        id: ctx.nextId(lane.code),
        revision: 1,
        type: 'gate.backedOut',
        occurredAt: iso(left),
        backfilled: false,
        lane: lane.code,
        data: { direction: 'entry', requestId, credentials: credentialsAt(visit, lane, plate) },
      },
      left,
    ),
  ]
}

/** A misread entry plate is put right by an operator, by the camera itself, or not at all. */
function mend(
  visit: Visit,
  stayRef: string,
  steps: readonly ParcsStep[],
  ctx: FactContext,
  random: Random,
): ParcsStep | null {
  const { noise } = ctx
  const way = random.next()
  if (way < noise.misreadCorrected) {
    const at = later(visit.enteredAt, random.int(20, 600) * minute)
    const data = { changed: { plate: visit.plate }, operator: `operator ${random.int(1, 4)}` }
    const base = { revision: 1, backfilled: false, occurredAt: iso(at), stayRef }
    return fact({ ...base, id: ctx.nextId('ADM'), type: 'stay.corrected', data }, at)
  }
  if (way < noise.misreadCorrected + noise.misreadRevised) {
    const last = steps.at(-1)
    if (last?.kind !== 'parcs.fact' || last.fact.type !== 'gate.passed') return null
    const credentials = last.fact.data.credentials.map((one) =>
      one.kind === 'plate' ? { ...withoutCandidates(one), value: visit.plate, confidence: 0.97 } : one,
    )
    const revised = { ...last.fact, revision: 2, data: { ...last.fact.data, credentials } }
    return fact(revised, later(last.at, random.int(4, 90) * second))
  }
  return null
}

/** A transient parker on the way out: a shop has validated the ticket, or it is paid at the pay station. */
function settlement(visit: Visit, validated: boolean, ctx: FactContext, random: Random): ParcsStep {
  const at = later(visit.exitedAt, -random.int(2, 8) * minute)
  const { ref: stayRef, enteredAt, exitedAt } = visit
  if (!validated) {
    return { kind: 'parcs.pay', at, stayRef, factId: ctx.nextId('PAY'), method: 'card', enteredAt, exitedAt }
  }
  const data = { kind: 'validation', minutes: 60, providerNo: '12', reason: 'Campus shop' } as const
  const base = { revision: 1, backfilled: false, occurredAt: iso(at), stayRef }
  return fact({ ...base, id: ctx.nextId('VAL'), type: 'discount.applied', data }, at)
}

/** Cameras over bays and at chargers, and plain presence sensors. */
function places(visit: Visit, ctx: FactContext, steps: ParcsStep[], random: Random) {
  const bayPlates = new Map<string, string>()
  const chargerPlates = new Map<string, string>()
  for (const plug of visit.plugs) {
    const station = ctx.garage.stations.find((one) => one.id === plug.session.stationId)
    const evse = station?.evses[0]
    const bay = ctx.garage.bays.find((one) => one.code === evse?.bay)
    if (!station || !evse || !bay) continue
    if (bay.sensor !== 'none') {
      const plate = readPlate(visit.plate, ctx.noise.plateMisread, random)
      const seen = bay.sensor === 'plates' ? { credentials: [{ ...plate.credential, reader: `${bay.code}-C` }] } : {}
      if (bay.sensor === 'plates') bayPlates.set(plug.session.id, plate.value)
      const from = later(plug.pluggedAt, -random.int(20, 45) * second)
      const to = later(plug.unpluggedAt, random.int(20, 45) * second)
      steps.push(bayFact(bay.code, true, from, seen, ctx), bayFact(bay.code, false, to, {}, ctx))
    }
    if (station.camera) {
      const plate = readPlate(visit.plate, ctx.noise.plateMisread, random)
      chargerPlates.set(plug.session.id, plate.value)
      steps.push(observation(evse.code, plate, plug, ctx))
    }
  }
  return { bayPlates, chargerPlates }
}

function bayFact(
  bay: string,
  occupied: boolean,
  at: Date,
  seen: { credentials?: ReportedCredential[] },
  ctx: FactContext,
) {
  const base = { revision: 1, backfilled: false, occurredAt: iso(at), device: `${bay}-C` }
  return fact({ ...base, id: ctx.nextId('BAY'), type: 'bay.changed', data: { bay, occupied, ...seen } }, at)
}

function observation(evse: string, plate: PlateRead, plug: PlugTime, ctx: FactContext): ParcsStep {
  const at = later(plug.pluggedAt, -10 * second)
  const base = { revision: 1, backfilled: false, occurredAt: iso(at), device: `${evse}-C` }
  const data = { role: 'charger', evse, credentials: [plate.credential] } as const
  return fact({ ...base, id: ctx.nextId('OBS'), type: 'credential.observed', data }, at)
}

function withoutCandidates(credential: ReportedCredential): ReportedCredential {
  const { candidates: _, ...rest } = credential
  return rest
}
