// Owns OCPP 1.6 TriggerMessage (5.17), ExtendedTriggerMessage of the security extension, and TriggerMessage of Plug & Charge.
// Must not wait for what was triggered; it arrives as any message does.
import type { OCPP16 } from 'typed-ocpp'
import type { CommandReply, TriggeredMessage } from '../../../core/plugin/index.ts'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'
import { askPncForStatus } from './pnc.ts'

type Way =
  | { action: 'TriggerMessage'; requests: OCPP16.TriggerMessageRequest['requestedMessage'] }
  | { action: 'ExtendedTriggerMessage'; requests: OCPP16.ExtendedTriggerMessageRequest['requestedMessage'] }

const bothWays = (
  requests: OCPP16.TriggerMessageRequest['requestedMessage'] & OCPP16.ExtendedTriggerMessageRequest['requestedMessage'],
): Way[] => [
  { action: 'TriggerMessage', requests },
  { action: 'ExtendedTriggerMessage', requests },
]

const diagnostics: Way = { action: 'TriggerMessage', requests: 'DiagnosticsStatusNotification' }
const log: Way = { action: 'ExtendedTriggerMessage', requests: 'LogStatusNotification' }

/** In the order in which they are tried: stations have one message, the other or both. */
const ways: { readonly [M in TriggeredMessage]?: readonly Way[] } = {
  boot: bothWays('BootNotification'),
  status: bothWays('StatusNotification'),
  meter: bothWays('MeterValues'),
  heartbeat: bothWays('Heartbeat'),
  firmware_status: bothWays('FirmwareStatusNotification'),
  diagnostics_status: [diagnostics, log],
  log_status: [log, diagnostics],
  sign_station_certificate: [{ action: 'ExtendedTriggerMessage', requests: 'SignChargePointCertificate' }],
}

export const trigger: Translator<'trigger'> = function* ({ message, evse }): CommandSteps {
  // The application note has the one message to trigger; stations read no more than that it came.
  if (message === 'sign_v2g_certificate') {
    return yield* askPncForStatus('TriggerMessage', { requestedMessage: 'SignCertificate' })
  }
  let first: CommandReply | null = null
  for (const { action, requests } of ways[message] ?? []) {
    // 5.17: the connector matters only to messages about one, and must be greater than 0.
    const about = evse !== undefined && evse > 0 && (message === 'status' || message === 'meter')
    const request = about ? { requestedMessage: requests, connectorId: evse } : { requestedMessage: requests }
    const reply = yield* askForStatus(action, request, { Accepted: null }, ['NotImplemented'])
    if (reply.kind !== 'unsupported') return reply
    first ??= reply
  }
  return first ?? { kind: 'unsupported', reason: `OCPP 1.6 does not trigger ${message}` }
}
