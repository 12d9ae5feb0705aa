// Owns the public face of the movement rules.
// Must not contain rules itself.
export * from './derive-movements.ts'
