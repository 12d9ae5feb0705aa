// Owns the departures of ABB stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'abb' },
  flags: {},
  source: null,
  known: [
    {
      line: 'M11',
      what: 'no Transaction.Begin or Transaction.End samples, clock-aligned ones only',
      source: 'sap-labs-france/ev-server OCPPService.ts',
    },
    { line: 'S7', what: 'Finishing comes with an error code', source: 'sap-labs-france/ev-server OCPPService.ts' },
    { line: 'S11', what: 'stack levels do not order profiles as the standard says', source: 'lbbrhzn/ocpp#1737' },
    {
      line: 'S13d',
      what: 'a limit of 0 A, or even of 6 A, is refused since a firmware change (Terra AC)',
      source: 'evcc-io/evcc#15493',
    },
  ],
} satisfies ProfileFile
