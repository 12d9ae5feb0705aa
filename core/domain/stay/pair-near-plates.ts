// Owns giving passages whose plate was misread to the stay of their car: what no credential paired exactly, by the plate model of links.
// Must not undo an exact pair, and must not choose where another car came near: such passages stay apart and say so.
import {
  defaultLinkPolicy,
  type LinkPolicy,
  nearReads,
  type PlateModel,
  type PlateRead,
  untaughtPlateModel,
} from '../link/index.ts'
import type { StaySpan } from './fold-referenced.ts'
import { type Draft, type Folded, repeatedExitMs, type Sighting, shownAt, spanOf } from './fold-unreferenced.ts'
import type { PairedPlate } from './stay.ts'
import { byTime, nearKeysOf, type StayContext } from './stay-fact.ts'

/** Our own figure: the longer a stay is open, the likelier its exit was missed, and a plate like it is another car's. */
const longestGuessedStayMs = 31 * 86_400_000

/** A passage that no stay is known for by what it shows, and the index keys under which near plates are found. */
export interface DoubtfulPassage {
  at: Date
  keys: readonly string[]
}

interface Inside {
  draft: Draft
  keys: ReadonlySet<string>
  reads: readonly PlateRead[]
  from: number
  /** How long it may be the one that is seen: a while beyond its exit, as two cameras may see one. */
  until: number
  left: boolean
  unsure: boolean
  paired: Map<string, PairedPlate>
}

export function doubtfulAmong({ drafts, loose }: Folded): DoubtfulPassage[] {
  const without = drafts.filter(({ span }) => span.enteredAt === null).flatMap(({ sightings }) => sightings.slice(0, 1))
  return [...without, ...loose].map((sighting) => ({ at: sighting.at, keys: nearKeysOf(shownAt(sighting)) }))
}

/**
 * One after the other in order of time, so that what is seen later never moves what was decided, unless it pairs exactly. A passage
 * is decided by the stays of that instant that share a near key with it, whatever else is given.
 */
export function pairNearPlates(
  { drafts, loose }: Folded,
  {
    plateModelAt = () => untaughtPlateModel,
    linkPolicy = defaultLinkPolicy,
  }: Pick<StayContext, 'plateModelAt' | 'linkPolicy'>,
): StaySpan[] {
  const inside = drafts.flatMap(insideOf)
  const taken = new Set<Draft>()
  const doubtful = [
    ...drafts.filter(({ span }) => span.enteredAt === null).map((exit) => ({ exit, sighting: exit.sightings[0] })),
    ...loose.map((sighting) => ({ exit: null, sighting })),
  ]
  doubtful.sort((a, b) => (a.sighting && b.sighting ? byTime(a.sighting.fact, b.sighting.fact) : 0))
  for (const { exit, sighting } of doubtful) {
    if (!sighting) continue
    const { best, near } = nearest(inside, sighting, plateModelAt(sighting.at), linkPolicy)
    if (best) {
      for (const { factId } of [sighting.fact, ...sighting.mates]) best.stay.paired.set(factId, best.paired)
      best.stay.draft.facts.push(...(exit?.facts ?? [sighting.fact]))
    }
    if (!exit) continue
    if (best) {
      leave(best.stay, exit, sighting)
      taken.add(exit)
    } else if (near.length > 0) {
      exit.span.flags.add('entry_unsure')
      for (const stay of near) stay.unsure = true
    }
  }
  for (const { draft, unsure, left, paired } of inside) {
    if (unsure && !left) draft.span.flags.add('exit_unsure')
    if (paired.size > 0) draft.span.paired = paired
  }
  return drafts.filter((draft) => !taken.has(draft)).map(spanOf)
}

function insideOf(draft: Draft): Inside[] {
  const { enteredAt, exitedAt, exitBefore } = draft.span
  const keys = new Set(nearKeysOf(draft.sightings.flatMap(shownAt)))
  if (enteredAt === null || keys.size === 0) return []
  return [
    {
      draft,
      keys,
      reads: draft.sightings.flatMap(readsOf),
      from: enteredAt.getTime(),
      until: exitedAt ? exitedAt.getTime() + repeatedExitMs : (exitBefore?.getTime() ?? Number.POSITIVE_INFINITY),
      left: exitedAt !== null,
      unsure: false,
      paired: new Map(),
    },
  ]
}

/** `exitBefore` stays: until then the exact exit may still come, and would count. */
function leave(stay: Inside, exit: Draft, { at, lane }: Sighting): void {
  const { span } = stay.draft
  span.state = 'closed'
  span.exitedAt = at
  span.exitLane = lane
  span.flags.delete('exit_missing')
  span.flags.add('paired_by_plate')
  for (const flag of exit.span.flags) if (flag !== 'entry_missing') span.flags.add(flag)
  stay.until = at.getTime() + repeatedExitMs
  stay.left = true
}

/** `best` only where every other car that was inside is farther by the margin; `near` is who without an exit came into question. */
function nearest(
  inside: readonly Inside[],
  sighting: Sighting,
  model: PlateModel,
  policy: LinkPolicy,
): { best: { stay: Inside; paired: PairedPlate } | null; near: Inside[] } {
  const shown = shownAt(sighting)
  const keys = nearKeysOf(shown)
  const at = sighting.at.getTime()
  const reads = readsOf(sighting)
  const found = inside.flatMap((stay) => {
    if (stay.from >= at || stay.until < at || !keys.some((key) => stay.keys.has(key))) return []
    const near = nearReads(reads, stay.reads, policy, model)
    return near ? [{ stay, near }] : []
  })
  found.sort((a, b) => a.near.atMost - b.near.atMost)
  const near = found
    .filter(({ stay, near }) => !stay.left && near.atMost <= policy.fuzzyReviewDistance)
    .map(({ stay }) => stay)
  const [best, next] = found
  const sure =
    best?.near.surely &&
    !best.stay.left &&
    at - best.stay.from <= longestGuessedStayMs &&
    !showsAnother(best.stay.draft, sighting) &&
    (next === undefined || next.near.atMost >= best.near.distance + policy.fuzzyMargin)
  if (!best || !sure) return { best: null, near }
  const { b: plate, distance } = best.near
  return { best: { stay: best.stay, paired: { plate, distance, model: model.version } }, near }
}

/** A card or ticket speaks before a plate: where both showed one of a kind, and not the same, it is not this car for sure. */
function showsAnother(draft: Draft, sighting: Sighting): boolean {
  if (sighting.held.some((key) => draft.held.has(key))) return false
  const held = (sightings: readonly Sighting[]) =>
    sightings.flatMap((one) => shownAt(one).flatMap(({ kind }) => (kind === 'plate' ? [] : [kind])))
  const kinds = held(draft.sightings)
  return held([sighting]).some((kind) => kinds.includes(kind))
}

function readsOf(sighting: Sighting): PlateRead[] {
  const { lane } = sighting
  return shownAt(sighting).flatMap(({ kind, value, candidates, confidence, charConfidence, country }) =>
    kind === 'plate'
      ? [
          {
            text: value,
            at: sighting.at,
            confidence,
            charConfidence,
            country,
            ...(lane === null ? {} : { lane }),
            candidates: candidates?.map((guess) => ({ text: guess.value, confidence: guess.confidence })),
          },
        ]
      : [],
  )
}
