// Owns the public face of the memberships' rules.
// Must not contain rules itself.
export * from './period.ts'
export * from './slice.ts'
