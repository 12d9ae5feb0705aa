// Owns the public face of the load guard's rules.
// Must not contain code.
export * from './check-circuits.ts'
export * from './guard-site.ts'
export * from './keeps-limit.ts'
export * from './load-site.ts'
export { refusalsOf } from './worst-case.ts'
