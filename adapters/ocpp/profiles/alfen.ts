// Owns the departures of Alfen stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'alfen' },
  flags: { tagTransform: 'upper' },
  source: 'lbbrhzn/ocpp#514: only tokens of the characters 0-9 and A-F are accepted in a remote start',
} satisfies ProfileFile
