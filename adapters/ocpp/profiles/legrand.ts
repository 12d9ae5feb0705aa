// Owns the departures of Legrand stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'legrand' },
  flags: {},
  source: null,
  known: [{ line: 'J5', what: 'the unknown status "Error"', source: 'lbbrhzn/ocpp#1248' }],
} satisfies ProfileFile
