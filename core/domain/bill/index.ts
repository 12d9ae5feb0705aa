// Owns the public face of the bill's rules.
// Must not contain rules itself.
export * from './accounts.ts'
export * from './basis.ts'
export * from './bill-line.ts'
export * from './billing-settings.ts'
export * from './choose-tariff.ts'
export * from './diff-lines.ts'
export * from './postings.ts'
export * from './readiness.ts'
export * from './receipt.ts'
export * from './rounding.ts'
export * from './subject-facts.ts'
export * from './totals.ts'
