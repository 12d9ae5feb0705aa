// Owns the departures of the MENNEKES AMTRON 4You.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { vendor: 'mennekes', model: '4you' },
  flags: { triggerMinInterval: 60 },
  source: 'evcc-io/evcc#32236: the station drops the connection for good after a flood of TriggerMessage',
} satisfies ProfileFile
