// Owns places at once: a yes takes the last one only if nobody else took it in the same moment.
// Must not decide who is limited; core/domain/access/limits.ts does.
import { fullText, type Limits, type Room, roomIn } from '../../domain/access/index.ts'
import { searchKeysOf } from '../../domain/stay/index.ts'
import { type Asker, countTaken, lockLimits, releaseHold, takeHold } from '../../store/access-holds.ts'
import { transaction } from '../../store/transaction.ts'
import type { AccessQuestion, AuthoriseDeps, Weighed } from './access-question.ts'

export interface Places {
  room: Room & { reason: string }
  giveBack: (() => Promise<void>) | null
}

type ByWhom = Pick<Weighed, 'authorization' | 'siteSettings'>

/** From "you may" to the plug in the car, which the hub hears of as a session. */
const chargerHoldMs = 120_000
/** From "you may" to the loop behind the barrier; parking systems keep a granted request about as long. */
const gateHoldSeconds = 120

/**
 * Counts and holds under a lock of everything that is counted, so that of two questions of one moment the second sees the first.
 * The same credential at the same lane or station asks for the same place again, not for a second one.
 */
export async function takePlace(
  deps: AuthoriseDeps,
  question: AccessQuestion,
  { authorization, siteSettings }: ByWhom,
  limits: Limits,
): Promise<Places> {
  const asker = askerOf(question, authorization)
  const { accountId } = authorization
  const room = await transaction(deps.db, async (trx) => {
    await lockLimits(trx, limits)
    const counted = roomIn(limits, await countTaken(trx, limits, asker))
    if (!counted.free || accountId === undefined) return counted
    const isGate = question.place === 'gate'
    const ms = isGate ? secondsOf(siteSettings) * 1_000 : chargerHoldMs
    await takeHold(trx, asker, {
      kind: question.place,
      accountId,
      connectionId: isGate ? (question.connectionId ?? null) : null,
      requestId: isGate ? (question.requestId ?? null) : null,
      searchKeys: isGate ? searchKeysOf(question.credentials) : [],
      until: new Date(asker.now.getTime() + ms),
    })
    return counted
  })
  const giveBack = room.free ? () => releaseHold(deps.db, asker) : null
  return { room: { ...room, reason: reasonOf(limits, room) }, giveBack }
}

/** What the answer would be, for nobody in particular. */
export async function countPlaces(
  deps: AuthoriseDeps,
  question: AccessQuestion,
  { authorization }: ByWhom,
  limits: Limits,
): Promise<Places> {
  const room = roomIn(limits, await countTaken(deps.db, limits, askerOf(question, authorization)))
  return { room: { ...room, reason: reasonOf(limits, room) }, giveBack: null }
}

function askerOf(question: AccessQuestion, { accountId, credentialId }: Weighed['authorization']): Asker {
  const { organizationId, siteId, at, receivedAt = at } = question
  const whose = credentialId ?? accountId ?? ''
  const isGate = question.place === 'gate'
  return {
    organizationId,
    siteId,
    holdKey: isGate ? `gate:${siteId}:${question.lane}:${whose}` : `charger:${question.stationId}:${whose}`,
    credentialId: credentialId ?? null,
    stationId: isGate ? null : question.stationId,
    evse: isGate ? null : (question.evse ?? null),
    now: receivedAt,
  }
}

function reasonOf(limits: Limits, { full }: Room): string {
  return full === null ? '' : fullText(limits, full)
}

function secondsOf({ gate_hold_seconds: set }: Record<string, unknown>): number {
  return typeof set === 'number' ? set : gateHoldSeconds
}
