// Owns the failsafe share as a thing that a station is to have: wanted while its EVSE hangs on a circuit, no longer after that.
// Must not send it; reconciling does, before all else.
import { appendAudit } from '../../store/audit.ts'
import type { CircuitEvseRecord } from '../../store/circuits.ts'
import { desiredItems, ownItem } from '../../store/desired-items.ts'
import { addJobs } from '../../store/event-log.ts'
import { insertRecord, updateRecord } from '../../store/record-table.ts'
import type { Making } from '../manage/manage-record.ts'
import { failsafeLevel } from './load-site.ts'

/** Numbers of profiles from here on are these: one for each EVSE, apart from those of plain limits (1.6 counts in 16 bits). */
const firstProfileId = 29_000

export const failsafeKey = (evseNumber: number) => `load-failsafe-${evseNumber}`

export async function wantFailsafe(
  { trx, access, now, newId }: Making,
  { siteId, stationId, evseNumber, failsafeA, phases, archivedAt }: CircuitEvseRecord,
): Promise<void> {
  const { organizationId } = access
  const key = failsafeKey(evseNumber)
  const value = {
    evse: evseNumber,
    failsafe: true,
    profile: {
      profileId: firstProfileId + evseNumber,
      stackLevel: failsafeLevel,
      purpose: 'default',
      kind: 'relative',
      schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit: failsafeA, phases }] }],
    },
  }
  const before = await ownItem(trx, organizationId, { stationId, kind: 'profile', key })
  if (before === undefined && archivedAt !== null) return
  const after =
    before === undefined
      ? await insertRecord(trx, desiredItems, {
          organization_id: organizationId,
          desired_item_id: newId(),
          ...{ scope: 'station', site_id: siteId, station_id: stationId, place: `station:${stationId}` },
          ...{ kind: 'profile', key, value, enabled: true, created_at: now, updated_at: now },
        })
      : await updateRecord(trx, desiredItems, organizationId, before.desiredItemId, {
          ...(archivedAt === null ? { value, enabled: true } : { archived_at: now }),
          updated_at: now,
        })
  await appendAudit(trx, organizationId, {
    auditId: newId(),
    siteId,
    at: now,
    actor: access.actor,
    action: `desired_item.${before === undefined ? 'created' : archivedAt === null ? 'updated' : 'archived'}`,
    subjectType: 'desired_item',
    subjectId: after.desiredItemId,
    before: before ?? null,
    after,
    requestId: access.requestId,
  })
  const places = [{ scope: 'station', siteId, vendor: null, model: null, firmwarePrefix: null, stationId }]
  await addJobs(trx, [{ task: 'desired.changed', payload: { organizationId, places } }])
}
