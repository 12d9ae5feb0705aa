// Owns antipassback: whether an account that is inside may enter, and one that is outside may leave.
// Must not learn from questions, only from stays: a car that backed out is where it was.
import type { AccessRules, Antipassback, HeldAccount, HeldCredential, OpenStay } from './access-rules.ts'

export type PassbackAnswer =
  | { kind: 'fine'; because: string }
  | { kind: 'flag' | 'refuse'; code: 'already_inside' | 'not_inside'; because: string }

const strictness: readonly Antipassback[] = ['none', 'soft', 'hard']

/** The account's own word, else the strictest of its groups, else hard. */
export function antipassbackOf({
  access,
  groups,
  settings,
}: Pick<HeldAccount, 'access' | 'groups' | 'settings'>): Antipassback {
  if (access.antipassback) return access.antipassback
  if (settings.allow_passback === true) return 'none'
  const said = groups.flatMap(({ access: { antipassback } }) => (antipassback ? [antipassback] : []))
  return said.sort((a, b) => strictness.indexOf(b) - strictness.indexOf(a))[0] ?? 'hard'
}

/**
 * The state is the account's, whatever was shown (a card has many written forms and a car a plate). An account with several places
 * has several cars: there only the same car or card again is passback, and the count is a matter of its places.
 */
export function judgePassback(
  credential: HeldCredential,
  account: HeldAccount,
  direction: 'entry' | 'exit' | 'internal',
): PassbackAnswer {
  const mode = antipassbackOf(account)
  if (direction === 'internal') return { kind: 'fine', because: 'inside the site it is not asked' }
  if (credential.neutral) return { kind: 'fine', because: 'the credential is neutral' }
  if (mode === 'none') return { kind: 'fine', because: 'not kept for this account' }
  const harsh = mode === 'soft' ? 'flag' : 'refuse'
  if (direction === 'exit') {
    const outsideSince = account.openStays.length === 0 ? account.lastExitAt : null
    if (outsideSince === null) return { kind: 'fine', because: 'the account is not known to be outside' }
    const because = `the account's last car left at ${iso(outsideSince)} and none came in since`
    return { kind: declinesExit(account) ? harsh : 'flag', code: 'not_inside', because }
  }
  const inside = account.openStays.find((stay) => severalPlaces(account) === false || sameCar(stay, credential))
  if (!inside) return { kind: 'fine', because: 'no car of the account that this could be is inside' }
  const since = inside.enteredAt ? ` at ${iso(inside.enteredAt)}` : ''
  return { kind: harsh, code: 'already_inside', because: `The account's car came in${since} and has not left` }
}

/** A garage must not keep a car for the hub's own gap, unless the operator says so. */
function declinesExit({ access, groups }: HeldAccount): boolean {
  const said = (rules: AccessRules) => rules.exitWithoutEntry
  return (said(access) ?? groups.map((group) => said(group.access)).find((one) => one === 'decline')) === 'decline'
}

function severalPlaces({ access }: HeldAccount): boolean {
  return (access.maxInside ?? 1) > 1
}

function sameCar(stay: OpenStay, { credentialId, vehicleId }: HeldCredential): boolean {
  return stay.credentialId === credentialId || (vehicleId !== null && stay.vehicleId === vehicleId)
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.000Z$/, 'Z')
}
