// Owns the public face of the rules of charging bays.
// Must not contain rules itself.
export { evBayHistory, evBayNow } from './derive-ev-bay.ts'
export * from './ev-bay.ts'
