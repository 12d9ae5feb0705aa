// Owns the public face of the stay rules.
// Must not contain rules itself.
export { decodedCredential, decodedFact } from './decoded-fact.ts'
export { deriveStays, doubtfulPassages } from './derive-stays.ts'
export { repeatedExitMs } from './fold-unreferenced.ts'
export { isCarAtLane, isLaneRead, joinReads, seenTogetherMs } from './join-reads.ts'
export { isLooseBackout, longestBackoutMs, longestMovementMs } from './movements.ts'
export type { DoubtfulPassage } from './pair-near-plates.ts'
export * from './stay.ts'
export {
  compareText,
  credentialsOf,
  factKeysOf,
  isNearKey,
  nearKeysOf,
  presentationOf,
  requestIdOf,
  type SeenCredential,
  type StayContext,
  type StayFact,
  searchKeysOf,
} from './stay-fact.ts'
