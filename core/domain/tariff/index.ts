// Owns what charging tariffs of every origin share: cutting a session, taxes of a line, limits of a session.
// Must not know any tariff format.
export * from './metered-segments.ts'
export * from './price-limits.ts'
export * from './taxed-line.ts'
