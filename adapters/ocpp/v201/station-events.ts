// Owns OCPP 2.x NotifyEvent and SecurityEventNotification (N07, N08, A04): something happened at a part of the station.
// Must not judge how bad it is.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { StationEvent } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import type { Loose, Reading } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { noticeMessage, numberOf } from './notice-message.ts'
import { snakeCase } from './snake-case.ts'

type Sent = Loose<OCPP21.NotifyEventRequest['eventData'][number]>

const named = (part: { name?: string | undefined; instance?: string | undefined } | undefined) =>
  part?.instance === undefined ? (part?.name ?? '') : `${part.name ?? ''}[${part.instance}]`

function eventOf(sent: Sent, reading: Reading, receivedAt: Date): StationEvent {
  const { component, cleared, transactionId, techCode, techInfo } = sent
  const numbers = {
    evse: smallNumber(component?.evse?.id, 'evse', reading),
    connector: smallNumber(component?.evse?.connectorId, 'connectorId', reading),
    severity: smallNumber(sent.severity, 'severity', reading),
    causedBy: smallNumber(sent.cause, 'cause', reading),
    monitorId: smallNumber(sent.variableMonitoringId, 'variableMonitoringId', reading),
  }
  const optional = { ...numbers, cleared, transaction: transactionId, techCode, techInfo }
  return {
    eventId: numberOf(sent.eventId, 'eventId', reading),
    at: deviceTime(sent.timestamp, receivedAt, reading.profile.clockZone, reading).at.toISOString(),
    trigger: snakeCase(sent.trigger),
    kind: snakeCase(sent.eventNotificationType),
    component: named(component),
    variable: named(sent.variable),
    actualValue: sent.actualValue ?? '',
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}

export const notifyEvent = noticeMessage<'station.events', OCPP21.NotifyEventRequest>({
  action: 'NotifyEvent',
  topic: 'station.events',
  read: ({ seqNo, tbc, eventData, generatedAt }, reading, receivedAt) => ({
    data: {
      sequence: numberOf(seqNo, 'seqNo', reading),
      last: tbc !== true,
      events: (eventData ?? []).map((each) => eventOf(each, reading, receivedAt)),
    },
    at: generatedAt,
  }),
})

export const securityEvent = noticeMessage<'security.event', OCPP20.SecurityEventNotificationRequest>({
  action: 'SecurityEventNotification',
  topic: 'security.event',
  read: ({ type, techInfo, timestamp }) => ({
    data: { type: type ?? '', ...(techInfo === undefined ? {} : { info: techInfo }) },
    at: timestamp,
  }),
})
