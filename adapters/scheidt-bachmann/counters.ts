// Owns the facility's counters as facts: read whole, told when they changed.
// Must not derive a count that was not said.
import type { ParkingFact } from '../../core/plugin/index.ts'
import { type Api, answered } from './api.ts'
import { at, listAt, textAt } from './document.ts'

export const counterPath = (locationId: string) =>
  `/capacity-manager/v2/{project}/occupancy/standardcounters/${encodeURIComponent(locationId)}`
export const facilitiesPath = '/capacity-manager/v2/{project}/occupancy/facilities'

interface Counter {
  counter: string
  occupied?: number
  free?: number
  capacity?: number
}

export interface CounterReader {
  /** Facts of what changed since the last facts that were `told`. */
  read(now: Date, signal?: AbortSignal): Promise<{ facts: ParkingFact[]; told(): void }>
}

export function counterReader(
  api: Api,
  { locationId, counterNames }: { locationId: string; counterNames: Readonly<Record<string, string>> },
): CounterReader {
  let last = new Map<string, string>()
  return {
    async read(now, signal) {
      const answer = answered(
        await api.call('GET', counterPath(locationId), signal ? { signal } : {}),
        'The counters could not be read',
      )
      const seen = new Map<string, string>()
      const facts: ParkingFact[] = []
      for (const counter of countersOf(answer.json, counterNames)) {
        const content = JSON.stringify(counter)
        seen.set(counter.counter, content)
        if (last.get(counter.counter) === content) continue
        facts.push({
          id: `counter/${locationId}/${counter.counter}/${now.toISOString()}`.slice(0, 255),
          revision: 1,
          type: 'occupancy.changed',
          occurredAt: now,
          backfilled: false,
          data: counter,
        })
      }
      return {
        facts,
        told() {
          last = seen
        },
      }
    },
  }
}

/** `present`, `max` and `free` of each; what else a counter holds is left alone, since the interface may grow. */
function countersOf(json: unknown, names: Readonly<Record<string, string>>): Counter[] {
  const list = listAt(at(json, '/counters'), '/standard-counter', 1_000)
  if (list === 'too_many') return []
  return list.flatMap((item): Counter[] => {
    const id = textAt(item, '/id', 60)
    const occupied = countAt(item, '/present')
    const free = countAt(item, '/free')
    const capacity = countAt(item, '/max')
    if (id === undefined || (occupied === undefined && free === undefined)) return []
    return [
      {
        counter: Object.hasOwn(names, id) ? (names[id] ?? id) : `econnect-${id}`,
        ...(occupied === undefined ? {} : { occupied }),
        ...(free === undefined ? {} : { free }),
        ...(capacity === undefined ? {} : { capacity }),
      },
    ]
  })
}

function countAt(item: unknown, path: string): number | undefined {
  const text = textAt(item, path, 12)
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** The facilities of the tenant, by their location ids. */
export async function facilityIds(api: Api, signal: AbortSignal): Promise<string[]> {
  const answer = answered(await api.call('GET', facilitiesPath, { signal }), 'The facilities could not be read')
  const list = listAt(answer.json, '/facility', 10_000)
  return list === 'too_many' ? [] : list.flatMap((item) => textAt(item, '/location-id') ?? [])
}
