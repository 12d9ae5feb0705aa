// Owns finding the sites that an identity provider's token names.
// Must not fail for a name that no site has: whoever is named for nothing reaches nothing.
import { isUuid } from '../../domain/ids.ts'
import { siteIdsByName } from '../../store/api-keys.ts'
import type { ServiceDeps } from '../service-deps.ts'

/** Names are codes or ids. */
export function siteIdsNamed(deps: Pick<ServiceDeps, 'db'>) {
  return (organizationId: string, names: readonly string[]): Promise<string[]> =>
    siteIdsByName(deps.db, organizationId, names, names.filter(isUuid))
}
