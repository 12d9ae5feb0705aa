// Owns the task `station.reconcile`: what came back from a station is taken in, what it is to have is compared, and the next command
// that brings it in line is queued. One at a time; the command's end adds the job again.
// Must not send, and must not decide what is next; core/domain/desired does.
import { contentText } from '../../domain/content-text.ts'
import {
  type Absorbing,
  type Aim,
  afterListCommand,
  afterRead,
  afterReset,
  afterWithdrawal,
  afterWrite,
  desiredOf,
  type End,
  essence,
  isReadable,
  type Known,
  type PlanContext,
  type Protocol,
  planReconcile,
  renewed,
  type Step,
  unknownItem,
  unknownList,
  whyNot,
  withdraw,
} from '../../domain/desired/index.ts'
import type { ListEntry, StationCommand } from '../../domain/station-command.ts'
import { type CommandRow, getCommand } from '../../store/commands.ts'
import { liveDesiredItems, type ReconciledStation, reconciledStations } from '../../store/desired-items.ts'
import { appendEvents, type NewEvent } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'
import {
  deleteKnown,
  type KnownRow,
  lockReconcile,
  readKnown,
  readList,
  reconciler,
  reportItems,
  type StationRef,
  type StoredList,
  writeKnown,
  writeList,
} from '../../store/station-actual.ts'
import { transaction } from '../../store/transaction.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import { rootHashes } from './certificate-hashes.ts'
import { contentHash, fitted, listContent } from './list-content.ts'

/** What is in line is read again after this. */
export const verifyAfterMs = 60 * 60_000
/** The station is connected; an answer that takes longer than this does not come. */
const commandTtlMs = 5 * 60_000

const newList: StoredList = {
  state: unknownList,
  protocol: null,
  maxEntries: null,
  maxPerMessage: null,
  limitsAt: null,
}

export function reconcileStation(deps: QueueCommandDeps) {
  return async (of: { organizationId: string; stationId: string }): Promise<void> => {
    let woken = false
    await transaction(deps.db, async (trx) => {
      woken = false
      await lockReconcile(trx, of.stationId)
      const [station] = await reconciledStations(trx, of.organizationId, of.stationId)
      if (station === undefined) return
      const wake = () => {
        woken = true
      }
      await lookAt({ ...deps, db: trx, wake }, trx, station)
    })
    if (woken) deps.wake(of.stationId)
  }
}

interface Look {
  station: ReconciledStation
  protocol: Protocol
  rows: KnownRow[]
  list: StoredList
  now: Date
}

async function lookAt(deps: QueueCommandDeps, trx: Db, station: ReconciledStation): Promise<void> {
  const items = desiredOf(station, await liveDesiredItems(trx, station.organizationId))
  const before = await readKnown(trx, station)
  if (items.length === 0 && before.length === 0) return
  if (station.protocol === null) return
  const now = deps.clock.now()
  const stored = await readList(trx, station)
  const look: Look = { station, protocol: station.protocol as Protocol, rows: before, list: stored ?? newList, now }
  const events: NewEvent[] = []
  const commandId = before.find((row) => row.commandId !== null)?.commandId ?? null
  if (commandId !== null) {
    const open = await takeIn(deps, trx, look, commandId, events)
    if (open) return
  }
  if (look.list.protocol !== look.protocol) {
    const { state } = look.list
    look.list = { ...newList, protocol: look.protocol, state: { ...state, entries: null, sending: null } }
  }
  const { aims, entries } = await aimsOf(trx, look, items)
  const byName = new Map(look.rows.map((row) => [nameOf(row), row]))
  for (const aim of aims) if (!byName.has(nameOf(aim))) byName.set(nameOf(aim), newRow(aim))
  const wanted = new Map(aims.map((aim) => [nameOf(aim), aim]))
  let rows = [...byName].map(([name, row]): KnownRow => {
    const aim = wanted.get(name)
    const desiredValue = aim === undefined ? null : aim.kind === 'local_list' ? { entries: entries.length } : aim.value
    return { ...renewed(row, aim, station.bootedAt), desiredValue }
  })
  const context = contextOf(deps, look, entries)
  const done = rows.filter(
    (row) =>
      row.desiredHash === null &&
      row.commandId === null &&
      (row.writtenHash === null || withdraw(row, context, aims).length === 0),
  )
  rows = rows.filter((row) => !done.includes(row))
  const [step] = station.connected ? planReconcile(aims, rows, context) : []
  if (step !== undefined) rows = await issue(deps, trx, look, rows, step)
  events.push(...inLineEvent(deps, look, before, rows))
  await save(trx, station, { before, rows, list: look.list, stored }, now)
  await appendEvents(trx, events)
}

const nameOf = ({ kind, key }: { kind: string; key: string }) => `${kind} ${key}`
const newRow = ({ kind, key }: Aim): KnownRow => ({ ...unknownItem(kind, key), desiredValue: null })

async function aimsOf(
  trx: Db,
  { station, protocol, list, now }: Look,
  items: ReturnType<typeof desiredOf>,
): Promise<{ aims: Aim[]; entries: ListEntry[] }> {
  const { organizationId, siteId } = station
  const listItem = items.find((item) => item.kind === 'local_list')
  let entries: ListEntry[] = []
  if (listItem?.kind === 'local_list' && siteId !== null) {
    const most = [listItem.value.maxEntries, list.maxEntries].filter((n): n is number => typeof n === 'number')
    const all = await listContent(trx, { organizationId, siteId, protocol, at: now })
    entries = fitted(all, most.length === 0 ? null : Math.min(...most))
  }
  const aims = items.map(
    (item) =>
      ({
        kind: item.kind,
        key: item.key,
        value: item.value,
        hash: contentHash(item.kind === 'local_list' ? entries : essence(item)),
        inapplicable: whyNot(item, protocol, siteId),
      }) as Aim,
  )
  return { aims, entries }
}

function contextOf(deps: QueueCommandDeps, look: Look, entries: readonly ListEntry[]): PlanContext {
  return {
    protocol: look.protocol,
    now: look.now,
    bootedAt: look.station.bootedAt,
    verifyAfterMs,
    // The tail of an id is random; OCPP's integers are signed.
    requestId: Number.parseInt(deps.newId().slice(-8), 16) & 0x7fffffff || 1,
    list: {
      state: look.list.state,
      desired: entries,
      maxPerMessage: look.list.maxPerMessage,
      limitsAt: look.list.limitsAt,
    },
  }
}

/** True while the command is under way: its end brings the job back. */
async function takeIn(
  deps: QueueCommandDeps,
  trx: Db,
  look: Look,
  commandId: string,
  events: NewEvent[],
): Promise<boolean> {
  const { station, now } = look
  const row = await getCommand(trx, station.organizationId, commandId)
  const end = row === undefined ? gone : await endOf(trx, station, row)
  if (end === null) return true
  const command = row === undefined ? null : ({ name: row.name, ...(row.args as object) } as StationCommand)
  const bound = look.rows.filter((known) => known.commandId === commandId)
  look.rows = look.rows.flatMap((known): KnownRow[] => {
    if (known.commandId !== commandId) return [known]
    const context: Absorbing = {
      now,
      bootedAt: station.bootedAt,
      readable: isReadable(known.kind, look.protocol),
      hashesOf: rootHashes,
    }
    const next = absorbed(look, known, command, end, context)
    if (next === null) return []
    if (hasDrifted(known, next, look.list)) events.push(drifted(deps, look, next))
    return [{ ...next, desiredValue: known.desiredValue }]
  })
  // What a version cannot do for one it cannot do for the others of its kind; a setting may be unknown for itself.
  if (end.kind === 'unsupported' && command !== null && command.name !== 'write_setting') {
    const kinds = new Set(bound.map((known) => known.kind))
    look.rows = look.rows.map((known) =>
      kinds.has(known.kind) && known.kind !== 'setting' && known.state !== 'in_line' && known.desiredHash !== null
        ? { ...known, state: 'unsupported', triedAt: now, reason: `The station cannot do this: ${end.reason}` }
        : known,
    )
  }
  return false
}

/** What was so, or was accepted, and is not so. A list that only lags behind our own changes has not drifted. */
function hasDrifted(before: KnownRow, after: Known, { state }: StoredList): boolean {
  if (after.state !== 'drifted' || (before.state !== 'in_line' && before.state !== 'pending')) return false
  return after.kind !== 'local_list' || state.entries === null
}

const gone: End = { kind: 'silent', reason: 'The command is not there any more.' }

function absorbed(
  look: Look,
  known: KnownRow,
  command: StationCommand | null,
  end: End,
  context: Absorbing,
): ReturnType<typeof afterWithdrawal> {
  if (command === null) return { ...known, commandId: null, checkedAt: null }
  if (known.kind === 'local_list' && (known.desiredHash !== null || end.kind !== 'accepted')) {
    const { row, list, limits } = afterListCommand(
      known,
      look.list.state,
      (entries) => contentHash(fitted(entries, null)) === known.desiredHash,
      command,
      end,
      context.now,
    )
    look.list = { ...look.list, state: list, ...(limits === undefined ? {} : { ...limits, limitsAt: context.now }) }
    return row
  }
  const aim = { kind: known.kind, key: known.key, value: known.desiredValue, hash: known.desiredHash } as Aim
  switch (command.name) {
    case 'read_settings':
    case 'read_profiles':
    case 'read_messages':
    case 'read_tariffs':
    case 'list_certificates':
      return afterRead(known, known.desiredHash === null ? undefined : aim, end, context)
    case 'reset':
      return afterReset(known, end, context)
    case 'send_list':
      look.list = { ...look.list, state: { ...unknownList, counter: look.list.state.counter } }
      return afterWithdrawal(known, end, context)
    case 'clear_profiles':
    case 'clear_message':
    case 'clear_tariffs':
    case 'delete_certificate':
      return afterWithdrawal(known, end, context)
    default:
      return afterWrite(known, known.desiredValue, end, context)
  }
}

/** Null while it is open. */
async function endOf(trx: Db, station: ReconciledStation, row: CommandRow): Promise<End | null> {
  const silence = (why: string): End => ({
    kind: 'silent',
    reason: why,
    lost: row.sent_at !== null && station.connectedAt !== null && row.sent_at < station.connectedAt,
  })
  const reason = row.reason ?? 'no reason given'
  switch (row.state) {
    case 'queued':
    case 'sent':
      return null
    case 'answered':
      switch (row.outcome) {
        case 'pending':
          return null
        case 'refused':
        case 'failed':
          return { kind: 'refused', reason }
        case 'incomplete':
        case 'unknown':
          return silence(reason)
        default: {
          const items = row.request_id === null ? [] : await reportItems(trx, station, row.request_id, row.created_at)
          return { kind: 'accepted', result: (row.result ?? {}) as Record<string, unknown>, items }
        }
      }
    case 'failed':
      return { kind: 'unsupported', reason }
    default:
      return silence(reason)
  }
}

/** The command and the rows it is for are one commit: after a kill either both are there or neither. */
async function issue(
  deps: QueueCommandDeps,
  trx: Db,
  look: Look,
  rows: readonly KnownRow[],
  step: Step,
): Promise<KnownRow[]> {
  const { organizationId, stationId } = look.station
  const queued = await queueCommand({ db: trx, clock: deps.clock, newId: deps.newId, log: deps.log, wake: deps.wake })({
    organizationId,
    stationId,
    command: step.command,
    requestedBy: reconciler,
    ttlMs: commandTtlMs,
  })
  if (queued.kind !== 'queued') return [...rows]
  if (step.list !== undefined) look.list = { ...look.list, state: step.list }
  return rows.map((row) =>
    row.kind === step.kind && step.keys.includes(row.key) ? { ...row, commandId: queued.command.command_id } : row,
  )
}

function drifted(
  deps: QueueCommandDeps,
  { station, now }: Look,
  known: Pick<KnownRow, 'kind' | 'key' | 'reason'>,
): NewEvent {
  return {
    ...about(deps, station, now),
    type: 'station.drifted',
    data: { stationId: station.stationId, kind: known.kind, key: known.key, reason: known.reason },
  }
}

function inLineEvent(
  deps: QueueCommandDeps,
  { station, now }: Look,
  before: readonly KnownRow[],
  after: readonly KnownRow[],
): NewEvent[] {
  const isInLine = (rows: readonly KnownRow[]) => {
    const wanted = rows.filter((row) => row.desiredHash !== null && row.state !== 'unsupported')
    return wanted.length > 0 && wanted.every((row) => row.state === 'in_line')
  }
  return isInLine(after) && !isInLine(before)
    ? [{ ...about(deps, station, now), type: 'station.in_line', data: { stationId: station.stationId } }]
    : []
}

function about(deps: QueueCommandDeps, { organizationId, siteId, stationId }: ReconciledStation, now: Date) {
  return {
    id: deps.newId(),
    organizationId,
    siteId,
    subject: { type: 'station', id: stationId },
    occurredAt: now,
    recordedAt: now,
  }
}

async function save(
  trx: Db,
  station: StationRef,
  at: {
    before: readonly KnownRow[]
    rows: readonly KnownRow[]
    list: StoredList
    stored: StoredList | undefined
  },
  now: Date,
): Promise<void> {
  const old = new Map(at.before.map((row) => [nameOf(row), contentText(row)]))
  const kept = new Set(at.rows.map(nameOf))
  await deleteKnown(
    trx,
    station,
    at.before.filter((row) => !kept.has(nameOf(row))),
  )
  await writeKnown(
    trx,
    station,
    at.rows.filter((row) => old.get(nameOf(row)) !== contentText(row)),
    now,
  )
  const hasList = at.stored !== undefined || at.rows.some((row) => row.kind === 'local_list')
  if (hasList && contentText(at.list) !== contentText(at.stored ?? null)) await writeList(trx, station, at.list)
}
