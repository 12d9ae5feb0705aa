// Owns the departures of the Vestel EVC04.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'vestel', model: 'evc04' },
  flags: {},
  source: null,
  known: [{ line: 'M2', what: 'empty sampledValue lists', source: 'lbbrhzn/ocpp#466' }],
} satisfies ProfileFile
