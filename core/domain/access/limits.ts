// Owns who counts together: the places at once of an account, of the pool it draws on, and of its groups.
// Must not count; the store does, so that two questions of one moment cannot both take the last place.
import type { AccessPlace, AccessRules, HeldAccount, HeldGroup } from './access-rules.ts'

export interface Limit {
  kind: 'account' | 'pool' | 'group'
  id: string
  /** As a person knows it. */
  name: string
  most: number
}

/** What must be free: each of `all`, and one of `any` where there are some. */
export interface Limits {
  what: 'inside' | 'charging'
  all: readonly Limit[]
  /** The groups that would let it in; empty when one of them has no limit. */
  any: readonly Limit[]
}

export function limitsOf(account: HeldAccount, groups: readonly HeldGroup[], place: AccessPlace): Limits | null {
  if (place.place === 'gate' && place.direction !== 'entry') return null
  const what = place.place === 'gate' ? 'inside' : 'charging'
  const most = (rules: AccessRules) => (what === 'inside' ? rules.maxInside : rules.maxCharging)
  const limit = (kind: Limit['kind'], id: string, name: string, rules: AccessRules): Limit[] => {
    const number = most(rules)
    return number === undefined ? [] : [{ kind, id, name, most: number }]
  }
  const { pool } = account
  // An account's places are shared with those below it; one below another draws on both.
  const all = pool
    ? [
        ...limit('account', account.accountId, `account ${account.number}`, account.access),
        ...limit('pool', pool.accountId, `account ${pool.number}`, pool.access),
      ]
    : limit('pool', account.accountId, `account ${account.number}`, account.access)
  const limited = groups.flatMap((group) => limit('group', group.groupId, `group ${group.code}`, group.access))
  const any = limited.length === groups.length ? limited : []
  return all.length + any.length === 0 ? null : { what, all, any }
}

export interface Room {
  free: boolean
  /** Of each limit, how many places were taken. */
  checks: readonly { limit: Limit; taken: number }[]
  full: Limit | null
}

/** Whether there is a place, by how many are taken of each limit. */
export function roomIn(limits: Limits, takenOf: (limit: Limit) => number): Room {
  const checks = [...limits.all, ...limits.any].map((limit) => ({ limit, taken: takenOf(limit) }))
  const isFull = (limit: Limit) => takenOf(limit) >= limit.most
  const own = limits.all.find(isFull)
  const none = limits.any.length > 0 && limits.any.every(isFull) ? limits.any[0] : undefined
  const full = own ?? none ?? null
  return { free: full === null, checks, full }
}

export function fullText({ what }: Limits, limit: Limit): string {
  const places = `${limit.most} ${limit.most === 1 ? 'place' : 'places'}`
  return what === 'inside'
    ? `All ${places} of ${limit.name} are taken.`
    : `${limit.name[0]?.toUpperCase()}${limit.name.slice(1)} charges at ${limit.most === 1 ? 'its one plug' : `all its ${limit.most} plugs`} already.`
}
