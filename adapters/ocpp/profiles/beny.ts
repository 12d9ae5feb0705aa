// Owns the departures of BENY stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'beny' },
  flags: {},
  source: null,
  known: [{ line: 'S15', what: 'GetCompositeSchedule is answered wrongly', source: 'evcc-io/evcc#14888' }],
} satisfies ProfileFile
