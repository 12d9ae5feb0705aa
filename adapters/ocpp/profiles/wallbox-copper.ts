// Owns the departures of the Wallbox Copper.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'wallbox', model: 'copper' },
  flags: { maxParallelCalls: 0 },
  source: 'ConnectorIO/connectorio-addons#210: two calls open at once drop the socket',
} satisfies ProfileFile
