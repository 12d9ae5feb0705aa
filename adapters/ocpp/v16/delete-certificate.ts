// Owns OCPP 1.6 DeleteCertificate: of the security extension, then of Plug & Charge, for a hash does not say where it belongs.
// Must not delete by anything but the full hash.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'
import { askPncForStatus } from './pnc.ts'

export const deleteCertificate: Translator<'delete_certificate'> = function* ({ hash }): CommandSteps {
  const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = hash
  const request: OCPP16.DeleteCertificateRequest = {
    certificateHashData: { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber },
  }
  const reply = yield* askForStatus('DeleteCertificate', request, { Accepted: null })
  const elsewhere = reply.kind === 'unsupported' || (reply.kind === 'refused' && reply.reason === 'NotFound')
  if (!elsewhere) return reply
  const overPnc = yield* askPncForStatus('DeleteCertificate', request)
  return overPnc.kind === 'unsupported' ? reply : overPnc
}
