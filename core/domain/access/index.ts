// Owns the public face of the rules of access.
// Must not contain rules itself.
export * from './access-rules.ts'
export * from './booking.ts'
export * from './judge-access.ts'
export * from './limits.ts'
export { antipassbackOf } from './passback.ts'
export * from './schedule.ts'
