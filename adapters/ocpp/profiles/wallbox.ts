// Owns the departures of Wallbox stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'wallbox' },
  flags: { maxStack: 0 },
  source: 'sap-labs-france/ev-server wallbox integration: only stack level 0 is taken',
  known: [
    { line: 'J7', what: 'line breaks inside JSON texts', source: 'lbbrhzn/ocpp#649' },
    { line: 'S13', what: 'a profile is followed only in part: stuck at 9 A (Pulsar)', source: 'evcc-io/evcc#31597' },
  ],
} satisfies ProfileFile
