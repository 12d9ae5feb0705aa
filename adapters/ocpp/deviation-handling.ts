// Owns what the hub does about each departure, in plain words for whoever reads the report by model.
// Must not decide anything: the place that tolerates does what is said here.

import type { DeviationWords } from '../../core/plugin/index.ts'
import { type DeviationCode, deviations, flagCode } from './deviations.ts'
import { profileFlags } from './profile-flags.ts'
import { flagNames } from './profile-of.ts'

const handling: { readonly [C in DeviationCode]: string } = {
  T1: 'The transaction is found by connector, card and time; what fits none waits for review.',
  T2: 'The transaction is found by connector, card and time; what fits none waits for review.',
  T3: 'Taken for the one transaction that is open on the connector, if there is exactly one.',
  T15: 'The event is kept and its step is inferred from what else it says.',
  T16: 'The connector is taken from the beginning of the transaction, or the only one there is.',
  M1: 'Read as a list of one.',
  M2: 'Accepted and passed over.',
  M3: 'Read as what it means.',
  M4: 'The session shows by its steps and power which unit is meant; a profile may say so.',
  M8: 'The last meter value takes its place, marked as estimated.',
  M9: 'Kept as sent, and counted as no energy.',
  M13: 'Computed from voltage and current.',
  M15: 'Read as the unit that is meant.',
  M16: 'Kept as sent beside the sample.',
  M21: 'Kept as sent beside the sample.',
  C1: 'Taken for UTC, or for the zone that the profile names.',
  C2: 'Read as what it means.',
  C3: 'The receive time counts; what the station said is kept beside it.',
  C4: 'Kept and counted: the station wants its clock looked at.',
  C7: 'Read as what it means.',
  C8: 'The receive time counts; the raw text is in the journal.',
  J1: 'Kept in full.',
  J2: 'Kept in full; the hub itself never sends one so long.',
  J3: 'Kept in full.',
  J4: 'Passed over; the raw text is in the journal.',
  J5: 'Read without regard to case; an unknown value counts as unknown.',
  J6: 'Read as absent.',
  J7: 'Read as spaces.',
  J8: 'Passed over.',
  J9: 'Answered once, by the answer to the first.',
  J10: 'Passed over, or answered as the version says.',
  J12: 'Taken for a new message.',
  J13: 'The suffix is cut off as the profile says.',
  J14: 'Read as UTF-8 text.',
  J16: 'Converted where it can be understood, else left out; the raw text is in the journal.',
  J17: 'The record is kept without it; what cannot be without it is refused.',
  J18: 'Removed.',
  J19: 'Answered as far as it can be read.',
  J20: 'Kept as sent, or cut to what can be worked on.',
  J21: 'Answered as before, with no second effect.',
  W1: 'Served in the protocol of the station, its model or the configuration.',
  W2: 'Answered in the station’s own spelling; without a known one the connection ends.',
  W3: 'Repaired.',
  W4: 'Read as what it means.',
  W5: 'Decoded once.',
  W6: 'Found without regard to case; the stored spelling stands.',
  W7: 'Any message counts as life; the connection is cut only after three heartbeats of silence.',
  W10: 'The connection is closed, so that the station opens a fresh one.',
  W14: 'Answered each time; the station wants to be looked at.',
  W18: 'Not asked again before the next boot.',
  W19: 'The identity in the address counts.',
  W20: 'Reading its socket waits for the next second; nothing is lost.',
  X2: 'Each is answered in the order in which they came.',
  X5: 'Events are ordered by time and arrival.',
  X12: 'Kept in the journal and passed over.',
  X13: 'Answered as the version says.',
  X14: 'Kept in the journal; what was answered stands.',
}

/** Every code that can be counted, flags included. */
export const deviationWords: readonly DeviationWords[] = [
  ...(Object.keys(deviations) as DeviationCode[]).map((code) => ({
    code,
    title: deviations[code],
    handling: handling[code],
  })),
  ...flagNames.map((flag) => ({
    code: flagCode(flag),
    title: `profile flag ${flag} took effect`,
    handling: profileFlags[flag].about,
  })),
]
