// Owns the departures of the Growatt THOR.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'growatt', model: 'thor' },
  flags: { clockZone: 'site' },
  source: 'evcc-io/evcc#10399, lorenzodonini/ocpp-go#237: local times without a zone',
} satisfies ProfileFile
