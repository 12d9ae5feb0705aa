// Owns how much each piece of evidence says, as natural-log likelihood ratios, and where the numbers come from.
// Must not combine them; score-link.ts does.

/**
 * ln( how often it is seen for the right pair / how often for a wrong pair of the same site and time ). Capped at 13: above that
 * the chance of an enrolment or data error is larger than that of a coincidence.
 */
export const linkWeights = {
  // 32 bits and more: a coincidence among thousands of cards is below 1e-6; what remains is clerical.
  credential: 13,
  ticket: 13,
  // The same with up to eight reorderings tried: ln 8 less, and a reader fault has to exist.
  cardForm: 12,
  // 24 bits: 16 million numbers, but sites buy cards in runs. Same number in another notation, and with bits rearranged.
  cardFormShort: 10,
  cardFormShortReordered: 8,
  // Bytes missing, one enrolled card fits: 24, 32, 48 bits. Maker and batch bytes make 24 bits worth about 16.
  partialUnique: { 24: 9.5, 32: 10.5, 48: 11.5 },
  // Bytes missing, nobody enrolled: how many visitors' cards would fit is unknown.
  partialUnknown: { 24: 5, 32: 7, 48: 9 },
  // Bytes missing, several enrolled cards fit: two of a few thousand say much, but never which; it always goes to a person.
  partialAmbiguous: 5.5,
  // A PIN or a text of a few characters is shared by many.
  shortText: 4,
  vehicle: 12,
  // An account may have several cars; near ties between its stays go to a person.
  account: 11,
  // Read right at a gate about 95 of 100 times; two cars of one plate in a facility are clones or foreign twins.
  plate: 12,
  plateShort: 8,
  // One OCR class swap: about 2 of 100 reads of the right car; about 5 of 10 million other plates are that near.
  plateQuarter: 10,
  // Two swaps: 1 of 1000 reads against some ten neighbours in 10 million.
  plateTwoSwaps: 7,
  // One near look-alike: 5 of 1000 reads, but 128 and 123 are both on the road, and fleets are registered in runs.
  plateNear: 5,
  // One character lost or added, or three swaps.
  plateFar: 4,
  // Five characters in common, four of them in a row: cut reads of one plate, or neighbours of one series.
  plateRun: 2,
  // The camera's own second choice equals the plate.
  plateCandidate: 8,
  // One of about 300 bays is the right one, and a sensor's assignment to a stay is right about 95 of 100 times.
  bay: 6,
  bayCamera: 7,
  // Place and plate agree at the bay itself.
  bayPlate: 11,
  otherBay: -4,
  // 7 of 10 drivers plug in within a quarter of an hour; of a four-hour stay that is a sixteenth. ln 11 halved, because
  // cars enter in waves.
  pluggedSoon: 1.5,
  pluggedWithinHour: 0.75,
  pluggedLate: -0.5,
  leftSoonAfter: 0.5,
  // Only possible when the clocks disagree.
  beforeEntry: -1.5,
  afterExit: -3.5,
  // The car was seen entering again since: its missing exit lies before that.
  enteredAgain: -4,
  // A car does not leave with the cable in; a late or lost unplug message is the usual reason.
  pluggedAfterExit: -2,
  // Follows from stronger evidence already counted (the card's account, the plate's vehicle).
  implied: 0.5,
} as const

/** Log-odds that a random stay and session of one site and time belong together. */
export function priorLogOdds(usualOpenStays: number): number {
  return -Math.log(Math.max(2, usualOpenStays))
}

export function scoreOf(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}
