// Owns the departures of Hager stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'hager' },
  flags: {},
  source: null,
  known: [
    { line: 'T9', what: 'a transaction ends without StopTransaction', source: 'dallmann-consulting/OCPP.Core#55' },
  ],
} satisfies ProfileFile
