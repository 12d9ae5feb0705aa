// Owns that a fact told twice is one fact and a fact told differently is its next revision, whatever files the lines stood in.
// Must not call a fact told before the hub has stored it: a revision is reserved first, so a kill in between repeats it and no other.
import { NotReady, type ParcsSink, type ParkingFact, type ParkingResult } from '../../../core/plugin/index.ts'
import type { RowFact } from '../mapping/facts-of-row.ts'
import type { FileDb } from './tables.ts'

export type Outcome = 'stored' | 'known' | { rejected: string }

/** One outcome for each fact, in order. */
export function toldFacts(db: FileDb, connectionId: string, sink: ParcsSink) {
  interface Rows {
    ids: readonly string[]
    contents: readonly string[]
  }
  const mark = ({ ids, contents }: Rows) =>
    db
      .updateTable('told_fact')
      .set({ told: true })
      .where('connection_id', '=', connectionId)
      .where('fact_id', 'in', ids)
      .where('content', 'in', contents)
      .execute()
  const forget = ({ ids, contents }: Rows) =>
    db
      .deleteFrom('told_fact')
      .where('connection_id', '=', connectionId)
      .where('fact_id', 'in', ids)
      .where('content', 'in', contents)
      .where('told', '=', false)
      .execute()

  return async (facts: readonly RowFact[]): Promise<Outcome[]> => {
    if (facts.length === 0) return []
    const ids = [...new Set(facts.map(({ fact }) => fact.id))]
    const rows = await db
      .selectFrom('told_fact')
      .select(['fact_id', 'content', 'revision', 'told'])
      .where('connection_id', '=', connectionId)
      .where('fact_id', 'in', ids)
      .execute()
    const known = new Map(rows.map((row) => [row.content, row]))
    const highest = new Map<string, number>()
    for (const { fact_id, revision } of rows) highest.set(fact_id, Math.max(revision, highest.get(fact_id) ?? 0))

    const fresh: typeof rows = []
    const outcomes: Outcome[] = facts.map(() => 'known')
    const send: { at: number; fact: ParkingFact; content: string }[] = []
    for (const [at, { fact, content, revision }] of facts.entries()) {
      let row = known.get(content)
      if (!row) {
        const next = revision > 0 ? revision : (highest.get(fact.id) ?? 0) + 1
        row = { fact_id: fact.id, content, revision: next, told: false }
        known.set(content, row)
        highest.set(fact.id, Math.max(next, highest.get(fact.id) ?? 0))
        fresh.push(row)
      } else if (row.told || send.some((one) => one.content === content)) continue
      send.push({ at, fact: { ...fact, revision: row.revision }, content })
    }
    if (fresh.length > 0)
      await db
        .insertInto('told_fact')
        .values(fresh.map((row) => ({ connection_id: connectionId, ...row })))
        .onConflict((conflict) => conflict.columns(['connection_id', 'fact_id', 'content']).doNothing())
        .execute()
    if (send.length === 0) return outcomes

    const results: ParkingResult[] = await sink.record(send.map(({ fact }) => fact))
    const stored: string[] = []
    const refused: string[] = []
    let raced = false
    for (const [i, { at, content }] of send.entries()) {
      const result = results[i]
      if (result?.status === 'rejected') {
        raced ||= result.reason === 'revision_conflict' && facts[at]?.revision === 0
        outcomes[at] = {
          rejected: `was refused by the hub: ${result.reason}${result.pointer ? ` at ${result.pointer}` : ''}`,
        }
        refused.push(content)
      } else {
        outcomes[at] = result?.status === 'duplicate' ? 'known' : 'stored'
        stored.push(content)
      }
    }
    // A content carries its fact's id, so it is enough to name a row.
    const rowsOf = (contents: readonly string[]) => ({ ids: send.map(({ fact }) => fact.id), contents })
    if (stored.length > 0) await mark(rowsOf(stored))
    // One that the hub refused may come again better, or at a better time.
    if (refused.length > 0) await forget(rowsOf(refused))
    // Another node took the number for something else meanwhile: the next look finds it and counts on.
    if (raced) throw new NotReady('The same fact was told from two files at once.')
    return outcomes
  }
}
