// Owns what people decided about reconciliations, in the order of deciding.
// Must not change a decision: a later one stands against an earlier one.
import type { RunPlace } from './reconciliations.ts'
import { type Db, is, recordTable } from './record-table.ts'

export interface ReconciliationDecision {
  decisionId: string
  siteId: string
  reconciliationId: string
  kind: 'match' | 'unmatch' | 'accept' | 'reopen'
  itemKey: string
  ours: string[]
  theirs: string[]
  difference: number
  unit: string
  reason: string
  /** The decision that this one takes back. */
  undoes: string | null
  /** The decision that took this one back. */
  undoneBy: string | null
  undoneAt: Date | null
  decidedBy: string
  decidedAt: Date
}

const undoing = (column: string) => `(select u.${column} from reconciliation_decision u
  where u.organization_id = t.organization_id and u.reconciliation_id = t.reconciliation_id and u.undoes = t.decision_id
  order by u.decision_id limit 1)`

export const reconciliationDecisions = recordTable<ReconciliationDecision>()('reconciliation_decision', {
  type: 'reconciliation_decision',
  id: 'decision_id',
  columns: {
    decisionId: 'decision_id',
    siteId: 'site_id',
    reconciliationId: 'reconciliation_id',
    kind: 'kind',
    itemKey: 'item_key',
    ours: 'ours',
    theirs: 'theirs',
    difference: 'difference',
    unit: 'unit',
    reason: 'reason',
    undoes: 'undoes',
    decidedBy: 'decided_by',
    decidedAt: 'decided_at',
  },
  expressions: { undoneBy: undoing('decided_by'), undoneAt: undoing('decided_at') },
  reach: 'site',
  // Ids are uuidv7: their order is the order of deciding.
  sorts: { decidedAt: [{ expression: 't.decision_id', type: 'uuid' }] },
  filters: {
    reconciliationId: is('reconciliation_id'),
    kind: is('kind'),
  },
})

export function decisionsOf(
  db: Db,
  { organizationId, reconciliationId }: RunPlace,
): Promise<
  {
    decision_id: string
    kind: string
    item_key: string
    ours: string[]
    theirs: string[]
    difference: number
    reason: string
    undoes: string | null
    decided_by: string
    decided_at: Date
  }[]
> {
  return db
    .selectFrom('reconciliation_decision')
    .select([
      'decision_id',
      'kind',
      'item_key',
      'ours',
      'theirs',
      'difference',
      'reason',
      'undoes',
      'decided_by',
      'decided_at',
    ])
    .where('organization_id', '=', organizationId)
    .where('reconciliation_id', '=', reconciliationId)
    .orderBy('decision_id')
    .execute()
}

export async function insertDecision(
  trx: Db,
  { organizationId, siteId, reconciliationId }: RunPlace,
  decision: Omit<ReconciliationDecision, 'siteId' | 'reconciliationId' | 'undoneBy' | 'undoneAt'>,
): Promise<void> {
  await trx
    .insertInto('reconciliation_decision')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      reconciliation_id: reconciliationId,
      decision_id: decision.decisionId,
      kind: decision.kind,
      item_key: decision.itemKey,
      ours: decision.ours,
      theirs: decision.theirs,
      difference: decision.difference,
      unit: decision.unit,
      reason: decision.reason,
      undoes: decision.undoes,
      decided_by: decision.decidedBy,
      decided_at: decision.decidedAt,
    })
    .execute()
}
