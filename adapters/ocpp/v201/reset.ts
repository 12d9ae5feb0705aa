// Owns OCPP 2.0.1 Reset (B11, B12) of the whole station.
// Must not follow the station's restart.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const reset: Translator<'reset'> = function* ({ mode }): CommandSteps {
  const request: OCPP20.ResetRequest = { type: mode === 'immediate' ? 'Immediate' : 'OnIdle' }
  return yield* askForStatus('Reset', request, { Accepted: null, Scheduled: { scheduled: true } })
}
