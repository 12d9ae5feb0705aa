// Owns the departures of OpenEVSE stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'openevse' },
  flags: {},
  source: null,
  known: [
    { line: 'T17', what: 'a power loss is told as DeAuthorized', source: 'OpenEVSE/openevse_esp32_firmware#787' },
    {
      line: 'T18',
      what: 'an error to a queued message stalls the queue for ever',
      source: 'OpenEVSE/openevse_esp32_firmware#756',
    },
    { line: 'M15', what: 'the unit Celsius in another spelling', source: 'OpenEVSE/openevse_esp32_firmware#726' },
  ],
} satisfies ProfileFile
