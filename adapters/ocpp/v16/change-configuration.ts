// Owns OCPP 1.6 ChangeConfiguration (5.3).
// Must not verify the effect; the core reads the setting back.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator } from '../command.ts'

export const writeSetting: Translator<'write_setting'> = function* ({ key, value }): CommandSteps {
  // 7.7 and 6.7: a key has 50 characters, a value 500.
  if (key.length > 50 || value.length > 500) return refused('the key or value is longer than OCPP 1.6 carries')
  const request: OCPP16.ChangeConfigurationRequest = { key, value }
  return yield* askForStatus(
    'ChangeConfiguration',
    request,
    { Accepted: null, RebootRequired: { rebootRequired: true } },
    ['NotSupported'],
  )
}
