// Owns the door through which services ask something of one connected payment provider, and what it says it can do.
// Must not know how a plugin is called; core/host does.
import type {
  PaymentBooking,
  PaymentFeature,
  PaymentInquiry,
  PaymentOperation,
  PaymentOutcome,
} from './payment-provider.ts'

export interface PaymentAbilities {
  /** How the books name money that came this way: `card`, `prepaid`, … */
  method: string
  booking: PaymentBooking
  features: readonly PaymentFeature[]
}

/** Neither ever rejects: a failure is an outcome that nobody knows. */
export interface PaymentDoor extends PaymentAbilities {
  act(operation: PaymentOperation): Promise<PaymentOutcome>
  ask(operation: PaymentOperation): Promise<PaymentInquiry>
  /** Of one that keeps balances. */
  balance?: BalanceDoor
}

/** Neither ever rejects. */
export interface BalanceDoor {
  /** What the account may spend, in minor units; null when it cannot be told. */
  left(of: { accountId: string; currency: string }): Promise<number | null>
  /** Takes the amount of a refund out of the balance that the order filled, once for its id. */
  withdraw(refund: PaymentOperation): Promise<PaymentOutcome>
}

/** A payment connection that is at work on this node. */
export interface OpenPaymentDoor extends PaymentDoor {
  organizationId: string
  siteId: string | null
  connectionId: string
  pluginId: string
  name: string
}
