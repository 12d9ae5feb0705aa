// Owns the public face of credentials: one credential, many presentations.
// Must not export how card bytes are shuffled; that stays inside this folder.

export { isPartialKey, type ParsedKey, parseCanonicalKey } from './canonical-key.ts'
export { type CanonicaliseContext, canonicalise } from './canonicalise.ts'
export type { Alternative, Canonicalised, PartialReading, RefusalReason } from './canonicalised.ts'
export { type CardForm, cardForms } from './card-forms.ts'
export { type CardProfiles, cardProfiles, noProfiles, type ReaderProfile } from './card-profiles.ts'
export {
  type CanonicalKey,
  type CredentialKind,
  credentialKinds,
  isCredentialKind,
  type Presentation,
} from './credential.ts'
export { applyProfile, type CardTechnology, type Decoded, type DecodeProfile } from './decode-profile.ts'
export { type Claim, claimsAt, type Former, heldAt } from './holding.ts'
export { inferKind } from './infer-kind.ts'
export type { PresentationMatch } from './match-cards.ts'
export { matchPresentations } from './match-presentations.ts'
export {
  isPayment,
  kindOfTokenType,
  type Ocpp2IdToken,
  type OcppIdToken,
  ocppAlias,
  ocppAliasSequence,
  ocppToken,
  toOcpp2IdToken,
  toOcppIdToken,
} from './ocpp-id-token.ts'
export { type PairedReads, pairReads, type SidedRead } from './pair-reads.ts'
export { countriesConflict, normalisePlate, type PlateReading, unknownCountry } from './plate.ts'
export {
  type PlateDistanceOptions,
  plateDistance,
  plateEquivalenceKey,
  plateNeighbourKeys,
  plateSwapCost,
} from './plate-distance.ts'
export { partialKeys, searchKeys } from './search-keys.ts'
export type { ShownCard } from './shown-card.ts'
export { type CardPair, type ProfilePair, type SolvedProfiles, solveProfiles } from './solve-profile.ts'
export { describeTransforms, type Transform } from './transform.ts'
export {
  decodeWiegand,
  decodeWiegandFrames,
  encodeWiegand,
  type WiegandFrame,
  type WiegandNumber,
  type WiegandReading,
} from './wiegand.ts'
export { type WiegandFormat, type WiegandLayout, wiegandLayouts } from './wiegand-layout.ts'
