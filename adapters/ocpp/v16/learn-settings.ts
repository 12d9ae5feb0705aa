// Owns asking a station for the settings that a command depends on, once per boot.
// Must not interpret a setting, and must not fail a command: what is not told is unknown.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CallAnswer, type Memory, type OutgoingCall } from '../command.ts'
import type { AppliedProfile } from '../profile.ts'

/** Puts what the station tells of these keys into its memory; null stands for what it does not tell. */
export function* learnSettings(
  keys: readonly string[],
  profile: AppliedProfile,
  memory: Memory,
): Generator<OutgoingCall, void, CallAnswer> {
  const open = keys.filter((key) => !memory.has(key))
  if (open.length === 0) return
  // Unknown before it is asked: a station that never answers this question must not lose every later command to it.
  for (const key of open) memory.set(key, null)
  const rounds = profile.configReadMode === 'by_key' ? open.map((key) => [key]) : [open]
  for (const key of rounds) {
    const said = yield* ask<OCPP16.GetConfigurationRequest, OCPP16.GetConfigurationResponse>('GetConfiguration', {
      key,
    })
    if ('ended' in said) continue
    for (const told of said.answer.configurationKey ?? []) {
      const name = open.find((each) => each.toLowerCase() === told.key?.toLowerCase())
      if (name !== undefined && told.value !== undefined) memory.set(name, told.value)
    }
  }
}
