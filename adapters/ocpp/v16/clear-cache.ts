// Owns OCPP 1.6 ClearCache (5.4).
// Must not touch local lists.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const clearCache: Translator<'clear_cache'> = function* (): CommandSteps {
  const request: OCPP16.ClearCacheRequest = {}
  return yield* askForStatus('ClearCache', request, { Accepted: null })
}
