// Owns reading what is not managed by hand: derived records, logs and live state, within the caller's limits.
// Must not write.
import { auditLog } from '../../store/audit.ts'
import { type Command, commands } from '../../store/commands-read.ts'
import type { Page } from '../../store/keyset.ts'
import { movements } from '../../store/movements.ts'
import { linkHistory, links, reviews, stays, stayTimeline } from '../../store/parking-read.ts'
import { groupsOf, presentationsOf } from '../../store/people.ts'
import { baysNow, occupancy } from '../../store/places.ts'
import { getRecord, type ListQuery, listRecords, type RecordTable } from '../../store/record-table.ts'
import { chargingSessions, meterValues, transactions } from '../../store/sessions-read.ts'
import { stationNotices, stationVariables } from '../../store/station-notices.ts'
import {
  connectors,
  connectorsOf,
  openSockets,
  protocolDeviations,
  stationMessages,
  stations,
} from '../../store/stations.ts'
import { alarmsOf } from '../../store/stay-alarms.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Access, notFound, type Outcome, ok } from './outcome.ts'

type Reading = Pick<ServiceDeps, 'db'>

function lister<R>(table: RecordTable<R>) {
  return (deps: Reading) =>
    (access: Access, query: ListQuery): Promise<Page<R>> =>
      listRecords(deps.db, table, access, query)
}

function getter<R>(table: RecordTable<R>) {
  return (deps: Reading) =>
    async (access: Access, id: string): Promise<Outcome<R>> => {
      const record = await getRecord(deps.db, table, access, id)
      return record ? ok(record) : notFound
    }
}

export const listOccupancy = lister(occupancy)
export const listConnectors = lister(connectors)
export const listDeviations = lister(protocolDeviations)
export const listCommands = lister(commands)
export const getCommand = getter(commands)
/** Nothing more will become of it. */
export const hasEnded = ({ state, outcome }: Command): boolean =>
  state !== 'queued' && state !== 'sent' && outcome !== 'pending'
export const listSessions = lister(chargingSessions)
export const getSession = getter(chargingSessions)
export const listStays = lister(stays)
export const listMovements = lister(movements)
export const listLinks = lister(links)
export const listReviews = lister(reviews)
export const getReview = getter(reviews)
export const listStationNotices = lister(stationNotices)
export const listAudit = lister(auditLog)

/** Lists that hang on one record are as visible as that record. */
function listOf<P, R>(parent: RecordTable<P>, table: RecordTable<R>, filter: (parent: P) => Record<string, unknown>) {
  return (deps: Reading) =>
    async (access: Access, id: string, query: ListQuery): Promise<Outcome<Page<R>>> => {
      const found = await getRecord(deps.db, parent, access, id)
      return found ? ok(await listRecords(deps.db, table, access, { ...query, ...filter(found) })) : notFound
    }
}

export const listMessages = listOf(stations, stationMessages, ({ stationId }) => ({ stationId }))
export const listStationVariables = listOf(stations, stationVariables, ({ stationId }) => ({ stationId }))
export const listMeterValues = listOf(chargingSessions, meterValues, ({ stationId, sessionId }) => ({
  session: { stationId, sessionId },
}))
export const listTransactions = listOf(chargingSessions, transactions, ({ sessionId }) => ({ sessionId }))

export function getStay(deps: Reading) {
  return async (access: Access, stayId: string) => {
    const stay = await getRecord(deps.db, stays, access, stayId)
    if (!stay) return notFound
    const { items } = await listRecords(deps.db, links, access, { stayId, limit: 200 })
    const passed = await listRecords(deps.db, movements, access, { stayId, limit: 200, sort: 'at' })
    const alarms = await alarmsOf(deps.db, access.organizationId, stayId)
    return ok({ ...stay, links: items, movements: passed.items, alarms })
  }
}

export function getTimeline(deps: Reading) {
  return async (access: Access, stayId: string, query: ListQuery) => {
    const stay = await getRecord(deps.db, stays, access, stayId)
    if (!stay) return notFound
    return ok(
      await stayTimeline(deps.db, { organizationId: access.organizationId, stayId }, query.limit ?? 50, query.after),
    )
  }
}

export function getLink(deps: Reading) {
  return async (access: Access, linkId: string) => {
    const link = await getRecord(deps.db, links, access, linkId)
    if (!link) return notFound
    return ok({ ...link, history: await linkHistory(deps.db, access.organizationId, linkId) })
  }
}

/** Bays with the car and the charger at each now. */
export function withBayNow(deps: Reading) {
  return async <B extends { bayId: string }>(access: Access, bays: readonly B[]) => {
    const now = await baysNow(
      deps.db,
      access.organizationId,
      bays.map((bay) => bay.bayId),
    )
    return bays.map((bay) => ({ ...bay, ...(now.get(bay.bayId) ?? { car: null, evses: [] }) }))
  }
}

export function withSockets(deps: Reading) {
  return async <S extends { stationId: string }>(access: Access, list: readonly S[]) => {
    const open = await openSockets(
      deps.db,
      access.organizationId,
      list.map((station) => station.stationId),
    )
    return list.map((station) => ({ ...station, socket: open.get(station.stationId) ?? null }))
  }
}

export function withConnectors(deps: Reading) {
  return async <E extends { evseId: string }>(access: Access, evses: readonly E[]) => {
    const found = await connectorsOf(
      deps.db,
      access.organizationId,
      evses.map((evse) => evse.evseId),
    )
    return evses.map((evse) => ({ ...evse, connectors: found.get(evse.evseId) ?? [] }))
  }
}

export function withGroups(deps: Reading) {
  return async <A extends { accountId: string }>(access: Access, accounts: readonly A[]) => {
    const found = await groupsOf(
      deps.db,
      access.organizationId,
      accounts.map((account) => account.accountId),
    )
    return accounts.map((account) => ({ ...account, groupIds: found.get(account.accountId) ?? [] }))
  }
}

export function withPresentations(deps: Reading) {
  return async <C extends { credentialId: string }>(access: Access, credentials: readonly C[]) => {
    const found = await presentationsOf(
      deps.db,
      access.organizationId,
      credentials.map((credential) => credential.credentialId),
    )
    return credentials.map((credential) => ({ ...credential, presentations: found.get(credential.credentialId) ?? [] }))
  }
}
