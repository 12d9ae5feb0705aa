// Owns the OCPP 2.x certificate commands: InstallCertificate, DeleteCertificate, GetInstalledCertificateIds, CertificateSigned (A02, M01-M05).
// Must not make, check or keep a certificate.
import type { OCPP21 } from 'typed-ocpp'
import type { CertificateHash, RootUse } from '../../../core/plugin/index.ts'
import { askForStatus, type CommandSteps } from '../command.ts'
import type { Loose } from '../message.ts'
import { askAndTell } from './said.ts'
import { lacks, type Translator2, type Words } from './words.ts'

type Hash = OCPP21.DeleteCertificateRequest['certificateHashData']
type ListRequest = OCPP21.GetInstalledCertificateIdsRequest
type ListResponse = OCPP21.GetInstalledCertificateIdsResponse
type CertificateUse = NonNullable<ListRequest['certificateType']>[number]

const chainUse = 'V2GCertificateChain'

export const installCertificate: Translator2<'install_certificate'> = function* ({ use, pem }, words): CommandSteps {
  const certificateType = words.roots[use]
  if (certificateType === undefined) return lacks(words, `use ${use}`)
  const request: OCPP21.InstallCertificateRequest = { certificateType, certificate: pem }
  return yield* askForStatus('InstallCertificate', request, { Accepted: null })
}

export const deleteCertificate: Translator2<'delete_certificate'> = function* ({ hash }): CommandSteps {
  const request: OCPP21.DeleteCertificateRequest = { certificateHashData: hashData(hash) }
  return yield* askForStatus('DeleteCertificate', request, { Accepted: null })
}

export function hashData({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertificateHash): Hash {
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
}

export function neutralHash(sent: Loose<Hash> | undefined): CertificateHash {
  return {
    hashAlgorithm: (sent?.hashAlgorithm ?? 'SHA256') as CertificateHash['hashAlgorithm'],
    issuerNameHash: sent?.issuerNameHash ?? '',
    issuerKeyHash: sent?.issuerKeyHash ?? '',
    serialNumber: sent?.serialNumber ?? '',
  }
}

function useOf(sent: string | undefined, { roots }: Words): string {
  if (sent === chainUse) return 'v2g_chain'
  return Object.keys(roots).find((use) => roots[use as RootUse] === sent) ?? sent ?? ''
}

export const listCertificates: Translator2<'list_certificates'> = function* ({ uses }, words): CommandSteps {
  const wanted: CertificateUse[] = []
  for (const use of uses ?? []) {
    const word = use === 'v2g_chain' ? chainUse : words.roots[use]
    if (word === undefined) return lacks(words, `use ${use}`)
    wanted.push(word)
  }
  const request: ListRequest = {}
  if (wanted.length > 0) request.certificateType = wanted as NonNullable<ListRequest['certificateType']>
  return yield* askAndTell<ListRequest, ListResponse>('GetInstalledCertificateIds', request, {
    Accepted: ({ certificateHashDataChain: chains }) => ({
      certificates: (chains ?? []).map(({ certificateType, certificateHashData, childCertificateHashData }) => ({
        use: useOf(certificateType, words),
        hash: neutralHash(certificateHashData),
        children: (childCertificateHashData ?? []).map(neutralHash),
      })),
    }),
    // M03.FR.02: there is none of the kind.
    NotFound: () => ({ certificates: [] }),
  })
}

export const sendCertificate: Translator2<'send_certificate'> = function* (command, words): CommandSteps {
  const { use, chain, requestId } = command
  const certificateType = words.stationCertificates[use]
  if (certificateType === undefined) return lacks(words, `use ${use}`)
  const request: OCPP21.CertificateSignedRequest = { certificateChain: chain, certificateType }
  if (requestId !== undefined && words.numberedCertificates) request.requestId = requestId
  return yield* askForStatus('CertificateSigned', request, { Accepted: null })
}
