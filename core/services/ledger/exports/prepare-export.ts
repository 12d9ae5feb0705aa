// Owns what an export would be made of, and everything that stands against it: period, format, names, options.
// Must not write.
import type { AccountingFormat, AccountMapping, ClosedPeriod, ExportProblem } from '../../../domain/closed-period.ts'
import { HubError } from '../../../domain/hub-error.ts'
import type { InSteps } from '../../../domain/in-steps.ts'
import { exportKey, pointedFrom, totalOf, usedMapping } from '../../../domain/ledger/export-batch.ts'
import { type AccountMappingRecord, accountMappings } from '../../../store/ledger-read.ts'
import { getRecord, listRecords } from '../../../store/record-table.ts'
import { inTurns } from '../../in-turns.ts'
import { type Access, invalid, type Outcome, ok } from '../../manage/outcome.ts'
import type { ServiceDeps } from '../../service-deps.ts'
import { sha256 } from '../close-period.ts'
import { readClosedPeriod } from '../read-period.ts'

export interface OfferedFormat {
  pluginId: string
  format: AccountingFormat
}

export interface ExportDeps extends ServiceDeps {
  /** What plugins know; of two with one id the first stands. */
  formats(organizationId: string): readonly OfferedFormat[]
}

export interface ExportInput {
  format: string
  /** Default: the mapping whose target is the format's id. */
  mappingId?: string
  options?: Readonly<Record<string, unknown>>
}

export interface PreparedExport {
  periodId: string
  period: ClosedPeriod
  format: AccountingFormat
  target: string
  mapping: { mappingId: string; version: number } | null
  /** As far as the period needs it. */
  names: AccountMapping
  options: Readonly<Record<string, unknown>>
  key: string
  totalMinor: number
}

export function prepareExport(deps: Pick<ExportDeps, 'db' | 'formats'>) {
  return async (access: Access, periodId: string, input: ExportInput): Promise<Outcome<PreparedExport>> => {
    const format = formatNamed(deps, access.organizationId, input.format)
    if (format === undefined) return invalid('/format', 'no such format')
    const mapping = await mappingFor(deps, access, input)
    if (mapping === undefined) return invalid('/mappingId', 'no such mapping')
    const book = await readClosedPeriod(deps)(access, periodId)
    if (book.kind !== 'ok') return book
    const period = book.value
    const names = await inTurns(usedMapping(period, mapping ?? { accounts: {}, taxCodes: {} }), 1)
    const options = input.options ?? {}
    return ok({
      periodId,
      period,
      format,
      target: mapping?.target ?? format.id,
      mapping: mapping && { mappingId: mapping.mappingId, version: mapping.version },
      names,
      options,
      key: exportKey(sha256, { periodHash: period.hash, format: format.id, mapping: names, options }),
      totalMinor: await inTurns(totalOf(period), 1),
    })
  }
}

export function formatNamed(deps: Pick<ExportDeps, 'formats'>, organizationId: string, id: string) {
  return deps.formats(organizationId).find(({ format }) => format.id === id)?.format
}

/** Null when none is made yet for the format; undefined when the one that was named is not there. */
async function mappingFor(
  { db }: Pick<ExportDeps, 'db'>,
  access: Access,
  input: ExportInput,
): Promise<AccountMappingRecord | null | undefined> {
  if (input.mappingId === undefined) {
    const { items } = await listRecords(db, accountMappings, access, { target: input.format, limit: 1 })
    return items[0] ?? null
  }
  const mapping = await getRecord(db, accountMappings, access, input.mappingId)
  return mapping?.archivedAt === null ? mapping : undefined
}

/** Everything that stands against writing it, pointed at from the request: `/mapping/accounts/revenue.parking`, `/options/client`. */
export async function problemsOf({ format, period, names, options }: PreparedExport): Promise<ExportProblem[]> {
  const found = await asked(
    format,
    () => format.checking?.(period, names, options) ?? format.check(period, names, options),
  )
  return found.map(pointedFrom)
}

/** A format is somebody's code: what it throws is its plugin's failure. Gates are answered at its stops. */
export async function asked<T extends readonly unknown[]>(
  format: AccountingFormat,
  ask: () => InSteps<T> | T,
): Promise<T> {
  try {
    const answer = ask()
    // A format stops after a piece of work that is a turn in itself.
    return 'next' in answer ? await inTurns(answer, 1) : answer
  } catch (error) {
    throw new HubError('plugin_failed', `The format ${format.id} failed: ${(error as Error).message}`, {
      status: 502,
      cause: error,
    })
  }
}
