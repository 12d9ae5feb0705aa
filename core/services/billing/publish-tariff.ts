// Owns new versions of a tariff: checked by its engine, numbered, announced. A version never changes and never reaches back.
// Must not re-price anything: what began under an earlier version is billed by it.

import { appendAudit } from '../../store/audit.ts'
import { heldSubjects } from '../../store/billing-subjects.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import type { Page } from '../../store/keyset.ts'
import { type Db, getRecord, type ListQuery, listRecords, updateRecord } from '../../store/record-table.ts'
import {
  insertVersion,
  latestVersion,
  sitesOfTariff,
  type Tariff,
  type TariffVersion,
  tariffs,
  tariffVersions,
} from '../../store/tariffs.ts'
import { type Making, refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { beyondReach } from '../manage/references.ts'
import type { BillingDeps } from './billing-deps.ts'
import { brokenRules, describedVersion, type TariffVersionView } from './tariff-rules.ts'

export interface VersionCreate {
  rules: unknown
  /** Left out: at once. */
  validFrom?: string | Date
}

export function publishTariff(
  deps: BillingDeps,
): (access: Access, tariffId: string, input: VersionCreate) => Promise<Outcome<TariffVersionView>> {
  return (access, tariffId, input) =>
    refusable(deps, async (trx) => {
      const tariff = await getRecord(trx, tariffs, access, tariffId, 'lock')
      if (tariff === undefined) return notFound
      if (tariff.archivedAt !== null) return { kind: 'conflict', message: 'The tariff is archived.' }
      const refusal =
        beyondReach(access, tariff.siteId === null ? null : [tariff.siteId]) ??
        brokenRules(deps, tariff.engine, input.rules, { scope: tariff.scope, currency: tariff.currency })
      if (refusal !== undefined) return refusal
      const before = await latestVersion(trx, access.organizationId, tariffId)
      const making: Making = { trx, access, now: deps.clock.now(), newId: deps.newId }
      const number = (before?.tariffVersion ?? 0) + 1
      const late = await addVersion(making, tariff, number, input)
      if (late !== undefined) return late
      await updateRecord(trx, tariffs, access.organizationId, tariffId, { updated_at: making.now })
      const version = await latestVersion(trx, access.organizationId, tariffId)
      if (version === undefined) throw new Error('the version was not added')
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId: tariff.siteId,
        at: making.now,
        actor: access.actor,
        action: 'tariff.published',
        subjectType: 'tariff',
        subjectId: tariffId,
        before: before ?? null,
        after: version,
        requestId: access.requestId,
      })
      return ok(describedVersion(deps, tariff, version))
    })
}

/** Adds a version in the caller's transaction, with its event; what waited for a tariff is looked at again. */
export async function addVersion(
  { trx, access, now, newId }: Making,
  tariff: Tariff,
  number: number,
  input: VersionCreate,
): Promise<Refusal | undefined> {
  const validFrom = input.validFrom === undefined ? now : new Date(input.validFrom)
  if (number > 1 && validFrom < now) {
    return invalid('/validFrom', 'It lies in the past; prices do not change for what has begun.')
  }
  const version: TariffVersion = {
    tariffId: tariff.tariffId,
    tariffVersion: number,
    rules: input.rules,
    validFrom,
    createdAt: now,
    createdBy: access.actor,
  }
  await insertVersion(trx, access.organizationId, version)
  await appendEvents(trx, [
    {
      id: newId(),
      type: 'tariff.published',
      organizationId: access.organizationId,
      siteId: tariff.siteId,
      subject: { type: 'tariff', id: tariff.tariffId },
      occurredAt: now,
      recordedAt: now,
      data: { tariffId: tariff.tariffId, version: number },
    },
  ])
  for (const siteId of await sitesOfTariff(trx, access.organizationId, tariff.tariffId)) {
    await lookAgain(trx, access.organizationId, siteId)
  }
  return undefined
}

/** What is held at a site may have waited for this. */
export async function lookAgain(trx: Db, organizationId: string, siteId: string): Promise<void> {
  const keys = await heldSubjects(trx, organizationId, siteId)
  await addJobs(
    trx,
    keys.map((subjectKey) => ({
      task: 'bill.evaluate',
      payload: { organizationId, siteId, subjectKey },
      key: `bill:${subjectKey}`,
      queue: `bill:${subjectKey}`,
    })),
  )
}

/** Newest first. */
export function listTariffVersions(
  deps: BillingDeps,
): (access: Access, tariffId: string, query?: ListQuery) => Promise<Outcome<Page<TariffVersionView>>> {
  return async (access, tariffId, query = {}) => {
    const tariff = await getRecord(deps.db, tariffs, access, tariffId)
    if (tariff === undefined) return notFound
    const { items, next } = await listRecords(deps.db, tariffVersions, access, { ...query, tariffId })
    return ok({ items: items.map((version) => describedVersion(deps, tariff, version)), next })
  }
}
