// Owns what OCPP 2.x stations tell about firmware and logs: FirmwareStatusNotification, PublishFirmwareStatusNotification,
// LogStatusNotification (L01-L03, N01).
// Must not end a command; the core does by the words.
import type { OCPP21 } from 'typed-ocpp'
import type { Reading } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { noticeMessage } from './notice-message.ts'
import { reasonOf } from './said.ts'
import { snakeCase } from './snake-case.ts'

function requested(requestId: number | undefined, reading: Reading): { requestId?: number } {
  const number = smallNumber(requestId, 'requestId', reading)
  return number === undefined ? {} : { requestId: number }
}

export const firmwareNotices = [
  noticeMessage<'firmware.status', OCPP21.FirmwareStatusNotificationRequest>({
    action: 'FirmwareStatusNotification',
    topic: 'firmware.status',
    read: ({ status, requestId, statusInfo }, reading) => ({
      data: {
        status: snakeCase(status),
        ...requested(requestId, reading),
        ...(statusInfo === undefined
          ? {}
          : { info: reasonOf(statusInfo.reasonCode, { additionalInfo: statusInfo.additionalInfo }) }),
      },
    }),
  }),
  noticeMessage<'publish_firmware.status', OCPP21.PublishFirmwareStatusNotificationRequest>({
    action: 'PublishFirmwareStatusNotification',
    topic: 'publish_firmware.status',
    read: ({ status, requestId, location }, reading) => ({
      data: {
        status: snakeCase(status),
        ...requested(requestId, reading),
        ...(location === undefined ? {} : { locations: location }),
      },
    }),
  }),
  noticeMessage<'log.status', OCPP21.LogStatusNotificationRequest>({
    action: 'LogStatusNotification',
    topic: 'log.status',
    read: ({ status, requestId }, reading) => ({
      data: { status: snakeCase(status), ...requested(requestId, reading) },
    }),
  }),
]
