// Owns the operations on reservations.
// Must not hold rules; core/services/reservations does.
import {
  cancelReservation,
  extendReservation,
  makeReservation,
  type ReservationCreate,
  type ReservationDeps,
} from '../../services/reservations/manage-reservations.ts'
import { getReservation, listReservations } from '../../services/reservations/read-reservations.ts'
import type { ChargerPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { found, listed, made } from '../replies.ts'

type Ids = 'listReservations' | 'createReservation' | 'getReservation' | 'updateReservation' | 'cancelReservation'

export function reservations(ports: ChargerPorts): Part<Ids> {
  const { veto } = ports
  const queueing = ({ deps, afterCommit }: CallContext): ReservationDeps => ({
    ...deps,
    wake: (stationId) => afterCommit(() => ports.wake(stationId)),
    ...(veto ? { veto } : {}),
  })
  return {
    listReservations: async ({ query }, { deps, access }) =>
      listed(await listReservations(deps)(access, listQuery(query))),
    createReservation: async ({ body }, context) =>
      made(
        await makeReservation(queueing(context))(context.access, body as ReservationCreate),
        (one) => `/reservations/${one.reservationId}`,
      ),
    getReservation: async ({ path }, { deps, access }) => found(await getReservation(deps)(access, path.reservationId)),
    updateReservation: async ({ path, body, version }, context) =>
      found(await extendReservation(queueing(context))(context.access, path.reservationId, body, version)),
    cancelReservation: async ({ path }, context) =>
      found(await cancelReservation(queueing(context))(context.access, path.reservationId)),
  }
}
