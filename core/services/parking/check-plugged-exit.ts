// Owns the task `stay.check_plugged`: a car that left while its cable was in, by both clocks: stolen cable, or a clock that is wrong.
// Must not raise an alarm about what is long over; facts of an outage come hours late.
import { appendEvents } from '../../store/event-log.ts'
import { siteSettings } from '../../store/links.ts'
import type { Db } from '../../store/record-table.ts'
import {
  type PluggedExit,
  pluggedExits,
  type StayAlarm,
  staysWithSessions,
  writeAlarm,
} from '../../store/stay-alarms.ts'
import { setTimer, setTimers } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { StayChange } from './stay-row.ts'

const minuteMs = 60_000
const standardToleranceMs = 10 * minuteMs
/** An alarm that stands is looked at again until the cable is out. */
const againMs = 15 * minuteMs
/** What was over longer than this before it was told is history. */
const freshMs = 60 * minuteMs
const longestAlarmMs = 24 * 60 * minuteMs

interface StayScope {
  organizationId: string
  siteId: string
  stayId: string
}

const timerOf = (scope: StayScope, dueAt: Date) => ({
  organizationId: scope.organizationId,
  siteId: scope.siteId,
  kind: 'stay.check_plugged',
  key: `stay:${scope.stayId}`,
  dueAt,
  data: { ...scope },
})

/** Makes the appointments for stays whose exit has become known or changed. */
export async function watchExits(
  trx: Db,
  organizationId: string,
  changes: readonly StayChange[],
  now: Date,
): Promise<void> {
  const moved = changes.filter(
    ({ row, before }) =>
      (before?.exited_at ?? null)?.getTime() !== (row.exited_at as Date | null)?.getTime() ||
      (before !== null && before.state !== row.state),
  )
  const stays = moved.map(({ row, before }) => ({
    stayId: row.stay_id,
    siteId: row.site_id,
    exitedAt: (row.exited_at ?? before?.exited_at ?? now) as Date,
  }))
  const concerned = new Set(await staysWithSessions(trx, organizationId, stays))
  await setTimers(
    trx,
    stays
      .filter(({ stayId }) => concerned.has(stayId))
      .map(({ stayId, siteId, exitedAt }) => {
        const after = new Date(exitedAt.getTime() + standardToleranceMs)
        return timerOf({ organizationId, siteId, stayId }, after > now ? after : now)
      }),
  )
}

export function checkPluggedExit(deps: ServiceDeps): (scope: StayScope) => Promise<void> {
  return async (scope) => {
    await transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const { plugged_exit_tolerance_minutes: given } = ((await siteSettings(trx, scope)) ?? {}) as Record<
        string,
        unknown
      >
      const tolerance = typeof given === 'number' && given >= 0 ? given * minuteMs : standardToleranceMs
      for (const one of await pluggedExits(trx, scope.organizationId, scope.stayId)) {
        const verdict = judge(one, tolerance, now)
        if (verdict.kind === 'later') await setTimer(trx, timerOf(scope, verdict.at))
        if (verdict.kind === 'later') continue
        const stands = one.alarm !== null && one.alarm.withdrawnAt === null ? one.alarm : null
        const alarm = verdict.kind === 'alarm' ? verdict.alarm : null
        if (alarm !== null && one.unpluggedAt === null)
          await setTimer(trx, timerOf(scope, new Date(now.getTime() + againMs)))
        if ((stands?.kind ?? null) === alarm) continue
        const { reason } = verdict
        await writeAlarm(trx, {
          organization_id: scope.organizationId,
          site_id: scope.siteId,
          stay_id: scope.stayId,
          session_id: one.sessionId,
          kind: alarm ?? stands?.kind ?? 'exited_while_plugged',
          raised_at: alarm === null && stands !== null ? new Date(stands.raisedAt) : now,
          withdrawn_at: alarm === null ? now : null,
          reason,
        })
        const theft = alarm === 'exited_while_plugged'
        if (!theft && stands?.kind !== 'exited_while_plugged') continue
        await appendEvents(trx, [
          {
            id: deps.newId(),
            type: 'stay.exited_while_plugged',
            organizationId: scope.organizationId,
            siteId: scope.siteId,
            subject: { type: 'stay', id: scope.stayId },
            occurredAt: theft ? (one.exitedAt ?? now) : now,
            recordedAt: now,
            data: { stayId: scope.stayId, sessionId: one.sessionId, active: theft, reason },
          },
        ])
      }
    })
  }
}

type Verdict =
  | { kind: 'alarm'; alarm: StayAlarm['kind']; reason: string }
  | { kind: 'none'; reason: string }
  | { kind: 'later'; at: Date }

function judge(one: PluggedExit, tolerance: number, now: Date): Verdict {
  const { exitedAt, unpluggedAt, pluggedAt, heardAt, enteredAgainAt } = one
  const stands = one.alarm !== null && one.alarm.withdrawnAt === null
  if (!one.linked) return { kind: 'none', reason: 'The session does not belong to this stay.' }
  if (one.stayState !== 'closed' || exitedAt === null) return { kind: 'none', reason: 'The car has not left.' }
  if (pluggedAt >= exitedAt || one.sessionState === 'void') {
    return { kind: 'none', reason: 'The cable went in after the car had left.' }
  }
  const sure = new Date(exitedAt.getTime() + tolerance)
  if (unpluggedAt !== null && unpluggedAt <= sure)
    return { kind: 'none', reason: 'The cable came out when the car left.' }
  if (now < sure) return { kind: 'later', at: sure }
  if (enteredAgainAt !== null && (unpluggedAt === null || enteredAgainAt < unpluggedAt)) {
    return {
      kind: 'alarm',
      alarm: 'session_spans_stays',
      reason: 'The same car came in again while the session went on: it belongs to one stay at a time.',
    }
  }
  const age = now.getTime() - exitedAt.getTime()
  if (!stands && age > (unpluggedAt === null ? longestAlarmMs : freshMs)) {
    return { kind: 'none', reason: 'It was told too late to act on.' }
  }
  // A charger that has not been heard of since cannot have told that the cable is out.
  if (unpluggedAt === null && (heardAt === null || heardAt < sure))
    return { kind: 'later', at: new Date(now.getTime() + againMs) }
  return {
    kind: 'alarm',
    alarm: 'exited_while_plugged',
    reason: 'The car left by the gate while its cable was in: a stolen cable, or a clock that is wrong.',
  }
}
