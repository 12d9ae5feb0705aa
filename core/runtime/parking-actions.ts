// Owns joining the parking actions to a hub's host: doors of connections at work, and noticing when one comes to work.
// Must not contain rules.
import type { OpenDoor } from '../domain/parking-door.ts'
import type { Host } from '../host/host.ts'
import { connectionStarted } from '../services/parking-actions/connection-started.ts'
import type { ServiceDeps } from '../services/service-deps.ts'

export interface ParkingActionsPart {
  door(connectionId: string): OpenDoor | undefined
  /** Notices connections that came to work; harmless at any time. */
  look(): Promise<void>
  stop(): Promise<void>
}

export function parkingActionsPart(service: ServiceDeps, host: Pick<Host, 'parking' | 'onChange'>): ParkingActionsPart {
  const started = connectionStarted(service)
  let known = new Set<string>()
  let looking: Promise<void> = Promise.resolve()
  const lookNow = async () => {
    const doors = new Map(host.parking().map((door) => [nameOf(door), door]))
    known = new Set([...doors.keys()].filter((name) => known.has(name)))
    for (const [name, door] of doors) {
      if (known.has(name)) continue
      await started(door)
      known.add(name)
    }
  }
  const look = () => {
    looking = looking.then(lookNow, lookNow)
    return looking
  }
  const forget = host.onChange(() => {
    look().catch((error) =>
      service.log.warn({ err: error }, 'a parking connection that started was not noted; trying again'),
    )
  })
  return {
    door: (connectionId) => host.parking(connectionId)[0],
    look,
    async stop() {
      forget()
      await looking.catch(() => undefined)
    },
  }
}

/** Another configuration may be able to do other things. */
function nameOf({ connectionId, actions, features, canAsk, canQuote }: OpenDoor): string {
  return JSON.stringify([connectionId, actions, features, canAsk, canQuote])
}
