// Owns taking a partner's session or right into the hub: told as facts first, then kept as the newest version.
// Must not say that something is taken before the hub has stored it, nor let an old version undo a newer one.
import {
  contentText,
  type Log,
  type ParcsSink,
  type ParkingBook,
  type ParkingFact,
  type ParkingResult,
} from '../../core/plugin/index.ts'
import { type Documents, rightIdsOf, type Stored, wholeRightsOf } from './documents.ts'
import type { AssignedRight, HierarchyElement, Session } from './objects.ts'
import { placeFacts } from './place-facts.ts'
import { deletedRight, rightFacts } from './right-facts.ts'
import { deletedSession, sessionFacts } from './session-facts.ts'

export type Taken =
  | { kind: 'created' | 'updated' | 'same' | 'older' }
  /** Another content was sent under this version, or it was deleted before. */
  | { kind: 'conflict'; message: string }
  | { kind: 'refused'; message: string }

export interface IntakeDeps {
  documents: Documents
  sink: Pick<ParcsSink, 'record'>
  book: Pick<ParkingBook, 'site'>
  energyIdCodes: readonly string[]
  /** True for what is read from a list, long after it happened. */
  backfilled: boolean
  log: Log
  now(): Date
}

export interface Intake {
  session(session: Session): Promise<Taken>
  right(right: AssignedRight): Promise<Taken>
  place(place: HierarchyElement): Promise<Taken>
  removeSession(id: string): Promise<Taken | undefined>
  removeRight(id: string): Promise<Taken | undefined>
}

/** One at a time: two versions of one session must not overtake each other between the look and the write. */
export function intake(deps: IntakeDeps): Intake {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const next = last.then(run)
    last = next.catch(() => undefined)
    return next
  }
  return {
    session: (session) => inTurn(() => takeSession(deps, session)),
    right: (right) => inTurn(() => takeRight(deps, right)),
    place: (place) =>
      inTurn(
        async () => (await told(deps, placeFacts(place, await bayNames(deps), deps.backfilled))) ?? { kind: 'updated' },
      ),
    removeSession: (id) =>
      inTurn(() => remove(deps, 'Session', id, (body) => [deletedSession(body as Session, deps.backfilled)])),
    removeRight: (id) =>
      inTurn(() => remove(deps, 'AssignedRight', id, (body) => deletedRight(body as AssignedRight, deps.backfilled))),
  }
}

async function takeSession(deps: IntakeDeps, session: Session): Promise<Taken> {
  const { documents, backfilled } = deps
  const known = await documents.get('Session', session.id)
  if (known?.deletedAt) return { kind: 'conflict', message: 'The session was deleted.' }
  const bayOf = await bayNames(deps)
  const facts = (one: Session, before: Session | null) => sessionFacts(one, { before, bayOf, backfilled })
  const standing = standingOf(known, session)
  if (standing === 'conflict') return anotherContent
  const all = facts(session, standing === 'updated' ? (known?.body ?? null) : null)
  // An old version is kept for the record, as far as a newer one stands in its place.
  const names = new Set(standing === 'older' && known ? facts(known.body, null).map(({ id }) => id) : [])
  const refused = await told(deps, standing === 'older' ? all.filter(({ id }) => names.has(id)) : all)
  if (refused) return refused
  if (standing === 'older') return { kind: 'older' }
  await documents.put('Session', session, deps.now())
  // Rights that came first waited for their session; those inside a creating session are its own.
  for (const right of wholeRightsOf(session)) {
    const taken = await takeRight(deps, right, session.id)
    if (taken.kind === 'conflict' || taken.kind === 'refused') return taken
  }
  for (const id of rightIdsOf(session)) {
    const right = await documents.get('AssignedRight', id)
    if (!right) continue
    const unfit = await told(deps, rightFacts(right.body, { ...deps, before: right.body, stayRef: session.id }))
    if (unfit) return unfit
  }
  return { kind: standing }
}

async function takeRight(deps: IntakeDeps, right: AssignedRight, stayRef?: string): Promise<Taken> {
  const { documents } = deps
  const known = await documents.get('AssignedRight', right.id)
  if (known?.deletedAt) return { kind: 'conflict', message: 'The right was deleted.' }
  const standing = standingOf(known, right)
  if (standing === 'conflict') return anotherContent
  const usedBy = stayRef ?? (await documents.sessionOf(right.id))
  const context = { ...deps, before: known?.body ?? null, ...(usedBy ? { stayRef: usedBy } : {}) }
  const names = new Set(
    standing === 'older' && known ? rightFacts(known.body, { ...context, before: null }).map(({ id }) => id) : [],
  )
  const facts = rightFacts(right, standing === 'older' ? { ...context, before: null } : context)
  const refused = await told(deps, standing === 'older' ? facts.filter(({ id }) => names.has(id)) : facts)
  if (refused) return refused
  if (standing !== 'older') await documents.put('AssignedRight', right, deps.now())
  return { kind: standing }
}

const anotherContent: Taken = { kind: 'conflict', message: 'This version was sent before with other content.' }

function standingOf(known: Stored<{ id: string }> | undefined, sent: { version: number }) {
  if (!known) return 'created'
  if (sent.version > known.version) return 'updated'
  if (sent.version < known.version) return 'older'
  return sameContent(known.body, sent) ? 'same' : 'conflict'
}

async function remove(
  deps: IntakeDeps,
  className: 'Session' | 'AssignedRight',
  id: string,
  factsOf: (body: unknown) => ParkingFact[],
): Promise<Taken | undefined> {
  const known = await deps.documents.get(className, id)
  if (!known) return undefined
  const refused = await told(deps, factsOf(known.body))
  if (refused) return refused
  await deps.documents.remove(className, id, deps.now())
  return { kind: known.deletedAt ? 'same' : 'updated' }
}

/** Undefined when all is stored. A fact of the same name that stands already with other content is a conflict. */
async function told({ sink, log }: IntakeDeps, facts: readonly ParkingFact[]): Promise<Taken | undefined> {
  const results = facts.length > 0 ? await sink.record(facts) : []
  const [rejected] = results.filter(
    (result): result is Extract<ParkingResult, { status: 'rejected' }> => result.status === 'rejected',
  )
  if (!rejected) return undefined
  log.warn({ fact: rejected.id, reason: rejected.reason }, 'a part of what an APDS partner sent was not kept')
  const message = `${rejected.id} was not kept: ${rejected.reason}${rejected.pointer ? ` at ${rejected.pointer}` : ''}.`
  return { kind: rejected.reason === 'revision_conflict' ? 'conflict' : 'refused', message }
}

async function bayNames({ book }: IntakeDeps): Promise<(spaceId: string) => string> {
  const { bays } = await book.site()
  const codes = new Map(bays.map(({ bayId, code }) => [bayId, code]))
  return (spaceId) => codes.get(spaceId) ?? spaceId
}

/** The order of names in an object says nothing. */
export function sameContent(a: unknown, b: unknown): boolean {
  return contentText(a) === contentText(b)
}
