// Owns the departures of go-e stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'go-e' },
  flags: { remoteStartCarriesProfile: false },
  source: 'goecharger/go-eCharger-API-v2#243: a remote start with a charging profile is rejected',
  known: [
    { line: 'S13', what: 'a profile is accepted and not followed', source: 'goecharger/go-eCharger-API-v2#105, #249' },
    {
      line: 'S13b',
      what: 'the limit is forgotten when charging resumes from 0 A',
      source: 'goecharger/go-eCharger-API-v2#155',
    },
  ],
} satisfies ProfileFile
