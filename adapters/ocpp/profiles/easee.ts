// Owns the departures of Easee stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'easee' },
  flags: {},
  source: null,
  known: [
    {
      line: 'S4',
      what: 'minutes of SuspendedEV and SuspendedEVSE are counted as charging',
      source: 'evcc-io/evcc#29861',
    },
  ],
} satisfies ProfileFile
