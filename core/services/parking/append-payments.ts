// Owns the payment rows that parking facts make. Rows are never edited: a corrected payment is taken back and paid anew.
// Must not decide what a payment settles; billing does.
import type { StayFact } from '../../domain/stay/index.ts'
import { appendPayments } from '../../store/site-state.ts'
import { evaluateBill, type ParkingChange, tell } from './parking-change.ts'

type PaymentFact = Extract<StayFact, { type: 'payment.captured' | 'payment.refunded' | 'payment.failed' }>
type PaymentKind = 'captured' | 'refunded' | 'failed'

const kindOf = {
  'payment.captured': 'captured',
  'payment.refunded': 'refunded',
  'payment.failed': 'failed',
} as const satisfies Record<PaymentFact['type'], PaymentKind>

/** What takes a payment back; where nothing moved, nothing does. */
const opposite = { captured: 'refunded', refunded: 'captured', failed: null } as const

function isPayment(fact: StayFact): fact is PaymentFact {
  return Object.hasOwn(kindOf, fact.type)
}

/**
 * @param stayIdOf the stay that a reference stands for; it may have no row yet
 */
export async function recordPayments(
  change: ParkingChange,
  stayIdOf: (stayRef: string) => string | null,
): Promise<void> {
  const rows = [
    ...change.lost.filter(isPayment).flatMap((fact) => {
      const kind = opposite[kindOf[fact.type]]
      return kind === null ? [] : [rowOf(change, fact, kind, { id: change.newId(), key: '/back' }, stayIdOf)]
    }),
    ...change.gained
      .filter(isPayment)
      .map((fact) => rowOf(change, fact, kindOf[fact.type], { id: fact.factId, key: '' }, stayIdOf)),
  ]
  const added = await appendPayments(change.trx, rows)
  for (const { payment_id: paymentId, stay_id: stayId, kind, amount_minor, currency, at } of rows) {
    if (!added.has(paymentId)) continue
    const { connectionId } = change.source
    const data = { paymentId, stayId, kind, amountMinor: amount_minor, currency, connectionId, orderId: null }
    tell(change, 'payment.recorded', { type: 'payment', id: paymentId }, at, data)
    if (stayId !== null) evaluateBill(change, `stay:${stayId}`)
  }
}

/** Money goes back the way it came, so that the books are the same as if the corrected payment had never been told. */
function rowOf(
  { source, now }: ParkingChange,
  fact: PaymentFact,
  kind: PaymentKind,
  row: { id: string; key: '' | '/back' },
  stayIdOf: (stayRef: string) => string | null,
) {
  const stayId = fact.stayRef === undefined ? null : stayIdOf(fact.stayRef)
  const { scope, amountMinor, currency, vendorTransaction, method = null } = fact.data
  return {
    organization_id: source.organizationId,
    site_id: source.siteId,
    payment_id: row.id,
    kind,
    subject_key: stayId === null ? null : `stay:${stayId}`,
    stay_id: stayId,
    connection_id: source.connectionId,
    content_key: `${source.connectionId}/${fact.id}/${fact.revision}${row.key}`,
    vendor_transaction: vendorTransaction ?? null,
    method,
    scope,
    amount_minor: amountMinor,
    currency,
    at: fact.occurredAt,
    recorded_at: now,
  }
}
