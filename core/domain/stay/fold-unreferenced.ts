// Owns the stays of cars that only their credentials name: passages of one connection paired in order of time.
// Must not guess across misread credentials: here a passage pairs only with one that shares an index key; pair-near-plates.ts goes on.
import { countriesConflict, normalisePlate, plateDistance } from '../credential/index.ts'
import type { ReportedCredential } from '../parking-fact.ts'
import { isLostTicket, type StaySpan } from './fold-referenced.ts'
import { type Pass, passesOf, type RequestFact } from './movements.ts'
import { compareText, credentialsOf, type FactOf, type StayFact, searchKeysOf } from './stay-fact.ts'

/** An exit later than this after an entry belongs to some other, unseen entry. Longest airport parking, with room. */
export const longestPairedStayMs = 92 * 86_400_000
/** Two entries (two exits) of one credential this close are one passage seen twice. */
export const repeatedEntryMs = 2 * 60_000
export const repeatedExitMs = 10 * 60_000

export interface Draft {
  span: StaySpan
  keys: Set<string>
  /** Those of keys that no plate gives: what the driver held in the hand. */
  held: Set<string>
  sightings: Sighting[]
  plates: readonly Plate[]
  facts: StayFact[]
}

interface Plate {
  text: string
  country: string
}

export interface Sighting extends Pass {
  direction: FactOf<'gate.passed'>['data']['direction']
  keys: readonly string[]
  held: readonly string[]
}

export interface Folded {
  drafts: readonly Draft[]
  /** Seen driving on inside, by what no stay is known by. */
  loose: readonly Sighting[]
}

/**
 * Pairs entries and exits: an exit ends the open stay whose card or ticket it shows, else the one it shares most with, latest first; an entry leaves an older open stay of
 * the same credential without exit, unless the plates tell two cars apart. Needs every passage since the last instant at
 * which no stay of these credentials was open, and nothing from before.
 */
export function foldUnreferenced(
  facts: readonly StayFact[],
  requests: ReadonlyMap<string, readonly RequestFact[]>,
): Folded {
  const drafts: Draft[] = []
  const loose: Sighting[] = []
  let open: Draft[] = []
  const enter = (sighting: Sighting) => {
    const plates = platesOf(sighting)
    const sharing = open.filter((draft) => shared(draft, sighting) > 0 && !platesConflict(draft.plates, plates))
    const same = sharing.find((draft) => isRepeat(draft.span.enteredAt, sighting, repeatedEntryMs))
    if (same) {
      if (same.span.entryLane !== sighting.lane) same.span.flags.add('two_entries')
      return join(same, sighting)
    }
    for (const older of sharing) {
      older.span.state = 'closed'
      older.span.exitBefore = sighting.at
      older.span.flags.add('exit_missing')
    }
    const draft = begin(sighting)
    open = [...open.filter((older) => !sharing.includes(older)), draft]
    drafts.push(draft)
  }
  const leave = (sighting: Sighting) => {
    const draft = bestOf(open, sighting)
    if (draft) {
      join(draft, sighting)
      draft.span.state = 'closed'
      draft.span.exitedAt = sighting.at
      draft.span.exitLane = sighting.lane
      open = open.filter((one) => one !== draft)
      return
    }
    const left = drafts.findLast(
      (one) => isRepeat(one.span.exitedAt, sighting, repeatedExitMs) && shared(one, sighting) > 0,
    )
    if (left) {
      left.span.flags.add('two_exits')
      return join(left, sighting)
    }
    drafts.push(exitOnly(sighting))
  }
  for (const together of atOneInstant(sightingsOf(facts, requests))) {
    const waiting: Sighting[] = []
    for (const sighting of together) {
      if (sighting.direction === 'exit' && bestOf(open, sighting)) leave(sighting)
      else if (sighting.direction !== 'internal') waiting.push(sighting)
    }
    for (const sighting of waiting) if (sighting.direction === 'entry') enter(sighting)
    for (const sighting of waiting) if (sighting.direction === 'exit') leave(sighting)
    for (const sighting of together) {
      if (sighting.direction !== 'internal') continue
      const inside = bestOf(open, sighting)
      if (inside) inside.facts.push(sighting.fact)
      else loose.push(sighting)
    }
  }
  return { drafts, loose }
}

/** Keys under which a passage pairs: what it shows itself and what its request showed. */
export function passKeys(pass: Pass): string[] {
  return searchKeysOf(shownAt(pass))
}

export function shownAt(pass: Pass): ReportedCredential[] {
  return [pass.fact, ...pass.mates].flatMap(credentialsOf)
}

function sightingsOf(facts: readonly StayFact[], requests: ReadonlyMap<string, readonly RequestFact[]>): Sighting[] {
  return passesOf(facts, requests).flatMap((pass) => {
    const keys = passKeys(pass)
    const held = searchKeysOf(shownAt(pass).filter(({ kind }) => kind !== 'plate'))
    return keys.length === 0 ? [] : [{ ...pass, keys, held, direction: pass.fact.data.direction }]
  })
}

/** Exits before entries where the exit ends something, else entries first: clocks that only tell minutes make both happen. */
function atOneInstant(sightings: readonly Sighting[]): Sighting[][] {
  const sorted = [...sightings].sort((a, b) => a.at.getTime() - b.at.getTime() || compareText(a.fact.id, b.fact.id))
  const groups: Sighting[][] = []
  for (const sighting of sorted) {
    const last = groups.at(-1)
    if (last?.[0]?.at.getTime() === sighting.at.getTime()) last.push(sighting)
    else groups.push([sighting])
  }
  return groups
}

function bestOf(open: readonly Draft[], sighting: Sighting): Draft | undefined {
  const plates = platesOf(sighting)
  let best: { draft: Draft; rank: readonly number[] } | undefined
  for (const draft of open) {
    const count = shared(draft, sighting)
    const since = draft.span.enteredAt?.getTime() ?? 0
    if (count === 0 || sighting.at.getTime() - since > longestPairedStayMs) continue
    const held = sighting.held.some((key) => draft.held.has(key)) ? 1 : 0
    const rank = [held, platesConflict(draft.plates, plates) ? 0 : 1, count, since]
    if (!best || isHigher(rank, best.rank)) best = { draft, rank }
  }
  return best?.draft
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

function shared(draft: Draft, sighting: Sighting): number {
  return sighting.keys.reduce((sum, key) => sum + (draft.keys.has(key) ? 1 : 0), 0)
}

function isRepeat(before: Date | null, sighting: Sighting, within: number): boolean {
  return before !== null && sighting.at.getTime() - before.getTime() <= within
}

function begin(sighting: Sighting): Draft {
  const span = blankSpan(sighting)
  span.enteredAt = sighting.at
  span.entryLane = sighting.lane
  return draftOf(span, sighting)
}

function exitOnly(sighting: Sighting): Draft {
  const span = blankSpan(sighting)
  span.state = 'exit_only'
  span.exitedAt = sighting.at
  span.exitLane = sighting.lane
  span.flags.add('entry_missing')
  return draftOf(span, sighting)
}

function blankSpan(sighting: Sighting): StaySpan {
  return {
    key: `gate:${sighting.fact.id}`,
    stayRef: null,
    state: 'open',
    enteredAt: null,
    exitedAt: null,
    exitBefore: null,
    entryLane: null,
    exitLane: null,
    flags: new Set(),
    facts: [],
  }
}

function draftOf(span: StaySpan, sighting: Sighting): Draft {
  return {
    span,
    keys: new Set(sighting.keys),
    held: new Set(sighting.held),
    sightings: [sighting],
    plates: platesOf(sighting),
    facts: [sighting.fact, ...sighting.mates],
  }
}

function join(draft: Draft, sighting: Sighting): void {
  for (const key of sighting.keys) draft.keys.add(key)
  for (const key of sighting.held) draft.held.add(key)
  draft.sightings.push(sighting)
  draft.facts.push(sighting.fact, ...sighting.mates)
}

export function spanOf({ span, facts }: Draft): StaySpan {
  if (facts.some(isLostTicket)) span.flags.add('lost_ticket')
  return { ...span, facts: [...new Set(facts)] }
}

function platesOf(pass: Pass): Plate[] {
  return shownAt(pass).flatMap((one) => {
    const reading = one.kind === 'plate' ? normalisePlate(one.value, one.country) : null
    return reading?.outcome === 'plate' ? [reading] : []
  })
}

/** Both were read, and no plate of one is nearly a plate of the other. A misread rarely goes as far as an unrelated character. */
function platesConflict(a: readonly Plate[], b: readonly Plate[]): boolean {
  if (a.length === 0 || b.length === 0) return false
  return !a.some((one) =>
    b.some((other) => plateDistance(one.text, other.text) <= 1 && !countriesConflict(one.country, other.country)),
  )
}
