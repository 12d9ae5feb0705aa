// Owns what a 2.0.1 or 2.1 charging station tells of its own, in their words (OCPP 2.x blocks B, C, E, G, J).
// Must not decide when.
import { type Core, given, type Message, type Speech } from './core.ts'
import { meterValue } from './meter.ts'
import type { Payload, Token } from './options.ts'
import type { Evse, Transaction } from './state.ts'

const stopTriggers: Readonly<Record<string, string>> = {
  Remote: 'RemoteStop',
  EVDisconnected: 'EVCommunicationLost',
  ImmediateReset: 'ResetCommand',
  DeAuthorized: 'Deauthorized',
  PowerLoss: 'AbnormalCondition',
}

const reasons: ReadonlySet<string> = new Set([
  'DeAuthorized',
  'EmergencyStop',
  'EVDisconnected',
  'ImmediateReset',
  'Local',
  'Other',
  'PowerLoss',
  'Reboot',
  'Remote',
])

export const idToken = (core: Core, { value, type = 'ISO14443' }: Token): Payload => {
  const { idCase } = core.quirks
  const idToken = idCase === 'lower' ? value.toLowerCase() : idCase === 'upper' ? value.toUpperCase() : value
  return { idToken, type }
}

export function speech2x(core: () => Core): Speech {
  const live = (action: string, build: Message['build']): Message => ({ action, build, queued: false })
  const status = (evse: Evse | null): Message => {
    const one = evse ?? core().state.evses[0]
    return live('StatusNotification', () => ({
      timestamp: core().stamp(),
      connectorStatus: one === undefined ? 'Available' : statusOf(core(), one),
      evseId: one?.id ?? 0,
      connectorId: one === undefined ? 0 : 1,
    }))
  }

  const event = (
    evse: Evse,
    transaction: Transaction,
    eventType: 'Started' | 'Updated' | 'Ended',
    triggerReason: string,
    more: { info?: Payload; token?: Token | null; context?: string; evse?: boolean; reservationId?: number },
  ): Message => {
    const seqNo = core().quirks.seqNoZero === true ? 0 : transaction.seqNo
    transaction.seqNo += 1
    const built = given({
      eventType,
      timestamp: core().stamp(),
      triggerReason,
      seqNo,
      offline: !core().online(),
      transactionInfo: given({ transactionId: transaction.ref, ...more.info }),
      evse: more.evse === true ? { id: evse.id, connectorId: 1 } : undefined,
      idToken: more.token ? idToken(core(), more.token) : undefined,
      reservationId: more.reservationId,
      meterValue: more.context === undefined ? undefined : [meterValue(core(), evse, more.context)],
    })
    return { action: 'TransactionEvent', queued: true, build: () => built }
  }

  return {
    boot: (reason) =>
      live('BootNotification', () => {
        const { vendor, model, serial } = core().identity
        const firmwareVersion = core().state.firmware.version
        return {
          reason,
          chargingStation: { vendorName: vendor, model, serialNumber: serial, firmwareVersion },
        }
      }),
    heartbeat: () => live('Heartbeat', () => ({})),
    authorize: (token) => live('Authorize', () => ({ idToken: idToken(core(), token) })),
    verdict: (payload) => String((payload.idTokenInfo as { status?: string } | undefined)?.status ?? ''),
    status,
    began(evse) {
      const { transaction } = evse
      if (transaction === null) return []
      const { remoteStartId, reservationId, token } = transaction
      return [
        event(evse, transaction, 'Started', remoteStartId === undefined ? 'Authorized' : 'RemoteStart', {
          info: given({ chargingState: 'EVConnected', remoteStartId }),
          token,
          ...(reservationId === undefined ? {} : { reservationId }),
          context: 'Transaction.Begin',
          evse: true,
        }),
        event(evse, transaction, 'Updated', 'ChargingStateChanged', { info: { chargingState: 'Charging' } }),
      ]
    },
    sampled(evse, context) {
      const { transaction } = evse
      if (transaction === null) {
        const value = meterValue(core(), evse, context)
        return [live('MeterValues', () => ({ evseId: evse.id, meterValue: [value] }))]
      }
      const trigger =
        context === 'Trigger' ? 'Trigger' : context === 'Sample.Clock' ? 'MeterValueClock' : 'MeterValuePeriodic'
      return [
        event(evse, transaction, 'Updated', trigger, {
          info: { chargingState: transaction.energising ? 'Charging' : 'SuspendedEV' },
          context,
        }),
      ]
    },
    suspended(evse, by) {
      const { transaction } = evse
      if (transaction === null) return []
      const chargingState = by === null ? 'Charging' : `Suspended${by}`
      return [event(evse, transaction, 'Updated', 'ChargingStateChanged', { info: { chargingState } })]
    },
    ended(evse, reason, token) {
      const { transaction } = evse
      if (transaction === null) return []
      return [
        event(evse, transaction, 'Ended', stopTriggers[reason] ?? 'StopAuthorized', {
          info: { chargingState: 'EVConnected', stoppedReason: reasons.has(reason) ? reason : 'Other' },
          token,
          context: 'Transaction.End',
        }),
      ]
    },
  }
}

function statusOf(core: Core, evse: Evse): string {
  if (evse.faulted) return 'Faulted'
  if (evse.plugged || evse.transaction) return 'Occupied'
  if (!evse.operative) return 'Unavailable'
  return [...core.state.reservations.values()].some((one) => one.evse === evse.id) ? 'Reserved' : 'Available'
}
