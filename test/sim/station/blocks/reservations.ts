// Owns reservations (1.6 sections 5.2 and 5.13; 2.x block H).
// Must not keep timers; a reservation that is over is found when it matters.
import { type Block, type Core, part, status } from '../core.ts'
import type { Evse } from '../state.ts'

function stateWord(core: Core, evse: Evse): string {
  if (evse.faulted) return 'Faulted'
  if (!evse.operative) return 'Unavailable'
  const taken = [...core.state.reservations.values()].some((one) => one.evse === evse.id && one.until > core.now())
  return evse.transaction !== null || evse.plugged || taken ? 'Occupied' : 'Accepted'
}

export const reservations: Block = {
  ReserveNow: (payload, core) => {
    const { state, v16, speech } = core
    const id = Number(v16 ? payload.reservationId : payload.id)
    const asked = Number((v16 ? payload.connectorId : payload.evseId) ?? 0)
    const token = String(v16 ? payload.idTag : part(payload.idToken).idToken)
    const until = new Date(String(v16 ? payload.expiryDate : payload.expiryDateTime))
    // The same id again replaces what was reserved under it.
    state.reservations.delete(id)
    const candidates = asked === 0 ? state.evses : state.evses.filter((one) => one.id === asked)
    const words = candidates.map((evse) => stateWord(core, evse))
    const free = candidates[words.indexOf('Accepted')]
    if (free === undefined) return status(words[0] ?? 'Rejected')
    state.reservations.set(id, { evse: free.id, token, until })
    return status('Accepted', () => core.say([speech.status(free)]))
  },
  CancelReservation: ({ reservationId }, core) => {
    const reservation = core.state.reservations.get(Number(reservationId))
    if (reservation === undefined) return status('Rejected')
    core.state.reservations.delete(Number(reservationId))
    const evse = core.state.evses.find((one) => one.id === reservation.evse)
    return status('Accepted', async () => evse && core.say([core.speech.status(evse)]))
  },
}
