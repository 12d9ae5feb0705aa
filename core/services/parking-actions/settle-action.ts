// Owns writing what an action came to, with everything that follows: its event, its preload, its review, who waits for it.
// Must not call a vendor, nor decide what an answer means.
import {
  type ActionVerdict,
  hasEnded,
  moveParkingAction,
  type ParkingActionState,
  type ParkingActionTrigger,
} from '../../domain/parking-action-state.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import { followPreload, type PreloadState } from '../../store/parcs-preloads.ts'
import { changeParkingAction, type ParkingActionRow } from '../../store/parking-actions.ts'
import type { Db } from '../../store/record-table.ts'
import { closeReviewsOf, openReview } from '../../store/review-items.ts'
import { revocationJobsOf } from '../../store/revocations.ts'
import type { ServiceDeps } from '../service-deps.ts'

export type SettleDeps = Pick<ServiceDeps, 'clock' | 'newId'>

export const reviewKind = 'parking_action'

const plain = { reason: null, code: null, reference: null, nextAt: null, needsPerson: false }

/** A verdict without an answer of the vendor. */
export function verdict(trigger: ParkingActionTrigger, more: Partial<ActionVerdict> = {}): ActionVerdict {
  return { ...plain, trigger, ...more }
}

/** The row must be locked. `by` closes what a person was asked about it. */
export async function settleAction(
  deps: SettleDeps,
  trx: Db,
  row: ParkingActionRow,
  { trigger, reason, code, reference, nextAt, needsPerson }: ActionVerdict,
  by = 'hub',
): Promise<ParkingActionRow> {
  const now = deps.clock.now()
  const before = row.state as ParkingActionState
  const state = moveParkingAction(before, trigger)
  const ended = hasEnded(state)
  const after = await changeParkingAction(
    trx,
    row,
    {
      state,
      reason,
      code,
      next_at: nextAt,
      needs_person: needsPerson,
      unknown_since: state === 'unknown' ? (row.unknown_since ?? now) : state === 'sent' ? row.unknown_since : null,
      ...(reference === null ? {} : { reference }),
      ...(ended ? { finished_at: now } : {}),
    },
    now,
  )
  if (needsPerson && !row.needs_person) await askPerson(deps, trx, after, now)
  else if (row.needs_person && !needsPerson) {
    const of = { organizationId: row.organization_id, kind: reviewKind, subjectId: row.action_id }
    await closeReviewsOf(trx, deps.newId, of, { by, text: `The action is ${state}.`, at: now })
  }
  if (row.subject_type === 'credential') await tellPreload(trx, after, now)
  if (ended) await tellFinished(deps, trx, after, now)
  return after
}

async function askPerson(deps: SettleDeps, trx: Db, row: ParkingActionRow, now: Date): Promise<void> {
  await openReview(trx, deps.newId, {
    organizationId: row.organization_id,
    siteId: row.site_id,
    reviewId: deps.newId(),
    contentKey: `parking_action:${row.action_id}:${row.attempt}`,
    kind: reviewKind,
    subjectType: 'parking_action',
    subjectId: row.action_id,
    reason: row.reason ?? 'Nobody knows whether it was done.',
    data: { actionId: row.action_id, connectionId: row.connection_id, kind: row.kind, subjectKey: row.subject_key },
    at: now,
  })
}

async function tellPreload(trx: Db, row: ParkingActionRow, now: Date): Promise<void> {
  const putting = row.kind === 'credential.put'
  const of = { organizationId: row.organization_id, actionId: row.action_id }
  const say = (state: PreloadState, done = false) =>
    followPreload(trx, of, { state, reason: row.reason, done, reference: row.reference }, now)
  switch (row.state as ParkingActionState) {
    case 'done':
      return say(putting ? 'in_place' : 'removed', true)
    case 'unknown':
      return say('unknown')
    case 'queued':
    case 'sent':
      return say(putting ? 'pending' : 'removing')
    case 'superseded':
      return undefined
    default:
      return say('refused')
  }
}

async function tellFinished(deps: SettleDeps, trx: Db, row: ParkingActionRow, now: Date): Promise<void> {
  await appendEvents(trx, [
    {
      id: deps.newId(),
      type: 'parking_action.finished',
      organizationId: row.organization_id,
      siteId: row.site_id,
      subject: { type: 'parking_action', id: row.action_id },
      occurredAt: now,
      recordedAt: now,
      data: {
        actionId: row.action_id,
        connectionId: row.connection_id,
        kind: row.kind,
        subjectType: row.subject_type,
        subjectKey: row.subject_key,
        state: row.state,
        reason: row.reason,
      },
    },
  ])
  if (row.subject_type === 'credential')
    await addJobs(trx, await revocationJobsOf(trx, row.organization_id, { credentialId: row.subject_key }))
}
