// Owns OCPP 1.6 GetInstalledCertificateIds: of the security extension for the hub's and the maker's roots, of Plug & Charge for the
// others.
// Must not judge which certificates should be there.
import type { OCPP16 } from 'typed-ocpp'
import type { CertificateHash, CommandReply, RootUse } from '../../../core/plugin/index.ts'
import { ask, type CallAnswer, type CommandSteps, type OutgoingCall, refused, type Translator } from '../command.ts'
import { readHash } from './certificate-hash.ts'
import { askPnc } from './pnc.ts'

type Use = RootUse | 'v2g_chain'

interface Installed {
  use: Use
  hash: CertificateHash
  /** Of a chain: the certificates below the first. */
  children: CertificateHash[]
}

type Listed = { found: Installed[] } | { ended: CommandReply }

const native = {
  central_root: 'CentralSystemRootCertificate',
  manufacturer_root: 'ManufacturerRootCertificate',
} as const satisfies Partial<Record<Use, OCPP16.GetInstalledCertificateIdsRequest['certificateType']>>

const overPnc = {
  v2g_root: 'V2GRootCertificate',
  mobility_root: 'MORootCertificate',
  v2g_chain: 'V2GCertificateChain',
} as const satisfies Partial<Record<Use, string>>

const everyUse: readonly Use[] = ['central_root', 'manufacturer_root', 'v2g_root', 'mobility_root', 'v2g_chain']

export const listCertificates: Translator<'list_certificates'> = function* ({ uses = everyUse }): CommandSteps {
  const certificates: Installed[] = []
  const unsupported: Use[] = []
  const rounds: { uses: Use[]; steps: () => Generator<OutgoingCall, Listed, CallAnswer> }[] = []
  for (const use of ['central_root', 'manufacturer_root'] as const) {
    if (uses.includes(use)) rounds.push({ uses: [use], steps: () => listNative(use) })
  }
  const wanted = (['v2g_root', 'mobility_root', 'v2g_chain'] as const).filter((use) => uses.includes(use))
  if (wanted.length > 0) rounds.push({ uses: wanted, steps: () => listPnc(wanted) })
  if (uses.includes('oem_root')) unsupported.push('oem_root')
  let why = 'OCPP 1.6 lists no such certificates'
  for (const round of rounds) {
    const listed = yield* round.steps()
    if ('found' in listed) certificates.push(...listed.found)
    else if (listed.ended.kind === 'unsupported') {
      unsupported.push(...round.uses)
      why = listed.ended.reason
    } else return listed.ended
  }
  if (uses.length > 0 && uses.every((use) => unsupported.includes(use))) return { kind: 'unsupported', reason: why }
  return { kind: 'accepted', result: unsupported.length === 0 ? { certificates } : { certificates, unsupported } }
}

function* listNative(use: keyof typeof native): Generator<OutgoingCall, Listed, CallAnswer> {
  const said = yield* ask<OCPP16.GetInstalledCertificateIdsRequest, OCPP16.GetInstalledCertificateIdsResponse>(
    'GetInstalledCertificateIds',
    { certificateType: native[use] },
  )
  if ('ended' in said) return said
  const { status, certificateHashData = [] } = said.answer
  if (status === 'NotFound') return { found: [] }
  if (status !== 'Accepted') return { ended: refused(status ?? 'the answer holds no status') }
  return { found: hashesIn(certificateHashData).map((hash) => ({ use, hash, children: [] })) }
}

function* listPnc(uses: readonly (keyof typeof overPnc)[]): Generator<OutgoingCall, Listed, CallAnswer> {
  const said = yield* askPnc('GetInstalledCertificateIds', { certificateType: uses.map((use) => overPnc[use]) })
  if ('ended' in said) return said
  const { status, certificateHashDataChain } = said.held
  if (status === 'NotFound') return { found: [] }
  if (status !== 'Accepted') {
    return { ended: refused(typeof status === 'string' ? status.slice(0, 60) : 'the answer holds no status') }
  }
  const found: Installed[] = []
  for (const chain of Array.isArray(certificateHashDataChain) ? certificateHashDataChain : []) {
    const { certificateType, certificateHashData, childCertificateHashData } = (chain ?? {}) as Record<string, unknown>
    const use = uses.find((each) => overPnc[each] === certificateType)
    const hash = readHash(certificateHashData)
    if (use === undefined || typeof hash === 'string') continue
    found.push({ use, hash, children: hashesIn(childCertificateHashData) })
  }
  return { found }
}

/** What cannot be read is left out: the other certificates are still worth knowing. */
function hashesIn(list: unknown): CertificateHash[] {
  const hashes = Array.isArray(list) ? list.map(readHash) : []
  return hashes.filter((hash) => typeof hash !== 'string')
}
