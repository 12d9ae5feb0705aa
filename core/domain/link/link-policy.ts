// Owns the thresholds of linking that an operator may move, and their defaults.
// Must not hold the weight of single pieces of evidence; link-weights.ts does.

export interface LinkPolicy {
  /** Score from which an identified link is made without asking, 0..1. */
  autoThreshold: number
  /** Score from which a pair is worth a person's time, 0..1. */
  reviewThreshold: number
  /** How far the best stay has to lead the next one, in log-odds: 3 is twenty to one. */
  margin: number
  /** How far gate and charger clocks may disagree. */
  skewToleranceMinutes: number
  /** Cars that are usually in the facility: the fewer, the more a piece of evidence says. */
  usualOpenStays: number
  /** Largest plate distance that may link on the plate alone. 0.25 is one swap within an OCR class. */
  fuzzyAutoDistance: number
  /** How much farther every other open stay's plate has to be for that. */
  fuzzyMargin: number
  /** Largest plate distance that is evidence at all. */
  fuzzyReviewDistance: number
  /** Plate distance from which two surely read plates are two cars. */
  contradictionDistance: number
  /** Camera confidence from which a plate is surely read. A camera that gives none is believed. */
  plateCertainConfidence: number
}

export const defaultLinkPolicy: LinkPolicy = {
  autoThreshold: 0.98,
  reviewThreshold: 0.2,
  margin: 3,
  skewToleranceMinutes: 10,
  usualOpenStays: 300,
  fuzzyAutoDistance: 0.25,
  fuzzyMargin: 0.5,
  fuzzyReviewDistance: 0.8,
  contradictionDistance: 2,
  plateCertainConfidence: 0.9,
}
