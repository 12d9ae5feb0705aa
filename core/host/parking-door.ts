// Owns how the hub asks something of a connected parking system: within its limits, and whatever the plugin answers is checked.
// Must not decide what follows from an answer.
import {
  type ActionOutcome,
  type OutcomeInquiry,
  type ParkingAction,
  type ParkingQuote,
  parkingActionKinds,
  type StayTarget,
} from '../domain/parking-action.ts'
import type { ActionDoor, OfferedActions } from '../domain/parking-door.ts'
import type { ParcsLink } from '../plugin/index.ts'
import type { Run } from './run.ts'

const actMs = 30_000
const quoteMs = 10_000

export function parkingDoor(run: Pick<Run, 'call'>, link: ParcsLink): ActionDoor {
  const actions: OfferedActions = {}
  for (const kind of parkingActionKinds) {
    const ability = link.act === undefined ? undefined : link.actions?.[kind]
    if (ability) actions[kind] = { repeatable: ability.repeatable === true }
  }
  return {
    features: [...link.features],
    actions,
    canAsk: link.askOutcome !== undefined,
    canQuote: link.quote !== undefined,
    async act(action: ParkingAction): Promise<ActionOutcome> {
      const told = await answer(run, 'the action', (signal) => link.act?.(structuredClone(action), signal))
      return told.kind === 'not_done' ? { kind: 'later', reason: 'The parking system says it was not done.' } : told
    },
    askOutcome: (action: ParkingAction): Promise<OutcomeInquiry> =>
      answer(run, 'the question after an action', (signal) => link.askOutcome?.(structuredClone(action), signal)),
    async quote(stay: StayTarget): Promise<ParkingQuote | null> {
      const told = await run.call('the quote', quoteMs, async (signal) => link.quote?.(structuredClone(stay), signal))
      return quoteOf(told)
    },
  }
}

/** A failure is an outcome that nobody knows: the vendor may have done it all the same. */
async function answer(
  run: Pick<Run, 'call'>,
  what: string,
  call: (signal: AbortSignal) => Promise<unknown> | undefined,
): Promise<OutcomeInquiry> {
  try {
    return outcomeOf(await run.call(what, actMs, async (signal) => call(signal)))
  } catch (error) {
    return { kind: 'unknown', reason: short(error instanceof Error ? error.message : String(error)) }
  }
}

function outcomeOf(told: unknown): OutcomeInquiry {
  const said = (typeof told === 'object' && told !== null ? told : {}) as Record<string, unknown>
  const reason = typeof said.reason === 'string' && said.reason !== '' ? short(said.reason) : 'No reason was given.'
  switch (said.kind) {
    case 'done':
      return {
        kind: 'done',
        ...(typeof said.reference === 'string' ? { reference: said.reference.slice(0, 500) } : {}),
      }
    case 'refused':
      return { kind: 'refused', reason, ...(typeof said.code === 'string' ? { code: said.code.slice(0, 100) } : {}) }
    case 'later': {
      const seconds = said.retryAfterSeconds
      return {
        kind: 'later',
        reason,
        ...(typeof seconds === 'number' && Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}),
      }
    }
    case 'not_done':
      return { kind: 'not_done' }
    case 'unknown':
      return { kind: 'unknown', reason }
    default:
      return { kind: 'unknown', reason: 'The adapter gave an answer that is none.' }
  }
}

function quoteOf(told: unknown): ParkingQuote | null {
  if (told === null || told === undefined) return null
  const { amountMinor, currency, at, paidUntil, rate } = told as Partial<Record<keyof ParkingQuote, unknown>>
  if (typeof amountMinor !== 'number' || !Number.isSafeInteger(amountMinor) || amountMinor < 0)
    throw new TypeError('the quote has no amount in whole minor units')
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) throw new TypeError('the quote has no currency')
  if (!isInstant(at)) throw new TypeError('the quote does not say for when it is')
  return {
    amountMinor,
    currency,
    at,
    ...(isInstant(paidUntil) ? { paidUntil } : {}),
    ...(typeof rate === 'string' ? { rate: rate.slice(0, 500) } : {}),
  }
}

function isInstant(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

function short(text: string): string {
  // PostgreSQL cannot hold NUL in text.
  return text.replaceAll('\u0000', '').slice(0, 1_000)
}
