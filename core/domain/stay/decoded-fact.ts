// Owns the facts as they are read with the profiles of the readers that reported them.
// Must not change what is stored: the raw text stays, and another profile may read it anew.
import type { CardProfiles } from '../credential/index.ts'
import type { ReportedCredential } from '../parking-fact.ts'
import type { SeenCredential, StayFact } from './stay-fact.ts'

type Place = { siteId: string | null; connectionId: string | null }

/** What an adapter itself calls a profile is not taken over: only the hub's own settings say how a reader writes. */
export function decodedCredential(
  reported: ReportedCredential,
  profiles: CardProfiles,
  at: Place,
  device?: string,
): SeenCredential {
  const { readerProfile: _, ...bare } = reported as SeenCredential
  if (bare.kind !== 'card') return bare
  const profile = profiles.ofReader(at, bare.reader) ?? profiles.ofReader(at, device)
  return profile === undefined ? bare : { ...bare, readerProfile: profile }
}

export function decodedFact(fact: StayFact, profiles: CardProfiles, at: Place): StayFact {
  const decode = (some: readonly ReportedCredential[]) =>
    some.map((one) => decodedCredential(one, profiles, at, fact.device))
  switch (fact.type) {
    case 'gate.requested':
    case 'gate.decided':
    case 'gate.passed':
    case 'gate.backedOut':
      return { ...fact, data: { ...fact.data, credentials: decode(fact.data.credentials) } }
    case 'credential.observed':
      return { ...fact, data: { ...fact.data, credentials: decode(fact.data.credentials) } }
    case 'bay.changed':
      return fact.data.credentials
        ? { ...fact, data: { ...fact.data, credentials: decode(fact.data.credentials) } }
        : fact
    case 'stay.opened':
    case 'stay.closed':
    case 'stay.voided':
      return fact.data.credentials
        ? { ...fact, data: { ...fact.data, credentials: decode(fact.data.credentials) } }
        : fact
    case 'stay.corrected': {
      const { changed } = fact.data
      return changed.credentials
        ? { ...fact, data: { ...fact.data, changed: { ...changed, credentials: decode(changed.credentials) } } }
        : fact
    }
    default:
      return fact
  }
}
