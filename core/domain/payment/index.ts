// Owns the public face of the payment rules.
// Must not contain anything else.
export * from './allocation.ts'
export * from './money-of-order.ts'
export * from './operation-state.ts'
export * from './order-state.ts'
export * from './payment-door.ts'
export * from './payment-provider.ts'
export * from './payment-settings.ts'
export * from './terminal-messages.ts'
export * from './terminal-payment.ts'
export * from './told-payment.ts'
