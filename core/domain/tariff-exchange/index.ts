// Owns the conversion of charging tariffs between formats.
// Must not price or check anything.
export * from './convert-tariff.ts'
export type { Lost } from './neutral-tariff.ts'
export { unitPrices } from './unit-prices.ts'
