// Owns the operations on reconciliations: started, run again, read, decided about.
// Must not compare rows.
import { acceptItem, matchRows, reopenItem, unmatchItem } from '../../services/reconciliation/decide-item.ts'
import {
  exportItems,
  getReconciliation,
  listDecisions,
  listItems,
  listReconciliations,
} from '../../services/reconciliation/read-reconciliations.ts'
import { rerunReconciliation, startReconciliation } from '../../services/reconciliation/run-reconciliation.ts'
import { csvStream } from '../csv.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { found, listed, made, shown } from '../replies.ts'
import { wantsCsv } from './reports.ts'

type Ids =
  | 'listReconciliations'
  | 'startReconciliation'
  | 'getReconciliation'
  | 'rerunReconciliation'
  | 'listReconciliationItems'
  | 'matchReconciliationRows'
  | 'unmatchReconciliationItem'
  | 'acceptReconciliationItem'
  | 'reopenReconciliationItem'
  | 'listReconciliationDecisions'

const itemColumns = [
  ...([
    'businessDate',
    'class',
    'state',
    'reasons',
    'sort',
    'unit',
    'oursAmount',
    'theirsAmount',
    'difference',
  ] as const),
  ...(['words', 'ours', 'theirs', 'matchedBy', 'note', 'decidedBy', 'decidedAt', 'itemId'] as const),
]

export const reconciliations: Part<Ids> = {
  listReconciliations: async ({ query }, { deps, access }) =>
    listed(await listReconciliations(deps)(access, listQuery(query))),
  async startReconciliation({ body }, { deps, access }) {
    const started = await startReconciliation(deps)(access, body)
    if (started.kind !== 'ok') return refused(started)
    const { run, created } = started.value
    const outcome = { kind: 'ok', value: run } as const
    return created ? made(outcome, () => `/reconciliations/${run.reconciliationId}`) : found(outcome)
  },
  getReconciliation: async ({ path }, { deps, access }) =>
    found(await getReconciliation(deps)(access, path.reconciliationId)),
  rerunReconciliation: async ({ path }, { deps, access }) =>
    found(await rerunReconciliation(deps)(access, path.reconciliationId)),
  async listReconciliationItems({ path, query, request }, { deps, access }) {
    if (!wantsCsv(request)) {
      const page = await listItems(deps)(access, path.reconciliationId, listQuery(query))
      return page.kind === 'ok' ? listed(page.value) : refused(page)
    }
    const pages = await exportItems(deps)(access, path.reconciliationId, listQuery(query))
    if (pages.kind !== 'ok') return refused(pages)
    return csvStream(`reconciliation-${path.reconciliationId}.csv`, itemColumns, async function* () {
      for await (const items of pages.value()) {
        yield items.map(({ reasons, ours, theirs, ...item }) => ({
          ...item,
          reasons: reasons.join(' '),
          ours: ours.map(({ id }) => id).join(' '),
          theirs: theirs.map(({ id }) => id).join(' '),
        }))
      }
    })
  },
  matchReconciliationRows: async ({ path, body }, { deps, access }) =>
    found(await matchRows(deps)(access, path.reconciliationId, body)),
  unmatchReconciliationItem: async ({ path, body }, { deps, access }) =>
    found(await unmatchItem(deps)(access, path.reconciliationId, path.itemId, body.reason)),
  acceptReconciliationItem: async ({ path, body }, { deps, access }) =>
    shown(await acceptItem(deps)(access, path.reconciliationId, path.itemId, body.reason)),
  reopenReconciliationItem: async ({ path, body }, { deps, access }) =>
    shown(await reopenItem(deps)(access, path.reconciliationId, path.itemId, body.reason)),
  async listReconciliationDecisions({ path, query }, { deps, access }) {
    const page = await listDecisions(deps)(access, path.reconciliationId, listQuery(query))
    return page.kind === 'ok' ? listed(page.value) : refused(page)
  },
}
