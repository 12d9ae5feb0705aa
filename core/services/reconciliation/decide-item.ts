// Owns what people say of a reconciliation: these rows are one thing, these are not, this difference is as it should be, it is not.
// Must not change a row of either side.
import { itemKey } from '../../domain/reconciliation/book-row.ts'
import { appendAudit } from '../../store/audit.ts'
import { sites } from '../../store/places.ts'
import { decisionsOf, insertDecision, type ReconciliationDecision } from '../../store/reconciliation-decisions.ts'
import {
  keyOfItem,
  type Reconciliation,
  type ReconciliationItem,
  type RunPlace,
  reconciliationItems,
  reconciliations,
  rowsNamed,
  setItemState,
} from '../../store/reconciliations.ts'
import { type Db, getRecord, updateRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, type FieldProblem, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { hashOf } from './reconciliation-input.ts'
import { compute } from './run-reconciliation.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export interface MatchWish {
  /** Ids of rows as items show them. */
  ours: string[]
  theirs: string[]
  reason: string
}

export function matchRows(deps: Deps) {
  return (access: Access, reconciliationId: string, wish: MatchWish): Promise<Outcome<Reconciliation>> =>
    refusable(deps, async (trx) => {
      const run = await getRecord(trx, reconciliations, access, reconciliationId, 'lock')
      if (run === undefined) return notFound
      const place = placeOf(access, run)
      const problems: FieldProblem[] = []
      const sorts = new Set<string>()
      let unit = ''
      for (const side of ['ours', 'theirs'] as const) {
        const found = await rowsNamed(trx, place, side, wish[side])
        for (const [i, id] of wish[side].entries()) {
          const row = found.find((each) => each.id === id)
          const pointer = `/${side}/${i}`
          if (row === undefined) problems.push({ pointer, message: 'no such row in this reconciliation' })
          else if (row.byPerson) problems.push({ pointer, message: 'was matched by a person; unmatch it first' })
          else {
            sorts.add(`${row.sort} in ${row.unit}`)
            unit = row.unit
          }
        }
      }
      if (sorts.size > 1)
        problems.push({ pointer: '/theirs', message: `cannot match ${[...sorts].sort().join(' with ')}` })
      if (problems.length > 0) return { kind: 'invalid', problems }
      const rows = (ids: readonly string[]) => ids.map((id) => ({ id }))
      await insertDecision(trx, place, {
        ...said(deps, access, 'match', wish.reason),
        itemKey: hashOf(itemKey(rows(wish.ours), rows(wish.theirs))),
        ours: [...wish.ours],
        theirs: [...wish.theirs],
        difference: 0,
        unit,
        undoes: null,
      })
      return again(deps, trx, access, run, 'matched', wish.reason)
    })
}

export function unmatchItem(deps: Deps) {
  return (access: Access, reconciliationId: string, itemId: string, reason: string): Promise<Outcome<Reconciliation>> =>
    refusable(deps, async (trx) => {
      const found = await lockedItem(trx, access, reconciliationId, itemId)
      if (found === undefined) return notFound
      const { run, item, place } = found
      if (item.state === 'closed' || item.ours.length === 0 || item.theirs.length === 0) {
        return { kind: 'conflict', message: 'Its rows are not matched with one another.' }
      }
      const key = await keyOfItem(trx, access.organizationId, itemId)
      const decisions = await decisionsOf(trx, place)
      const undone = new Set(decisions.map(({ undoes }) => undoes))
      // A match of more rows than are left of it now is found by the rows that are.
      const match = decisions.find(
        ({ decision_id: id, kind, ours, theirs }) =>
          kind === 'match' &&
          !undone.has(id) &&
          item.ours.every((row) => ours.includes(row.id)) &&
          item.theirs.every((row) => theirs.includes(row.id)),
      )
      await insertDecision(trx, place, {
        ...said(deps, access, 'unmatch', reason),
        ...idsOf(item, key),
        undoes: item.matchedBy === 'person' ? (match?.decision_id ?? null) : null,
      })
      return again(deps, trx, access, run, 'unmatched', reason)
    })
}

export function acceptItem(deps: Deps) {
  return (access: Access, reconciliationId: string, itemId: string, reason: string) =>
    decide(deps, access, reconciliationId, itemId, { kind: 'accept', state: 'accepted', reason })
}

export function reopenItem(deps: Deps) {
  return (access: Access, reconciliationId: string, itemId: string, reason: string) =>
    decide(deps, access, reconciliationId, itemId, { kind: 'reopen', state: 'open', reason })
}

const movable = {
  accept: { from: ['open', 'explained'], otherwise: 'Only a difference that is open or explained can be accepted.' },
  reopen: {
    from: ['accepted', 'explained'],
    otherwise: 'Only a difference that is accepted or explained can be opened again.',
  },
} as const

function decide(
  deps: Deps,
  access: Access,
  reconciliationId: string,
  itemId: string,
  { kind, state, reason }: { kind: 'accept' | 'reopen'; state: 'accepted' | 'open'; reason: string },
): Promise<Outcome<ReconciliationItem>> {
  return refusable(deps, async (trx) => {
    const found = await lockedItem(trx, access, reconciliationId, itemId)
    if (found === undefined) return notFound
    const { run, item, place } = found
    if (!(movable[kind].from as readonly string[]).includes(item.state)) {
      return { kind: 'conflict', message: movable[kind].otherwise }
    }
    const now = deps.clock.now()
    const key = await keyOfItem(trx, access.organizationId, itemId)
    await insertDecision(trx, place, { ...said(deps, access, kind, reason), ...idsOf(item, key), undoes: null })
    const { states } = await setItemState(trx, place, itemId, { state, note: reason, by: access.actor, at: now })
    const openItems = states.open ?? 0
    await updateRecord(trx, reconciliations, access.organizationId, run.reconciliationId, {
      open_items: openItems,
      state: openItems > 0 ? 'differs' : 'agreed',
      updated_at: now,
      counts: { ...run.counts, states },
    })
    const after = await getRecord(trx, reconciliationItems, access, itemId)
    if (after === undefined) return notFound
    await appendAudit(trx, access.organizationId, {
      auditId: deps.newId(),
      siteId: run.siteId,
      at: now,
      actor: access.actor,
      requestId: access.requestId,
      action: `reconciliation_item.${kind}`,
      subjectType: 'reconciliation_item',
      subjectId: itemId,
      before: headline(item),
      after: headline(after),
    })
    return ok(after)
  })
}

const headline = ({ class: name, difference, unit, state, note, words }: ReconciliationItem) => ({
  class: name,
  difference,
  unit,
  state,
  note,
  words,
})

const placeOf = (access: Access, { siteId, reconciliationId }: Reconciliation): RunPlace => ({
  organizationId: access.organizationId,
  siteId,
  reconciliationId,
})

async function lockedItem(
  trx: Db,
  access: Access,
  reconciliationId: string,
  itemId: string,
): Promise<{ run: Reconciliation; item: ReconciliationItem; place: RunPlace } | undefined> {
  const run = await getRecord(trx, reconciliations, access, reconciliationId, 'lock')
  const item = run && (await getRecord(trx, reconciliationItems, access, itemId))
  return run && item?.reconciliationId === reconciliationId ? { run, item, place: placeOf(access, run) } : undefined
}

function said<K extends ReconciliationDecision['kind']>(deps: Deps, access: Access, kind: K, reason: string) {
  return { decisionId: deps.newId(), kind, reason, decidedBy: access.actor, decidedAt: deps.clock.now() }
}

function idsOf(item: ReconciliationItem, key: string) {
  const ids = (rows: ReconciliationItem['ours']) => rows.map(({ id }) => id)
  return { itemKey: key, ours: ids(item.ours), theirs: ids(item.theirs), difference: item.difference, unit: item.unit }
}

async function again(
  deps: Deps,
  trx: Db,
  access: Access,
  run: Reconciliation,
  action: string,
  why: string,
): Promise<Outcome<Reconciliation>> {
  const site = await getRecord(trx, sites, access, run.siteId)
  return site === undefined ? notFound : ok(await compute(deps, trx, access, site, run, action, why))
}
