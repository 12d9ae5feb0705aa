// Owns reading reconciliations, their items and decisions, within the caller's limits.
// Must not write.
import { reconciliationDecisions } from '../../store/reconciliation-decisions.ts'
import {
  type Reconciliation,
  type ReconciliationItem,
  reconciliationItems,
  reconciliations,
} from '../../store/reconciliations.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Reading = Pick<ServiceDeps, 'db'>

export function listReconciliations({ db }: Reading) {
  return (access: Access, query: ListQuery) => listRecords(db, reconciliations, access, query)
}

export function getReconciliation({ db }: Reading) {
  return async (access: Access, reconciliationId: string): Promise<Outcome<Reconciliation>> => {
    const run = await getRecord(db, reconciliations, access, reconciliationId)
    return run === undefined ? notFound : ok(run)
  }
}

/** Closed items, which are no difference any more, only when they are asked for. */
export function listItems({ db }: Reading) {
  return async (access: Access, reconciliationId: string, query: ListQuery) => {
    if ((await getRecord(db, reconciliations, access, reconciliationId)) === undefined) return notFound
    const closed = query.state === undefined ? { standing: true } : {}
    return ok(await listRecords(db, reconciliationItems, access, { ...query, ...closed, reconciliationId }))
  }
}

const exportPage = 1_000

/** All that a list would show, page by page. */
export function exportItems({ db }: Reading) {
  return async (
    access: Access,
    reconciliationId: string,
    query: ListQuery,
  ): Promise<Outcome<() => AsyncGenerator<ReconciliationItem[]>>> => {
    const first = await listItems({ db })(access, reconciliationId, { ...query, limit: exportPage })
    if (first.kind !== 'ok') return first
    return ok(async function* () {
      let page = first.value
      for (;;) {
        yield page.items
        if (page.next === null) return
        const next = await listItems({ db })(access, reconciliationId, {
          ...query,
          limit: exportPage,
          after: page.next,
        })
        if (next.kind !== 'ok') return
        page = next.value
      }
    })
  }
}

export function listDecisions({ db }: Reading) {
  return async (access: Access, reconciliationId: string, query: ListQuery) => {
    if ((await getRecord(db, reconciliations, access, reconciliationId)) === undefined) return notFound
    return ok(await listRecords(db, reconciliationDecisions, access, { ...query, reconciliationId }))
  }
}
