// Owns the public face of the scenario.
// Must not hold code.
export { loadAcnMonth } from './acn.ts'
export { buildMonth } from './build-month.ts'
export type * from './month.ts'
export { noiseProfiles } from './noise.ts'
