// Owns what OCPP 2.x stations ask about certificates: SignCertificate, GetCertificateStatus, Get15118EVCertificate (A02, M01, M06).
// Must not sign, check or fetch anything.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { StationCertificateUse } from '../../../core/plugin/index.ts'
import type { AnyFactMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { revocationQuestion } from './authorize.ts'
import { because, inquiryMessage } from './inquiry-message.ts'

const uses = new Map<string, StationCertificateUse>([
  ['ChargingStationCertificate', 'station'],
  ['V2GCertificate', 'v2g'],
  ['V2G20Certificate', 'v2g20'],
])

export interface CertificateLimits {
  /** Characters of `ocspResult`. */
  ocspResult: number
  /** Characters of `exiResponse`. */
  exiResponse: number
  /** 2.1 tells how many contracts are left. */
  remainingContracts: boolean
}

export const certificateLimits201: CertificateLimits = {
  ocspResult: 5_500,
  exiResponse: 5_600,
  remainingContracts: false,
}

export function certificateInquiries(limits: CertificateLimits): AnyFactMessage[] {
  const tooLong = 'The answer is longer than this version carries.'
  return [
    inquiryMessage<'certificate.sign', OCPP21.SignCertificateRequest>({
      action: 'SignCertificate',
      topic: 'certificate.sign',
      read({ csr, certificateType, requestId }, reading) {
        const number = smallNumber(requestId, 'requestId', reading)
        return {
          ask: {
            csr: csr ?? '',
            // SignCertificateRequest: absent means the station's own.
            use: uses.get(certificateType ?? '') ?? 'station',
            ...(number === undefined ? {} : { requestId: number }),
          },
        }
      },
      reply: ({ accepted, reason }): OCPP20.SignCertificateResponse =>
        accepted ? { status: 'Accepted' } : { status: 'Rejected', ...because(reason) },
      refuse: (): OCPP20.SignCertificateResponse => ({ status: 'Rejected' }),
    }),
    inquiryMessage<'certificate.status', OCPP20.GetCertificateStatusRequest>({
      action: 'GetCertificateStatus',
      topic: 'certificate.status',
      read: ({ ocspRequestData }) => ({ ask: revocationQuestion(ocspRequestData) }),
      reply({ accepted, ocspResult, reason }): OCPP20.GetCertificateStatusResponse {
        if (!accepted || ocspResult === undefined) return { status: 'Failed', ...because(reason) }
        if (ocspResult.length > limits.ocspResult) return { status: 'Failed', ...because(tooLong) }
        return { status: 'Accepted', ocspResult }
      },
      refuse: (): OCPP20.GetCertificateStatusResponse => ({ status: 'Failed' }),
    }),
    inquiryMessage<'contract.certificate', OCPP21.Get15118EVCertificateRequest>({
      action: 'Get15118EVCertificate',
      topic: 'contract.certificate',
      read(sent, reading) {
        const chains = smallNumber(sent.maximumContractCertificateChains, 'maximumContractCertificateChains', reading)
        const emaids = sent.prioritizedEMAIDs
        return {
          ask: {
            schemaVersion: sent.iso15118SchemaVersion ?? '',
            action: sent.action === 'Update' ? 'update' : 'install',
            exiRequest: sent.exiRequest ?? '',
            ...(chains === undefined ? {} : { maximumChains: chains }),
            ...(emaids === undefined ? {} : { prioritizedEmaids: emaids }),
          },
        }
      },
      reply({ accepted, exiResponse, remainingContracts, reason }): OCPP21.Get15118EVCertificateResponse {
        if (exiResponse.length > limits.exiResponse) return { status: 'Failed', exiResponse: '', ...because(tooLong) }
        return {
          status: accepted ? 'Accepted' : 'Failed',
          exiResponse,
          ...(accepted ? {} : because(reason)),
          ...(limits.remainingContracts && remainingContracts !== undefined ? { remainingContracts } : {}),
        }
      },
      refuse: (): OCPP20.Get15118EVCertificateResponse => ({ status: 'Failed', exiResponse: '' }),
    }),
  ]
}
