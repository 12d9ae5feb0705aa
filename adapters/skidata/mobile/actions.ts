// Owns what the hub asks of the service about money and identifiers, and asking what became of it.
// Must not send twice what may have been done: an unknown outcome is read from CalculateRate, or left to a person.
import type { Kysely } from 'kysely'
import {
  type ActionAbility,
  type ActionOutcome,
  type Clock,
  failedOutcome,
  type Minor,
  majorText,
  NotReady,
  type OutcomeInquiry,
  type ParkingAction,
  type ParkingActionData,
  type ParkingActionKind,
  type ParkingQuote,
  type StayTarget,
  succeeded,
  type VendorAnswer,
  vendorAmount,
} from '../../../core/plugin/index.ts'
import { type MobileApi, refusalOf } from './api.ts'
import { putIdentifier } from './identifiers.ts'
import { type Rate, readRate, type Ticket, type TicketType } from './read-event.ts'
import type { MobileTables } from './tables.ts'

export interface ActionDeps {
  db: Kysely<MobileTables>
  connectionId: string
  api: MobileApi
  site(): Promise<{ zone: string; currency: string }>
  facilityNo: number
  carparkNos: readonly number[]
  customerId: number
  productId: string
  productOfGroup: Readonly<Record<string, string>>
  clock: Clock
}

interface Target extends Ticket {
  facilityNo: number
  startedAt: Date | null
}

export function abilities(productId: string): Partial<Record<ParkingActionKind, ActionAbility>> {
  const once = { repeatable: false }
  return {
    'stay.confirm': once,
    'stay.validate': once,
    'stay.promote': once,
    // The same TicketNo and ReferenceNo again: there is one such identifier afterwards, whatever is answered.
    ...(productId === '' ? {} : { 'credential.put': { repeatable: true }, 'credential.remove': { repeatable: true } }),
  }
}

export async function quote(deps: ActionDeps, stay: StayTarget, signal: AbortSignal): Promise<ParkingQuote | null> {
  const target = await targetOf(deps, stay)
  if (target === null) return null
  const asked = await rateOf(deps, target, signal)
  if (asked.kind === 'none') return null
  if (asked.kind === 'failed') throw new NotReady(asked.outcome.kind === 'done' ? '' : asked.outcome.reason)
  const { currency } = await deps.site()
  const { rate } = asked
  const amountMinor = vendorAmount(rate.price, currency)
  if (amountMinor === null || amountMinor < 0) throw new NotReady(`/Price is no amount in ${currency}.`)
  const { rateNo, paidUntil, enteredAt } = rate
  // Without a payment PaidUntil is the entry: that promises nothing.
  const paid = amountMinor === 0 && paidUntil !== null && (enteredAt === null || paidUntil > enteredAt)
  return {
    amountMinor,
    currency,
    at: deps.clock.now(),
    ...(paid ? { paidUntil } : {}),
    ...(rateNo === null ? {} : { rate: rateNo }),
  }
}

export async function act(deps: ActionDeps, action: ParkingAction, signal: AbortSignal): Promise<ActionOutcome> {
  switch (action.kind) {
    case 'stay.confirm':
      return confirm(deps, action.data, signal)
    case 'stay.validate':
    case 'stay.promote':
      return reduce(deps, action, signal)
    case 'credential.put':
      return putIdentifier(deps, action.data, signal)
    case 'credential.remove':
      return {
        kind: 'refused',
        reason: `The MobileAPI has no call that ends an identifier: end the identifiers with the reference ${action.data.credentialId} in the parking system.`,
      }
    default:
      return { kind: 'refused', reason: 'The MobileAPI has no such call.' }
  }
}

/** The bill is paid as far as the parking system is concerned: a completed visit by its EventID, a running one as a payment. */
async function confirm(
  deps: ActionDeps,
  data: ParkingActionData['stay.confirm'],
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const target = await targetOf(deps, data)
  if (target === null) return noTicket
  const body = {
    ...wireTicket(target),
    ...paymentOf(deps, data),
    ...(data.priceRef === undefined ? {} : { EventID: data.priceRef }),
  }
  const answer = await deps.api(data.priceRef === undefined ? 'ApplyPayment' : 'FinalizeTransaction', body, signal)
  if (!succeeded(answer)) return failedOutcome(answer, refusalOf)
  const { Amount, TicketNo } = fieldsOf(answer.json)
  if (TicketNo !== undefined && String(TicketNo) !== target.ticketNo)
    return { kind: 'unknown', reason: 'The answer is about another ticket.' }
  if (Amount !== undefined && Amount !== null && vendorAmount(Amount, data.currency) !== data.amountMinor)
    return { kind: 'unknown', reason: 'The answer confirms another amount.' }
  return { kind: 'done', reference: data.priceRef ?? target.ticketNo }
}

async function reduce(
  deps: ActionDeps,
  action: Extract<ParkingAction, { kind: 'stay.validate' | 'stay.promote' }>,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const target = await targetOf(deps, action.data)
  if (target === null) return noTicket
  const provider = action.kind === 'stay.validate' ? Number(action.data.providerNo) : 0
  if (!Number.isSafeInteger(provider) || (action.kind === 'stay.validate' && action.data.providerNo === undefined))
    return {
      kind: 'refused',
      reason: 'A validation needs the number of one of the parking system’s validation providers.',
    }
  const before = await rateOf(deps, target, signal)
  if (before.kind === 'none') return { kind: 'refused', reason: 'The parking system does not know this ticket now.' }
  if (before.kind === 'failed')
    // A question was asked and nothing more: whatever became of it, the reduction was not sent.
    return before.outcome.kind === 'unknown' ? { ...before.outcome, kind: 'later' } : before.outcome
  await deps.db
    .insertInto('attempt')
    .values({
      connection_id: deps.connectionId,
      action_id: action.id,
      price: String(before.rate.price),
      rate_ends_at: before.rate.rateEndsAt,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['connection_id', 'action_id'])
        .doUpdateSet({ price: String(before.rate.price), rate_ends_at: before.rate.rateEndsAt }),
    )
    .execute()
  const answer =
    action.kind === 'stay.validate'
      ? await deps.api(
          'ApplyValidation',
          {
            ...wireTicket(target),
            ValidationProviderNo: provider,
            ValidationSource: action.data.reason.slice(0, 100),
            ...customerOf(deps),
          },
          signal,
        )
      : await deps.api(
          'ApplyPromotion',
          {
            ...wireTicket(target),
            // Nothing was paid: the fee shrinks by PromotionValue alone.
            ...paymentOf(deps, { ...action.data, amountMinor: 0, paidAt: action.askedAt, authorisation: action.id }),
            PromotionValue: decimal(action.data.amountMinor, action.data.currency),
            PromotionCode: action.data.code ?? 'HUB',
            PromotionDescription: action.data.reason.slice(0, 100),
          },
          signal,
        )
  return succeeded(answer) ? { kind: 'done', reference: target.ticketNo } : failedOutcome(answer, refusalOf)
}

export async function askOutcome(
  deps: ActionDeps,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<OutcomeInquiry> {
  if (action.kind !== 'stay.confirm' && action.kind !== 'stay.validate' && action.kind !== 'stay.promote')
    return { kind: 'unknown', reason: 'The MobileAPI cannot be asked after this.' }
  const target = await targetOf(deps, action.data)
  const asked = target === null ? ({ kind: 'none' } as const) : await rateOf(deps, target, signal)
  if (asked.kind === 'failed')
    return { kind: 'unknown', reason: asked.outcome.kind === 'done' ? '' : asked.outcome.reason }
  if (asked.kind === 'none' || target === null)
    return { kind: 'unknown', reason: 'The parking system no longer knows the ticket, and cannot be asked otherwise.' }
  const { rate } = asked
  if (target.startedAt !== null && rate.enteredAt !== null && apart(target.startedAt, rate.enteredAt))
    return { kind: 'unknown', reason: 'The ticket is in use for a later stay now.' }
  const { currency } = await deps.site()
  const price = vendorAmount(rate.price, currency)
  if (action.kind === 'stay.confirm') return confirmedBy(rate, price)
  const attempt = await deps.db
    .selectFrom('attempt')
    .selectAll()
    .where('connection_id', '=', deps.connectionId)
    .where('action_id', '=', action.id)
    .executeTakeFirst()
  if (attempt === undefined) return { kind: 'not_done' }
  const before = vendorAmount(attempt.price, currency)
  if (price === null || before === null) return { kind: 'unknown', reason: 'The price could not be read.' }
  // A price falls by nothing else; that it stands says something only until the rate goes up.
  if (price < before) return { kind: 'done', reference: target.ticketNo }
  if (price === before && before > 0 && attempt.rate_ends_at !== null && deps.clock.now() < attempt.rate_ends_at)
    return { kind: 'not_done' }
  return { kind: 'unknown', reason: 'The price has gone up since, so it does not tell whether the reduction was made.' }
}

/** PaidUntil is the entry as long as nobody has paid. */
function confirmedBy({ enteredAt, paidUntil }: Rate, price: number | null): OutcomeInquiry {
  if (price === null || enteredAt === null || paidUntil === null)
    return { kind: 'unknown', reason: 'The answer does not say until when the ticket is paid.' }
  if (price === 0 && paidUntil > enteredAt) return { kind: 'done' }
  if (price > 0 && paidUntil <= enteredAt) return { kind: 'not_done' }
  return { kind: 'unknown', reason: 'The ticket was paid in part; the parking system has to be looked at.' }
}

type AskedRate =
  | { kind: 'ok'; rate: Rate }
  /** The service does not know the ticket. */
  | { kind: 'none' }
  | { kind: 'failed'; outcome: ActionOutcome }

async function rateOf({ api, site, clock }: ActionDeps, target: Target, signal: AbortSignal): Promise<AskedRate> {
  const answer: VendorAnswer = await api('CalculateRate', wireTicket(target), signal)
  if (answer.kind === 'answered' && answer.status === 404) return { kind: 'none' }
  const rate = succeeded(answer) ? readRate(answer.json, (await site()).zone, clock.now()) : null
  if (rate !== null) return { kind: 'ok', rate }
  const outcome = succeeded(answer)
    ? ({ kind: 'unknown', reason: 'The answer holds no price.' } as const)
    : failedOutcome(answer, refusalOf)
  return { kind: 'failed', outcome }
}

/** By the visit its events belong to; otherwise by the ticket, barcode or plate that the stay is known by. */
async function targetOf({ db, connectionId, facilityNo }: ActionDeps, stay: StayTarget): Promise<Target | null> {
  if (stay.stayRef !== null) {
    const visit = await db
      .selectFrom('visit')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where('visit_ref', '=', stay.stayRef)
      .executeTakeFirst()
    if (visit)
      return {
        ticketType: visit.ticket_type as TicketType,
        ticketNo: visit.ticket_no,
        facilityNo: visit.completed_facility ?? visit.facility_no,
        startedAt: visit.started_at,
      }
  }
  const typeOf: Readonly<Record<string, TicketType>> = { ticket: 0, qr: 5, card: 5, plate: 4 }
  for (const [kind, ticketType] of Object.entries(typeOf)) {
    const found = stay.credentials.find((one) => one.kind === kind)
    if (found) return { ticketType, ticketNo: found.value, facilityNo, startedAt: stay.enteredAt }
  }
  return null
}

const noTicket: ActionOutcome = { kind: 'refused', reason: 'The stay has no ticket, barcode or plate to name it by.' }
const apart = (a: Date, b: Date) => Math.abs(a.getTime() - b.getTime()) > 120_000
const decimal = (amountMinor: number, currency: string) => Number(majorText(amountMinor as Minor, currency))
const wireTicket = ({ facilityNo, ticketNo, ticketType }: Target) => ({
  FacilityNo: facilityNo,
  TicketNo: ticketNo,
  TicketType: ticketType,
})
const customerOf = ({ customerId }: ActionDeps) => (customerId === 0 ? {} : { CustomerID: customerId })

function paymentOf(
  deps: ActionDeps,
  {
    amountMinor,
    currency,
    paidAt,
    authorisation,
  }: { amountMinor: number; currency: string; paidAt: Date; authorisation: string },
) {
  return {
    Amount: decimal(amountMinor, currency),
    AuthorisationCode: authorisation,
    PaymentTime: paidAt.toISOString(),
    ...customerOf(deps),
  }
}

function fieldsOf(json: unknown): Record<string, unknown> {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
}
