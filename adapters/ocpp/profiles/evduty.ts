// Owns the departures of EVduty stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'evduty' },
  flags: { pingPolicy: 'never' },
  source: 'lbbrhzn/ocpp#553: the maker states that pings of the server are not answered',
} satisfies ProfileFile
