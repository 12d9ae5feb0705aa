// Owns the checks that a record's references lead to live records that the caller reaches and that fit together.
// Must not write.

import { sites } from '../../store/places.ts'
import { type Db, getRecord, type RecordTable } from '../../store/record-table.ts'
import type { Access, FieldProblem, Refusal } from './outcome.ts'

interface Archivable {
  archivedAt: Date | null
}

/** A field that names another record. Null and undefined values need no check. */
export interface Reference<R extends Archivable> {
  pointer: string
  table: RecordTable<R>
  id: string | null | undefined
  /** A sentence when the record is there but does not fit. */
  fits?: (record: R) => string | null
}

/** The first field that does not lead where it should; undefined when all do. */
export async function broken(
  db: Db,
  access: Access,
  // biome-ignore lint/suspicious/noExplicitAny: a list of references to records of different kinds
  references: readonly Reference<any>[],
): Promise<Refusal | undefined> {
  const problems: FieldProblem[] = []
  for (const { pointer, table, id, fits } of references) {
    if (id == null) continue
    const record: Archivable | undefined = await getRecord(db, table, access, id)
    if (!record || record.archivedAt !== null)
      problems.push({ pointer, message: `no such ${table.type.replaceAll('_', ' ')}` })
    else {
      const message = fits?.(record)
      if (message) problems.push({ pointer, message })
    }
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : undefined
}

export function theSite(id: string | null | undefined, pointer = '/siteId'): Reference<Archivable> {
  return { pointer, table: sites, id }
}

/** A record that has to stand on the same site. */
export function sameSite(siteId: string | null): (record: { siteId: string | null }) => string | null {
  return (record) => (record.siteId === siteId ? null : 'is on another site')
}

/**
 * Where something is valid: every site must exist, and a caller limited to sites can name only those, and must name some.
 */
export async function brokenSites(
  db: Db,
  access: Access,
  siteIds: readonly string[] | null | undefined,
): Promise<Refusal | undefined> {
  if (siteIds === undefined) return undefined
  if (siteIds === null) {
    return access.siteIds === null
      ? undefined
      : { kind: 'forbidden', message: 'A key limited to sites has to name the sites where this is valid.' }
  }
  return broken(
    db,
    access,
    siteIds.map((id, i) => theSite(id, `/siteIds/${i}`)),
  )
}

/** A record that is valid beyond the caller's sites is not the caller's to change. */
export function beyondReach(access: Access, siteIds: readonly string[] | null): Refusal | undefined {
  const { siteIds: own } = access
  if (own === null || siteIds?.every((id) => own.includes(id))) return undefined
  return { kind: 'forbidden', message: 'This is valid on sites that the key does not reach.' }
}
