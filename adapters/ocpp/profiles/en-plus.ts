// Owns the departures of EN+ stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'en+' },
  flags: {},
  source: null,
  known: [{ line: 'W7', what: 'pings are not answered', source: 'lbbrhzn/ocpp#211' }],
} satisfies ProfileFile
