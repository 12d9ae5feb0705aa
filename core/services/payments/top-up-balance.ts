// Owns what the refund of a top-up asks of the balance that it filled: how much is left there, and taking it out before it goes.
// Must not be called inside a transaction: the plugin that keeps the balance uses connections of the same pool.
import type { BalanceDoor } from '../../domain/payment/index.ts'
import type { PaymentOperationRow, PaymentOrderRow } from '../../store/payment-orders.ts'
import type { PaymentDeps } from './payment-deps.ts'

type Doors = Pick<PaymentDeps, 'paymentDoors'>

/** Connections of one plugin share its balances, so any of the organization will do. */
export function balanceDoor(deps: Doors, organizationId: string): BalanceDoor | undefined {
  return deps.paymentDoors().find((door) => door.organizationId === organizationId && door.balance !== undefined)
    ?.balance
}

/** What is left of the balance that a top-up filled, never below zero; null when nobody at work can tell. */
export async function balanceLeft(
  deps: Doors,
  organizationId: string,
  { accountId, currency }: { accountId: string | null; currency: string },
): Promise<number | null> {
  const left = accountId === null ? null : await balanceDoor(deps, organizationId)?.left({ accountId, currency })
  return left == null ? null : Math.max(0, left)
}

/** Money of a top-up leaves the balance before the provider is asked to give it back. */
export function leavesBalance({ purpose }: PaymentOrderRow, { kind, state }: PaymentOperationRow): boolean {
  return purpose === 'top_up' && kind === 'refund' && state === 'queued'
}
