// Owns the departures of Huawei stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'huawei' },
  flags: {},
  source: null,
  known: [{ line: 'M1', what: 'meterValue is an object instead of a list', source: 'lbbrhzn/ocpp#1144' }],
} satisfies ProfileFile
