// Owns OCPP 2.x StatusNotification (G01): the state of one connector.
// Must not infer transactions from a status.
import type { OCPP20 } from 'typed-ocpp'
import type { ConnectorStatus, ConnectorStatusReported } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'

const statuses = new Map<string, ConnectorStatus>([
  ['Available', 'available'],
  ['Occupied', 'occupied'],
  ['Reserved', 'reserved'],
  ['Unavailable', 'unavailable'],
  ['Faulted', 'faulted'],
])

const nothing = Object.freeze({})

export const statusNotification = factMessage<ConnectorStatusReported, OCPP20.StatusNotificationRequest>({
  action: 'StatusNotification',
  kept: true,
  read(payload, reading, receivedAt) {
    const { connectorStatus, timestamp } = payload
    const evse = smallNumber(payload.evseId, 'evseId', reading)
    const connectorId = smallNumber(payload.connectorId, 'connectorId', reading)
    if (connectorId === undefined) reading.note('T16')
    return {
      kind: 'connector.status',
      evse: evse ?? 0,
      connector: connectorId ?? (evse === undefined || evse === 0 ? 0 : 1),
      // Without its EVSE a status must not count for the whole station.
      status: evse === undefined ? 'unknown' : (statuses.get(connectorStatus ?? '') ?? 'unknown'),
      rawStatus: connectorStatus ?? '',
      time: deviceTime(timestamp, receivedAt, reading.profile.clockZone, reading),
    }
  },
  reply: (): OCPP20.StatusNotificationResponse => nothing,
})
