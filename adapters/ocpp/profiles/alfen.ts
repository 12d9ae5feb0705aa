// Owns the departures of Alfen stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'alfen' },
  flags: { tagTransform: 'upper' },
  source: 'lbbrhzn/ocpp#514: only tokens of the characters 0-9 and A-F are accepted in a remote start',
  known: [
    { line: 'T11', what: 'the whole history is sent again after a reconnect', source: 'lbbrhzn/ocpp#361' },
    { line: 'M6', what: 'the register of a session is the lifetime register', source: 'evcc-io/evcc#29374' },
    { line: 'M11', what: 'sample contexts are wrong or Sample.Clock only', source: 'lbbrhzn/ocpp#361' },
  ],
} satisfies ProfileFile
