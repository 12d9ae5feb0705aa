// Owns bringing a station's local list to what it is to be: full or in steps, numbered, and never built on what is not sure.
// Must not know where entries come from, nor send.
import type { ListEntry, StationCommand } from '../station-command.ts'

/** What is known of the list at one station. */
export interface ListState {
  /** The highest number used or seen. */
  counter: number
  /** The number of the list that stands there, as far as known. */
  version: number | null
  /** What stands there; null when that is not sure, and then only a full list is. */
  entries: readonly ListEntry[] | null
  /** Sent, and not answered as far as known. */
  sending: { version: number; mode: 'full' | 'differential'; entries: readonly ListEntry[] } | null
}

export const unknownList: ListState = { counter: 0, version: null, entries: null, sending: null }

type SendList = Extract<StationCommand, { name: 'send_list' }>

/** OCPP's integers are signed. */
const highestVersion = 2 ** 31 - 1
/** For stations that do not say what one message may hold. */
const usualPerMessage = 100

export const entryKey = ({ token }: ListEntry) => `${token.kind} ${token.value.toUpperCase()}`

function sameEntry(a: ListEntry, b: ListEntry): boolean {
  const [x, y] = [a.authorization, b.authorization]
  return (
    x?.status === y?.status &&
    x?.validUntil === y?.validUntil &&
    x?.groupToken?.value === y?.groupToken?.value &&
    x?.groupToken?.kind === y?.groupToken?.kind
  )
}

/** Removals first: a card that is taken away must not wait behind those that are added. */
export function listChanges(from: readonly ListEntry[], to: readonly ListEntry[]): ListEntry[] {
  const wanted = new Map(to.map((entry) => [entryKey(entry), entry]))
  const there = new Map(from.map((entry) => [entryKey(entry), entry]))
  const gone = from.filter((entry) => !wanted.has(entryKey(entry)))
  const changed = to.filter((entry) => {
    const old = there.get(entryKey(entry))
    return old === undefined || !sameEntry(old, entry)
  })
  return [...gone.map(({ token }) => ({ token })), ...changed]
}

export function applyChanges(list: readonly ListEntry[], changes: readonly ListEntry[]): ListEntry[] {
  const entries = new Map(list.map((entry) => [entryKey(entry), entry]))
  for (const change of changes) {
    if (change.authorization === undefined) entries.delete(entryKey(change))
    else entries.set(entryKey(change), change)
  }
  return [...entries.values()]
}

/** The next message towards `desired`, with the state while it is on its way; null when there is nothing to send. */
export function nextList(
  desired: readonly ListEntry[],
  list: ListState,
  maxPerMessage: number | null,
): { command: SendList; list: ListState } | null {
  const size = Math.max(1, maxPerMessage ?? usualPerMessage)
  const changes = list.entries === null ? null : listChanges(list.entries, desired)
  if (changes !== null && changes.length === 0) return null
  const next = Math.max(list.counter, list.version ?? 0) + 1
  const wraps = next > highestVersion
  const version = wraps ? 1 : next
  const full = changes === null || list.entries === null || wraps || changes.length > desired.length
  const entries = full ? desired.slice(0, size) : changes.slice(0, size)
  const after = full ? entries : applyChanges(list.entries ?? [], entries)
  const mode = full ? 'full' : 'differential'
  return {
    command: { name: 'send_list', mode, version, entries: [...entries] },
    list: { ...list, counter: version, sending: { version, mode, entries: after } },
  }
}

/** The station took it. */
export function listTaken(list: ListState): ListState {
  const { sending } = list
  return sending === null
    ? list
    : { ...list, version: sending.version, entries: sending.entries, sending: null, counter: sending.version }
}

/** The station would not take it: nothing is sure any more, only a full list is. */
export function listRefused(list: ListState): ListState {
  return { ...list, entries: null, sending: null }
}

/**
 * The station told the number of its list. One that was sent without an answer counts as taken when its number stands there. When
 * it does not, it may still come into force late, so nothing is built upon the list before it.
 */
export function listSeen(list: ListState, version: number): ListState {
  const seen = { ...list, counter: Math.max(list.counter, version), version }
  if (list.sending !== null) return list.sending.version === version ? listTaken(list) : listRefused(seen)
  return list.entries !== null && list.version === version ? list : { ...seen, entries: null }
}
