// Owns the departures of Schneider Electric.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'schneider' },
  flags: { powerDerivation: true },
  source: 'sap-labs-france/ev-server OCPPService.ts: the total current is sent, and no power per phase',
  known: [
    {
      line: 'T13',
      what: 'transaction ids are signed 32-bit numbers',
      source: 'sap-labs-france/ev-server OCPPService.ts',
    },
    {
      line: 'J1',
      what: 'serial numbers and models longer than the standard allows (EVlink)',
      source: 'lbbrhzn/ocpp#1622',
    },
    { line: 'S12', what: 'smart charging must be switched on first', source: 'lbbrhzn/ocpp#877' },
  ],
} satisfies ProfileFile
