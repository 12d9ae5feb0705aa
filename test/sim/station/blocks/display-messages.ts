// Owns messages on the station's display (2.x block O).
// Must not show anything.
import { type Block, part, status } from '../core.ts'

export const displayMessages: Block = {
  SetDisplayMessage: ({ message }, { state }) => {
    const one = part(message)
    const running = state.evses.some((evse) => evse.transaction?.ref === one.transactionId)
    if (one.transactionId !== undefined && !running) return status('UnknownTransaction')
    state.displayMessages.set(Number(one.id), one)
    return status('Accepted')
  },
  ClearDisplayMessage: ({ id }, { state }) => status(state.displayMessages.delete(Number(id)) ? 'Accepted' : 'Unknown'),
  GetDisplayMessages: ({ requestId, id, priority, state: shown }, core) => {
    const ids = Array.isArray(id) ? id : undefined
    const found = [...core.state.displayMessages.values()].filter(
      (one) =>
        (ids === undefined || ids.includes(one.id)) &&
        [undefined, one.priority].includes(priority) &&
        [undefined, one.state].includes(shown),
    )
    if (found.length === 0) return status('Unknown')
    return status('Accepted', async () => {
      for (const [i, one] of found.entries()) {
        await core.tell('NotifyDisplayMessages', { requestId, messageInfo: [one], tbc: i < found.length - 1 })
      }
    })
  },
}
