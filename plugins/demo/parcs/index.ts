// Owns the public face of the parking system simulator.
// Must not hold code.
export type { WireFact, WireQuestion, WireResult } from './facts.ts'
export { createParcs, type Parcs, type ParcsOptions, ParcsRefused } from './parcs.ts'
export { signDelivery } from './signature.ts'
