// Owns OCPP 1.6 CertificateSigned: of the security extension for the station's own, of Plug & Charge for the one that cars see.
// Must not build the chain; leaf and issuer come together (X9).
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'
import { askPncForStatus } from './pnc.ts'

export const sendCertificate: Translator<'send_certificate'> = function* ({ use, chain }): CommandSteps {
  switch (use) {
    case 'station': {
      const request: OCPP16.CertificateSignedRequest = { certificateChain: chain }
      return yield* askForStatus('CertificateSigned', request, { Accepted: null })
    }
    case 'v2g':
      return yield* askPncForStatus('CertificateSigned', {
        certificateChain: chain,
        certificateType: 'V2GCertificate',
      })
    case 'v2g20':
      return { kind: 'unsupported', reason: 'use: OCPP 1.6 has no certificate for ISO 15118-20' }
  }
}
