// Owns what an action carries between the hub's rows and the vendor: instants come back as instants, subjects have one name.
// Must not check what a caller may ask; core/services/parking-actions does.
import type { ParkingAction, ParkingActionData, ParkingActionKind } from './parking-action.ts'

const instants: ReadonlySet<string> = new Set(['validFrom', 'validUntil', 'enteredAt', 'exitedAt', 'paidAt'])

/** The data of a row as an adapter takes it: JSON has no instants. */
export function revivedData(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(revivedData)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      instants.has(name) && typeof value === 'string' ? new Date(value) : revivedData(value),
    ]),
  )
}

export function subjectOfAction<K extends ParkingActionKind>(
  kind: K,
  data: ParkingActionData[K],
): { type: 'stay' | 'credential' | 'lane' | 'counter'; key: string } {
  const named = data as { credentialId?: string; stayId?: string; lane?: string; counter?: string }
  if (kind.startsWith('credential.')) return { type: 'credential', key: named.credentialId ?? '' }
  if (kind.startsWith('stay.')) return { type: 'stay', key: named.stayId ?? '' }
  return kind === 'lane.open' ? { type: 'lane', key: named.lane ?? '' } : { type: 'counter', key: named.counter ?? '' }
}

/** A removal shuts somebody out and a driver waits at a lane; ten thousand new cards can wait. */
export function priorityOf(kind: ParkingActionKind): number {
  switch (kind) {
    case 'credential.remove':
      return 0
    case 'credential.put':
      return 2
    default:
      return 1
  }
}

export function actionOf(row: {
  action_id: string
  kind: string
  attempt: number
  created_at: Date
  data: unknown
}): ParkingAction {
  return {
    id: row.action_id,
    kind: row.kind,
    attempt: row.attempt,
    askedAt: row.created_at,
    data: revivedData(row.data),
  } as ParkingAction
}
