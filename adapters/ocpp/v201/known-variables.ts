// Owns asking a station once for variables that decide how a command is put: units it takes, how much one message may hold.
// Must not fail a command: what cannot be read is unknown.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CallAnswer, type Memory, type OutgoingCall } from '../command.ts'
import { parseVariable, variableText } from './variable-name.ts'

/** The values in the order of the names; null for what the station does not tell. Remembered until its next boot. */
export function* knownVariables(
  names: readonly string[],
  memory: Memory,
): Generator<OutgoingCall, (string | null)[], CallAnswer> {
  const missing = names.filter((name) => !memory.has(name))
  if (missing.length > 0) {
    const getVariableData = missing.flatMap((name) => parseVariable(name) ?? [])
    const said = yield* ask<OCPP20.GetVariablesRequest, OCPP20.GetVariablesResponse>('GetVariables', {
      getVariableData,
    })
    for (const name of missing) memory.set(name, null)
    if (!('ended' in said)) {
      for (const { attributeStatus, attributeValue, component, variable } of said.answer.getVariableResult ?? []) {
        if (attributeStatus === 'Accepted') memory.set(variableText(component, variable), attributeValue ?? null)
      }
    }
  }
  return names.map((name) => memory.get(name) ?? null)
}
