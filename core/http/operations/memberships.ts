// Owns the operations on membership plans and memberships.
// Must not compute an amount.
import { changeMembership, type MembershipWish, startMembership } from '../../services/memberships/change-membership.ts'
import { manageMembershipPlans } from '../../services/memberships/manage-plans.ts'
import { getMembership, listMemberships } from '../../services/memberships/read-memberships.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { done, found, listed, made, shown } from '../replies.ts'

type Ids =
  | 'listMembershipPlans'
  | 'createMembershipPlan'
  | 'getMembershipPlan'
  | 'updateMembershipPlan'
  | 'archiveMembershipPlan'
  | 'listMemberships'
  | 'startMembership'
  | 'getMembership'
  | 'pauseMembership'
  | 'resumeMembership'
  | 'cancelMembership'
  | 'changeMembershipPlan'

const wish = async (
  { deps, access }: CallContext,
  membershipId: string,
  asked: MembershipWish & { preview?: boolean },
  version: number | undefined,
) => shown(await changeMembership(deps)(access, membershipId, asked, version))

export const memberships: Part<Ids> = {
  listMembershipPlans: async ({ query }, { deps, access }) =>
    listed(await manageMembershipPlans(deps).list(access, listQuery(query))),
  createMembershipPlan: async ({ body }, { deps, access }) =>
    made(await manageMembershipPlans(deps).create(access, body), ({ planId }) => `/membership-plans/${planId}`),
  getMembershipPlan: async ({ path }, { deps, access }) =>
    found(await manageMembershipPlans(deps).get(access, path.planId)),
  updateMembershipPlan: async ({ path, body, version }, { deps, access }) =>
    found(await manageMembershipPlans(deps).update(access, path.planId, body, version)),
  archiveMembershipPlan: async ({ path, version }, { deps, access }) =>
    done(await manageMembershipPlans(deps).archive(access, path.planId, version)),

  listMemberships: async ({ query }, { deps, access }) => listed(await listMemberships(deps)(access, listQuery(query))),
  async startMembership({ body }, { deps, access }) {
    const started = await startMembership(deps)(access, body)
    return body.preview === true
      ? shown(started)
      : made(started, ({ membership }) => `/memberships/${membership.membershipId}`)
  },
  getMembership: async ({ path }, { deps, access }) => found(await getMembership(deps)(access, path.membershipId)),
  pauseMembership: ({ path, body, version }, context) =>
    wish(context, path.membershipId, { ...body, kind: 'pause' }, version),
  resumeMembership: ({ path, body, version }, context) =>
    wish(context, path.membershipId, { ...body, kind: 'resume' }, version),
  cancelMembership: ({ path, body, version }, context) =>
    wish(context, path.membershipId, { ...body, kind: 'cancel' }, version),
  changeMembershipPlan: ({ path, body, version }, context) =>
    wish(context, path.membershipId, { ...body, kind: 'change' }, version),
}
