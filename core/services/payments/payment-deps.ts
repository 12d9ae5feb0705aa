// Owns what the payment services are given beside the usual: the doors of payment connections at work.
// Must not import a plugin; core/runtime puts the host behind it.
import type { OpenPaymentDoor } from '../../domain/payment/index.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface PaymentDeps extends ServiceDeps {
  /** Of one connection, while it is at work on this node; all without one. */
  paymentDoors(connectionId?: string): OpenPaymentDoor[]
}
