// Owns the list of departures from the standard that this adapter tolerates, each with the code under which it is counted.
// Must not decide anything: the place that tolerates names the code.
import type { AppliedProfile, FlagName } from './profile.ts'

/**
 * Letters: T transaction identity, M meter values, C time, J fields and JSON shape, W connection and handshake, X traffic seen
 * in the field. Numbers up to T19, M20, C6, J15, W18 and X13 are the quirks catalogue's; later ones continue it.
 */
export const deviations = {
  T1: 'transaction id -1 or none',
  T2: 'transaction id 0',
  T3: 'transaction id that the hub cannot have issued',
  T15: '2.x sequence number or event type missing or unreadable',
  T16: 'EVSE named without its connector',
  M1: 'meter values as an object instead of a list',
  M2: 'no sampled values',
  M3: 'meter value as a number where a text is due, or the other way round',
  M4: 'energy that looks like kWh labelled Wh, or is scaled by the station profile',
  M8: 'meter reading -1 or missing',
  M9: 'negative energy',
  M13: 'power derived from current and voltage',
  M15: 'unit spelled differently',
  M16: 'unknown unit or measurand, passed on as sent',
  M21: 'meter value that is no number, or none that a meter can have',
  C1: 'no time zone',
  C2: 'offset without minutes or other loose time form',
  C3: 'device clock before 2015 or more than a day ahead',
  C4: 'device clock more than a minute ahead',
  C7: 'time as a number since 1970',
  C8: 'unreadable time',
  J1: 'text longer than the standard allows',
  J2: 'token longer than the standard allows',
  J3: 'value longer than the standard allows',
  J4: 'unknown property',
  J5: 'enumeration value in another case or unknown',
  J6: 'null where the field should be absent',
  J7: 'control characters inside the JSON text',
  J8: 'empty frame',
  J9: 'message id used again while its first message is still in work',
  J10: 'message type 1',
  J12: 'message id used again with another payload',
  J13: 'token with a suffix',
  J14: 'binary frame',
  J16: 'wrong JSON type, converted or dropped',
  J17: 'required field missing',
  J18: 'NUL or half a surrogate pair inside a text, removed',
  J19: 'frame with missing or surplus elements, or no frame at all',
  J20: 'value outside the schema, kept, or too many elements, cut',
  J21: 'message repeated with the same id',
  W1: 'no subprotocol offered',
  W2: 'subprotocol in another spelling, or none that is known',
  W3: 'no Upgrade in the Connection header',
  W4: 'path with surplus slashes, a full URL or the identity twice',
  W5: 'percent-encoded identity',
  W6: 'identity in another case',
  W7: 'pings not answered',
  W10: 'calls time out while the socket lives',
  W20: 'more messages in a second than the hub reads',
  W14: 'BootNotification repeated within seconds',
  W18: 'action not supported by the station',
  W19: 'Basic user name differs from the identity',
  X2: 'several calls outstanding',
  X5: 'sequence number 0 in a later event',
  X12: 'unsolicited or late answer',
  X13: 'message type of another version, or message sent under the wrong type',
  X14: 'the station could not use an answer of the hub (CALLRESULTERROR)',
} as const satisfies Record<string, string>

export type DeviationCode = keyof typeof deviations

/** Uses of profile flags are counted beside the departures. */
export type FlagCode = `flag:${FlagName}`
export const flagCode = (flag: FlagName): FlagCode => `flag:${flag}`

/** Counts departures; `sample` shows an operator what was sent. */
export interface Noter {
  note(code: DeviationCode, sample?: string): void
  /** The profile in effect, where one is: its flags are counted, too. */
  readonly profile?: Pick<AppliedProfile, 'used'>
}

/** A short picture of any value, safe for values nested a million deep. */
export function sampleOf(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `${value.slice(0, 60)}…` : value
  if (Array.isArray(value)) return `list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'object' : String(value)
}
