// Owns standing exports: after each close the export is made, or it is told why not, and made once that is put right.
// Must not mark anything as delivered.
import type { ExportProblem } from '../../../domain/closed-period.ts'
import { appendEvents } from '../../../store/event-log.ts'
import { accountMappings } from '../../../store/ledger-read.ts'
import { sites } from '../../../store/places.ts'
import { getRecord } from '../../../store/record-table.ts'
import {
  forgetRefusals,
  keepRefusal,
  periodsToExport,
  type StandingExport,
  standingExports,
  wakeStandingExports,
} from '../../../store/standing-exports.ts'
import { transaction } from '../../../store/transaction.ts'
import { type Change, columns, columnsOf, type Making, manage } from '../../manage/manage-record.ts'
import { type Access, type FieldProblem, invalid, ok, type Refusal } from '../../manage/outcome.ts'
import { createExport } from './create-export.ts'
import { type ExportDeps, formatNamed } from './prepare-export.ts'

type Fields = Partial<Pick<StandingExport, 'mappingId' | 'options'>>
export type StandingCreate = Fields &
  Pick<StandingExport, 'format' | 'mappingId'> &
  Partial<Pick<StandingExport, 'siteId'>>

const managed = (deps: ExportDeps) =>
  manage<StandingExport, StandingCreate, Fields>({
    table: standingExports,
    idOf: (one) => one.standingExportId,
    siteOf: (one) => one.siteId,
    async create(making, input) {
      const { siteId = null } = input
      const { access, trx } = making
      if (siteId !== null && (await getRecord(trx, sites, access, siteId)) === undefined)
        return invalid('/siteId', 'no such site')
      if (formatNamed(deps, access.organizationId, input.format) === undefined)
        return invalid('/format', 'no such format')
      return (await refusedOf(making, input.mappingId)) ?? written(input)
    },
    update: async (making, _before, input) => (await refusedOf(making, input.mappingId)) ?? written(input),
    async changed({ trx, access }, _before, { standingExportId, siteId }) {
      if (access.siteIds !== null && siteId === null)
        return { kind: 'forbidden', message: 'It holds for all sites; a key limited to sites cannot change it.' }
      await wakeStandingExports(trx, access.organizationId, { standingExportId })
      return undefined
    },
  })(deps)

/** What one that holds for all sites could not make at a site is for those who may see that site. */
export function manageStandingExports(deps: ExportDeps): ReturnType<typeof managed> {
  const exports = managed(deps)
  return {
    ...exports,
    async list(access, query) {
      const page = await exports.list(access, query)
      return { ...page, items: page.items.map((one) => seenBy(access, one)) }
    },
    async get(access, id) {
      const outcome = await exports.get(access, id)
      return outcome.kind === 'ok' ? ok(seenBy(access, outcome.value)) : outcome
    },
  }
}

function seenBy({ siteIds }: Access, standing: StandingExport): StandingExport {
  if (siteIds === null) return standing
  return { ...standing, refused: standing.refused.filter(({ siteId }) => siteIds.includes(siteId)) }
}

const written = (input: Fields): Change => columns(columnsOf(standingExports, input))

async function refusedOf({ trx, access }: Making, mappingId?: string): Promise<Refusal | null> {
  if (mappingId === undefined) return null
  const mapping = await getRecord(trx, accountMappings, access, mappingId)
  return mapping?.archivedAt === null ? null : invalid('/mappingId', 'no such mapping')
}

/** The task `ledger.export`: every closed period that one standing export has yet to make. */
export function runStandingExport(deps: ExportDeps) {
  return async (ask: { organizationId: string; standingExportId: string }): Promise<void> => {
    const { organizationId, standingExportId } = ask
    const access: Access = { organizationId, siteIds: null, actor: 'hub', requestId: 'ledger.export' }
    const standing = await getRecord(deps.db, standingExports, access, standingExportId)
    if (standing === undefined || standing.archivedAt !== null) return
    const { format, mappingId, options } = standing
    const mapping = await getRecord(deps.db, accountMappings, access, mappingId)
    const which = { organizationId, standingExportId, target: mapping?.target ?? format }
    for (const period of await periodsToExport(deps.db, which)) {
      const outcome = await createExport(deps)(access, period.periodId, { format, mappingId, options })
      if (outcome.kind === 'ok') continue
      const place = { organizationId, standingExportId, ...period }
      await refuse(deps, place, { format, target: which.target }, problemsOf(outcome))
    }
    await forgetRefusals(deps.db, which)
  }
}

const mostTold = 20

const problemsOf = (refusal: Refusal): readonly FieldProblem[] =>
  refusal.kind === 'invalid' ? refusal.problems.slice(0, mostTold) : [{ pointer: '', message: refusal.kind }]

async function refuse(
  { db, clock, newId, log }: ExportDeps,
  place: { organizationId: string; siteId: string; standingExportId: string; periodId: string },
  { format, target }: { format: string; target: string },
  problems: readonly ExportProblem[],
): Promise<void> {
  const { organizationId, siteId, standingExportId, periodId } = place
  log.warn({ ...place, problems }, 'a closed period could not be exported')
  await transaction(db, async (trx) => {
    const now = clock.now()
    if (!(await keepRefusal(trx, place, problems, now))) return
    await appendEvents(trx, [
      {
        id: newId(),
        type: 'ledger.export.failed',
        organizationId,
        siteId,
        subject: { type: 'ledger_period', id: periodId },
        occurredAt: now,
        recordedAt: now,
        data: { standingExportId, periodId, target, format, problems: [...problems] },
      },
    ])
  })
}
