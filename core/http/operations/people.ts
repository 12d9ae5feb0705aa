// Owns the operations on accounts, groups, vehicles and credentials.
// Must not hold rules; core/services/manage does.
import { searchKeys } from '../../domain/credential/index.ts'
import { addPresentation, manageCredentials, removePresentation } from '../../services/manage/manage-credentials.ts'
import {
  manageAccounts,
  manageGroups,
  manageVehicles,
  plateKeyOf,
  setMembership,
} from '../../services/manage/manage-people.ts'
import { withGroups, withPresentations } from '../../services/manage/read-records.ts'
import type { Account, Credential } from '../../services/manage/records.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, mapped } from '../replies.ts'

type Ids =
  | 'listAccounts'
  | 'createAccount'
  | 'getAccount'
  | 'updateAccount'
  | 'archiveAccount'
  | 'listGroups'
  | 'createGroup'
  | 'getGroup'
  | 'updateGroup'
  | 'archiveGroup'
  | 'listGroupMembers'
  | 'addGroupMember'
  | 'removeGroupMember'
  | 'listVehicles'
  | 'createVehicle'
  | 'getVehicle'
  | 'updateVehicle'
  | 'archiveVehicle'
  | 'listCredentials'
  | 'createCredential'
  | 'getCredential'
  | 'updateCredential'
  | 'archiveCredential'
  | 'addPresentation'
  | 'removePresentation'

const grouped =
  ({ deps, access }: CallContext) =>
  async (account: Account) => ({
    ...account,
    groupIds: (await withGroups(deps)(access, [account]))[0]?.groupIds ?? [],
  })

const enrolled =
  ({ deps, access }: CallContext) =>
  async (credential: Credential) => ({
    ...credential,
    presentations: (await withPresentations(deps)(access, [credential]))[0]?.presentations ?? [],
  })

export const people: Part<Ids> = {
  async listAccounts({ query }, { deps, access }) {
    const page = await manageAccounts(deps).list(access, listQuery(query))
    return listed({ ...page, items: await withGroups(deps)(access, page.items) })
  },
  createAccount: async ({ body }, context) =>
    made(
      await mapped(manageAccounts(context.deps).create(context.access, body), grouped(context)),
      (account) => `/accounts/${account.accountId}`,
    ),
  getAccount: async ({ path }, context) =>
    found(await mapped(manageAccounts(context.deps).get(context.access, path.accountId), grouped(context))),
  updateAccount: async ({ path, body, version }, context) =>
    found(
      await mapped(
        manageAccounts(context.deps).update(context.access, path.accountId, body, version),
        grouped(context),
      ),
    ),
  archiveAccount: async ({ path, version }, { deps, access }) =>
    done(await manageAccounts(deps).archive(access, path.accountId, version)),

  listGroups: async ({ query }, { deps, access }) => listed(await manageGroups(deps).list(access, listQuery(query))),
  createGroup: async ({ body }, { deps, access }) =>
    made(await manageGroups(deps).create(access, body), (group) => `/groups/${group.groupId}`),
  getGroup: async ({ path }, { deps, access }) => found(await manageGroups(deps).get(access, path.groupId)),
  updateGroup: async ({ path, body, version }, { deps, access }) =>
    found(await manageGroups(deps).update(access, path.groupId, body, version)),
  archiveGroup: async ({ path, version }, { deps, access }) =>
    done(await manageGroups(deps).archive(access, path.groupId, version)),
  async listGroupMembers({ path, query }, { deps, access }) {
    const group = await manageGroups(deps).get(access, path.groupId)
    if (group.kind !== 'ok') return refused(group)
    const page = await manageAccounts(deps).list(access, { ...listQuery(query), groupId: path.groupId })
    return listed({ ...page, items: await withGroups(deps)(access, page.items) })
  },
  addGroupMember: async ({ path }, { deps, access }) =>
    done(await setMembership(deps)(access, path.groupId, path.accountId, true)),
  removeGroupMember: async ({ path }, { deps, access }) =>
    done(await setMembership(deps)(access, path.groupId, path.accountId, false)),

  async listVehicles({ query }, { deps, access }) {
    const { plate, ...rest } = listQuery(query)
    const plateKey = plate === undefined ? undefined : (plateKeyOf(plate) ?? '')
    return listed(await manageVehicles(deps).list(access, { ...rest, plateKey }))
  },
  createVehicle: async ({ body }, { deps, access }) =>
    made(await manageVehicles(deps).create(access, body), (vehicle) => `/vehicles/${vehicle.vehicleId}`),
  getVehicle: async ({ path }, { deps, access }) => found(await manageVehicles(deps).get(access, path.vehicleId)),
  updateVehicle: async ({ path, body, version }, { deps, access }) =>
    found(await manageVehicles(deps).update(access, path.vehicleId, body, version)),
  archiveVehicle: async ({ path, version }, { deps, access }) =>
    done(await manageVehicles(deps).archive(access, path.vehicleId, version)),

  async listCredentials({ query }, { deps, access }) {
    const { presented, ...rest } = listQuery(query)
    const keys = presented === undefined ? undefined : searchKeys({ raw: presented, kind: query.kind })
    const page = await manageCredentials(deps).list(access, { ...rest, searchKeys: keys })
    return listed({ ...page, items: await withPresentations(deps)(access, page.items) })
  },
  createCredential: async ({ body }, context) =>
    made(
      await mapped(manageCredentials(context.deps).create(context.access, body), enrolled(context)),
      (credential) => `/credentials/${credential.credentialId}`,
    ),
  getCredential: async ({ path }, context) =>
    found(await mapped(manageCredentials(context.deps).get(context.access, path.credentialId), enrolled(context))),
  updateCredential: async ({ path, body, version }, context) =>
    found(
      await mapped(
        manageCredentials(context.deps).update(context.access, path.credentialId, body, version),
        enrolled(context),
      ),
    ),
  archiveCredential: async ({ path, version }, { deps, access }) =>
    done(await manageCredentials(deps).archive(access, path.credentialId, version)),
  addPresentation: async ({ path, body }, context) =>
    made(
      await mapped(addPresentation(context.deps)(context.access, path.credentialId, body), enrolled(context)),
      (credential) => `/credentials/${credential.credentialId}`,
    ),
  removePresentation: async ({ path }, { deps, access }) =>
    done(await removePresentation(deps)(access, path.credentialId, path.presentationId)),
}
