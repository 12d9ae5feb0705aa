// Owns the departures of Iocharger stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'iocharger' },
  flags: {},
  source: null,
  known: [
    {
      line: 'M7',
      what: 'a transaction begins at 0 without connection and goes on with the lifetime register',
      source: 'citrineos/citrineos-core#1060',
    },
  ],
} satisfies ProfileFile
