// Owns what the end of a command about the local list says about the list and its row.
// Must not decide what comes next.
import type { ListEntry, StationCommand } from '../station-command.ts'
import { type End, matched, mismatch, unanswered } from './absorb-reply.ts'
import type { Known } from './known-item.ts'
import { type ListState, listRefused, listSeen, listTaken } from './local-list.ts'
import { listLimitKeys } from './plan-reconcile.ts'

export interface ListLimits {
  maxEntries: number | null
  maxPerMessage: number | null
}

export interface ListKnowledge {
  row: Known
  list: ListState
  /** Present when they were asked for. */
  limits?: ListLimits
}

export function afterListCommand(
  row: Known,
  list: ListState,
  isWanted: (entries: readonly ListEntry[]) => boolean,
  command: StationCommand,
  end: End,
  now: Date,
): ListKnowledge {
  const known: Known = { ...row, commandId: null, triedAt: now, silent: false }
  switch (command.name) {
    case 'read_settings':
      if (end.kind === 'silent') return { row: unanswered(known, end, now), list }
      return { row: known, list, limits: limitsIn(end) }
    case 'read_list_version':
      return afterVersion(known, list, isWanted, end, now)
    case 'send_list':
      return afterSending(known, list, command.mode, end, now)
    default:
      return { row: known, list }
  }
}

function afterVersion(
  known: Known,
  list: ListState,
  isWanted: (entries: readonly ListEntry[]) => boolean,
  end: End,
  now: Date,
): ListKnowledge {
  if (end.kind === 'silent') return { row: unanswered(known, end, now), list }
  if (end.kind !== 'accepted') return { row: cannot(known, end, now), list: listRefused(list) }
  const version = Number(end.result.version ?? end.result.listVersion ?? Number.NaN)
  // 1.6 5.10: -1 stands for "not supported or switched off".
  if (!Number.isInteger(version) || version < 0) {
    const reason = 'The station keeps no local list, or it is switched off there.'
    return { row: { ...known, state: 'unsupported', checkedAt: now, reason }, list: listRefused(list) }
  }
  const seen = listSeen(list, version)
  if (seen.entries === null)
    return { row: mismatch(known, { version }, now, `list ${version} stands there`), list: seen }
  const standing = { version, entries: seen.entries.length }
  return isWanted(seen.entries)
    ? { row: matched(known, standing, now), list: seen }
    : { row: { ...known, state: 'drifted', actual: standing, checkedAt: now }, list: seen }
}

function afterSending(
  known: Known,
  list: ListState,
  mode: 'full' | 'differential',
  end: End,
  now: Date,
): ListKnowledge {
  switch (end.kind) {
    case 'accepted': {
      const row = { ...known, writtenHash: known.desiredHash, writtenAt: now }
      return { row: { ...row, state: 'pending', reason: 'The station took the list.' }, list: listTaken(list) }
    }
    case 'silent':
      return { row: { ...unanswered(known, end, now), state: 'unknown', checkedAt: null }, list }
    case 'refused':
      if (mode === 'differential')
        return {
          row: { ...known, state: 'drifted', reason: `It gets the full list: ${end.reason}` },
          list: listRefused(list),
        }
      return { row: cannot(known, end, now), list: listRefused(list) }
    case 'unsupported':
      return { row: cannot(known, end, now), list: listRefused(list) }
  }
}

function cannot(known: Known, end: End & { reason: string }, now: Date): Known {
  return end.kind === 'unsupported'
    ? { ...known, state: 'unsupported', checkedAt: now, reason: `The station cannot do this: ${end.reason}` }
    : { ...known, state: 'refused', checkedAt: now, reason: `The station refused it: ${end.reason}` }
}

/** What a station does not say is left open. */
function limitsIn(end: End): ListLimits {
  const settings = end.kind === 'accepted' ? ((end.result.settings ?? {}) as Record<string, unknown>) : {}
  const number = (key: string): number | null => {
    const value = Number((settings[key] as { value?: unknown } | undefined)?.value ?? Number.NaN)
    return Number.isInteger(value) && value > 0 ? Math.min(value, 1_000_000) : null
  }
  const [maxEntries, perMessage16] = listLimitKeys['ocpp1.6']
  const [perMessage2] = listLimitKeys['ocpp2.0.1']
  return { maxEntries: number(maxEntries), maxPerMessage: number(perMessage16) ?? number(perMessage2) }
}
