// Owns what an assigned right says in the hub's words: bookings from its planned uses, money and validations from its payments.
// Must not invent a time for money: a payment that was not collected yet is none.
import { Decimal, type ParkingFact, toMinor } from '../../core/plugin/index.ts'
import { fromApds } from './credential-words.ts'
import type { AssignedRight, Payment, PaymentLine, PlannedUse } from './objects.ts'
import { iso } from './session-facts.ts'

export interface RightContext {
  before: AssignedRight | null
  /** The session that uses it, once one is known. */
  stayRef?: string
  /** Codes by which a partner marks a payment line as energy; APDS has no other word for it (section 1.1). */
  energyIdCodes: readonly string[]
  backfilled: boolean
}

export function rightFacts(right: AssignedRight, context: RightContext): ParkingFact[] {
  return [...bookings(right, context), ...moneyFacts(right, context)]
}

/** A planned use has no id; its place in the list is its name. One that is no longer listed was cancelled. */
function bookings(
  right: AssignedRight,
  { before, backfilled }: Pick<RightContext, 'before' | 'backfilled'>,
): ParkingFact[] {
  const uses = right.plannedUses ?? []
  const gone = (before?.plannedUses ?? []).slice(uses.length)
  const fact = (use: PlannedUse, index: number, cancelled: boolean): ParkingFact => {
    const credentials = use.credentialsAssigned ?? right.rightHolder?.credentials ?? []
    return {
      id: `right/${right.id}/use/${index}`,
      revision: right.version,
      type: 'reservation.changed',
      occurredAt: new Date(use.startTime),
      backfilled,
      data: {
        reservationRef: index === 0 ? right.id : `${right.id}/${index}`,
        state: cancelled || use.cancelTime ? 'cancelled' : right.version === 1 ? 'booked' : 'changed',
        from: iso(use.startTime),
        ...endOf(use, right),
        credentials: credentials.map((one) => fromApds(one)),
        ...(right.rightSpecification ? { product: right.rightSpecification.id } : {}),
      },
    }
  }
  return [
    ...uses.map((use, index) => fact(use, index, false)),
    ...gone.map((use, index) => fact(use, uses.length + index, true)),
  ]
}

function endOf(use: PlannedUse, right: AssignedRight): { until?: string } {
  const end = use.endTime ?? use.expiryTime ?? right.expiry
  return end ? { until: iso(end) } : {}
}

/** All bookings of a right that was deleted. */
export function deletedRight(right: AssignedRight, backfilled: boolean): ParkingFact[] {
  return bookings({ ...right, version: right.version + 1, plannedUses: [] }, { before: right, backfilled })
}

/**
 * A line of money and the line's own version, to which knowing the stay adds a half step: the same line told again beside its session
 * is a correction of where it belongs, and the session coming first or last makes no difference in the end.
 */
function moneyFacts(right: AssignedRight, context: RightContext): ParkingFact[] {
  return (right.payments ?? []).flatMap((payment, p) =>
    payment.paymentLines.flatMap((line, l): ParkingFact[] => {
      const at =
        line.paymentType === 'payment'
          ? payment.dateCollected
          : (payment.dateCollected ?? payment.dateAuthorised ?? right.issuanceTime)
      const amount = minorOf(line)
      if (at === undefined || amount.value === 0) return []
      const { stayRef, backfilled } = context
      const steps = (payment.version ?? 1) + (line.version ?? 1) - 1
      const shared = {
        id: `right/${right.id}/${payment.id ?? p}/${line.id ?? l}`.slice(0, 255),
        revision: 2 * steps + (stayRef ? 1 : 0),
        occurredAt: new Date(at),
        backfilled,
        ...(stayRef ? { stayRef } : {}),
      }
      return [
        line.paymentType === 'validation'
          ? validation(shared, line, amount)
          : money(shared, payment, line, amount, context),
      ]
    }),
  )
}

type Shared = Pick<ParkingFact, 'id' | 'revision' | 'occurredAt' | 'backfilled' | 'stayRef'>
interface Amount {
  value: number
  currency: string
}

function validation(shared: Shared, line: PaymentLine, amount: Amount): ParkingFact {
  const provider = line.idCode ?? line.identifierId
  return {
    ...shared,
    type: 'discount.applied',
    data: { kind: 'validation', amountMinor: Math.abs(amount.value), ...(provider ? { providerNo: provider } : {}) },
  }
}

function money(
  shared: Shared,
  payment: Payment,
  line: PaymentLine,
  amount: Amount,
  { energyIdCodes }: RightContext,
): ParkingFact {
  const code = line.idCode ?? payment.idCode
  const transaction = line.identifierId ?? payment.transactionID
  return {
    ...shared,
    type: amount.value < 0 ? 'payment.refunded' : 'payment.captured',
    data: {
      amountMinor: Math.abs(amount.value),
      currency: amount.currency,
      scope: code !== undefined && energyIdCodes.includes(code) ? 'energy' : 'parking',
      ...(transaction ? { vendorTransaction: transaction } : {}),
      ...(payment.endPeriodCovered ? { paidUntil: iso(payment.endPeriodCovered) } : {}),
    },
  }
}

/** APDS sends amounts as JSON numbers; what is finer than the currency's smallest unit is binary noise. */
function minorOf({ value: { currencyType, currencyValue } }: PaymentLine): Amount {
  return { value: toMinor(new Decimal(String(currencyValue)), currencyType), currency: currencyType }
}
