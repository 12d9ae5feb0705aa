// Owns the decode profiles as gates and chargers ask for them: remembered for a moment, since they ask at every card.
// Must not be used where facts are stored; those read the profiles in their own transaction.
import type { CardProfiles } from '../../domain/credential/index.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import type { ServiceDeps } from '../service-deps.ts'

/** How long a change of a profile may take to be followed, on any node. */
export const rememberMs = 1_000

/**
 * @example
 * const profiles = rememberedProfiles({ db, clock })
 * ;(await profiles(organizationId)).ofStation(stationId)
 */
export function rememberedProfiles({ db, clock }: Pick<ServiceDeps, 'db' | 'clock'>) {
  const known = new Map<string, { until: number; profiles: Promise<CardProfiles> }>()
  return (organizationId: string): Promise<CardProfiles> => {
    const now = clock.now().getTime()
    const remembered = known.get(organizationId)
    if (remembered !== undefined && now < remembered.until) return remembered.profiles
    const profiles = loadCardProfiles(db, organizationId)
    known.set(organizationId, { until: now + rememberMs, profiles })
    profiles.catch(() => known.delete(organizationId))
    return profiles
  }
}
