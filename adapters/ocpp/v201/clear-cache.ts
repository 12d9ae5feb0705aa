// Owns OCPP 2.0.1 ClearCache (C11).
// Must not touch local lists.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const clearCache: Translator<'clear_cache'> = function* (): CommandSteps {
  const request: OCPP20.ClearCacheRequest = {}
  return yield* askForStatus('ClearCache', request, { Accepted: null })
}
