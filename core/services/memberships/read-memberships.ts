// Owns how memberships are listed and read within the caller's limits.
// Must not write.
import { type Membership, memberships } from '../../store/memberships.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Reading = Pick<ServiceDeps, 'db'>

export function listMemberships(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, memberships, access, query)
}

export function getMembership(deps: Reading) {
  return async (access: Access, membershipId: string): Promise<Outcome<Membership>> => {
    const membership = await getRecord(deps.db, memberships, access, membershipId)
    return membership === undefined ? notFound : ok(membership)
  }
}
