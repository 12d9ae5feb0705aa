// Owns how a test says which message it covers; scan.ts reads the calls from the source, so nothing has to run.
// Must not do anything when it runs.
import type { OcppVersion } from '../setup/ocpp-versions.ts'
import type { Direction } from './messages.ts'

/**
 * Written inside a `describe` or at the top of a test file, with literal arguments only.
 * @param officialCase number of the Open Charge Alliance's test case (OCTT), where one is public
 * @example covers('ocpp2.0.1', 'GetBaseReport', 'out', 'TC_B_12_CSMS')
 */
export function covers(_version: OcppVersion, _action: string, _direction: Direction, _officialCase?: string): void {}

/**
 * The same for a table: every action in every one of the versions, with the numbers of the official cases. Literals only, too.
 * @example coversAll(['ocpp2.0.1', 'ocpp2.1'], 'out', { GetBaseReport: ['TC_B_13_CSMS'], CustomerInformation: [] })
 */
export function coversAll(
  _versions: readonly OcppVersion[],
  _direction: Direction,
  _cases: Readonly<Record<string, readonly string[]>>,
): void {}
