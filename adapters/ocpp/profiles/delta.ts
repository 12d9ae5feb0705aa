// Owns the departures of Delta stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'delta' },
  flags: {},
  source: null,
  known: [
    { line: 'T2', what: 'transaction id 0 in a stop', source: 'sap-labs-france/ev-server OCPPService.ts' },
    { line: 'M12', what: 'no Transaction.Begin sample', source: 'sap-labs-france/ev-server OCPPService.ts' },
  ],
} satisfies ProfileFile
