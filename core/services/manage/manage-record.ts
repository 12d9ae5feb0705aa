// Owns what is the same for all configuration records: seen within limits, changed at a version, each change in the audit log.
// Must not know any one kind of record; its rules come as a value.

import { appendAudit } from '../../store/audit.ts'
import { violation } from '../../store/constraint.ts'
import type { Page } from '../../store/keyset.ts'
import {
  type Db,
  getRecord,
  insertRecord,
  type ListQuery,
  listRecords,
  type RecordTable,
  updateRecord,
} from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from './outcome.ts'

/** Columns to write, or why not. */
export type Change = { kind: 'columns'; columns: Readonly<Record<string, unknown>> } | Refusal

export interface Versioned {
  version: number
  archivedAt?: Date | null
}

/** What a change may need beyond its input. `trx` is the transaction that the change is made in. */
export interface Making {
  trx: Db
  access: Access
  now: Date
  newId: ServiceDeps['newId']
}

export interface RecordRules<R extends Versioned, C, P> {
  table: RecordTable<R>
  idOf(record: R): string
  /** The site that the change is logged under. */
  siteOf(record: R): string | null
  create(making: Making, input: C, id: string): Promise<Change>
  update(making: Making, before: R, input: P): Promise<Change>
  /** How an update is called in the audit log. Default: `updated`. */
  updates?: string
  /** What else happens in the transaction, once the record is written: events, records that depend on it. */
  changed?(making: Making, before: R | null, after: R, input: C | P | null): Promise<Refusal | undefined>
}

export interface Managed<R, C, P> {
  list(access: Access, query: ListQuery): Promise<Page<R>>
  get(access: Access, id: string): Promise<Outcome<R>>
  create(access: Access, input: C): Promise<Outcome<R>>
  /** `version` is the one the caller saw; left out, whatever it is now. */
  update(access: Access, id: string, input: P & { archived?: boolean }, version?: number): Promise<Outcome<R>>
  archive(access: Access, id: string, version?: number): Promise<Outcome<R>>
}

/** The five operations of one kind of record. */
export function manage<R extends Versioned, C, P>(
  rules: RecordRules<R, C, P>,
): (deps: ServiceDeps) => Managed<R, C, P> {
  const { table } = rules
  return (deps) => {
    const write = <T>(access: Access, body: (making: Making) => Promise<Outcome<T>>): Promise<Outcome<T>> =>
      refusable(deps, (trx) => body({ trx, access, now: deps.clock.now(), newId: deps.newId }))

    const log = async (making: Making, action: string, before: R | null, after: R): Promise<void> =>
      appendAudit(making.trx, making.access.organizationId, {
        auditId: making.newId(),
        siteId: rules.siteOf(after),
        at: making.now,
        actor: making.access.actor,
        action: `${table.type}.${action}`,
        subjectType: table.type,
        subjectId: rules.idOf(after),
        before,
        after,
        requestId: making.access.requestId,
      })

    const change = (
      access: Access,
      id: string,
      version: number | undefined,
      action: (before: R) => string,
      columns: (making: Making, before: R) => Promise<Change>,
      input: P | null,
    ) =>
      write<R>(access, async (making) => {
        const before = await getRecord(making.trx, table, access, id, 'lock')
        if (!before) return notFound
        if (version !== undefined && before.version !== version) return { kind: 'stale', version: before.version }
        const next = await columns(making, before)
        if (next.kind !== 'columns') return next
        const stamp = 'updatedAt' in table.fields ? { updated_at: making.now } : {}
        const after = await updateRecord(making.trx, table, access.organizationId, id, { ...next.columns, ...stamp })
        const refusal = await rules.changed?.(making, before, after, input)
        if (refusal) return refusal
        await log(making, action(before), before, after)
        return ok(after)
      })

    return {
      list: (access, query) => listRecords(deps.db, table, access, query),
      async get(access, id) {
        const record = await getRecord(deps.db, table, access, id)
        return record ? ok(record) : notFound
      },
      create: (access, input) =>
        write(access, async (making) => {
          const id = deps.newId()
          const next = await rules.create(making, input, id)
          if (next.kind !== 'columns') return next
          const record = await insertRecord(making.trx, table, {
            organization_id: access.organizationId,
            [table.id ?? '']: id,
            ...next.columns,
            created_at: making.now,
            updated_at: making.now,
          })
          const refusal = await rules.changed?.(making, null, record, input)
          if (refusal) return refusal
          await log(making, 'created', null, record)
          return ok(record)
        }),
      update: (access, id, { archived, ...input }, version) =>
        change(
          access,
          id,
          version,
          (before) => (archived === false && before.archivedAt != null ? 'restored' : (rules.updates ?? 'updated')),
          async (making, before) => {
            const next = await rules.update(making, before, input as unknown as P)
            if (next.kind !== 'columns' || archived === undefined) return next
            return { kind: 'columns', columns: { ...next.columns, archived_at: archived ? making.now : null } }
          },
          input as unknown as P,
        ),
      archive: (access, id, version) =>
        change(
          access,
          id,
          version,
          () => 'archived',
          async (making, before) =>
            before.archivedAt == null
              ? { kind: 'columns', columns: { archived_at: making.now } }
              : { kind: 'conflict', message: 'It is archived already.' },
          null,
        ),
    }
  }
}

/** A refusal undoes what was written before it was noticed; a clash with the table's own rules is one, too. */
class Undo extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super('refused')
    this.refusal = refusal
  }
}

export async function refusable<T>(
  deps: Pick<ServiceDeps, 'db'>,
  body: (trx: Db) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  try {
    return await transaction(deps.db, async (trx) => {
      const outcome = await body(trx)
      if (outcome.kind !== 'ok') throw new Undo(outcome)
      return outcome
    })
  } catch (error) {
    if (error instanceof Undo) return error.refusal
    const broken = violation(error)
    if (broken === null) throw error
    if (broken.kind === 'value') return invalid('', 'A value is outside what can be stored.')
    const pointer = `/${camelCase(broken.columns.at(-1) ?? '')}`
    return broken.kind === 'unique'
      ? { kind: 'conflict', message: 'Another record has this already, perhaps an archived one.', pointer }
      : invalid(pointer, 'does not exist')
  }
}

/** The columns of those input fields that are set; fields that are no column of the table are left out. */
export function columnsOf<R>(table: RecordTable<R>, input: object): Record<string, unknown> {
  const fields: Readonly<Record<string, string>> = table.fields
  return Object.fromEntries(
    Object.entries(input).flatMap(([field, value]) => {
      const column = fields[field]
      return value === undefined || !column?.startsWith('t.') ? [] : [[column.slice(2), value]]
    }),
  )
}

export function columns(values: Readonly<Record<string, unknown>>): Change {
  return { kind: 'columns', columns: values }
}

function camelCase(column: string): string {
  return column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
