// Owns the departures of OpenEVSE firmware 4.2.2.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'openevse', firmware: ['4.2.2', 'v4.2.2'] },
  flags: { energyScale: 1000 },
  source: 'OpenEVSE/openevse_esp32_firmware#703: the import register counts whole kWh but is labelled Wh',
} satisfies ProfileFile
