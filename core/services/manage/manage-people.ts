// Owns the rules of accounts, groups and vehicles.
// Must not decide what a person may do at a gate or a charger; authorisation does.
import { normalisePlate, searchKeys } from '../../domain/credential/index.ts'
import { appendAudit } from '../../store/audit.ts'
import {
  type Account,
  accounts,
  addMember,
  belongingsOf,
  type Group,
  groups,
  hasChildren,
  removeMember,
  type Vehicle,
  vehicles,
} from '../../store/people.ts'
import { type Db, getRecord, updateRecord } from '../../store/record-table.ts'
import { tellPreloads } from '../parking-actions/reconcile-preload.ts'
import { followAccount } from '../revocation/begin-revocation.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { brokenRules } from './manage-access.ts'
import { columns, columnsOf, manage, refusable } from './manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from './outcome.ts'
import { beyondReach, broken, brokenSites } from './references.ts'
import { tellAccess } from './tell-access.ts'
import { type AsOf, brokenAsOf, keysOfPresentation, keysOfRecords, noteHolding, tellIdentity } from './tell-identity.ts'

/** Instants come as RFC 3339 text. */
interface Validity {
  validFrom?: string | null
  validUntil?: string | null
}

export type AccountFields = Partial<
  Pick<
    Account,
    'number' | 'name' | 'kind' | 'status' | 'email' | 'phone' | 'parkerKind' | 'settings' | 'parentAccountId' | 'access'
  >
> &
  Validity
export type AccountCreate = AccountFields & Pick<Account, 'name' | 'kind'>
export type GroupFields = Partial<Pick<Group, 'code' | 'name' | 'siteIds' | 'rights' | 'access'>>
export type GroupCreate = GroupFields & Pick<Group, 'code'>
export type VehicleFields = Partial<Pick<Vehicle, 'accountId' | 'plate' | 'plateCountry' | 'make' | 'model'>>

/** An end before the beginning would be valid at no time. */
export function brokenValidity(
  input: Validity,
  before?: { validFrom: Date | null; validUntil: Date | null },
): Refusal | undefined {
  const time = (value: string | null | undefined, otherwise: Date | null | undefined) =>
    value === undefined ? otherwise?.getTime() : value === null ? undefined : Date.parse(value)
  const from = time(input.validFrom, before?.validFrom)
  const until = time(input.validUntil, before?.validUntil)
  return from !== undefined && until !== undefined && until <= from
    ? invalid('/validUntil', 'must be after validFrom')
    : undefined
}

export const manageAccounts = manage<Account, AccountCreate, AccountFields & AsOf>({
  table: accounts,
  idOf: (account) => account.accountId,
  siteOf: () => null,
  // The tail of a uuidv7 is random: ten digits of it do not meet by chance, and the unique rule watches.
  create: async ({ trx, access }, input, id) =>
    brokenValidity(input) ??
    (await brokenRules(trx, access, input.access)) ??
    (await brokenParent(trx, access, input.parentAccountId)) ??
    columns(columnsOf(accounts, { ...input, number: input.number ?? `A-${id.slice(-10).toUpperCase()}` })),
  update: async ({ trx, access, now }, before, input) =>
    brokenValidity(input, before) ??
    brokenAsOf(input, now) ??
    (await brokenRules(trx, access, input.access)) ??
    (await brokenParent(trx, access, input.parentAccountId, before.accountId)) ??
    columns(columnsOf(accounts, input)),
  async changed(making, before, after, input) {
    await followAccount(making, before, after)
    // An account that nothing belongs to yet is nobody's.
    if (before === null) return undefined
    const { organizationId } = making.access
    if (before.status !== after.status || before.number !== after.number || !sameRules(before, after))
      await tellAccess(making.trx, organizationId)
    // Parking systems are told names and kinds, too.
    else await tellPreloads(making.trx, organizationId)
    const subject = { kind: 'account' as const, subjectId: after.accountId }
    const kindOf = (one: Account) => ({ parker_kind: one.parkerKind })
    const changed = await noteHolding(making, subject, (input ?? {}) as AsOf, [kindOf(before), kindOf(after)])
    const archived = (before.archivedAt === null) !== (after.archivedAt === null)
    if (!changed && !archived) return undefined
    const { credentialIds, vehicleIds } = await belongingsOf(making.trx, making.access.organizationId, after.accountId)
    await tellIdentity(
      making,
      keysOfRecords('a', [after.accountId]),
      keysOfRecords('c', credentialIds),
      keysOfRecords('v', vehicleIds),
    )
    return undefined
  },
})

/** What it may do, from when until when, and whether it is there at all. */
function sameRules(a: Account, b: Account): boolean {
  const rules = ({ validFrom, validUntil, archivedAt, access, parentAccountId }: Account) =>
    JSON.stringify([validFrom, validUntil, archivedAt, access, parentAccountId])
  return rules(a) === rules(b)
}

/** One level, so that whose places are counted is plain to see. */
async function brokenParent(
  db: Db,
  access: Access,
  parentId: string | null | undefined,
  ownId?: string,
): Promise<Refusal | undefined> {
  if (parentId == null) return undefined
  const pointer = '/parentAccountId'
  if (parentId === ownId) return invalid(pointer, 'is the account itself')
  const lower = ownId === undefined ? false : await hasChildren(db, access.organizationId, ownId)
  if (lower) return invalid(pointer, 'has accounts below it already')
  const fits = (parent: Account) => (parent.parentAccountId === null ? null : 'is below another account itself')
  return broken(db, access, [{ pointer, table: accounts, id: parentId, fits }])
}

/** From now on nothing says whether the account's cars are inside or outside, until the next one passes. */
export function resetPassback(deps: ServiceDeps) {
  return (access: Access, accountId: string): Promise<Outcome<Account>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, accounts, access, accountId, 'lock')
      if (!before) return notFound
      const now = deps.clock.now()
      const { organizationId } = access
      const changes = { passback_reset_at: now, updated_at: now }
      const after = await updateRecord(trx, accounts, organizationId, accountId, changes)
      await appendAudit(trx, organizationId, {
        auditId: deps.newId(),
        siteId: null,
        at: now,
        actor: access.actor,
        action: 'account.passback_reset',
        subjectType: 'account',
        subjectId: accountId,
        before: { passbackResetAt: before.passbackResetAt },
        after: { passbackResetAt: now },
        requestId: access.requestId,
      })
      return ok(after)
    })
}

export const manageGroups = manage<Group, GroupCreate, GroupFields>({
  table: groups,
  idOf: (group) => group.groupId,
  siteOf: () => null,
  create: async ({ trx, access }, input) =>
    (await brokenSites(trx, access, input.siteIds ?? null)) ??
    (await brokenRules(trx, access, input.access)) ??
    columns(columnsOf(groups, { ...input, name: input.name ?? input.code })),
  update: async ({ trx, access }, before, input) =>
    beyondReach(access, before.siteIds) ??
    (await brokenSites(trx, access, input.siteIds)) ??
    (await brokenRules(trx, access, input.access)) ??
    columns(columnsOf(groups, input)),
  async changed({ trx, access }, before) {
    if (before !== null) await tellAccess(trx, access.organizationId)
    return undefined
  },
})

/** Puts an account into a group or takes it out; doing it twice changes nothing. */
export function setMembership(deps: ServiceDeps) {
  return (access: Access, groupId: string, accountId: string, member: boolean): Promise<Outcome<null>> =>
    refusable(deps, async (trx) => {
      const group = await getRecord(trx, groups, access, groupId)
      const account = await getRecord(trx, accounts, access, accountId)
      if (!group || !account) return notFound
      const limits = beyondReach(access, group.siteIds)
      if (limits) return limits
      const changed = await (member ? addMember : removeMember)(trx, access.organizationId, groupId, accountId)
      if (changed) {
        await appendAudit(trx, access.organizationId, {
          auditId: deps.newId(),
          siteId: null,
          at: deps.clock.now(),
          actor: access.actor,
          action: member ? 'group.member_added' : 'group.member_removed',
          subjectType: 'group',
          subjectId: groupId,
          before: member ? null : { accountId },
          after: member ? { accountId } : null,
          requestId: access.requestId,
        })
        await tellAccess(trx, access.organizationId)
      }
      return ok(null)
    })
}

/** The index key of a plate, the one that readings of it are looked up by. */
function plateColumns(
  plate: string | null | undefined,
  country: string | null | undefined,
): { plate_key?: string | null } | Refusal {
  if (plate === undefined) return {}
  if (plate === null) return { plate_key: null }
  const name = normalisePlate(plate, country ?? undefined)
  return name.outcome === 'plate' ? { plate_key: plateKeyOf(plate) } : invalid('/plate', name.detail)
}

/** Null for a text that no plate is. */
export function plateKeyOf(plate: string): string | null {
  return searchKeys({ raw: plate, kind: 'plate' })[0] ?? null
}

export const manageVehicles = manage<Vehicle, VehicleFields, VehicleFields & AsOf>({
  table: vehicles,
  idOf: (vehicle) => vehicle.vehicleId,
  siteOf: () => null,
  async create({ trx, access }, input) {
    const key = plateColumns(input.plate, input.plateCountry)
    if ('kind' in key) return key
    const wrong = await broken(trx, access, [{ pointer: '/accountId', table: accounts, id: input.accountId }])
    return wrong ?? columns({ ...columnsOf(vehicles, input), ...key })
  },
  async update({ trx, access, now }, before, input) {
    const key = plateColumns(input.plate, input.plateCountry ?? before.plateCountry)
    if ('kind' in key) return key
    const wrong =
      brokenAsOf(input, now) ??
      (await broken(trx, access, [{ pointer: '/accountId', table: accounts, id: input.accountId }]))
    return wrong ?? columns({ ...columnsOf(vehicles, input), ...key })
  },
  async changed(making, before, after, input) {
    const subject = { kind: 'vehicle' as const, subjectId: after.vehicleId }
    const changed =
      before === null ||
      (await noteHolding(making, subject, (input ?? {}) as AsOf, [heldBy(before), heldBy(after)])) ||
      (before.archivedAt === null) !== (after.archivedAt === null)
    if (!changed) return undefined
    const plates = [before, after].flatMap((one) =>
      one?.plate == null
        ? []
        : [keysOfPresentation({ raw: one.plate, kind: 'plate', country: one.plateCountry ?? undefined })],
    )
    await tellPreloads(making.trx, making.access.organizationId)
    await tellIdentity(
      making,
      keysOfRecords('v', [after.vehicleId]),
      // The plates of an account speak for every stay and session of it.
      keysOfRecords('a', [before?.accountId ?? null, after.accountId]),
      ...plates,
    )
    return undefined
  },
})

function heldBy({ accountId, plate, plateCountry, plateKey }: Vehicle) {
  return { account_id: accountId, plate, plate_country: plateCountry, plate_key: plateKey }
}
