// Owns the departures of SmartEVSE stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'smartevse' },
  flags: {},
  source: null,
  known: [
    { line: 'S19', what: 'a transaction begins without Authorize', source: 'dingo35/SmartEVSE-3.5#311' },
    { line: 'R3', what: 'card numbers with their bytes reversed', source: 'dingo35/SmartEVSE-3.5#98' },
    { line: 'R4', what: 'card numbers cut to six bytes', source: 'dingo35/SmartEVSE-3.5#100' },
  ],
} satisfies ProfileFile
