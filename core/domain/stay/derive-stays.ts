// Owns the derivation of stays: a fold over the set of effective facts of one connection, the same for any order of arrival.
// Must not read a clock or a table; whose credentials they are is looked up by services.
import type { ParkerKind } from '../parking-fact.ts'
import { foldReferenced, type StaySpan } from './fold-referenced.ts'
import { foldUnreferenced } from './fold-unreferenced.ts'
import { isRequestFact, refsOfMovements, requestsOf } from './movements.ts'
import { type DoubtfulPassage, doubtfulAmong, pairNearPlates } from './pair-near-plates.ts'
import { plateOf, presentationsOf, stayKeys } from './presentations.ts'
import type { DerivedStay, StayDiscount, StayFlag, StayPlace, StayPrice } from './stay.ts'
import {
  byTime,
  compareText,
  credentialsOf,
  effectiveFacts,
  nearKeysOf,
  type StayContext,
  type StayFact,
} from './stay-fact.ts'

/**
 * Stays in order of their natural key. Facts that carry the vendor's reference make one stay per reference; passages without one
 * are paired by credential. Payments and discounts attach to a stay and never open, reopen or close it.
 * @param joined by reads of cameras at a lane the facts of their car, as join-reads.ts gives them
 */
export function deriveStays(
  facts: readonly StayFact[],
  context: StayContext,
  joined: ReadonlyMap<string, readonly string[]> = new Map(),
): DerivedStay[] {
  const { effective, named, unnamed, requests } = grouped(facts)
  const spans = [...named].flatMap(([stayRef, group]) => foldReferenced(stayRef, group, requests) ?? [])
  const all = [...spans, ...pairNearPlates(foldUnreferenced(unnamed, requests), context)]
  for (const read of effective) {
    const car = joined.get(read.factId)
    const span = car && all.find((one) => one.facts.some(({ factId }) => car.includes(factId)))
    if (span) span.facts = [...span.facts, read]
  }
  return all.map((span) => stayOf(span, context)).sort((a, b) => compareText(a.key, b.key))
}

/** Passages whose stay cannot be told by what they show exactly; what else came near then decides about them. */
export function doubtfulPassages(facts: readonly StayFact[]): DoubtfulPassage[] {
  const { unnamed, requests } = grouped(facts)
  return doubtfulAmong(foldUnreferenced(unnamed, requests))
}

function grouped(facts: readonly StayFact[]) {
  const effective = effectiveFacts(facts)
  const requests = requestsOf(effective)
  // A vendor may name the stay in one fact of a movement only: the request, or the passage.
  const refOf = refsOfMovements(effective)
  const named = new Map<string, StayFact[]>()
  const unnamed: StayFact[] = []
  for (const fact of effective) {
    const stayRef = fact.stayRef ?? refOf(fact)
    if (stayRef === undefined) unnamed.push(fact)
    else named.set(stayRef, [...(named.get(stayRef) ?? []), fact])
  }
  return { effective, named, unnamed, requests }
}

function stayOf(span: StaySpan, context: StayContext): DerivedStay {
  const facts = [...span.facts].sort(byTime)
  const presentations = presentationsOf(facts, context, span.paired)
  const paid = paidBy(facts, context.currency)
  const price = priceOf(facts)
  const flags = new Set<StayFlag>(span.flags)
  if (paid.foreign) flags.add('foreign_currency')
  if (price !== null && price.currency !== context.currency) flags.add('foreign_price')
  return {
    key: span.key,
    stayRef: span.stayRef,
    state: span.state,
    parkerKind: parkerKindOf(facts),
    enteredAt: span.enteredAt,
    exitedAt: span.exitedAt,
    exitBefore: span.exitBefore,
    entryLane: span.entryLane,
    exitLane: span.exitLane,
    plate: plateOf(presentations),
    presentations,
    searchKeys: [
      ...stayKeys(presentations),
      ...(span.stayRef === null ? nearKeysOf(facts.flatMap(credentialsOf)) : []),
    ],
    places: placesOf(facts),
    discounts: discountsOf(facts),
    paidMinor: paid.minor,
    paidUntil: paid.until,
    price,
    flags: [...flags].sort(compareText),
    factsAt: latest(facts),
    presentAt: latest(facts.filter(({ type }) => !/^(payment|discount)\.|^stay\.priced$/.test(type))),
    factIds: facts.map((fact) => fact.factId),
  }
}

/** Requests do not count: they come before what they lead to, and the hub stores its own answers late. */
function latest(facts: readonly StayFact[]): Date {
  const told = facts.filter((fact) => !isRequestFact(fact))
  return new Date(Math.max(...told.map((fact) => fact.occurredAt.getTime())))
}

/** The last word on it, an operator's correction included. */
function parkerKindOf(facts: readonly StayFact[]): ParkerKind | null {
  let kind: ParkerKind | undefined
  for (const fact of facts) {
    if (fact.type === 'stay.corrected') kind = fact.data.changed.parkerKind ?? kind
    else if (fact.type.startsWith('gate.') || fact.type.startsWith('stay.')) {
      kind = (fact.data as { parkerKind?: ParkerKind }).parkerKind ?? kind
    }
  }
  return kind ?? null
}

function paidBy(facts: readonly StayFact[], currency: string): { minor: number; until: Date | null; foreign: boolean } {
  let minor = 0
  let until: Date | null = null
  let foreign = false
  for (const fact of facts) {
    if (fact.type !== 'payment.captured' && fact.type !== 'payment.refunded') continue
    const { amountMinor, paidUntil } = fact.data
    if (fact.data.currency === currency) minor += fact.type === 'payment.captured' ? amountMinor : -amountMinor
    else foreign = true
    if (fact.type === 'payment.captured' && paidUntil !== undefined) until = new Date(paidUntil)
  }
  return { minor, until, foreign }
}

/** A final price stands against any that is not: its vendor has said that it will not change. Among the same, the newest. */
function priceOf(facts: readonly StayFact[]): StayPrice | null {
  const prices = facts.filter((fact) => fact.type === 'stay.priced')
  const last = prices.findLast(({ data }) => data.final) ?? prices.at(-1)
  if (last === undefined) return null
  const { credentials: _, ...price } = last.data
  return { ...price, factId: last.factId, at: last.occurredAt.toISOString() }
}

function discountsOf(facts: readonly StayFact[]): StayDiscount[] {
  return facts.flatMap((fact) =>
    fact.type === 'discount.applied' ? [{ ...fact.data, factId: fact.factId, at: fact.occurredAt.toISOString() }] : [],
  )
}

function placesOf(facts: readonly StayFact[]): StayPlace[] {
  return facts.flatMap((fact): StayPlace[] => {
    const at = fact.occurredAt.toISOString()
    const lane = fact.lane ?? null
    if (fact.type === 'gate.passed' && fact.data.direction === 'internal') return [{ at, bay: null, evse: null, lane }]
    if (fact.type === 'bay.changed' && fact.data.occupied) return [{ at, bay: fact.data.bay, evse: null, lane }]
    if (fact.type !== 'credential.observed' || fact.data.role === 'gate') return []
    return [{ at, bay: fact.data.bay ?? null, evse: fact.data.evse ?? null, lane }]
  })
}
