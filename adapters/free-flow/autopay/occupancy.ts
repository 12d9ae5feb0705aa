// Owns reading how full Autopay's zones are (Status API), and telling it when it has changed.
// Must not ask oftener than Autopay allows: once in 10 s and zone.
import { type ParcsSink, type ParkingFact, succeeded } from '../../../core/plugin/index.ts'
import { fieldsOf } from '../fields.ts'
import { type Api, failed } from './api.ts'

export interface ZoneWatch {
  /** @returns what did not work; null when all zones are read */
  look(sink: Pick<ParcsSink, 'record'>, signal: AbortSignal): Promise<string | null>
}

export function zoneWatch(api: Api, zones: readonly string[], now: () => Date): ZoneWatch {
  const told = new Map<string, string>()
  return {
    async look(sink, signal) {
      const troubles: string[] = []
      for (const zone of zones) {
        const called = await api.call('GET', `status/v1/zone/${encodeURIComponent(zone)}`, undefined, signal)
        if (called.kind !== 'answered' || !succeeded(called)) {
          const outcome = failed(called)
          troubles.push(`zone ${zone}: ${'reason' in outcome ? outcome.reason : 'no answer'}`)
          continue
        }
        const fact = occupancyFact(zone, called.json, now())
        if (typeof fact === 'string') {
          troubles.push(`zone ${zone}: ${fact}`)
          continue
        }
        const counts = JSON.stringify(fact.data)
        if (told.get(zone) === counts) continue
        await sink.record([fact])
        told.set(zone, counts)
      }
      return troubles.length > 0 ? troubles.join('; ') : null
    },
  }
}

function occupancyFact(zone: string, json: unknown, now: Date): ParkingFact | string {
  const fields = fieldsOf(json, now)
  const at = fields.needInstant('/timestamp')
  const [free, shortTerm, permits] = ['/available_spaces', '/short_term_sessions', '/permit_sessions'].map(
    (pointer) => {
      const count = fields.value(pointer)
      if (!Number.isSafeInteger(count)) fields.wrong(pointer, 'must be a whole number')
      return Number(count)
    },
  )
  const [first] = fields.errors
  if (first) return `${first.pointer} ${first.message}`
  return {
    id: `zone/${zone}/${at.toISOString()}`,
    revision: 1,
    type: 'occupancy.changed',
    occurredAt: at,
    backfilled: false,
    data: { counter: zone, free: free ?? 0, occupied: (shortTerm ?? 0) + (permits ?? 0) },
  }
}
