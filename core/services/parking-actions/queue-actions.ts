// Owns putting actions in the queue of their parking connection, in the transaction of whoever asks for them.
// Must not call a vendor; carry-out-actions.ts does.
import type { ParkingActionData, ParkingActionKind } from '../../domain/parking-action.ts'
import { priorityOf, subjectOfAction } from '../../domain/parking-action-data.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import {
  actionIdByKey,
  insertParkingActions,
  type NewParkingAction,
  parkingActionJob,
} from '../../store/parking-actions.ts'
import type { Db } from '../../store/record-table.ts'
import type { Actor, ServiceDeps } from '../service-deps.ts'

export interface ActionRequest<K extends ParkingActionKind = ParkingActionKind> {
  organizationId: string
  siteId: string
  connectionId: string
  kind: K
  data: ParkingActionData[K]
  requestedBy: Actor
  /** It is no use later than this; null when it always is. */
  deadline: Date | null
  /** The same key at the same connection is the same action. Left out: an action of its own. */
  idempotencyKey?: string
  billId?: string
}

/** @returns the ids, in the order of the requests: of a request whose key is known, the id of the action that is there. */
export async function queueActions(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  requests: readonly ActionRequest[],
): Promise<string[]> {
  if (requests.length === 0) return []
  const now = deps.clock.now()
  const actions = requests.map((request): NewParkingAction => {
    const { type, key } = subjectOfAction(request.kind, request.data)
    const actionId = deps.newId()
    return {
      ...request,
      actionId,
      subjectType: type,
      subjectKey: key,
      priority: priorityOf(request.kind),
      idempotencyKey: request.idempotencyKey ?? actionId,
      billId: request.billId ?? null,
      at: now,
    }
  })
  const added = await insertParkingActions(trx, actions)
  const fresh = actions.filter(({ actionId }) => added.has(actionId))
  await appendEvents(
    trx,
    fresh.map(({ actionId, organizationId, siteId, connectionId, kind, subjectType, subjectKey }) => ({
      id: deps.newId(),
      type: 'parking_action.queued' as const,
      organizationId,
      siteId,
      subject: { type: 'parking_action', id: actionId },
      occurredAt: now,
      recordedAt: now,
      data: { actionId, connectionId, kind, subjectType, subjectKey },
    })),
  )
  const connections = new Map(fresh.map((one) => [one.connectionId, one]))
  await addJobs(trx, [...connections.values()].map(parkingActionJob))
  const ids: string[] = []
  for (const action of actions) {
    const id = added.has(action.actionId) ? action.actionId : await actionIdByKey(trx, action, action.idempotencyKey)
    ids.push(id ?? action.actionId)
  }
  return ids
}
