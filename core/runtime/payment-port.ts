// Owns the door into the core that a payment connection is given: what its provider says of payments.
// Must not contain rules.
import { paymentReport } from '../host/payment-door.ts'
import type { Ports } from '../host/run.ts'
import { paymentSink } from '../services/payments/payment-sink.ts'
import type { ServiceDeps } from '../services/service-deps.ts'

export function paymentPort(service: ServiceDeps): NonNullable<Ports['payment']> {
  const open = paymentSink(service, paymentReport)
  return ({ organizationId, id: connectionId }) => open({ organizationId, connectionId })
}
