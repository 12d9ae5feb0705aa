// Owns what a 1.6 charge point tells of its own, in 1.6 words (OCPP 1.6 sections 4 and 6).
// Must not decide when.
import { type Core, given, type Message, registerWh, type Speech } from './core.ts'
import { meterValue } from './meter.ts'
import type { Token } from './options.ts'
import type { Evse } from './state.ts'

const idTag = (core: Core, { value }: Token) =>
  core.quirks.idCase === 'lower' ? value.toLowerCase() : core.quirks.idCase === 'upper' ? value.toUpperCase() : value

const reasons: ReadonlySet<string> = new Set([
  'EmergencyStop',
  'EVDisconnected',
  'HardReset',
  'Local',
  'Other',
  'PowerLoss',
  'Reboot',
  'Remote',
  'SoftReset',
  'UnlockCommand',
  'DeAuthorized',
])

function statusOf(core: Core, evse: Evse): string {
  if (evse.faulted) return 'Faulted'
  if (evse.transaction) return evse.transaction.energising ? 'Charging' : 'Finishing'
  if (evse.plugged) return 'Preparing'
  if (!evse.operative) return 'Unavailable'
  const reserved = [...core.state.reservations.values()].some((one) => one.evse === evse.id)
  return reserved ? 'Reserved' : 'Available'
}

export function speech16(core: () => Core): Speech {
  const live = (action: string, build: Message['build']): Message => ({ action, build, queued: false })
  const status = (evse: Evse | null, word?: string): Message =>
    live('StatusNotification', () => ({
      connectorId: evse?.id ?? 0,
      errorCode: evse?.faulted === true ? 'InternalError' : 'NoError',
      status: word ?? (evse === null ? 'Available' : statusOf(core(), evse)),
      timestamp: core().stamp(),
    }))
  return {
    boot: () =>
      live('BootNotification', () => {
        const { vendor, model, serial } = core().identity
        return {
          chargePointVendor: vendor,
          chargePointModel: model,
          chargePointSerialNumber: serial,
          firmwareVersion: core().state.firmware.version,
        }
      }),
    heartbeat: () => live('Heartbeat', () => ({})),
    authorize: (token) => live('Authorize', () => ({ idTag: idTag(core(), token) })),
    verdict: (payload) => String((payload.idTagInfo as { status?: string } | undefined)?.status ?? ''),
    status: (evse) => status(evse),
    began(evse) {
      const { transaction } = evse
      if (transaction === null) return []
      const timestamp = core().stamp(transaction.startedAt)
      return [
        {
          action: 'StartTransaction',
          queued: true,
          build: () =>
            given({
              connectorId: evse.id,
              idTag: idTag(core(), transaction.token ?? { value: 'FREE' }),
              meterStart: transaction.meterStartWh,
              timestamp,
              reservationId: transaction.reservationId,
            }),
          answered: ({ payload }) => {
            transaction.number = Number(payload.transactionId)
          },
        },
        status(evse, 'Charging'),
      ]
    },
    sampled(evse, context) {
      const { transaction } = evse
      const value = meterValue(core(), evse, context)
      return [
        {
          action: 'MeterValues',
          queued: transaction !== null,
          build: () =>
            given({ connectorId: evse.id, transactionId: transaction?.number ?? undefined, meterValue: [value] }),
        },
      ]
    },
    suspended: (evse, by) => [status(evse, by === null ? 'Charging' : `Suspended${by}`)],
    ended(evse, reason, token) {
      const { transaction } = evse
      if (transaction === null) return []
      const offline = !core().online()
      const timestamp = core().stamp()
      const meterStop = registerWh(core(), evse)
      const data = [meterValue(core(), evse, 'Transaction.End')]
      return [
        {
          action: 'StopTransaction',
          queued: true,
          build: () => {
            const lost = offline ? core().quirks.offlineTransactionId : undefined
            return given({
              transactionId: lost ?? transaction.number ?? -1,
              idTag: token === null ? undefined : idTag(core(), token),
              meterStop,
              timestamp,
              reason: reasons.has(reason) ? reason : 'Other',
              transactionData: data,
            })
          },
        },
        status(evse, 'Finishing'),
      ]
    },
  }
}
