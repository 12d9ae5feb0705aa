// Owns what was shown during a stay: the list of presentations, corrections applied, and the index keys they give.
// Must not decide whose credentials they are; services look that up.
import { canonicalise, normalisePlate, searchKeys } from '../credential/index.ts'
import type { ReportedCredential } from '../parking-fact.ts'
import type { PairedPlate, StayPresentation } from './stay.ts'
import {
  byTime,
  compareText,
  credentialsOf,
  type FactOf,
  presentationOf,
  type StayContext,
  type StayFact,
} from './stay-fact.ts'

/** Everything presented, in order of time; a correction takes back what was shown before it and stands in its place. */
export function presentationsOf(
  facts: readonly StayFact[],
  context: StayContext,
  paired?: ReadonlyMap<string, PairedPlate>,
): StayPresentation[] {
  let shown: StayPresentation[] = []
  for (const fact of [...facts].sort(byTime)) {
    if (fact.type === 'stay.corrected') shown = shown.filter((one) => !takenBack(one, fact))
    for (const reported of credentialsOf(fact)) {
      const why = reported.kind === 'plate' ? paired?.get(fact.factId) : undefined
      const next = { ...presented(reported, fact, context), ...(why ? { paired: why } : {}) }
      if (!shown.some((one) => one.role === next.role && sameCredential(one, next))) shown.push(next)
    }
  }
  // What a request showed counts where nothing else did: the hub's own decision, stored late, must not change a stay.
  return shown.filter(
    (one) => one.role !== 'request' || !shown.some((other) => other.role !== 'request' && sameCredential(one, other)),
  )
}

/** The plate a person should read: the corrected one, else the one seen coming in, else any. */
export function plateOf(presentations: readonly StayPresentation[]): string | null {
  const order = ['correction', 'entry', 'request', 'record', 'exit'] as const
  for (const role of [...order, undefined]) {
    const plates = presentations.filter((one) => one.kind === 'plate' && (role === undefined || one.role === role))
    for (const { raw, country } of plates.toReversed()) {
      const reading = normalisePlate(raw, country)
      if (reading.outcome === 'plate') return reading.text
    }
  }
  return null
}

export function stayKeys(presentations: readonly StayPresentation[]): string[] {
  return [...new Set(presentations.flatMap((one) => searchKeys(one)))].sort(compareText)
}

function presented(reported: ReportedCredential, fact: StayFact, context: StayContext): StayPresentation {
  const { value, ...rest } = reported
  const { siteId, country } = context
  const canonical = canonicalise(presentationOf(reported), { siteId, country })
  return {
    ...rest,
    raw: value,
    key: canonical.outcome === 'key' ? canonical.key : null,
    at: fact.occurredAt.toISOString(),
    lane: fact.lane ?? null,
    role: roleOf(fact),
  }
}

function roleOf(fact: StayFact): StayPresentation['role'] {
  switch (fact.type) {
    case 'gate.passed':
      return fact.data.direction
    case 'credential.observed':
      return fact.data.role
    case 'bay.changed':
      return 'bay'
    case 'stay.corrected':
      return 'correction'
    case 'stay.opened':
    case 'stay.closed':
    case 'stay.voided':
    case 'stay.priced':
      return 'record'
    default:
      return 'request'
  }
}

function takenBack(shown: StayPresentation, correction: FactOf<'stay.corrected'>): boolean {
  const { credentials, plate } = correction.data.changed
  return credentials !== undefined || (plate !== undefined && shown.kind === 'plate')
}

function sameCredential(a: StayPresentation, b: StayPresentation): boolean {
  return a.kind === b.kind && a.raw === b.raw && a.country === b.country
}
