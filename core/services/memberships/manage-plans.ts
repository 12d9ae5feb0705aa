// Owns the plans that accounts can have: price, rhythm, and the group that comes with it.
// Must not reach back: a period that is billed keeps its price.
import { type MembershipPlan, membershipPlans } from '../../store/memberships.ts'
import { groups } from '../../store/people.ts'
import { sites } from '../../store/places.ts'
import { getRecord } from '../../store/record-table.ts'
import { columns, columnsOf, manage } from '../manage/manage-record.ts'
import { invalid } from '../manage/outcome.ts'
import { broken } from '../manage/references.ts'

type Changing = Partial<
  Pick<
    MembershipPlan,
    | 'code'
    | 'name'
    | 'groupId'
    | 'anchorDay'
    | 'advanceDays'
    | 'priceMinor'
    | 'taxIncluded'
    | 'taxCode'
    | 'taxPercent'
    | 'depositMinor'
  >
>
export type PlanCreate = Changing &
  Pick<MembershipPlan, 'siteId' | 'code' | 'every' | 'priceMinor' | 'taxCode' | 'taxPercent'>

export const manageMembershipPlans = manage<MembershipPlan, PlanCreate, Changing>({
  table: membershipPlans,
  idOf: (plan) => plan.planId,
  siteOf: (plan) => plan.siteId,
  async create({ trx, access }, input) {
    const site = await getRecord(trx, sites, access, input.siteId)
    if (site === undefined) return invalid('/siteId', 'no such site')
    const refusal = await broken(trx, access, [{ pointer: '/groupId', table: groups, id: input.groupId }])
    if (refusal !== undefined) return refusal
    const plan = { taxIncluded: true, ...input, name: input.name ?? input.code, currency: site.currency }
    return columns(columnsOf(membershipPlans, plan))
  },
  update: async ({ trx, access }, _before, input) =>
    (await broken(trx, access, [{ pointer: '/groupId', table: groups, id: input.groupId }])) ??
    columns(columnsOf(membershipPlans, input)),
})
