// Owns OCPP 2.x Reset (B11, B12) of the whole station or of one EVSE.
// Must not follow the station's restart.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import type { Translator2 } from './words.ts'

export const reset: Translator2<'reset'> = function* ({ mode, evse }): CommandSteps {
  const request: OCPP20.ResetRequest = { type: mode === 'immediate' ? 'Immediate' : 'OnIdle' }
  if (evse !== undefined && evse > 0) request.evseId = evse
  return yield* askForStatus('Reset', request, { Accepted: null, Scheduled: { scheduled: true } })
}
