// Owns OCPP 2.x UpdateFirmware, PublishFirmware and UnpublishFirmware (L01-L04).
// Must not follow the download; the station's notices tell of it.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused } from '../command.ts'
import type { Translator2 } from './words.ts'

interface Retries {
  retries?: number
  retryIntervalSeconds?: number
}

export function retriesOf({ retries, retryIntervalSeconds }: Retries): { retries?: number; retryInterval?: number } {
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(retryIntervalSeconds === undefined ? {} : { retryInterval: retryIntervalSeconds }),
  }
}

export const updateFirmware: Translator2<'update_firmware'> = function* (command): CommandSteps {
  const { requestId, url, retrieveAt, installAt, signingCertificate, signature } = command
  if ((signingCertificate === undefined) !== (signature === undefined)) {
    return refused('signingCertificate and signature: both or none')
  }
  const firmware: OCPP20.UpdateFirmwareRequest['firmware'] = { location: url, retrieveDateTime: retrieveAt }
  if (installAt !== undefined) firmware.installDateTime = installAt
  if (signingCertificate !== undefined) firmware.signingCertificate = signingCertificate
  if (signature !== undefined) firmware.signature = signature
  const request: OCPP20.UpdateFirmwareRequest = { requestId, firmware, ...retriesOf(command) }
  return yield* askForStatus('UpdateFirmware', request, {
    Accepted: null,
    AcceptedCanceled: { canceledPrevious: true },
  })
}

export const publishFirmware: Translator2<'publish_firmware'> = function* (command): CommandSteps {
  const { requestId, url, checksum } = command
  const request: OCPP20.PublishFirmwareRequest = { requestId, location: url, checksum, ...retriesOf(command) }
  return yield* askForStatus('PublishFirmware', request, { Accepted: null })
}

export const unpublishFirmware: Translator2<'unpublish_firmware'> = function* ({ checksum }): CommandSteps {
  const request: OCPP20.UnpublishFirmwareRequest = { checksum }
  return yield* askForStatus('UnpublishFirmware', request, { Unpublished: null })
}
