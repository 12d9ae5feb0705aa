// Owns what people and programs may ask of parking systems, and settling by hand what nobody else can know.
// Must not call a vendor but for a quote, which changes nothing there.
import { HubError } from '../../domain/hub-error.ts'
import type { ParkingActionData, ParkingActionKind, ParkingQuote } from '../../domain/parking-action.ts'
import type { OpenDoor, ParkingAbilities } from '../../domain/parking-door.ts'
import { appendAudit } from '../../store/audit.ts'
import { connectionRecords } from '../../store/connections.ts'
import { addJobs } from '../../store/event-log.ts'
import { parcsLinks } from '../../store/parcs-links.ts'
import {
  lockParkingAction,
  type ParkingActionRecord,
  parkingActionJob,
  parkingActions,
} from '../../store/parking-actions.ts'
import { type Stay, stays } from '../../store/parking-read.ts'
import { type Db, getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { queueActions } from './queue-actions.ts'
import { settleAction, verdict } from './settle-action.ts'
import { stayTarget } from './stay-target.ts'

export interface ParkingActionDeps extends ServiceDeps {
  door(connectionId: string): OpenDoor | undefined
}

export interface Abilities extends ParkingAbilities {
  connectionId: string
  /** While false, this is what it said when it last ran; what is asked of it waits. */
  running: boolean
}

export const listParkingActions = (deps: Pick<ServiceDeps, 'db'>) => (access: Access, query: ListQuery) =>
  listRecords(deps.db, parkingActions, access, query)

export const getParkingAction =
  (deps: Pick<ServiceDeps, 'db'>) =>
  async (access: Access, actionId: string): Promise<Outcome<ParkingActionRecord>> => {
    const record = await getRecord(deps.db, parkingActions, access, actionId)
    return record ? ok(record) : notFound
  }

/** What the connection's vendor can do: as it says now, or as it said last. */
export function readAbilities(deps: Pick<ParkingActionDeps, 'db' | 'door'>) {
  return async (access: Access, connectionId: string): Promise<Outcome<Abilities>> => {
    const connection = await getRecord(deps.db, connectionRecords, access, connectionId)
    if (!connection) return notFound
    const door = deps.door(connectionId)
    const known = door ?? (await getRecord(deps.db, parcsLinks, access, connectionId))
    const none = { features: [], actions: {}, canAsk: false, canQuote: false }
    const { features, actions, canAsk, canQuote } = known ?? none
    return ok({ connectionId, running: door !== undefined, features, actions, canAsk, canQuote })
  }
}

type StayFields<K extends ParkingActionKind> = Omit<
  ParkingActionData[K],
  'stayId' | 'stayRef' | 'credentials' | 'enteredAt' | 'exitedAt'
>
type StayAsk = {
  [K in Extract<ParkingActionKind, `stay.${string}`>]: { kind: K } & StayFields<K>
}[Extract<ParkingActionKind, `stay.${string}`>]

interface Asking {
  idempotencyKey?: string
  /** Seconds from now after which it is no use. */
  ttlSeconds?: number
}

/** Instants come as RFC 3339 text. */
type Wired<T> = T extends { paidAt: Date } ? Omit<T, 'paidAt'> & { paidAt: string } : T
export type StayActionRequest = Wired<StayAsk> & Asking
export type ConnectionActionRequest = (
  | ({ kind: 'lane.open' } & ParkingActionData['lane.open'])
  | ({ kind: 'counter.set' } & ParkingActionData['counter.set'])
) &
  Asking

const stayTtlSeconds = 24 * 3_600
/** Somebody stands before the gate, or has given up. */
const laneTtlSeconds = 60

/** Asks for something about a stay, at the connection that reported it. */
export function actOnStay(deps: ParkingActionDeps) {
  return (access: Access, stayId: string, request: StayActionRequest): Promise<Outcome<ParkingActionRecord>> =>
    refusable(deps, async (trx) => {
      const stay = await getRecord(trx, stays, access, stayId)
      if (!stay) return notFound
      const { idempotencyKey, ttlSeconds = stayTtlSeconds, kind, ...fields } = request
      if (stay.state === 'voided') return { kind: 'conflict', message: 'The stay was voided.' }
      const wrong = brokenMoney(stay, request)
      if (wrong) return wrong
      const data = { ...stayTarget(stay), ...fields } as unknown as ParkingActionData[typeof kind]
      const at = { siteId: stay.siteId, connectionId: stay.connectionId }
      return queue(deps, trx, access, { ...at, kind, data, ttlSeconds, idempotencyKey })
    })
}

/** Asks for something of the parking system itself. */
export function actOnConnection(deps: ParkingActionDeps) {
  return (
    access: Access,
    connectionId: string,
    request: ConnectionActionRequest,
  ): Promise<Outcome<ParkingActionRecord>> =>
    refusable(deps, async (trx) => {
      const connection = await getRecord(trx, connectionRecords, access, connectionId)
      if (!connection || connection.archivedAt !== null) return notFound
      if (connection.siteId === null) return { kind: 'conflict', message: 'It is no connection of a parking system.' }
      const { idempotencyKey, ttlSeconds, kind, ...data } = request
      if (kind === 'counter.set' && !('free' in data || 'occupied' in data || 'capacity' in data))
        return invalid('/free', 'say at least one of free, occupied and capacity')
      const ttl = ttlSeconds ?? (kind === 'lane.open' ? laneTtlSeconds : stayTtlSeconds)
      const { siteId } = connection
      return queue(deps, trx, access, { siteId, connectionId, kind, data, ttlSeconds: ttl, idempotencyKey })
    })
}

function brokenMoney(stay: Stay, request: StayActionRequest): Refusal | undefined {
  if ('currency' in request && request.currency !== undefined && request.currency !== stay.currency)
    return invalid('/currency', `the site reckons in ${stay.currency}`)
  if (request.kind !== 'stay.validate') return undefined
  const { amountMinor, percent, minutes, currency } = request
  const said = [amountMinor, percent, minutes].filter((one) => one !== undefined)
  if (said.length > 1) return invalid('/amountMinor', 'say one of amountMinor, percent and minutes')
  if (amountMinor !== undefined && currency === undefined) return invalid('/currency', 'an amount needs its currency')
  return undefined
}

interface Wanted<K extends ParkingActionKind = ParkingActionKind> {
  siteId: string
  connectionId: string
  kind: K
  data: ParkingActionData[K]
  ttlSeconds: number
  idempotencyKey: string | undefined
}

async function queue(
  deps: ParkingActionDeps,
  trx: Db,
  access: Access,
  { ttlSeconds, idempotencyKey, ...wanted }: Wanted,
): Promise<Outcome<ParkingActionRecord>> {
  const abilities = await readAbilities({ db: trx, door: deps.door })(access, wanted.connectionId)
  if (abilities.kind !== 'ok') return abilities
  const refusal = unable(wanted.kind, abilities.value)
  if (refusal) return refusal
  const now = deps.clock.now()
  const [actionId = ''] = await queueActions(deps, trx, [
    {
      ...wanted,
      organizationId: access.organizationId,
      requestedBy: access.actor,
      deadline: new Date(now.getTime() + ttlSeconds * 1_000),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey: `${access.actor}:${idempotencyKey}` }),
    },
  ])
  const record = await getRecord(trx, parkingActions, access, actionId)
  if (!record) throw new Error('the queued action is not there')
  await log(deps, trx, access, 'queued', record)
  return ok(record)
}

/** Why not, and what is possible instead. */
export function unable(kind: ParkingActionKind, { actions, running }: Abilities): Refusal | undefined {
  if (actions[kind] !== undefined) return undefined
  const offered = Object.keys(actions)
  const instead = offered.length === 0 ? 'It offers nothing.' : `It offers: ${offered.join(', ')}.`
  const unsure = running ? '' : ' It is not running; that is what it said when it last ran.'
  return { kind: 'conflict', message: `The parking system does not offer ${kind}. ${instead}${unsure}` }
}

export function cancelParkingAction(deps: ServiceDeps) {
  return (access: Access, actionId: string): Promise<Outcome<ParkingActionRecord>> =>
    change(deps, access, actionId, 'cancelled', async (trx, row) => {
      if (row.state !== 'queued') {
        const message = `It is too late: the action is ${row.state}.`
        return { kind: 'conflict', message }
      }
      await settleAction(deps, trx, row, verdict('cancel', { reason: `Cancelled by ${access.actor}.` }), access.actor)
      return undefined
    })
}

export interface Settlement {
  outcome: 'done' | 'not_done'
  /** After `not_done`: whether the hub tries again. */
  again?: boolean
  note: string
}

/** A person has looked at the parking system and says what became of it. */
export function settleParkingAction(deps: ServiceDeps) {
  return (
    access: Access,
    actionId: string,
    { outcome, again = true, note }: Settlement,
  ): Promise<Outcome<ParkingActionRecord>> =>
    change(deps, access, actionId, 'settled', async (trx, row) => {
      if (row.state !== 'unknown') {
        return { kind: 'conflict', message: `Its outcome is known: the action is ${row.state}.` }
      }
      const trigger = outcome === 'done' ? 'finish' : again ? 'postpone' : 'cancel'
      const said = verdict(trigger, { reason: `${access.actor} says: ${note}` })
      await settleAction(deps, trx, row, said, access.actor)
      return undefined
    })
}

function change(
  deps: ServiceDeps,
  access: Access,
  actionId: string,
  action: string,
  body: (trx: Db, row: NonNullable<Awaited<ReturnType<typeof lockParkingAction>>>) => Promise<Refusal | undefined>,
): Promise<Outcome<ParkingActionRecord>> {
  return refusable(deps, async (trx) => {
    const before = await getRecord(trx, parkingActions, access, actionId)
    const row = before && (await lockParkingAction(trx, access.organizationId, actionId))
    if (!row) return notFound
    const refusal = await body(trx, row)
    if (refusal) return refusal
    // What waited behind it, and the action itself when it is to be tried again.
    await addJobs(trx, [parkingActionJob({ organizationId: row.organization_id, connectionId: row.connection_id })])
    const after = await getRecord(trx, parkingActions, access, actionId)
    if (!after) throw new Error('the action is not there')
    await log(deps, trx, access, action, after, before)
    return ok(after)
  })
}

async function log(
  deps: ServiceDeps,
  trx: Db,
  access: Access,
  action: string,
  after: ParkingActionRecord,
  before?: ParkingActionRecord,
): Promise<void> {
  const { actionId, connectionId, kind, subjectKey, state, reason } = after
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: after.siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `parking_action.${action}`,
    subjectType: 'parking_action',
    subjectId: actionId,
    before: before === undefined ? null : { state: before.state, reason: before.reason },
    after: { connectionId, kind, subjectKey, state, reason, data: after.data },
    requestId: access.requestId,
  })
}

/** What the parking system asks for a stay at this moment. */
export function quoteStay(deps: ParkingActionDeps) {
  return async (
    access: Access,
    stayId: string,
  ): Promise<Outcome<{ stayId: string; connectionId: string; quote: ParkingQuote | null }>> => {
    const stay = await getRecord(deps.db, stays, access, stayId)
    if (!stay) return notFound
    const { connectionId } = stay
    const door = deps.door(connectionId)
    if (door === undefined) {
      return { kind: 'conflict', message: 'The connection of this stay is not running, so nobody can be asked.' }
    }
    if (!door.canQuote) return { kind: 'conflict', message: 'The parking system of this stay gives no quotes.' }
    try {
      return ok({ stayId, connectionId, quote: await door.quote(stayTarget(stay)) })
    } catch (cause) {
      if (cause instanceof HubError && cause.code === 'deadline_passed') throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new HubError('plugin_failed', `The parking system gave no quote: ${why}`, {
        level: 'warn',
        status: 502,
        cause,
      })
    }
  }
}
