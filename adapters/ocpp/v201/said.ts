// Owns what a station's answer to a 2.x request comes to: its status word, its reason, and the results of several items.
// Must not know any message.
import type { CommandReply } from '../../../core/plugin/index.ts'
import { ask, type CommandSteps, refused } from '../command.ts'
import type { Loose } from '../message.ts'

interface StatusInfo {
  reasonCode?: string | undefined
  additionalInfo?: string | undefined
}

/** `Rejected: NoFreeMemory: 3 of 3 profiles are installed` */
export function reasonOf(status: string | undefined, info: StatusInfo | undefined): string {
  const parts = [status ?? 'the answer holds no status', info?.reasonCode, info?.additionalInfo]
  return parts.filter((part) => part !== undefined && part !== '').join(': ')
}

/** Sends one request; `accepted` says for each word that means yes what the rest of the answer tells besides. */
export function* askAndTell<Request extends object, Response extends object>(
  action: string,
  payload: Request,
  accepted: Readonly<Record<string, (answer: Loose<Response>) => Record<string, unknown>>>,
  unsupported: readonly string[] = [],
): CommandSteps {
  const said = yield* ask<Request, Response>(action, payload)
  if ('ended' in said) return said.ended
  const { status, statusInfo } = said.answer as { status?: string; statusInfo?: StatusInfo }
  const tell = status !== undefined && Object.hasOwn(accepted, status) ? accepted[status] : undefined
  if (tell !== undefined) return withResult(tell(said.answer))
  if (status !== undefined && unsupported.includes(status)) {
    return { kind: 'unsupported', reason: reasonOf(status, statusInfo) }
  }
  return refused(reasonOf(status, statusInfo))
}

export function withResult(result: Record<string, unknown>): CommandReply {
  const told = Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined))
  return Object.keys(told).length === 0 ? { kind: 'accepted' } : { kind: 'accepted', result: told }
}

export interface ItemResult {
  accepted: boolean
  reason: string
}

/** Of several items some may fail: only where all do, the whole is refused. */
export function ofItems(items: readonly ItemResult[], result: Record<string, unknown>): CommandReply {
  const failed = items.filter(({ accepted }) => !accepted)
  const [first] = failed
  if (items.length === 0) return refused('the answer holds no result')
  if (first !== undefined && failed.length === items.length) return refused(first.reason, result)
  return { kind: 'accepted', result: failed.length === 0 ? result : { ...result, failed: failed.length } }
}
