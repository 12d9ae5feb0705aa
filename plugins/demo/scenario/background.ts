// Owns what happens at the gates beside real visits: refused cars, ghost stays, counters, equipment.
// Must not create anything that a charging session could belong to.
import type { ReportedCredential } from '../../../core/plugin/index.ts'
import type { Random } from '../random.ts'
import { readCard } from './cards.ts'
import type { FactContext } from './facts-of-visit.ts'
import type { ParcsStep } from './month.ts'
import type { People } from './people.ts'
import { createPlates } from './plates.ts'
import type { Visit } from './visits.ts'

const minute = 60_000
const hour = 60 * minute

export interface Background {
  steps: ParcsStep[]
  refusals: number
  ghostRefs: string[]
}

export function background(visits: readonly Visit[], people: People, ctx: FactContext, random: Random): Background {
  const steps: ParcsStep[] = []
  const nextPlate = createPlates(random.fork('plates'))
  const when = () => {
    const visit = random.pick(visits)
    return new Date(visit.enteredAt.getTime() + random.int(-40, 40) * minute)
  }
  const refusals = Math.round(visits.length * ctx.noise.gateRefused)
  for (let i = 0; i < refusals; i++)
    steps.push(...refusal(random.pick(people.refusedCards), nextPlate(), when(), ctx, random))

  const ghosts = Math.round(visits.length * ctx.noise.ghostStay)
  const ghostRefs = Array.from({ length: ghosts }, (_, i) => `G${String(i + 1).padStart(5, '0')}`)
  for (const ref of ghostRefs) steps.push(...ghost(ref, nextPlate(), when(), ctx, random))

  if (visits.length > 0) steps.push(...counters(visits, ctx), ...equipment(visits, ctx, random))
  return { steps, refusals, ghostRefs }
}

/** A card that is blocked, or that nobody knows, at the lane that asks. */
function refusal(uid: string, plate: string, at: Date, ctx: FactContext, random: Random): ParcsStep[] {
  const lane = ctx.garage.lanes.find((one) => one.asks)
  if (!lane) return []
  const requestId = ctx.nextId(`${lane.code}Q`)
  const credentials: ReportedCredential[] = [
    readCard(uid, lane.reader, `${lane.code}-R`),
    { kind: 'plate', value: plate, country: 'US', confidence: random.int(90, 99) / 100, reader: `${lane.code}-C` },
  ]
  const asked = at.toISOString()
  const decided = new Date(at.getTime() + 2000)
  const base = { revision: 1, backfilled: false, lane: lane.code, device: `${lane.code}-R` }
  const data = { direction: 'entry' as const, requestId, credentials }
  return [
    {
      kind: 'parcs.fact',
      at,
      fact: { ...base, id: ctx.nextId(lane.code), type: 'gate.requested', occurredAt: asked, data },
    },
    {
      kind: 'parcs.ask',
      at: new Date(at.getTime() + 1000),
      question: { requestId, lane: lane.code, direction: 'entry', credentials, occurredAt: asked },
      expected: 'refused',
    },
    {
      kind: 'parcs.fact',
      at: decided,
      fact: {
        ...base,
        id: ctx.nextId(lane.code),
        type: 'gate.decided',
        occurredAt: decided.toISOString(),
        data: { ...data, decision: 'declined', reasonCode: 'NOT_ALLOWED' },
      },
    },
  ]
}

/** The parking system counted a car that never came in, and takes it back hours later. */
function ghost(ref: string, plate: string, at: Date, ctx: FactContext, random: Random): ParcsStep[] {
  const lane = random.pick(ctx.garage.lanes.filter((one) => one.direction === 'entry'))
  const credentials: ReportedCredential[] = [
    { kind: 'ticket', value: `T9${String(random.int(0, 999_999)).padStart(6, '0')}`, reader: `${lane.code}-R` },
    { kind: 'plate', value: plate, country: 'US', confidence: 0.9, reader: `${lane.code}-C` },
  ]
  const voided = new Date(at.getTime() + random.int(10, 300) * minute)
  const base = { revision: 1, backfilled: false, stayRef: ref, lane: lane.code }
  return [
    {
      kind: 'parcs.fact',
      at,
      fact: {
        ...base,
        id: ctx.nextId(lane.code),
        type: 'gate.passed',
        occurredAt: at.toISOString(),
        data: { direction: 'entry', credentials, parkerKind: 'transient' },
      },
    },
    {
      kind: 'parcs.fact',
      at: voided,
      fact: {
        ...base,
        id: ctx.nextId('ADM'),
        type: 'stay.voided',
        occurredAt: voided.toISOString(),
        data: { reason: 'never entered' },
      },
    },
  ]
}

const capacity = 320

/** Once an hour, the loops' count: right, plus a drift of one car too many for every two hundred that came. */
function counters(visits: readonly Visit[], ctx: FactContext): ParcsStep[] {
  const first = Math.min(...visits.map((visit) => visit.enteredAt.getTime()))
  const last = Math.max(...visits.map((visit) => visit.exitedAt.getTime()))
  const moves = visits
    .flatMap((visit) => [
      { at: visit.enteredAt.getTime(), in: 1, change: 1 },
      { at: visit.exitedAt.getTime(), in: 0, change: -1 },
    ])
    .sort((a, b) => a.at - b.at)
  const steps: ParcsStep[] = []
  let next = 0
  let inside = 0
  let entries = 0
  for (let t = Math.ceil(first / hour) * hour; t <= last; t += hour) {
    for (let move = moves[next]; move && move.at <= t; move = moves[++next]) {
      inside += move.change
      entries += move.in
    }
    const at = new Date(t)
    const occupied = inside + Math.floor(entries / 200)
    steps.push({
      kind: 'parcs.fact',
      at,
      fact: {
        id: ctx.nextId('CNT'),
        revision: 1,
        type: 'occupancy.changed',
        occurredAt: at.toISOString(),
        backfilled: false,
        data: { counter: 'garage', occupied, free: Math.max(0, capacity - occupied), capacity },
      },
    })
  }
  return steps
}

/** A lane's printer runs out of paper now and then and is filled again. */
function equipment(visits: readonly Visit[], ctx: FactContext, random: Random): ParcsStep[] {
  return Array.from({ length: Math.ceil(visits.length / 300) }, () => random.pick(visits)).flatMap((visit) => {
    const lane = random.pick(ctx.garage.lanes)
    const at = new Date(visit.enteredAt.getTime() + 3 * minute)
    const fixed = new Date(at.getTime() + random.int(10, 120) * minute)
    const base = {
      revision: 1,
      backfilled: false,
      lane: lane.code,
      device: `${lane.code}-P`,
      type: 'equipment.changed' as const,
    }
    return [
      {
        kind: 'parcs.fact' as const,
        at,
        fact: {
          ...base,
          id: ctx.nextId('EQP'),
          occurredAt: at.toISOString(),
          data: { state: 'warning' as const, code: 'PAPER_LOW', text: 'Paper low' },
        },
      },
      {
        kind: 'parcs.fact' as const,
        at: fixed,
        fact: { ...base, id: ctx.nextId('EQP'), occurredAt: fixed.toISOString(), data: { state: 'ok' as const } },
      },
    ]
  })
}
