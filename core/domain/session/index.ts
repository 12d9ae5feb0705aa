// Owns the public face of the session rules.
// Must not contain rules itself.
export { sumOverSetBackClock } from './clock-set-back.ts'
export * from './derive-sessions.ts'
export * from './register-energy.ts'
export * from './session-periods.ts'
