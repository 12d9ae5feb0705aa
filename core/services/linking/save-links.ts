// Owns writing changed links with their history, events and the work they cause.
// Must not decide, and must be called inside the transaction that did.
import type { Kysely } from 'kysely'
import { addJobs, appendEvents, type NewEvent, type NewJob } from '../../store/event-log.ts'
import { appendLinkHistory, type LinkScope, writeLinks } from '../../store/links.ts'
import type { HubTables } from '../../store/schema.ts'
import type { Actor, ServiceDeps } from '../service-deps.ts'
import type { LinkChange } from './link-rows.ts'

export interface Saving {
  trx: Kysely<HubTables>
  scope: LinkScope
  newId: ServiceDeps['newId']
  now: Date
  actor: Actor
}

export async function saveLinks(
  saving: Saving,
  changes: readonly LinkChange[],
  jobs: readonly NewJob[] = [],
): Promise<void> {
  const { trx, scope, newId, now, actor } = saving
  const moved = changes.filter(({ row, before }) => row.state !== before?.state)
  await writeLinks(
    trx,
    changes.map(({ row }) => row),
  )
  await appendLinkHistory(
    trx,
    moved.map(({ row, before, reason }) => ({
      organization_id: scope.organizationId,
      site_id: scope.siteId,
      history_id: newId(),
      link_id: row.link_id,
      from_state: before?.state ?? null,
      to_state: row.state,
      actor,
      reason,
      score: row.score,
      evidence: row.evidence,
      at: now,
    })),
  )
  await appendEvents(
    trx,
    moved.flatMap((change) => eventsOf(change, saving)),
  )
  // A question to a person holds bills back as a link moves them: both have to hear when it comes and when it goes.
  const matters = (state: string | undefined) => state === 'linked' || state === 'review'
  const subjects = moved
    .filter(({ row, before }) => matters(row.state) || matters(before?.state))
    .flatMap(({ row }) => [`stay:${row.stay_id}`, `session:${row.session_id}`])
  await addJobs(trx, [...[...new Set(subjects)].map((subjectKey) => billJob(scope, subjectKey)), ...jobs])
}

export function billJob({ organizationId, siteId }: LinkScope, subjectKey: string): NewJob {
  const name = `bill:${subjectKey}`
  return { task: 'bill.evaluate', payload: { organizationId, siteId, subjectKey }, key: name, queue: name }
}

export function linkJob({ organizationId, siteId }: LinkScope, sessionId: string): NewJob {
  const name = `link:${sessionId}`
  return { task: 'link.evaluate', payload: { organizationId, siteId, sessionId }, key: name, queue: name }
}

/** Apart from `linkJob`, which it must not take the place of: that one also looks at the rivals. */
export function questionJob({ organizationId, siteId }: LinkScope, sessionId: string): NewJob {
  const payload = { organizationId, siteId, sessionId, alone: true }
  return { task: 'link.evaluate', payload, key: `link:question:${sessionId}`, queue: `link:${sessionId}` }
}

export function stayLinkJob({ organizationId, siteId }: LinkScope, stayId: string): NewJob {
  const name = `link:${stayId}`
  return { task: 'link.evaluate', payload: { organizationId, siteId, stayId }, key: name, queue: name }
}

/** Leaving the books or the queue is `link.removed`; then what it became, if that is one of them. */
function eventsOf({ row, before }: LinkChange, { scope, newId, now, actor }: Saving): NewEvent[] {
  const { link_id: linkId, stay_id: stayId, session_id: sessionId } = row
  const ids = { linkId, stayId, sessionId }
  const event = (type: NewEvent['type'], data: object) =>
    ({
      id: newId(),
      type,
      organizationId: scope.organizationId,
      siteId: scope.siteId,
      subject: { type: 'link', id: linkId, version: row.version },
      occurredAt: now,
      recordedAt: now,
      data: { ...ids, ...data },
    }) as NewEvent
  const was = before?.state
  const left = was === 'linked' || (was === 'review' && row.state !== 'linked')
  return [
    ...(left ? [event('link.removed', { decidedBy: actor })] : []),
    ...(row.state === 'linked' ? [event('link.linked', { method: row.method, decidedBy: actor })] : []),
    ...(row.state === 'review' ? [event('link.review', { score: Number(row.score) })] : []),
  ]
}
