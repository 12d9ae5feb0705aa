// Owns OCPP 1.6 InstallCertificate: of the security extension for the hub's and the maker's roots, of Plug & Charge for the others.
// Must not look into a certificate.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'
import { askPncForStatus } from './pnc.ts'

export const installCertificate: Translator<'install_certificate'> = function* ({ use, pem }): CommandSteps {
  switch (use) {
    case 'central_root':
    case 'manufacturer_root': {
      const certificateType = use === 'central_root' ? 'CentralSystemRootCertificate' : 'ManufacturerRootCertificate'
      const request: OCPP16.InstallCertificateRequest = { certificateType, certificate: pem }
      return yield* askForStatus('InstallCertificate', request, { Accepted: null })
    }
    case 'v2g_root':
    case 'mobility_root': {
      const certificateType = use === 'v2g_root' ? 'V2GRootCertificate' : 'MORootCertificate'
      return yield* askPncForStatus('InstallCertificate', { certificateType, certificate: pem })
    }
    case 'oem_root':
      return { kind: 'unsupported', reason: 'use: OCPP 1.6 installs no OEM root' }
  }
}
