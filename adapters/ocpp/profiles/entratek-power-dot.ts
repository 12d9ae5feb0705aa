// Owns the departures of the Entratek Power Dot.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'entratek', model: 'power dot' },
  flags: { configReadMode: 'by_key' },
  source: 'evcc-io/evcc#15869: no answer to GetConfiguration without keys, at most four keys in one request',
} satisfies ProfileFile
