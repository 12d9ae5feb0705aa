// Owns what people ask of memberships: start, pause, resume, cancel, another plan; and what each would cost before it is done.
// Must not bill by itself what only time brings; follow-membership.ts does.
import { addDays } from '../../domain/local-time.ts'
import { minor } from '../../domain/money.ts'
import { appendAudit } from '../../store/audit.ts'
import { linesOfBill } from '../../store/bills.ts'
import { depositsHeld } from '../../store/deposits.ts'
import { type Membership, type MembershipPlan, membershipPlans, memberships } from '../../store/memberships.ts'
import { accounts } from '../../store/people.ts'
import { type Db, getRecord, insertRecord } from '../../store/record-table.ts'
import { undone } from '../../store/undone.ts'
import type { BillSummary } from '../billing/issue-bill.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { broken } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import {
  billStretches,
  type Course,
  change,
  follow,
  giveBack,
  grant,
  openCourse,
  planOf,
  resume,
  tell,
  ungrant,
} from './follow-membership.ts'

export interface MembershipStart {
  accountId: string
  planId: string
  /** Local date; today when left out. */
  startsOn?: string
  preview?: boolean
}

export type MembershipWish =
  | { kind: 'pause'; credit: boolean; resumesOn?: string | undefined }
  | { kind: 'resume' }
  | { kind: 'cancel'; at: 'period_end' | 'now'; reason: string }
  | { kind: 'change'; planId: string; at: 'period_end' | 'now' }

export interface MembershipChange {
  membership: Membership
  /** What was billed or given back at once. */
  bills: (BillSummary & { lines: Awaited<ReturnType<typeof linesOfBill>> })[]
  totalMinor: number
  /** Nothing of it was done; it was only worked out. */
  preview: boolean
}

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

/** A preview is done and then undone, so that it cannot differ from what would happen. */
function previewable(
  deps: Deps,
  preview: boolean,
  body: (trx: Db) => Promise<Outcome<MembershipChange>>,
): Promise<Outcome<MembershipChange>> {
  return refusable(deps, (trx) => (preview ? undone(trx, () => body(trx)) : body(trx)))
}

export function startMembership(deps: Deps) {
  return (access: Access, input: MembershipStart): Promise<Outcome<MembershipChange>> =>
    previewable(deps, input.preview === true, async (trx) => {
      const { organizationId, actor } = access
      const refusal = await broken(trx, access, [
        { pointer: '/accountId', table: accounts, id: input.accountId },
        { pointer: '/planId', table: membershipPlans, id: input.planId },
      ])
      if (refusal !== undefined) return refusal
      const plan = await getRecord(trx, membershipPlans, access, input.planId)
      if (plan === undefined) return notFound
      const course = await openCourse(deps, trx, { organizationId, actor }, plan.siteId)
      const startsOn = input.startsOn ?? course.today
      if (startsOn < course.today)
        return invalid('/startsOn', `must not be before today, which is ${course.today} there`)
      if (startsOn > addDays(course.today, 366)) return invalid('/startsOn', 'must be within a year')
      const held = await depositsHeld(trx, organizationId, input.accountId, plan.currency)
      if (held < plan.depositMinor && input.preview !== true) {
        const message = `The plan asks for a deposit of ${plan.depositMinor} minor units; ${held} are held for the account.`
        return { kind: 'conflict', message, pointer: '/accountId' }
      }
      const made = await insertRecord(trx, memberships, {
        organization_id: organizationId,
        site_id: plan.siteId,
        membership_id: deps.newId(),
        account_id: input.accountId,
        plan_id: plan.planId,
        state: 'scheduled',
        starts_on: startsOn,
        anchor_day: plan.anchorDay ?? Number(startsOn.slice(8)),
        every: plan.every,
        created_at: course.now,
        updated_at: course.now,
      })
      const membership = await follow(course, made)
      return finished(course, access, 'started', null, membership, input.preview === true)
    })
}

export function changeMembership(deps: Deps) {
  return (
    access: Access,
    membershipId: string,
    { preview = false, ...wish }: MembershipWish & { preview?: boolean },
    version?: number,
  ): Promise<Outcome<MembershipChange>> =>
    previewable(deps, preview, async (trx) => {
      const before = await getRecord(trx, memberships, access, membershipId, 'lock')
      if (before === undefined) return notFound
      if (version !== undefined && before.version !== version) return { kind: 'stale', version: before.version }
      const course = await openCourse(deps, trx, access, before.siteId)
      // What days have brought comes first, so that the wish meets the membership as it is today.
      const now = await follow(course, before)
      if (now.state === 'ended') return { kind: 'conflict', message: 'It has ended.' }
      const next = await fulfil(course, access, now, wish)
      if ('kind' in next) return next
      return finished(course, access, wish.kind, before, await follow(course, next), preview)
    })
}

function fulfil(course: Course, access: Access, at: Membership, wish: MembershipWish): Promise<Membership | Refusal> {
  switch (wish.kind) {
    case 'pause':
      return pause(course, at, wish)
    case 'resume':
      return at.state === 'paused'
        ? resume(course, at, course.today)
        : Promise.resolve({ kind: 'conflict', message: 'It is not paused.' })
    case 'cancel':
      return cancel(course, at, wish)
    case 'change':
      return changePlan(course, access, at, wish)
  }
}

/** From today on; with a credit all that is billed from today is given back, and resuming bills what is left then. */
async function pause(
  course: Course,
  at: Membership,
  { credit, resumesOn }: { credit: boolean; resumesOn?: string | undefined },
): Promise<Membership | Refusal> {
  if (at.state !== 'active') return { kind: 'conflict', message: `It is ${at.state}.` }
  if (resumesOn !== undefined && resumesOn <= course.today) return invalid('/resumesOn', 'must be after today')
  if (credit) await giveBack(course, at, course.today, 'Paused.')
  const set = { state: 'paused', paused_on: course.today, pause_credits: credit, resumes_on: resumesOn ?? null }
  const paused = await ungrant(course, await change(course, at, set))
  await tell(course, 'membership.paused', paused, { from: course.today })
  return paused
}

async function cancel(
  course: Course,
  at: Membership,
  { at: when, reason }: { at: 'period_end' | 'now'; reason: string },
): Promise<Membership | Refusal> {
  const endsOn = when === 'now' || at.state === 'scheduled' ? laterOf(course.today, at.startsOn) : periodEnd(course, at)
  if (at.endsOn !== null && at.endsOn <= endsOn)
    return { kind: 'conflict', message: `It ends on ${at.endsOn} already.` }
  await giveBack(course, at, endsOn, `Cancelled: ${reason}`)
  const cancelled = await change(course, at, { ends_on: endsOn, end_reason: reason })
  await tell(course, 'membership.cancelled', cancelled, { from: endsOn })
  return cancelled
}

function laterOf(a: string, b: string): string {
  return a > b ? a : b
}

/** Of the period that runs today; a later one may be billed ahead already. */
function periodEnd(course: Course, at: Membership): string {
  return at.periodFrom !== null && at.periodFrom > course.today ? at.periodFrom : (at.periodTo ?? course.today)
}

async function changePlan(
  course: Course,
  access: Access,
  at: Membership,
  { planId, at: when }: { planId: string; at: 'period_end' | 'now' },
): Promise<Membership | Refusal> {
  const fits = (plan: MembershipPlan) => {
    if (plan.planId === at.planId && at.nextPlanId === null) return 'is the plan that it has'
    if (plan.siteId !== at.siteId) return 'is a plan of another site'
    return plan.every === at.every ? null : 'has another rhythm; end this membership and start one of that plan'
  }
  const refusal = await broken(course.trx, access, [{ pointer: '/planId', table: membershipPlans, id: planId, fits }])
  if (refusal !== undefined) return refusal
  const plan = await planOf(course, planId)
  if (plan.currency !== (await planOf(course, at.planId)).currency) return invalid('/planId', 'is in another currency')
  if (when === 'period_end' && at.periods > 0) return change(course, at, { next_plan_id: planId })
  const from = laterOf(course.today, at.startsOn)
  const standing = await giveBack(course, at, from, 'Another plan.')
  const stretches = standing.map(({ from, to, charge }) => ({ from, to, number: charge.number, period: charge.period }))
  const changed = await change(course, at, { plan_id: planId, next_plan_id: null })
  await billStretches(course, changed, plan, stretches, 'change', 'Another plan.')
  return at.state === 'active' ? grant(course, await ungrant(course, changed)) : changed
}

async function finished(
  course: Course,
  access: Access,
  action: string,
  before: Membership | null,
  membership: Membership,
  preview: boolean,
): Promise<Outcome<MembershipChange>> {
  const { trx, organizationId } = course
  await appendAudit(trx, organizationId, {
    auditId: course.deps.newId(),
    siteId: membership.siteId,
    at: course.now,
    actor: access.actor,
    action: `membership.${action}`,
    subjectType: 'membership',
    subjectId: membership.membershipId,
    before,
    after: membership,
    requestId: access.requestId,
  })
  const bills: MembershipChange['bills'] = []
  for (const one of course.bills) bills.push({ ...one, lines: await linesOfBill(trx, organizationId, one.billId) })
  const totalMinor = minor(bills.reduce((sum, one) => sum + one.totalMinor, 0))
  return ok({ membership, bills, totalMinor, preview })
}
