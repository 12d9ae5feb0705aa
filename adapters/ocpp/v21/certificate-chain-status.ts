// Owns OCPP 2.1 GetCertificateChainStatus (M07): the state of each certificate of a chain.
// Must not ask an issuer.
import type { OCPP21 } from 'typed-ocpp'
import type { Inquiries, InquiryAnswer } from '../../../core/plugin/index.ts'
import { timeText } from '../device-time.ts'
import type { Reading } from '../message.ts'
import { hashData, neutralHash } from '../v201/certificates.ts'
import { inquiryMessage } from '../v201/inquiry-message.ts'

type Ask = Inquiries['certificate.chain_status']['ask']
type Result = InquiryAnswer<'certificate.chain_status'>['results'][number]
type Wire = OCPP21.GetCertificateChainStatusResponse['certificateStatus']

const statuses = { good: 'Good', revoked: 'Revoked', unknown: 'Unknown', failed: 'Failed' } as const

type Hash = Ask['requests'][number]['hash']

const algorithms: ReadonlySet<string> = new Set(['SHA256', 'SHA384', 'SHA512'])
const nameless: Hash = { hashAlgorithm: 'SHA256', issuerNameHash: '', issuerKeyHash: '', serialNumber: '' }

/** What the answer can carry of a hash. */
function carried(hash: Hash): Hash {
  return {
    hashAlgorithm: algorithms.has(hash.hashAlgorithm) ? hash.hashAlgorithm : nameless.hashAlgorithm,
    issuerNameHash: hash.issuerNameHash.slice(0, 128),
    issuerKeyHash: hash.issuerKeyHash.slice(0, 128),
    serialNumber: hash.serialNumber.slice(0, 40),
  }
}

/**
 * Every certificate that was asked for gets an answer; where there is none, that the check failed. The schema wants at least
 * one: a question about nothing is answered with one failed check of no certificate.
 */
function chainStatus(
  asked: Ask,
  results: readonly Result[],
  reading: Reading,
): OCPP21.GetCertificateChainStatusResponse {
  const now = timeText(reading.now(), 'milliseconds')
  const requests = asked.requests.length > 0 ? asked.requests.slice(0, 4) : [{ hash: nameless, source: 'ocsp' }]
  const certificateStatus = requests.map(({ hash, source }) => {
    const found = algorithms.has(hash.hashAlgorithm)
      ? results.find(
          (each) => each.hash.serialNumber === hash.serialNumber && each.hash.issuerKeyHash === hash.issuerKeyHash,
        )
      : undefined
    return {
      certificateHashData: hashData(carried(hash)),
      source: source === 'crl' ? ('CRL' as const) : ('OCSP' as const),
      status: statuses[found?.status ?? 'failed'],
      nextUpdate: found?.nextUpdate ?? now,
    }
  })
  return { certificateStatus: certificateStatus as Wire }
}

export const certificateChainStatus = inquiryMessage<
  'certificate.chain_status',
  OCPP21.GetCertificateChainStatusRequest
>({
  action: 'GetCertificateChainStatus',
  topic: 'certificate.chain_status',
  read: ({ certificateStatusRequests }) => ({
    ask: {
      requests: (certificateStatusRequests ?? []).map(({ certificateHashData, source, urls }) => ({
        hash: neutralHash(certificateHashData),
        source: source === 'CRL' ? 'crl' : 'ocsp',
        urls: urls ?? [],
      })),
    },
  }),
  reply: ({ results }, asked, _evse, reading) => chainStatus(asked, results, reading),
  refuse: (asked, reading) => chainStatus(asked, [], reading),
})
