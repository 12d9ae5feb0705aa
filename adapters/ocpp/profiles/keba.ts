// Owns the departures of KEBA stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'keba' },
  flags: { connectorZeroIsSum: true },
  source: 'dallmann-consulting/OCPP.Core Real_life_Experiences_KEBA.md: connector 0 carries the sum of all connectors',
  known: [
    { line: 'M17', what: 'charging current in mA', source: 'sap-labs-france/ev-server keba integration' },
    {
      line: 'J13',
      what: 'tokens with a suffix',
      source: 'dallmann-consulting/OCPP.Core Real_life_Experiences_KEBA.md',
    },
    {
      line: 'S8',
      what: 'master and slaves are connectors of one identity',
      source: 'dallmann-consulting/OCPP.Core Real_life_Experiences_KEBA.md',
    },
  ],
} satisfies ProfileFile
