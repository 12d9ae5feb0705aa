// Owns where a tariff holds and for whom: at a site, for a group, an area or a kind of parker, from when to when.
// Must not reach back: an assignment that ends keeps holding for what began under it.
import { appendAudit } from '../../store/audit.ts'
import type { Page } from '../../store/keyset.ts'
import { groups } from '../../store/people.ts'
import { areas, sites } from '../../store/places.ts'
import { getRecord, insertRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { endAssignment, type Tariff, type TariffAssignment, tariffAssignments, tariffs } from '../../store/tariffs.ts'
import { columnsOf, refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import { broken, sameSite, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { lookAgain } from './publish-tariff.ts'

export type AssignmentCreate = Pick<TariffAssignment, 'siteId' | 'tariffId'> &
  Partial<Pick<TariffAssignment, 'groupId' | 'areaId' | 'parkerKind' | 'priority'>> & {
    validFrom?: string | Date | null
    validUntil?: string | Date | null
  }

export interface ManagedAssignments {
  list(access: Access, query: ListQuery): Promise<Page<TariffAssignment>>
  assign(access: Access, input: AssignmentCreate): Promise<Outcome<TariffAssignment>>
  end(access: Access, assignmentId: string): Promise<Outcome<TariffAssignment>>
}

export function assignTariffs(deps: Pick<ServiceDeps, 'db' | 'clock' | 'newId'>): ManagedAssignments {
  return {
    list: (access, query) => listRecords(deps.db, tariffAssignments, access, query),
    assign: (access, input) =>
      refusable(deps, async (trx) => {
        const now = deps.clock.now()
        const { organizationId } = access
        const site = await getRecord(trx, sites, access, input.siteId)
        const fits = (tariff: Tariff) => {
          if (tariff.siteId !== null && tariff.siteId !== input.siteId) return 'is for another site'
          return site !== undefined && site.currency !== tariff.currency
            ? `is in ${tariff.currency}, the site in ${site.currency}`
            : null
        }
        const refusal = await broken(trx, access, [
          theSite(input.siteId),
          { pointer: '/tariffId', table: tariffs, id: input.tariffId, fits },
          { pointer: '/groupId', table: groups, id: input.groupId },
          { pointer: '/areaId', table: areas, id: input.areaId, fits: sameSite(input.siteId) },
        ])
        if (refusal !== undefined) return refusal
        const { validFrom, validUntil } = input
        if (validFrom != null && validUntil != null && new Date(validUntil) <= new Date(validFrom)) {
          return invalid('/validUntil', 'It has to be later than the beginning.')
        }
        const assignment = await insertRecord(trx, tariffAssignments, {
          organization_id: organizationId,
          assignment_id: deps.newId(),
          ...columnsOf(tariffAssignments, input),
          created_at: now,
        })
        await log(trx, access, 'tariff_assignment.created', null, assignment)
        await lookAgain(trx, organizationId, input.siteId)
        return ok(assignment)
      }),
    end: (access, assignmentId) =>
      refusable(deps, async (trx) => {
        const before = await getRecord(trx, tariffAssignments, access, assignmentId, 'lock')
        if (before === undefined) return notFound
        await endAssignment(trx, access.organizationId, assignmentId, deps.clock.now())
        const ended = await getRecord(trx, tariffAssignments, access, assignmentId)
        if (ended === undefined) return notFound
        await log(trx, access, 'tariff_assignment.ended', before, ended)
        return ok(ended)
      }),
  }

  function log(
    trx: ServiceDeps['db'],
    access: Access,
    action: string,
    before: TariffAssignment | null,
    after: TariffAssignment,
  ): Promise<void> {
    return appendAudit(trx, access.organizationId, {
      auditId: deps.newId(),
      siteId: after.siteId,
      at: deps.clock.now(),
      actor: access.actor,
      action,
      subjectType: 'tariff_assignment',
      subjectId: after.assignmentId,
      before,
      after,
      requestId: access.requestId,
    })
  }
}
