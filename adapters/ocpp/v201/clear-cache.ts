// Owns OCPP 2.x ClearCache (C11).
// Must not touch local lists.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import type { Translator2 } from './words.ts'

export const clearCache: Translator2<'clear_cache'> = function* (): CommandSteps {
  const request: OCPP20.ClearCacheRequest = {}
  return yield* askForStatus('ClearCache', request, { Accepted: null })
}
