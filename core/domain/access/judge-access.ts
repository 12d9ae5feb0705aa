// Owns the rules of access: whether one identified credential may park or charge at a place and a moment, each step in plain words.
// Must not read a database or a clock, nor count places: what has to be free is told to the caller.
import type { Authorization, AuthorizationStatus } from '../charger-fact.ts'
import type { AccessPlace, AccessRight, AccessRules, HeldAccount, HeldCredential, HeldGroup } from './access-rules.ts'
import { type Limits, limitsOf } from './limits.ts'
import { judgePassback } from './passback.ts'
import { openUntil, type Schedule, scheduleAt } from './schedule.ts'

export interface RuleCheck {
  rule: string
  outcome: 'passed' | 'failed' | 'flagged'
  detail: string
}

export interface Judged {
  authorization: Authorization
  /** Why, in a word that machines and statistics may rely on. */
  code: string
  /** Every rule that was looked at, in order. */
  trace: readonly RuleCheck[]
  /** What must have a free place for the yes to hold; null when nothing is limited. */
  limits: Limits | null
}

export interface IdentifiedCredential {
  credential: HeldCredential
  /** Only a part of it was read. */
  partial: boolean
  /** What was shown is known from links alone: it can be wrong, so it opens nothing, though what it refuses stands. */
  learned?: boolean
}

export const rightAt = { gate: 'park', charger: 'charge' } as const satisfies Record<string, AccessRight>

/** OCPP 1.6 parentIdTag. */
const longestGroupToken = 20

export function unknownCredential(reason: string): Judged {
  return {
    authorization: { status: 'unknown', reason },
    code: 'unknown_credential',
    trace: [{ rule: 'credential', outcome: 'failed', detail: reason }],
    limits: null,
  }
}

/**
 * A car that leaves is not kept for the hour or the place it stands at: outside its schedule it is let out and flagged, since what it
 * owes is a matter of the bill.
 */
export function judgeAccess(
  { credential, partial, learned = false }: IdentifiedCredential,
  place: AccessPlace,
): Judged {
  const { account } = credential
  const trace: RuleCheck[] = []
  const flags: string[] = []
  const leaving = place.place === 'gate' && place.direction === 'exit'
  const right = rightAt[place.place]
  const passed = (rule: string, detail: string) => trace.push({ rule, outcome: 'passed', detail })
  const answer = (
    status: AuthorizationStatus,
    code: string,
    reason: string,
    more: Partial<Authorization> = {},
  ): Judged => ({
    authorization: {
      status,
      reason,
      credentialId: credential.credentialId,
      ...(credential.accountId === null ? {} : { accountId: credential.accountId }),
      ...(credential.vehicleId === null ? {} : { vehicleId: credential.vehicleId }),
      ...more,
    },
    code,
    trace,
    limits: null,
  })
  const refuse = (rule: string, status: AuthorizationStatus, code: string, words: string): Judged => {
    const reason = `${nameOf(credential)} ${words}`
    trace.push({ rule, outcome: 'failed', detail: reason })
    return answer(status, code, reason)
  }

  passed('credential', `It is ${lowerFirst(nameOf(credential))}.${partial ? ' Only a part of it was read.' : ''}`)
  if (credential.status === 'blocked') return refuse('status', 'blocked', 'blocked', 'is blocked.')
  if (credential.status === 'revoked') return refuse('status', 'blocked', 'blocked', 'was revoked.')
  if (account?.status === 'suspended') return refuse('status', 'blocked', 'blocked', 'belongs to a suspended account.')
  if (account?.status === 'closed') return refuse('status', 'invalid', 'invalid', 'belongs to a closed account.')
  if (account?.pool && account.pool.status !== 'active')
    return refuse(
      'status',
      'blocked',
      'blocked',
      `belongs to account ${account.pool.number}, which is ${account.pool.status}.`,
    )
  passed('status', 'The credential and its account are active.')
  if (learned) {
    const detail = `${nameOf(credential)} is known in this form from links alone, and that opens nothing. Add the form to the credential if it is right.`
    trace.push({ rule: 'form', outcome: 'failed', detail })
    return { authorization: { status: 'unknown', reason: detail }, code: 'form_learned', trace, limits: null }
  }

  for (const [validity, whose] of [
    [credential, ''],
    [account, ' by its account'],
  ] as const) {
    if (validity?.validUntil && validity.validUntil <= place.at)
      return refuse('validity', 'expired', 'expired', `was valid${whose} until ${iso(validity.validUntil)}.`)
    if (validity?.validFrom && validity.validFrom > place.at)
      return refuse('validity', 'invalid', 'invalid', `is valid${whose} only from ${iso(validity.validFrom)}.`)
  }
  passed('validity', 'It is in its dates.')

  if (!isAtSite(credential.siteIds, place.siteId))
    return refuse('site', 'not_allowed_here', 'not_allowed_here', 'is not valid at this site.')
  if (!credential.rights.includes(right))
    return refuse('right', 'not_allowed_here', 'not_allowed_here', `may not ${right}.`)
  passed('right', `It may ${right} at this site.`)

  const open: Schedule[] = []
  const own = account ? placeProblem(account.access, place) : null
  if (own) return refuse('place', 'not_allowed_here', 'not_allowed_here', own)
  if (account) {
    const time = timeProblem(account.access, account.schedules, place)
    open.push(...time.open)
    if (time.problem !== null) {
      if (!leaving) return refuse('schedule', 'not_allowed_here', 'outside_schedule', time.problem)
      flags.push('outside_schedule')
      trace.push({ rule: 'schedule', outcome: 'flagged', detail: `${nameOf(credential)} ${time.problem}` })
    } else passed('schedule', time.detail)
  }

  const groups = account ? groupsThatAllow(account, right, place, leaving) : null
  if (groups) {
    trace.push(...groups.trace)
    if (groups.allowing.length === 0) {
      const { words, code } = groups.why
      return refuse('group', 'not_allowed_here', code, words)
    }
    if (groups.flagged) flags.push('outside_schedule')
    open.push(...groups.open)
  }

  if (account && place.place === 'gate') {
    const passback = judgePassback(credential, account, place.direction)
    if (passback.kind === 'refuse') {
      trace.push({ rule: 'antipassback', outcome: 'failed', detail: `${passback.because}.` })
      return answer('not_allowed_here', passback.code, `${passback.because}.`)
    }
    trace.push({
      rule: 'antipassback',
      outcome: passback.kind === 'flag' ? 'flagged' : 'passed',
      detail: `Granted: ${passback.because}.`,
    })
    if (passback.kind === 'flag') flags.push(passback.code)
  }

  const cut = partial ? ' Only a part of the card was read; no other enrolled card fits.' : ''
  const until = earliest([
    credential.validUntil,
    account?.validUntil ?? null,
    place.time && !leaving ? closing(open, place.at, place.time) : null,
  ])
  const yes = answer('accepted', flags[0] ?? 'authorised', `${nameOf(credential)} may ${right} here.${cut}`, {
    ...(until ? { validUntil: until } : {}),
    ...(account && account.number.length <= longestGroupToken ? { groupToken: account.number } : {}),
  })
  return { ...yes, limits: account ? limitsOf(account, groups?.allowing ?? [], place) : null }
}

/** Words for why the place is not among those that the rules name; null when it is, or none are named. */
function placeProblem(rules: AccessRules, place: AccessPlace): string | null {
  const { siteIds, areaIds, laneIds, stationIds, evseIds, stationTags } = rules
  if (siteIds && !isAtSite(siteIds, place.siteId)) return 'is not valid at this site by its account.'
  if (place.place === 'gate') {
    if (laneIds && (place.laneId === null || !laneIds.includes(place.laneId))) return `may not use lane ${place.lane}.`
    // A lane that leads to no area of its own leads to the site.
    if (areaIds && place.areaId !== null && !areaIds.includes(place.areaId))
      return `may not enter the area behind lane ${place.lane}.`
    return null
  }
  if ((stationIds || stationTags) && !stationFits(rules, place)) return 'may not charge at this station.'
  if (evseIds && !place.evses.some(({ evseId }) => evseIds.includes(evseId))) return 'may not charge at this plug.'
  if (areaIds && !place.evses.some(({ areaId }) => areaId !== null && areaIds.includes(areaId)))
    return 'may not charge in this area.'
  return null
}

function stationFits(
  { stationIds = [], stationTags = [] }: AccessRules,
  { stationId, tags }: { stationId: string | null; tags: readonly string[] },
): boolean {
  return (stationId !== null && stationIds.includes(stationId)) || tags.some((tag) => stationTags.includes(tag))
}

interface TimeAnswer {
  /** Words for why it is closed; null when it is open. */
  problem: string | null
  detail: string
  open: Schedule[]
}

function timeProblem({ scheduleIds }: AccessRules, known: readonly Schedule[], { at, time }: AccessPlace): TimeAnswer {
  if (!scheduleIds || scheduleIds.length === 0) return { problem: null, detail: 'No schedule limits it.', open: [] }
  const schedules = known.filter(({ scheduleId }) => scheduleIds.includes(scheduleId))
  if (schedules.length === 0 || time === null)
    return { problem: 'is limited to a schedule that cannot be told here.', detail: '', open: [] }
  const answers = schedules.map((schedule) => ({ schedule, ...scheduleAt(schedule, at.getTime(), time) }))
  const open = answers.filter((one) => one.open)
  const [first] = open.length > 0 ? open : answers
  const detail = `Schedule ${first?.schedule.name}: ${first?.because}.`
  if (open.length > 0) return { problem: null, detail, open: open.map(({ schedule }) => schedule) }
  return { problem: `is outside its schedule ${first?.schedule.name} (${first?.because}).`, detail, open: [] }
}

interface GroupAnswer {
  allowing: HeldGroup[]
  open: Schedule[]
  trace: RuleCheck[]
  flagged: boolean
  why: { words: string; code: string }
}

/** Null for who is in no group: he has what the credential and the account give. */
function groupsThatAllow(
  account: HeldAccount,
  right: AccessRight,
  place: AccessPlace,
  leaving: boolean,
): GroupAnswer | null {
  if (account.groups.length === 0) return null
  const trace: RuleCheck[] = []
  const allowing: { group: HeldGroup; open: Schedule[]; late: boolean }[] = []
  let why = { words: `is in no group that may ${right} here.`, code: 'not_allowed_here' }
  for (const group of account.groups) {
    const where = group.rights.includes(right) && isAtSite(group.siteIds, place.siteId)
    const problem = where ? placeProblem(group.access, place) : `may not ${right} here.`
    const time = timeProblem(group.access, account.schedules, place)
    const late = problem === null && time.problem !== null
    if (problem === null && (time.problem === null || leaving)) allowing.push({ group, open: time.open, late })
    else if (late) why = { words: time.problem ?? '', code: 'outside_schedule' }
    const words = problem ?? time.problem
    trace.push({
      rule: 'group',
      outcome: words === null ? 'passed' : late && leaving ? 'flagged' : 'failed',
      detail: words === null ? `Group ${group.code} may ${right} here. ${time.detail}` : `Group ${group.code} ${words}`,
    })
  }
  const onTime = allowing.filter(({ late }) => !late)
  return {
    allowing: allowing.map(({ group }) => group),
    // Without a schedule in one of them there is no end.
    open: onTime.some(({ open }) => open.length === 0) ? [] : onTime.flatMap(({ open }) => open),
    trace,
    flagged: onTime.length === 0,
    why,
  }
}

function closing(open: readonly Schedule[], at: Date, time: NonNullable<AccessPlace['time']>): Date | null {
  const ends = open.flatMap((schedule) => openUntil(schedule, at.getTime(), time) ?? [])
  return ends.length === 0 ? null : new Date(Math.min(...ends))
}

export function isAtSite(siteIds: readonly string[] | null, siteId: string | null): boolean {
  return siteIds === null || (siteId !== null && siteIds.includes(siteId))
}

function nameOf({ kind, label, account }: HeldCredential): string {
  const what = kind.charAt(0).toUpperCase() + kind.slice(1)
  const named = label ? `${what} "${label}"` : what
  return account ? `${named} of ${account.name} (account ${account.number})` : named
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function earliest(dates: readonly (Date | null)[]): Date | null {
  const known = dates.filter((date) => date !== null)
  return known.length === 0 ? null : new Date(Math.min(...known.map((date) => date.getTime())))
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.000Z$/, 'Z')
}
