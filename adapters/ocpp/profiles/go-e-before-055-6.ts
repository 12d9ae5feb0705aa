// Owns the departures of go-e before firmware 055.6.
// Must not hold anything without a source.
import { type ProfileFile, triggerMessages } from '../profile.ts'

export default {
  match: { vendor: 'go-e', firmware: ['055.0', '055.1', '055.2', '055.3', '055.4', '055.5'] },
  flags: { triggerAllowed: triggerMessages.filter((each) => each !== 'meter') },
  source: 'goecharger/go-eCharger-API-v2#134: TriggerMessage for MeterValues is always rejected, mended in 055.6',
} satisfies ProfileFile
