// Owns what follows at the chargers when a card may no longer charge: what stations remember of it goes, a running charge ends if the site wants it.
// Must not touch gates and local lists: gates ask each time, lists are desired state.
import type { StationCommand } from '../../domain/station-command.ts'
import { hasOpenCommand, usesOf } from '../../store/withdrawn-uses.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import type { AccessQuestion, Weighed } from './access-question.ts'

export interface FollowWithdrawalDeps extends QueueCommandDeps {
  weigh(question: AccessQuestion): Promise<Weighed>
}

const dayMs = 86_400_000
/** Stations keep verdicts for a long time; one that was not used for a year has others to keep. */
const rememberedMs = 365 * dayMs
/** A station that is away forgets when it comes back, if it does within a month. */
const patienceMs = 30 * dayMs

/** Whether a charge goes on to its end when its card is withdrawn (the default), or is stopped. */
export function endsCharging(settings: Record<string, unknown>): boolean {
  return settings.withdrawn_charging === 'stop'
}

/** Task `access.withdrawn`. */
export function followWithdrawal(deps: FollowWithdrawalDeps) {
  const send = queueCommand(deps)
  const once = async (organizationId: string, stationId: string, command: StationCommand, ttlMs?: number) => {
    if (await hasOpenCommand(deps.db, organizationId, stationId, command)) return
    await send({
      organizationId,
      stationId,
      command,
      requestedBy: 'hub',
      ...(ttlMs === undefined ? {} : { ttlMs }),
    })
  }
  return async (changed: { organizationId: string; credentialIds: readonly string[] }): Promise<void> => {
    const { organizationId, credentialIds } = changed
    const now = deps.clock.now()
    const uses = await usesOf(deps.db, organizationId, credentialIds, new Date(now.getTime() - rememberedMs))
    for (const { siteId, stationId, idToken, idTokenKind, settings, running } of uses) {
      const token = { value: idToken, kind: idTokenKind }
      const { authorization } = await deps.weigh({
        organizationId,
        siteId,
        place: 'charger',
        token,
        stationId,
        at: now,
        places: 'settled',
      })
      if (authorization.status === 'accepted') continue
      if (endsCharging(settings)) {
        for (const { number, ref } of running) {
          const transaction = { ...(number === null ? {} : { number }), ...(ref === null ? {} : { ref }) }
          await once(organizationId, stationId, { name: 'stop', transaction })
        }
      }
      await once(organizationId, stationId, { name: 'clear_cache' }, patienceMs)
    }
  }
}
