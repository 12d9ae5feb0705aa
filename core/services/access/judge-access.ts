// Owns the rules of access: whether one identified credential may park or charge at a site at a moment, in plain words.
// Must not read the database or a clock.
import type { Authorization } from '../../domain/charger-fact.ts'
import type { Enrolled, EnrolledAccount } from '../../store/credentials.ts'
import type { Held, Identified } from './identify-credential.ts'

export interface AccessPlace {
  place: 'gate' | 'charger'
  siteId: string | null
  at: Date
}

const rightAt = { gate: 'park', charger: 'charge' } as const

/** What the site says about those it does not know. Transient parkers with a ticket charge by default. */
export function anonymousCharging(settings: Record<string, unknown>): 'accept' | 'reject' {
  return settings.anonymous_charging === 'reject' ? 'reject' : 'accept'
}

export function judgeAccess(identified: Identified, place: AccessPlace): Authorization {
  switch (identified.kind) {
    case 'none':
      return { status: 'unknown', reason: 'This credential is not enrolled.' }
    case 'several':
      return { status: 'unknown', reason: `It fits ${identified.count} enrolled credentials of different holders.` }
    case 'one':
      return judgeCredential(identified.row, identified.partial, place)
  }
}

function judgeCredential(row: Held, partial: boolean, { place, siteId, at }: AccessPlace): Authorization {
  const { account } = row
  const right = rightAt[place]
  const refuse = (status: Authorization['status'], reason: string): Authorization => ({
    status,
    reason: `${nameOf(row)} ${reason}`,
    credentialId: row.credentialId,
    ...(row.accountId === null ? {} : { accountId: row.accountId }),
    ...(row.vehicleId === null ? {} : { vehicleId: row.vehicleId }),
  })
  if (row.status === 'blocked') return refuse('blocked', 'is blocked.')
  if (row.status === 'revoked') return refuse('blocked', 'was revoked.')
  if (account?.status === 'suspended') return refuse('blocked', 'belongs to a suspended account.')
  if (account?.status === 'closed') return refuse('invalid', 'belongs to a closed account.')
  for (const [validity, whose] of [
    [row, ''],
    [account, ' by its account'],
  ] as const) {
    if (validity?.validUntil && validity.validUntil <= at)
      return refuse('expired', `was valid${whose} until ${iso(validity.validUntil)}.`)
    if (validity?.validFrom && validity.validFrom > at)
      return refuse('invalid', `is valid${whose} only from ${iso(validity.validFrom)}.`)
  }
  if (!isAtSite(row.siteIds, siteId)) return refuse('not_allowed_here', 'is not valid at this site.')
  if (!row.rights.includes(right)) return refuse('not_allowed_here', `may not ${right}.`)
  if (account && !groupsAllow(account, right, siteId)) {
    return refuse('not_allowed_here', `is in no group that may ${right} here.`)
  }
  const cut = partial ? ' Only a part of the card was read; no other enrolled card fits.' : ''
  const validUntil = earliest(row.validUntil, account?.validUntil ?? null)
  return {
    ...refuse('accepted', `may ${right} here.${cut}`),
    ...(validUntil ? { validUntil } : {}),
    ...(account && account.number.length <= longestGroupToken ? { groupToken: account.number } : {}),
  }
}

/** OCPP 1.6 parentIdTag. */
const longestGroupToken = 20

/** Who is in no group has what the credential itself gives. */
function groupsAllow(account: EnrolledAccount, right: string, siteId: string | null): boolean {
  const { groups } = account
  return groups.length === 0 || groups.some((group) => group.rights.includes(right) && isAtSite(group.siteIds, siteId))
}

function isAtSite(siteIds: readonly string[] | null, siteId: string | null): boolean {
  return siteIds === null || (siteId !== null && siteIds.includes(siteId))
}

function nameOf({ kind, label, account }: Enrolled): string {
  const what = kind.charAt(0).toUpperCase() + kind.slice(1)
  const named = label ? `${what} "${label}"` : what
  return account ? `${named} of ${account.name} (account ${account.number})` : named
}

function earliest(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a < b ? a : b) : (a ?? b)
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.000Z$/, 'Z')
}
