// Owns the departures of Charge Amps.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'chargeamps' },
  flags: {},
  source: null,
  known: [{ line: 'T1', what: 'transaction id -1 after a start without connection', source: 'evcc-io/evcc#15943' }],
} satisfies ProfileFile
