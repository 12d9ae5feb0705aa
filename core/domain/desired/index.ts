// Owns the public face of desired state: what is wanted, what is known, what is to be done.
// Must not contain behaviour.

export * from './absorb-list-reply.ts'
export * from './absorb-reply.ts'
export * from './applicability.ts'
export * from './check-desired.ts'
export * from './desired-item.ts'
export * from './desired-of.ts'
export * from './known-item.ts'
export * from './local-list.ts'
export * from './plan-reconcile.ts'
export * from './setting-value.ts'
