// Owns the departures of Etrel stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'etrel' },
  flags: {},
  source: null,
  known: [{ line: 'T3', what: 'negative transaction ids in later messages', source: 'lbbrhzn/ocpp#1000' }],
} satisfies ProfileFile
