// Owns remote start, stop, unlock and the state of transactions (1.6 sections 5.11, 5.12, 5.18; 2.x blocks E and F).
// Must not move energy.
import { type Block, evseOf, given, ok, part, status } from '../core.ts'
import type { Token } from '../options.ts'
import { storeProfile } from './charging-profiles.ts'

export const remoteControl: Block = {
  RemoteStartTransaction: ({ connectorId, idTag, chargingProfile }, core) => {
    const evse =
      connectorId === undefined
        ? core.state.evses.find((one) => one.transaction === null && one.operative)
        : evseOf(core, connectorId)
    if (evse === undefined || evse.transaction !== null || !evse.operative || evse.faulted) return status('Rejected')
    const token = { value: String(idTag) }
    if (chargingProfile !== undefined) storeProfile(core, evse.id, part(chargingProfile))
    return status('Accepted', async () => {
      if (evse.plugged) await core.begin(evse, token)
      else evse.waiting = { token }
    })
  },
  RemoteStopTransaction: ({ transactionId }, core) => {
    const evse = core.state.evses.find((one) => one.transaction?.number === transactionId)
    return evse === undefined ? status('Rejected') : status('Accepted', () => core.end(evse, 'Remote'))
  },
  RequestStartTransaction: ({ evseId, idToken, remoteStartId, chargingProfile }, core) => {
    const evse =
      evseId === undefined
        ? core.state.evses.find((one) => one.transaction === null && one.operative)
        : evseOf(core, evseId)
    if (evse === undefined || evse.transaction !== null || !evse.operative || evse.faulted) return status('Rejected')
    const { idToken: value, type } = part(idToken)
    const token: Token = { value: String(value), type: String(type) }
    if (chargingProfile !== undefined) storeProfile(core, evse.id, part(chargingProfile))
    return status('Accepted', async () => {
      if (evse.plugged) await core.begin(evse, token, Number(remoteStartId))
      else evse.waiting = { token, remoteStartId: Number(remoteStartId) }
    })
  },
  RequestStopTransaction: ({ transactionId }, core) => {
    const evse = core.state.evses.find((one) => one.transaction?.ref === transactionId)
    return evse === undefined ? status('Rejected') : status('Accepted', () => core.end(evse, 'Remote'))
  },
  GetTransactionStatus: ({ transactionId }, core) => {
    const ongoing = core.state.evses.some((one) => one.transaction?.ref === transactionId)
    // Without an id there is nothing that could be ongoing (E14.FR.06).
    const ongoingIndicator = transactionId === undefined ? undefined : ongoing
    return ok(given({ ongoingIndicator, messagesInQueue: core.queueLength() > 0 }))
  },
  UnlockConnector: ({ connectorId, evseId }, core) => {
    const evse = evseOf(core, core.v16 ? connectorId : evseId)
    if (evse === undefined) return status(core.v16 ? 'NotSupported' : 'UnknownConnector')
    if (evse.transaction === null) return status('Unlocked')
    // 1.6 stops the transaction first; 2.x refuses while one is authorised (F05.FR.02).
    return core.v16 ? status('Unlocked', () => core.end(evse, 'UnlockCommand')) : status('OngoingAuthorizedTransaction')
  },
}
