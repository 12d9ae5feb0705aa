// Owns OCPP 1.6 StatusNotification (4.9): the state of one connector, or of the station as connector 0.
// Must not infer transactions from a status.
import type { OCPP16 } from 'typed-ocpp'
import type { ConnectorStatus, ConnectorStatusReported } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'

/** With `Occupied` of 1.5, which converted stations still send. */
const statuses = new Map<string, ConnectorStatus>([
  ['Available', 'available'],
  ['Preparing', 'preparing'],
  ['Charging', 'charging'],
  ['SuspendedEV', 'suspended_vehicle'],
  ['SuspendedEVSE', 'suspended_station'],
  ['Finishing', 'finishing'],
  ['Occupied', 'occupied'],
  ['Reserved', 'reserved'],
  ['Unavailable', 'unavailable'],
  ['Faulted', 'faulted'],
])

const nothing = Object.freeze({})

export const statusNotification = factMessage<ConnectorStatusReported, OCPP16.StatusNotificationRequest>({
  action: 'StatusNotification',
  kept: true,
  read(payload, reading, receivedAt) {
    const { status, errorCode, info, vendorId, vendorErrorCode } = payload
    const evse = smallNumber(payload.connectorId, 'connectorId', reading)
    const fact: ConnectorStatusReported = {
      kind: 'connector.status',
      evse: evse ?? 0,
      connector: evse === undefined || evse === 0 ? 0 : 1,
      // Without its connector a status must not count for the whole station.
      status: evse === undefined ? 'unknown' : (statuses.get(status ?? '') ?? 'unknown'),
      rawStatus: status ?? '',
      time: deviceTime(payload.timestamp, receivedAt, reading.profile.clockZone, reading),
    }
    if (errorCode !== undefined && errorCode !== 'NoError') fact.errorCode = errorCode
    const details = [vendorId, vendorErrorCode, info].filter((part) => part !== undefined && part !== '')
    if (details.length > 0) fact.errorInfo = details.join(' ')
    return fact
  },
  reply: (): OCPP16.StatusNotificationResponse => nothing,
})
