// Owns waiting until a hub has nothing to do: no job runs, waits or settles, and no timer is due.
// Must not hurry anything along.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../domain/clock.ts'
import { defaultChargerSettings } from '../services/charger/charger-deps.ts'
import { countWork } from '../store/jobs.ts'

export async function untilIdle(ownerPool: Parameters<typeof countWork>[0], clock: Clock): Promise<void> {
  const withinMs = defaultChargerSettings.settleAfterMs
  while ((await countWork(ownerPool, { withinMs, now: clock.now() })) > 0) await sleep(25)
}
