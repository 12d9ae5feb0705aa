// Owns making the export of a closed period: looked at first, then one numbered batch, exactly once, with its files.
// Must not change a batch that exists: what is asked for again is the one that was made.
import { createHash } from 'node:crypto'
import type { ExportFile, ExportProblem } from '../../../domain/closed-period.ts'
import { HubError } from '../../../domain/hub-error.ts'
import type { InSteps } from '../../../domain/in-steps.ts'
import { contentHash } from '../../../domain/ledger/export-batch.ts'
import {
  insertExport,
  type LedgerExport,
  lastExport,
  ledgerExports,
  lockSeries,
  sameExport,
} from '../../../store/ledger-exports.ts'
import { type Db, getRecord, listRecords } from '../../../store/record-table.ts'
import { inTurns } from '../../in-turns.ts'
import { refusable } from '../../manage/manage-record.ts'
import { type Access, type Outcome, ok } from '../../manage/outcome.ts'
import { sha256 } from '../close-period.ts'
import {
  asked,
  type ExportDeps,
  type ExportInput,
  type PreparedExport,
  prepareExport,
  problemsOf,
} from './prepare-export.ts'
import { tellOfExport } from './tell-of-export.ts'

export interface ExportCheck {
  problems: readonly ExportProblem[]
  target: string
  entryCount: number
  debitMinor: number
  creditMinor: number
  /** The batch that it has been made as already. */
  made: LedgerExport | null
  /** The batch that it would take the place of. */
  supersedes: LedgerExport | null
  /** Batches of the period that are in the books outside already. */
  delivered: LedgerExport[]
}

/** What making it would say and do. Nothing is stored. */
export function checkExport(deps: ExportDeps) {
  return async (access: Access, periodId: string, input: ExportInput): Promise<Outcome<ExportCheck>> => {
    const outcome = await prepareExport(deps)(access, periodId, input)
    if (outcome.kind !== 'ok') return outcome
    const prepared = outcome.value
    const { target, key, totalMinor, period } = prepared
    const place = { organizationId: access.organizationId, periodId, target }
    const made = await sameExport(deps.db, { ...place, key })
    const last = made === undefined ? await lastExport(deps.db, place) : undefined
    const read = async (id: string | undefined) => (id === undefined ? null : await exportOf(deps.db, access, id))
    return ok({
      problems: await problemsOf(prepared),
      target,
      entryCount: period.entries.length,
      debitMinor: totalMinor,
      creditMinor: totalMinor,
      made: await read(made),
      supersedes: await read(last),
      delivered: (await listRecords(deps.db, ledgerExports, access, { periodId, state: 'delivered' })).items,
    })
  }
}

export interface MadeExport {
  /** False: it had been made before, and this is that batch with the same bytes. */
  made: boolean
  batch: LedgerExport
}

export function createExport(deps: ExportDeps) {
  return async (access: Access, periodId: string, input: ExportInput): Promise<Outcome<MadeExport>> => {
    const outcome = await prepareExport(deps)(access, periodId, input)
    if (outcome.kind !== 'ok') return outcome
    const prepared = outcome.value
    const sameness = { organizationId: access.organizationId, periodId, target: prepared.target, key: prepared.key }
    // Before anything is written anew: a later edition of a format may write other bytes.
    const before = await sameExport(deps.db, sameness)
    if (before !== undefined) return ok({ made: false, batch: await exportOf(deps.db, access, before) })
    const problems = await problemsOf(prepared)
    if (problems.length > 0) return { kind: 'invalid', problems }
    const files = await written(prepared)
    const hash = contentHash(sha256, files)
    return refusable<MadeExport>(deps, async (trx) => {
      const last = await lockSeries(trx, access.organizationId, prepared.target)
      const same = await sameExport(trx, { ...sameness, hash })
      if (same !== undefined) return ok({ made: false, batch: await exportOf(trx, access, same) })
      const exportId = deps.newId()
      const now = deps.clock.now()
      const { period, names, format } = prepared
      await insertExport(trx, {
        ...sameness,
        hash,
        exportId,
        siteId: period.site.siteId,
        number: last + 1,
        format: format.id,
        mapping: prepared.mapping,
        accounts: names.accounts,
        taxCodes: names.taxCodes,
        options: prepared.options,
        entryCount: period.entries.length,
        totalMinor: prepared.totalMinor,
        supersedes: (await lastExport(trx, sameness)) ?? null,
        createdAt: now,
        createdBy: access.actor,
        files,
      })
      const batch = await exportOf(trx, access, exportId)
      await tellOfExport(deps, trx, access, 'created', null, batch, now)
      return ok({ made: true, batch })
    })
  }
}

async function written({ format, period, names, options }: PreparedExport) {
  const files = await asked(
    format,
    () => format.writing?.(period, names, options) ?? format.write(period, names, options),
  )
  if (files.length === 0)
    throw new HubError('plugin_failed', `The format ${format.id} failed: it wrote no file`, { status: 502 })
  const hashed: (ExportFile & { sha256: string })[] = []
  for (const file of files) hashed.push({ ...file, sha256: await inTurns(hashOf(file.bytes), 1) })
  return hashed
}

/** Some milliseconds' worth. */
const bytesInAStep = 1 << 20

function* hashOf(bytes: Uint8Array): InSteps<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < bytes.length; at += bytesInAStep) {
    hash.update(bytes.subarray(at, at + bytesInAStep))
    yield
  }
  return hash.digest('hex')
}

async function exportOf(db: Db, access: Access, exportId: string): Promise<LedgerExport> {
  const batch = await getRecord(db, ledgerExports, access, exportId)
  if (batch === undefined) throw new Error(`export ${exportId} is gone`)
  return batch
}
