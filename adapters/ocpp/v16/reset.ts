// Owns OCPP 1.6 Reset (5.14). 1.6 has no reset on idle: Soft ends transactions in good order first, Hard does not wait.
// Must not follow the station's restart.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const reset: Translator<'reset'> = function* ({ mode, evse }): CommandSteps {
  if (evse !== undefined && evse > 0) {
    return { kind: 'unsupported', reason: 'evse: OCPP 1.6 can only reset the whole station' }
  }
  const request: OCPP16.ResetRequest = { type: mode === 'immediate' ? 'Hard' : 'Soft' }
  return yield* askForStatus('Reset', request, { Accepted: null })
}
