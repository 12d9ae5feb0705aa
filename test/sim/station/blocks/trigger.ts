// Owns TriggerMessage and ExtendedTriggerMessage (1.6 section 5.17, security extension; 2.x F06).
// Must not send anything before its answer has left.
import { type Block, type Core, evseOf, given, part, status } from '../core.ts'
import type { Payload } from '../options.ts'
import type { Reply } from '../wire.ts'
import { askForCertificate } from './certificates.ts'

function triggered(asked: string, evseId: unknown, core: Core): Reply {
  const { speech, state } = core
  const one = evseOf(core, evseId)
  if (evseId !== undefined && evseId !== 0 && one === undefined) return status('Rejected')
  const targets = one === undefined ? state.evses : [one]
  const tell = (action: string, payload: Payload) => status('Accepted', () => core.tell(action, payload))
  switch (asked) {
    case 'BootNotification':
      return status('Accepted', () => core.say([speech.boot('Triggered')]))
    case 'Heartbeat':
      return status('Accepted', () => core.say([speech.heartbeat()]))
    case 'StatusNotification':
      return status('Accepted', () => core.say(targets.map((evse) => speech.status(evse))))
    case 'MeterValues':
      return status('Accepted', () => core.say(targets.flatMap((evse) => speech.sampled(evse, 'Trigger'))))
    case 'TransactionEvent': {
      const busy = targets.filter((evse) => evse.transaction !== null)
      if (busy.length === 0) return status('Rejected')
      return status('Accepted', () => core.say(busy.flatMap((evse) => speech.sampled(evse, 'Trigger'))))
    }
    case 'FirmwareStatusNotification': {
      const { status: word, requestId } = state.firmware
      return tell('FirmwareStatusNotification', core.v16 ? { status: word } : given({ status: word, requestId }))
    }
    case 'DiagnosticsStatusNotification':
      return tell('DiagnosticsStatusNotification', { status: state.diagnostics })
    case 'LogStatusNotification':
      return tell('LogStatusNotification', given({ ...state.log }))
    case 'PublishFirmwareStatusNotification':
      return tell('PublishFirmwareStatusNotification', { status: 'Idle' })
    case 'SignChargePointCertificate':
    case 'SignChargingStationCertificate':
      return status('Accepted', () => askForCertificate(core, 'ChargingStationCertificate'))
    case 'SignV2GCertificate':
    case 'SignCombinedCertificate':
      return status('Accepted', () => askForCertificate(core, 'V2GCertificate'))
    case 'SignV2G20Certificate':
      return status('Accepted', () => askForCertificate(core, 'V2G20Certificate'))
    default:
      return status('NotImplemented')
  }
}

export const trigger: Block = {
  TriggerMessage: (payload, core) =>
    triggered(String(payload.requestedMessage), core.v16 ? payload.connectorId : part(payload.evse).id, core),
  ExtendedTriggerMessage: (payload, core) => triggered(String(payload.requestedMessage), payload.connectorId, core),
}
