// Owns what a station is to be told next so that it comes in line: in which order, what is read first, what is taken back.
// Must not send, and must not look at anything but what it is given.
import type { CertificateHash, ListEntry, StationCommand } from '../station-command.ts'
import type { DesiredKind } from './desired-item.ts'
import type { Aim, Known, Protocol } from './known-item.ts'
import { type ListState, nextList } from './local-list.ts'
import { identityOf } from './things-there.ts'

export interface Step {
  purpose: 'read' | 'write' | 'withdraw' | 'reset'
  kind: DesiredKind
  /** Keys of the rows that the answer will change. */
  keys: string[]
  command: StationCommand
  /** The list while it is on its way. */
  list?: ListState
}

export interface PlanContext {
  protocol: Protocol
  now: Date
  bootedAt: Date | null
  /** What is in line is looked at again after this. */
  verifyAfterMs: number
  /** Number for a report that may be asked for. */
  requestId: number
  list: StationListKnowledge
}

export interface StationListKnowledge {
  state: ListState
  desired: readonly ListEntry[]
  maxPerMessage: number | null
  /** When the station's limits were last asked for. */
  limitsAt: Date | null
}

/** Settings asked for in one command; the translators cut them further for stations that take fewer. */
const settingsPerRead = 10

/** What says how long a list may be, and how much of it goes into a message (1.6 9.2; 2.0.1 LocalAuthListCtrlr). */
export const listLimitKeys = {
  'ocpp1.6': ['LocalAuthListMaxLength', 'SendLocalListMaxLength'],
  'ocpp2.0.1': ['LocalAuthListCtrlr.ItemsPerMessage'],
  'ocpp2.1': ['LocalAuthListCtrlr.ItemsPerMessage'],
} as const satisfies Record<Protocol, readonly string[]>

interface Pair {
  aim: Aim
  known: Known
}

/**
 * All that can be done now, in the order in which it is to be done. A caller that takes the first and plans anew after its answer
 * comes to the same end; nothing of it is needed twice.
 */
export function planReconcile(aims: readonly Aim[], rows: readonly Known[], context: PlanContext): Step[] {
  if (isSilent(rows, context.now)) return []
  const byName = new Map(rows.map((row) => [nameOf(row), row]))
  const pairs = aims.flatMap((aim): Pair[] => {
    const known = byName.get(nameOf(aim))
    return known === undefined || known.commandId !== null || !isOpen(known, context.now) ? [] : [{ aim, known }]
  })
  const of = (kind: DesiredKind) => pairs.filter(({ aim }) => aim.kind === kind)
  const profiles = of('profile')
  const isFailsafe = ({ aim }: Pair) => aim.kind === 'profile' && aim.value.failsafe === true
  const steps = [
    ...plain(profiles.filter(isFailsafe), context),
    ...settings(of('setting'), context),
    ...plain(of('root_certificate'), context),
    ...plain(
      profiles.filter((pair) => !isFailsafe(pair)),
      context,
    ),
    ...localList(of('local_list'), context),
    ...plain(of('default_tariff'), context),
    ...plain(of('display_message'), context),
    ...plain(of('network_profile'), context),
    ...withdrawals(aims, rows, context),
  ]
  return steps.length > 0 ? steps : resets(pairs)
}

const nameOf = ({ kind, key }: { kind: string; key: string }) => `${kind} ${key}`

/** What was refused is not asked again before the next start or a change; what failed waits for its time. */
function isOpen(known: Known, now: Date): boolean {
  if (known.state === 'refused' || known.state === 'unsupported') return false
  return known.nextTryAt === null || known.nextTryAt <= now
}

/** A station that leaves two different things unanswered is not asked for a third. */
function isSilent(rows: readonly Known[], now: Date): boolean {
  const kinds = rows.filter((row) => row.silent && row.nextTryAt !== null && row.nextTryAt > now).map((row) => row.kind)
  return new Set(kinds).size > 1
}

/** The standard has no way to read a 1.6 profile back, nor a network profile in any version. */
export function isReadable(kind: DesiredKind, protocol: Protocol): boolean {
  return kind !== 'network_profile' && (kind !== 'profile' || protocol !== 'ocpp1.6')
}

function isStale({ checkedAt }: Known, { bootedAt, now, verifyAfterMs }: PlanContext): boolean {
  if (checkedAt === null || (bootedAt !== null && checkedAt < bootedAt)) return true
  return now.getTime() - checkedAt.getTime() >= verifyAfterMs
}

function settings(pairs: readonly Pair[], context: PlanContext): Step[] {
  const open = pairs.filter(({ known }) => known.bootWait === null)
  const stale = open.filter(({ known }) => isStale(known, context)).map(({ aim }) => aim.key)
  const reads: Step[] = []
  for (let i = 0; i < stale.length; i += settingsPerRead) {
    const keys = stale.slice(i, i + settingsPerRead)
    reads.push({ purpose: 'read', kind: 'setting', keys, command: { name: 'read_settings', keys } })
  }
  const writes = open.flatMap(({ aim, known }): Step[] =>
    aim.kind !== 'setting' || isStale(known, context) || known.state === 'in_line'
      ? []
      : [
          {
            purpose: 'write',
            kind: 'setting',
            keys: [aim.key],
            command: { name: 'write_setting', key: aim.key, value: aim.value.value },
          },
        ],
  )
  return [...reads, ...writes]
}

/** Things that are read all at once and written one by one. */
function plain(pairs: readonly Pair[], context: PlanContext): Step[] {
  const [first] = pairs
  if (first === undefined) return []
  const { kind } = first.aim
  const readable = isReadable(kind, context.protocol)
  const stale = pairs.filter(({ known }) => isStale(known, context))
  const reading = readable && stale.length > 0 ? readOf(kind, stale, context) : []
  const writes = pairs.flatMap(({ aim, known }): Step[] => {
    if (readable && isStale(known, context)) return []
    const again = kind === 'profile' && startedSince(known, context)
    const standing = readable ? known.state === 'in_line' : known.writtenHash === aim.hash && !again
    if (standing) return []
    const old = identityOf(kind, known.writtenValue)
    const leftover =
      known.writtenHash !== null && old !== null && old !== identityOf(kind, aim.value)
        ? withdraw(
            known,
            context,
            pairs.map((pair) => pair.aim),
          )
        : []
    const command = writeOf(aim)
    return [...leftover, ...(command === null ? [] : [{ purpose: 'write' as const, kind, keys: [aim.key], command }])]
  })
  return [...reading, ...writes]
}

/** What cannot be read may be gone after a start. */
function startedSince({ writtenAt }: Known, { bootedAt }: PlanContext): boolean {
  return bootedAt !== null && (writtenAt === null || writtenAt < bootedAt)
}

function readOf(kind: DesiredKind, stale: readonly Pair[], { requestId }: PlanContext): Step[] {
  const step = (command: StationCommand): Step[] => [
    { purpose: 'read', kind, keys: stale.map(({ aim }) => aim.key), command },
  ]
  switch (kind) {
    case 'profile':
      return step({ name: 'read_profiles', requestId })
    case 'display_message':
      return step({ name: 'read_messages', requestId })
    case 'root_certificate':
      return step({ name: 'list_certificates' })
    case 'default_tariff':
      return step({ name: 'read_tariffs' })
    case 'setting':
    case 'local_list':
    case 'network_profile':
      return []
  }
}

function writeOf(aim: Aim): StationCommand | null {
  switch (aim.kind) {
    case 'profile': {
      const { evse, profile } = aim.value
      return { name: 'set_profile', ...(evse === undefined ? {} : { evse }), profile }
    }
    case 'root_certificate':
      return { name: 'install_certificate', use: aim.value.use, pem: aim.value.pem }
    case 'default_tariff': {
      const { evse, tariff } = aim.value
      return { name: 'set_default_tariff', ...(evse === undefined ? {} : { evse }), tariff }
    }
    case 'display_message':
      return { name: 'show_message', message: aim.value.message }
    case 'network_profile':
      return { name: 'set_network_profile', slot: Number(aim.key), profile: aim.value.profile }
    case 'setting':
    case 'local_list':
      return null
  }
}

function localList(pairs: readonly Pair[], context: PlanContext): Step[] {
  const { protocol, bootedAt, list } = context
  return pairs.flatMap(({ aim, known }): Step[] => {
    const step = (purpose: Step['purpose'], command: StationCommand): Step[] => [
      { purpose, kind: 'local_list', keys: [aim.key], command },
    ]
    if (list.limitsAt === null || (bootedAt !== null && list.limitsAt < bootedAt))
      return step('read', { name: 'read_settings', keys: [...listLimitKeys[protocol]] })
    const readVersion = () => step('read', { name: 'read_list_version' })
    if (isStale(known, context) || list.state.sending !== null) return readVersion()
    const next = nextList(list.desired, list.state, list.maxPerMessage)
    if (next === null) return known.state === 'pending' ? readVersion() : []
    return [{ purpose: 'write', kind: 'local_list', keys: [aim.key], command: next.command, list: next.list }]
  })
}

/** What the hub put there and nobody wants any more; settings and network profiles have nothing to go back to. */
function withdrawals(aims: readonly Aim[], rows: readonly Known[], context: PlanContext): Step[] {
  return rows.flatMap((known) =>
    known.desiredHash !== null || known.writtenHash === null || known.commandId !== null || !isOpen(known, context.now)
      ? []
      : withdraw(known, context, aims),
  )
}

/** Nothing, where another aim goes by the same identity, or nothing is known to take it back by. */
export function withdraw(known: Known, context: PlanContext, aims: readonly Aim[]): Step[] {
  const { kind, key, writtenValue } = known
  const identity = identityOf(kind, writtenValue)
  if (identity !== null && aims.some((aim) => aim.kind === kind && identityOf(kind, aim.value) === identity)) return []
  const step = (command: StationCommand): Step[] => [{ purpose: 'withdraw', kind, keys: [key], command }]
  switch (kind) {
    case 'profile':
      return step({ name: 'clear_profiles', profileId: Number(identity) })
    case 'display_message':
      return step({ name: 'clear_message', messageId: Number(identity) })
    case 'default_tariff':
      return step({ name: 'clear_tariffs', tariffIds: [String(identity)] })
    case 'root_certificate': {
      const hash = known.actual as CertificateHash | null
      return hash === null ? [] : step({ name: 'delete_certificate', hash })
    }
    case 'local_list': {
      // Cards must not go on opening a charger whose list nobody looks after.
      const next = nextList([], { ...context.list.state, entries: null, sending: null }, null)
      return next === null ? [] : [{ ...step(next.command)[0], list: next.list } as Step]
    }
    case 'setting':
    case 'network_profile':
      return []
  }
}

/** For a value that a station never takes over; it would be restarted without end. */
const mostResets = 3

/** Once nothing else is to be done. */
function resets(pairs: readonly Pair[]): Step[] {
  const waiting = pairs.filter(({ known }) => known.bootWait === 'waits' && known.attempts < mostResets)
  if (!waiting.some(({ aim }) => aim.kind === 'setting' && aim.value.resetAllowed === true)) return []
  return [
    {
      purpose: 'reset',
      kind: 'setting',
      keys: waiting.map(({ aim }) => aim.key),
      command: { name: 'reset', mode: 'on_idle' },
    },
  ]
}
