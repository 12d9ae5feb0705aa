// Owns bringing user and customer files in: kept as they were last, less what the hub has no use for.
// Must not make an account: people-list.ts proposes, and a person imports.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { CustomerRow, customer, UserRow, user, Value } from './layouts.ts'
import type { ReadFile } from './record-file.ts'
import type { FilesTables } from './tables.ts'
import type { TakenRecords } from './take-cards.ts'

/** No card numbers of banks, births or addresses: what is not kept cannot be lost. */
const keptFields = {
  user: [
    'customerNumber',
    'surname',
    'firstname',
    'identificationNumber',
    'remarks',
    'remarks2',
    'remarks3',
    'email',
    'deletedRecord',
  ],
  customer: ['surname', 'firstname', 'telephone', 'email', 'beginDate', 'terminationDate', 'blocked', 'deletedRecord'],
} as const satisfies { user: readonly (keyof UserRow)[]; customer: readonly (keyof CustomerRow)[] }
export type KeptUser = Pick<UserRow, (typeof keptFields.user)[number]>
export type KeptCustomer = Pick<CustomerRow, (typeof keptFields.customer)[number]>

export interface TakenPeople extends TakenRecords {
  /** Rows whose newer content was read before. */
  older: number
}

const lot = 500

export async function takePeople(
  { db, connectionId }: { db: Kysely<FilesTables>; connectionId: string },
  kind: 'user' | 'customer',
  file: Extract<ReadFile<typeof user> | ReadFile<typeof customer>, { kind: 'ok' }>,
): Promise<TakenPeople> {
  const taken: TakenPeople = { stored: 0, unchanged: 0, older: 0, rejects: [...file.rejects] }
  const rows = file.records.map(({ fields }): FilesTables['person'] => {
    const values = fields as Record<string, Value>
    const row = JSON.stringify(Object.fromEntries(keptFields[kind].map((name) => [name, values[name] ?? null])))
    const hash = createHash('sha256').update(row).digest('hex')
    const number = Number(values[`${kind}Number`])
    // Without a time of its own a row is as new as its file.
    const modified = String(values.lastModification ?? `${file.header.date} 00:00:00`)
    return { connection_id: connectionId, kind, number, hash, modified, row }
  })
  for (let from = 0; from < rows.length; from += lot) {
    const some = rows.slice(from, from + lot)
    const known = await db
      .selectFrom('person')
      .select(['number', 'hash', 'modified'])
      .where('connection_id', '=', connectionId)
      .where('kind', '=', kind)
      .where(
        'number',
        'in',
        some.map(({ number }) => number),
      )
      .execute()
    const before = new Map(known.map((one) => [one.number, one]))
    const fresh = some.filter(({ number, hash, modified }) => {
      const last = before.get(number)
      if (last === undefined) return true
      if (last.hash === hash) taken.unchanged += 1
      else if (modified < last.modified) taken.older += 1
      return last.hash !== hash && modified >= last.modified
    })
    if (fresh.length === 0) continue
    await db
      .insertInto('person')
      .values(fresh)
      .onConflict((conflict) =>
        conflict.columns(['connection_id', 'kind', 'number']).doUpdateSet((row) => ({
          hash: row.ref('excluded.hash'),
          modified: row.ref('excluded.modified'),
          row: row.ref('excluded.row'),
        })),
      )
      .execute()
    taken.stored += fresh.length
  }
  return taken
}
