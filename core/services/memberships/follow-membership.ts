// Owns what happens to a membership as days pass: it begins, is renewed, resumed and ended, each once, however late or often it is
// looked at.
// Must not take a wish of anybody; change-membership.ts does.
import { billingSettings } from '../../domain/bill/index.ts'
import { addDays, localDate, startOfLocalDate } from '../../domain/local-time.ts'
import { type DateSpan, membershipPeriod, stillBilled } from '../../domain/membership/index.ts'
import { readBillingSite } from '../../store/billing-facts.ts'
import { appendEvents, type NewEvent } from '../../store/event-log.ts'
import {
  chargesOf,
  groupGrantedElsewhere,
  type Membership,
  type MembershipPlan,
  membershipPlans,
  memberships,
} from '../../store/memberships.ts'
import { addMember, removeMember } from '../../store/people.ts'
import { type Db, getRecord, updateRecord } from '../../store/record-table.ts'
import { clearTimer, setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { BillSummary } from '../billing/issue-bill.ts'
import { tellAccess } from '../manage/tell-access.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { billDrafts, type Draft, wholePeriod } from './bill-membership.ts'

export type MembershipDeps = Pick<ServiceDeps, 'newId' | 'clock'>

/** One membership in a transaction that has its row. */
export interface Course {
  deps: MembershipDeps
  trx: Db
  organizationId: string
  actor: string
  zone: string
  settings: ReturnType<typeof billingSettings>
  today: string
  now: Date
  bills: BillSummary[]
}

/** The task `membership.follow`. */
export function followMembership(
  deps: MembershipDeps & Pick<ServiceDeps, 'db'>,
): (of: { organizationId: string; membershipId: string }) => Promise<void> {
  return ({ organizationId, membershipId }) =>
    transaction(deps.db, async (trx) => {
      const sight = { organizationId, siteIds: null }
      const membership = await getRecord(trx, memberships, sight, membershipId, 'lock')
      if (membership === undefined) return
      const course = await openCourse(deps, trx, { organizationId, actor: 'hub' }, membership.siteId)
      await follow(course, membership)
    })
}

export async function openCourse(
  deps: MembershipDeps,
  trx: Db,
  { organizationId, actor }: { organizationId: string; actor: string },
  siteId: string,
): Promise<Course> {
  const site = await readBillingSite(trx, organizationId, siteId)
  if (site === undefined) throw new Error(`there is no site ${siteId}`)
  const now = deps.clock.now()
  const settings = billingSettings(site.settings, site.code)
  return {
    deps,
    trx,
    organizationId,
    actor,
    zone: site.zone,
    settings,
    today: localDate(now, site.zone),
    now,
    bills: [],
  }
}

const mostSteps = 2000

/** Everything that is due by today, then the appointment for what comes next. */
export async function follow(course: Course, membership: Membership): Promise<Membership> {
  let at = membership
  for (let step = 0; step < mostSteps; step++) {
    const next = await due(course, at)
    if (next === null) break
    at = await next()
  }
  await appoint(course, at)
  return at
}

/** What is due comes in the order of its days, also when nobody looked for a month. */
async function due(course: Course, at: Membership): Promise<(() => Promise<Membership>) | null> {
  if (at.state === 'ended') return null
  const steps: { date: string; take: () => Promise<Membership> }[] = []
  if (at.endsOn !== null) steps.push({ date: at.endsOn, take: () => end(course, at) })
  if (at.state === 'scheduled') steps.push({ date: at.startsOn, take: () => begin(course, at) })
  const { resumesOn } = at
  if (at.state === 'paused' && resumesOn !== null) {
    steps.push({ date: resumesOn, take: () => resume(course, at, resumesOn) })
  }
  const from = at.periodTo ?? at.startsOn
  if (at.endsOn === null || at.endsOn > from) {
    const plan = await planOf(course, at.nextPlanId ?? at.planId)
    steps.push({ date: addDays(from, -plan.advanceDays), take: () => renew(course, at, plan) })
  }
  const [first] = steps
    .filter(({ date }) => date <= course.today)
    .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  return first?.take ?? null
}

export async function planOf({ trx, organizationId }: Course, planId: string): Promise<MembershipPlan> {
  const plan = await getRecord(trx, membershipPlans, { organizationId, siteIds: null }, planId)
  if (plan === undefined) throw new Error(`there is no plan ${planId}`)
  return plan
}

export async function change(course: Course, at: Membership, set: Record<string, unknown>): Promise<Membership> {
  const columns = { ...set, updated_at: course.now }
  return updateRecord(course.trx, memberships, course.organizationId, at.membershipId, columns)
}

async function begin(course: Course, at: Membership): Promise<Membership> {
  const active = await grant(course, await change(course, at, { state: 'active' }))
  await tell(course, 'membership.started', active, { from: at.startsOn })
  return active
}

/** A period that begins while a credited pause lasts is counted and not billed: resuming bills what is left of it. */
async function renew(course: Course, at: Membership, plan: MembershipPlan): Promise<Membership> {
  const number = at.periods + 1
  const period = membershipPeriod(at, number)
  const from = period.from < at.startsOn ? at.startsOn : period.from
  const to = at.endsOn !== null && at.endsOn < period.to ? at.endsOn : period.to
  const set = { periods: number, period_from: from, period_to: period.to, plan_id: plan.planId, next_plan_id: null }
  const free = at.state === 'paused' && at.pauseCredits === true
  const regrouped = at.planId !== plan.planId && at.state === 'active'
  if (!free) {
    const draft: Draft = {
      plan,
      number,
      kind: 'period',
      sign: 1,
      period,
      from,
      to,
      ...wholePeriod(plan, course.settings.rounding),
    }
    course.bills.push(...(await bill(course, at, [draft], 'Another period.')))
  }
  const changed = await change(course, at, set)
  if (number > 1 && !free) await tell(course, 'membership.renewed', changed, { from })
  return regrouped ? grant(course, await ungrant(course, changed)) : changed
}

export async function bill(
  course: Course,
  at: Membership,
  drafts: readonly Draft[],
  reason: string,
): Promise<BillSummary[]> {
  return billDrafts(course.deps, course.trx, course, at, drafts, reason)
}

/** Gives back all that is billed from a day on. Returns what that was. */
export async function giveBack(course: Course, at: Membership, from: string, reason: string) {
  const charges = await chargesOf(course.trx, course.organizationId, at.membershipId)
  const standing = stillBilled(charges, from)
  const drafts: Draft[] = []
  for (const { from, to, charge } of standing) {
    const plan = await planOf(course, charge.planId)
    const { number, period, netMinor, taxMinor } = charge
    drafts.push({ plan, number, kind: 'credit', sign: -1, period, netMinor, taxMinor, from, to })
  }
  if (drafts.length > 0) course.bills.push(...(await bill(course, at, drafts, reason)))
  return standing
}

/** Bills stretches of periods that have begun, as the plan costs today. */
export async function billStretches(
  course: Course,
  at: Membership,
  plan: MembershipPlan,
  stretches: readonly (DateSpan & { number: number; period: DateSpan })[],
  kind: 'resume' | 'change',
  reason: string,
): Promise<void> {
  const price = wholePeriod(plan, course.settings.rounding)
  const drafts = stretches.map((stretch): Draft => ({ ...stretch, ...price, plan, kind, sign: 1 }))
  if (drafts.length > 0) course.bills.push(...(await bill(course, at, drafts, reason)))
}

export async function resume(course: Course, at: Membership, on: string): Promise<Membership> {
  const credited = at.pauseCredits === true
  const set = { state: 'active', paused_on: null, pause_credits: null, resumes_on: null }
  const active = await grant(course, await change(course, at, set))
  if (credited && at.periods > 0) {
    const plan = await planOf(course, at.planId)
    const stretches = []
    for (let number = 1; number <= at.periods; number++) {
      const period = membershipPeriod(at, number)
      const from = on > period.from ? on : period.from
      const to = at.endsOn !== null && at.endsOn < period.to ? at.endsOn : period.to
      if (from < to) stretches.push({ number, period, from, to })
    }
    await billStretches(course, active, plan, stretches, 'resume', 'The pause is over.')
  }
  await tell(course, 'membership.resumed', active, { from: on })
  return active
}

async function end(course: Course, at: Membership): Promise<Membership> {
  const ended = await ungrant(
    course,
    await change(course, at, { state: 'ended', next_plan_id: null, resumes_on: null }),
  )
  await tell(course, 'membership.ended', ended, { from: at.endsOn ?? course.today })
  return ended
}

export async function grant(course: Course, at: Membership): Promise<Membership> {
  const { trx, organizationId } = course
  const { groupId } = await planOf(course, at.planId)
  if (groupId === null || !(await addMember(trx, organizationId, groupId, at.accountId))) {
    const shared = groupId !== null && (await groupGrantedElsewhere(trx, organizationId, at, groupId))
    return shared ? change(course, at, { granted_group_id: groupId }) : at
  }
  await tellAccess(trx, organizationId)
  return change(course, at, { granted_group_id: groupId })
}

/** Who was in the group before stays in it. */
export async function ungrant(course: Course, at: Membership): Promise<Membership> {
  const { trx, organizationId } = course
  const { grantedGroupId } = at
  if (grantedGroupId === null) return at
  if (!(await groupGrantedElsewhere(trx, organizationId, at, grantedGroupId))) {
    await removeMember(trx, organizationId, grantedGroupId, at.accountId)
    await tellAccess(trx, organizationId)
  }
  return change(course, at, { granted_group_id: null })
}

export type MembershipEvent = Extract<NewEvent['type'], `membership.${string}`>

export async function tell(
  { deps, trx, organizationId, now, bills }: Course,
  type: MembershipEvent,
  { membershipId, accountId, planId, siteId, version }: Membership,
  { from }: { from: string },
): Promise<void> {
  const data = { membershipId, accountId, planId, from, billIds: bills.map((one) => one.billId) }
  const subject = { type: 'membership', id: membershipId, version }
  await appendEvents(trx, [
    { id: deps.newId(), type, organizationId, siteId, subject, occurredAt: now, recordedAt: now, data },
  ])
}

async function appoint(course: Course, at: Membership): Promise<void> {
  const { trx, organizationId, zone } = course
  const { membershipId, siteId } = at
  const name = { organizationId, kind: 'membership.follow', key: `membership:${membershipId}` }
  const date = await nextDate(course, at)
  if (date === null) {
    await clearTimer(trx, name)
    return
  }
  const data = { organizationId, siteId, membershipId }
  await setTimer(trx, { ...name, siteId, dueAt: startOfLocalDate(date, zone), data })
}

async function nextDate(course: Course, at: Membership): Promise<string | null> {
  if (at.state === 'ended') return null
  const from = at.periodTo ?? at.startsOn
  const goesOn = at.endsOn === null || at.endsOn > from
  const { advanceDays } = await planOf(course, at.nextPlanId ?? at.planId)
  const dates = [
    at.state === 'scheduled' ? at.startsOn : null,
    at.state === 'paused' ? at.resumesOn : null,
    at.endsOn,
    goesOn ? addDays(from, -advanceDays) : null,
  ].filter((date) => date !== null)
  return dates.sort()[0] ?? null
}
