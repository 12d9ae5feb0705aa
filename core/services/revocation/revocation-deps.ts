// Owns what following a revocation needs beside a service's own: doors of parking systems, the stations' queues, its patience.
// Must not contain behaviour.
import type { OpenDoor } from '../../domain/parking-door.ts'
import type { QueueCommandDeps } from '../charger/queue-command.ts'

export interface RevocationDeps extends QueueCommandDeps {
  door(connectionId: string): OpenDoor | undefined
  /** Places that can be reached have this long before an operator is told. */
  stallAfterMs: number
}
