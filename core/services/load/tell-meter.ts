// Owns what a person or a building's meter tells the load guard: a reading, and that an EVSE is to be trusted again.
// Must not decide what follows; the guard looks again.
import { appendAudit } from '../../store/audit.ts'
import {
  type CircuitEvseRecord,
  type CircuitMeterRecord,
  circuitEvses,
  circuits,
  keepReading,
  lockLoad,
} from '../../store/circuits.ts'
import { addJobs } from '../../store/event-log.ts'
import { writeWatched } from '../../store/load-sites.ts'
import { getRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { guardJob } from './guard-job.ts'
import { closeTrouble } from './guard-load.ts'

/** Clocks of meters may be ahead by this. */
const aheadMs = 60_000

export function tellCircuitMeter(deps: ServiceDeps) {
  return (
    access: Access,
    circuitId: string,
    { amps, readAt }: { amps: number; readAt: string },
  ): Promise<Outcome<CircuitMeterRecord>> =>
    refusable(deps, async (trx) => {
      const circuit = await getRecord(trx, circuits, access, circuitId)
      if (!circuit || circuit.archivedAt !== null) return notFound
      if (circuit.otherLoad === null)
        return { kind: 'conflict', message: 'The circuit has no other load; set `otherLoad` first.' }
      const now = deps.clock.now()
      const read = new Date(readAt)
      if (read.getTime() > now.getTime() + aheadMs) return invalid('/readAt', 'lies in the future')
      const place = { organizationId: access.organizationId, siteId: circuit.siteId }
      const reading = { circuitId, amps, readAt: read > now ? now : read, receivedAt: now }
      const kept = await keepReading(trx, place, reading)
      if (kept.readAt.getTime() === reading.readAt.getTime()) await addJobs(trx, [guardJob(place)])
      return ok(kept)
    })
}

export function trustCircuitEvse(deps: ServiceDeps) {
  return (access: Access, circuitEvseId: string): Promise<Outcome<CircuitEvseRecord>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, circuitEvses, access, circuitEvseId)
      if (!before || before.archivedAt !== null) return notFound
      await lockLoad(trx, before.siteId)
      if (before.ignoringSince === null) return { kind: 'conflict', message: 'It was not seen to ignore its limit.' }
      const place = { organizationId: access.organizationId, siteId: before.siteId }
      const { refusingSince } = before
      await writeWatched(trx, place.organizationId, {
        circuitEvseId,
        overSince: null,
        ignoringSince: null,
        refusingSince,
      })
      const after = { ...before, ignoringSince: null }
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId: before.siteId,
        at: deps.clock.now(),
        actor: access.actor,
        action: 'circuit_evse.trusted',
        subjectType: 'circuit_evse',
        subjectId: circuitEvseId,
        before,
        after,
        requestId: access.requestId,
      })
      await closeTrouble(deps, trx, place, circuitEvseId, 'load_limit_ignored', access.actor, 'It is trusted again.')
      await addJobs(trx, [guardJob(place)])
      return ok(after)
    })
}
