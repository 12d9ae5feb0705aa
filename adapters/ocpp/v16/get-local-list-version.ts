// Owns OCPP 1.6 GetLocalListVersion (5.10).
// Must not judge whether the list is the wanted one; the core compares.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'

export const readListVersion: Translator<'read_list_version'> = function* (): CommandSteps {
  const said = yield* ask<OCPP16.GetLocalListVersionRequest, OCPP16.GetLocalListVersionResponse>(
    'GetLocalListVersion',
    {},
  )
  if ('ended' in said) return said.ended
  const { listVersion } = said.answer
  if (listVersion === undefined) return refused('the answer holds no version')
  // 5.10: -1 says that the station keeps no list at all.
  if (listVersion < 0) return { kind: 'unsupported', reason: 'the station keeps no local list' }
  return { kind: 'accepted', result: { version: listVersion } }
}
