// Owns OCPP 1.6 UpdateFirmware (5.19) and SignedUpdateFirmware of the security extension.
// Must not fall from the signed message to the plain one: what should be checked is never installed unchecked.
import type { OCPP16 } from 'typed-ocpp'
import { ask, askForStatus, type CommandSteps, refused, type Translator } from '../command.ts'
import { instantText, noInstant } from './instant-text.ts'

export const updateFirmware: Translator<'update_firmware'> = function* (asked, profile): CommandSteps {
  const { url, retrieveAt, installAt, signingCertificate, signature, requestId } = asked
  const retrieve = instantText(retrieveAt, profile)
  if (retrieve === null) return refused(noInstant('retrieveAt', retrieveAt))
  const repeats: { retries?: number; retryInterval?: number } = {}
  if (asked.retries !== undefined) repeats.retries = asked.retries
  if (asked.retryIntervalSeconds !== undefined) repeats.retryInterval = asked.retryIntervalSeconds
  if (signingCertificate === undefined && signature === undefined) {
    if (installAt !== undefined) return refused('installAt: OCPP 1.6 installs unsigned firmware as soon as it is there')
    const request: OCPP16.UpdateFirmwareRequest = { location: url, retrieveDate: retrieve, ...repeats }
    const said = yield* ask('UpdateFirmware', request)
    return 'ended' in said ? said.ended : { kind: 'accepted' }
  }
  if (signingCertificate === undefined) return refused('signingCertificate: a signature needs it')
  if (signature === undefined) return refused('signature: a signing certificate needs it')
  const request: OCPP16.SignedUpdateFirmwareRequest = {
    requestId,
    firmware: { location: url, retrieveDateTime: retrieve, signingCertificate, signature },
    ...repeats,
  }
  if (installAt !== undefined) {
    const install = instantText(installAt, profile)
    if (install === null) return refused(noInstant('installAt', installAt))
    request.firmware.installDateTime = install
  }
  return yield* askForStatus('SignedUpdateFirmware', request, {
    Accepted: null,
    // The station has given up an older update for this one.
    AcceptedCanceled: { canceledOlder: true },
  })
}
