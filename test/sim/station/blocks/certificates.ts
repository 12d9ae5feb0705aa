// Owns installed roots, the station's own certificates and its signing requests (security extension of 1.6; 2.x blocks A and M).
// Must not judge a chain; that a station refuses one is told through `answers`.
import { type Block, type Core, given, ok, part, status } from '../core.ts'
import { rootHash, signingRequest } from '../der.ts'
import type { Payload } from '../options.ts'

export async function askForCertificate(core: Core, certificateType: string): Promise<void> {
  const key = core.v16 ? 'CpoName' : 'SecurityCtrlr.OrganizationName'
  const organization = core.state.settings.get(key)?.value ?? 'Baywatt'
  const { csr } = signingRequest(core.identity.serial, organization)
  await core.tell('SignCertificate', core.v16 ? { csr } : { csr, certificateType })
}

const same = (a: Payload, b: Payload) =>
  ['issuerNameHash', 'issuerKeyHash', 'serialNumber'].every(
    (key) => String(a[key]).toLowerCase() === String(b[key]).toLowerCase(),
  )

export const certificates: Block = {
  InstallCertificate: ({ certificateType, certificate }, { state }) => {
    const pem = String(certificate)
    const hash = rootHash(pem)
    if (hash === null) return status('Rejected')
    state.certificates = state.certificates.filter((one) => !same(one.hash, hash))
    state.certificates.push({ use: String(certificateType), pem, hash })
    return status('Accepted')
  },
  DeleteCertificate: ({ certificateHashData }, { state }) => {
    const left = state.certificates.filter((one) => !same(one.hash, part(certificateHashData)))
    const found = left.length < state.certificates.length
    state.certificates = left
    return status(found ? 'Accepted' : 'NotFound')
  },
  GetInstalledCertificateIds: ({ certificateType }, { state, v16 }) => {
    const asked = Array.isArray(certificateType) ? certificateType : [certificateType]
    const found = state.certificates.filter((one) => asked[0] === undefined || asked.includes(one.use))
    if (found.length === 0) return status('NotFound')
    if (v16) return ok({ status: 'Accepted', certificateHashData: found.map((one) => one.hash) })
    const chains = found.map((one) => ({ certificateType: one.use, certificateHashData: one.hash }))
    return ok({ status: 'Accepted', certificateHashDataChain: chains })
  },
  CertificateSigned: ({ certificateChain, certificateType }, core) => {
    const chain = String(certificateChain)
    if (rootHash(chain) === null) {
      const event = given({ type: 'InvalidChargingStationCertificate', timestamp: core.stamp() })
      return status('Rejected', () => core.tell('SecurityEventNotification', event))
    }
    core.state.ownCertificates.set(String(certificateType ?? 'ChargingStationCertificate'), chain)
    return status('Accepted')
  },
}
