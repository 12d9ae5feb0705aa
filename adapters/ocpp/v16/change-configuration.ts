// Owns OCPP 1.6 ChangeConfiguration (5.3), for one setting or several, one after the other.
// Must not verify the effect; the core reads the setting back.
import type { OCPP16 } from 'typed-ocpp'
import { ask, askForStatus, type CommandSteps, refused, type Translator } from '../command.ts'
import { statusWord } from './status-word.ts'

/** 7.7 and 6.7: a key has 50 characters, a value 500. */
const fits = (key: string, value: string) => key.length <= 50 && value.length <= 500

export const writeSetting: Translator<'write_setting'> = function* ({ key, value }): CommandSteps {
  if (!fits(key, value)) return refused('the key or value is longer than OCPP 1.6 carries')
  const request: OCPP16.ChangeConfigurationRequest = { key, value }
  return yield* askForStatus(
    'ChangeConfiguration',
    request,
    { Accepted: null, RebootRequired: { rebootRequired: true } },
    ['NotSupported'],
  )
}

interface Outcome {
  /** `accepted`, `reboot_required`, `rejected` or `not_supported`. */
  status: string
  reason?: string
}

/** The result tells what became of each key; a key that the station refuses does not keep the others from being tried. */
export const writeSettings: Translator<'write_settings'> = function* ({ settings }): CommandSteps {
  const long = settings.find(({ key, value }) => !fits(key, value))
  if (long !== undefined) return refused(`${long.key.slice(0, 50)}: the key or value is longer than OCPP 1.6 carries`)
  const told = new Map<string, Outcome>()
  const failed: string[] = []
  let rebootRequired = false
  for (const { key, value } of settings) {
    const said = yield* ask<OCPP16.ChangeConfigurationRequest, OCPP16.ChangeConfigurationResponse>(
      'ChangeConfiguration',
      { key, value },
    )
    if ('ended' in said && said.ended.kind === 'unsupported') return said.ended
    const answered = 'answer' in said ? said.answer.status : undefined
    if (answered === 'Accepted' || answered === 'RebootRequired') {
      if (answered === 'RebootRequired') rebootRequired = true
      told.set(key, { status: statusWord(answered) })
      continue
    }
    const error = 'ended' in said && 'reason' in said.ended ? said.ended.reason : undefined
    const reason = error ?? answered ?? 'the answer holds no status'
    told.set(key, { status: answered === 'NotSupported' ? 'not_supported' : 'rejected', reason })
    failed.push(`${key}: ${reason}`)
  }
  const reboot = rebootRequired ? { rebootRequired } : {}
  const result = { settings: Object.fromEntries(told), ...reboot }
  return failed.length === 0 ? { kind: 'accepted', result } : refused(failed.join(', '), result)
}
