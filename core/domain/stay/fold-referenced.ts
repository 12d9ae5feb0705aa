// Owns one stay whose vendor names it: when it began and ended according to all facts that carry the name.
// Must not look at other stays.
import { type Pass, passesOf, type RequestFact } from './movements.ts'
import type { PairedPlate, StayFlag, StayState } from './stay.ts'
import { byTime, compareText, type StayFact } from './stay-fact.ts'

/** Begin, end and state of a stay; what was shown, paid and granted is added by derive-stays. */
export interface StaySpan {
  key: string
  stayRef: string | null
  state: StayState
  enteredAt: Date | null
  exitedAt: Date | null
  exitBefore: Date | null
  entryLane: string | null
  exitLane: string | null
  flags: Set<StayFlag>
  facts: readonly StayFact[]
  /** Passages that belong to it by a plate that was misread, by fact id. */
  paired?: ReadonlyMap<string, PairedPlate>
}

interface Mark {
  kind: 'entry' | 'exit'
  at: Date
  lane: string | null
  id: string
}

/** Null when nothing says that the car was inside: a request that was granted, a ticket issued to a car that backed out. */
export function foldReferenced(
  stayRef: string,
  facts: readonly StayFact[],
  requests: ReadonlyMap<string, readonly RequestFact[]>,
): StaySpan | null {
  const marks = marksOf(facts, passesOf(facts, requests))
  const span: StaySpan = {
    key: `ref:${stayRef}`,
    stayRef,
    state: 'open',
    enteredAt: null,
    exitedAt: null,
    exitBefore: null,
    entryLane: null,
    exitLane: null,
    flags: new Set(),
    facts,
  }
  walk(span, marks)
  correct(span, facts, marks)
  if (span.enteredAt === null && span.exitedAt === null) return null
  if (span.enteredAt !== null && span.exitedAt !== null && span.exitedAt < span.enteredAt) {
    span.exitedAt = span.enteredAt
    span.flags.add('exit_before_entry')
  }
  if (span.enteredAt === null) span.flags.add('entry_missing')
  if (facts.some(isLostTicket)) span.flags.add('lost_ticket')
  const voided = facts.some((fact) => fact.type === 'stay.voided')
  span.state = voided ? 'voided' : span.exitedAt === null ? 'open' : span.enteredAt === null ? 'exit_only' : 'closed'
  return span
}

export function isLostTicket(fact: StayFact): boolean {
  const reason =
    fact.type === 'gate.passed' ? fact.data.reasonCode : fact.type === 'stay.closed' ? fact.data.reason : undefined
  return reason !== undefined && /^lost[\s_-]?ticket$/i.test(reason)
}

/** Gate passages where there are any; else what the vendor's own record of the stay says. */
function marksOf(facts: readonly StayFact[], passes: readonly Pass[]): Mark[] {
  const entries = passes.flatMap((pass) => (pass.fact.data.direction === 'entry' ? [markOf('entry', pass)] : []))
  const exits = passes.flatMap((pass) => (pass.fact.data.direction === 'exit' ? [markOf('exit', pass)] : []))
  const backedOut = facts.some((fact) => fact.type === 'gate.backedOut' && fact.data.direction === 'entry')
  if (entries.length + exits.length === 0 && backedOut) return []
  const recorded = recordedMarks(facts)
  if (entries.length === 0) entries.push(...recorded.filter(({ kind }) => kind === 'entry').slice(0, 1))
  if (exits.length === 0) exits.push(...recorded.filter(({ kind }) => kind === 'exit').slice(0, 1))
  return [...entries, ...exits].sort(inOrder)
}

function markOf(kind: Mark['kind'], { fact, at, lane }: Pass): Mark {
  return { kind, at, lane, id: fact.id }
}

/** The vendor's record of the stay; an opening counts before what a closing says about the entry. */
function recordedMarks(facts: readonly StayFact[]): Mark[] {
  const marks = facts.flatMap((fact): Mark[] => {
    if (fact.type !== 'stay.opened' && fact.type !== 'stay.closed') return []
    const { enteredAt, exitedAt } = fact.data
    const mark = (kind: Mark['kind'], at: Date) => ({ kind, at, lane: fact.lane ?? null, id: fact.id })
    if (fact.type === 'stay.opened') return [mark('entry', enteredAt ? new Date(enteredAt) : fact.occurredAt)]
    return [mark('exit', exitedAt ? new Date(exitedAt) : fact.occurredAt)]
  })
  if (!marks.some(({ kind }) => kind === 'entry')) {
    for (const fact of facts) {
      if (fact.type !== 'stay.closed' || !fact.data.enteredAt) continue
      marks.push({ kind: 'entry', at: new Date(fact.data.enteredAt), lane: null, id: fact.id })
    }
  }
  return marks.sort(inOrder)
}

/** At the same instant a car comes in before it leaves. */
function inOrder(a: Mark, b: Mark): number {
  return a.at.getTime() - b.at.getTime() || compareText(a.kind, b.kind) || compareText(a.id, b.id)
}

type Where = 'outside' | 'inside' | 'left'

interface Step {
  to: Where
  flag?: StayFlag
}

/** State × mark → state, and the oddity it shows. */
const steps: Record<Where, Record<Mark['kind'], Step>> = {
  outside: { entry: { to: 'inside' }, exit: { to: 'outside' } },
  inside: { entry: { to: 'inside', flag: 'two_entries' }, exit: { to: 'left' } },
  left: { entry: { to: 'inside', flag: 'entered_again' }, exit: { to: 'left', flag: 'two_exits' } },
}

function walk(span: StaySpan, marks: readonly Mark[]): void {
  let where: Where = 'outside'
  const early: Mark[] = []
  for (const mark of marks) {
    const step: Step = steps[where][mark.kind]
    if (where === 'outside' && mark.kind === 'exit') early.push(mark)
    if (where === 'outside' && step.to === 'inside') {
      span.enteredAt = mark.at
      span.entryLane = mark.lane
    }
    if (step.to !== where) {
      span.exitedAt = step.to === 'left' ? mark.at : null
      span.exitLane = step.to === 'left' ? mark.lane : null
    }
    if (step.flag) span.flags.add(step.flag)
    where = step.to
  }
  const [first] = early
  if (!first) return
  if (early.length > 1) span.flags.add('two_exits')
  // Exit and entry of one named stay in the wrong order: two clocks disagree, and the car has left.
  const entries = marks.filter(({ kind }) => kind === 'entry').length
  if (where !== 'left' && entries <= marks.length - entries) {
    span.exitedAt = first.at
    span.exitLane = first.lane
  }
}

/** An operator's correction stands against everything reported before it; an exit that happens afterwards is news. */
function correct(span: StaySpan, facts: readonly StayFact[], marks: readonly Mark[]): void {
  for (const fact of facts.filter((one) => one.type === 'stay.corrected').sort(byTime)) {
    const { enteredAt, exitedAt } = fact.data.changed
    if (enteredAt !== undefined) span.enteredAt = enteredAt === null ? null : new Date(enteredAt)
    const later = marks.some((mark) => mark.kind === 'exit' && mark.at > fact.occurredAt)
    if (exitedAt === undefined || later) continue
    span.exitedAt = exitedAt === null ? null : new Date(exitedAt)
    if (exitedAt === null) span.exitLane = null
  }
}
