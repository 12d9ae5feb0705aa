// Owns OCPP 2.0.1 SetVariables (B05), one variable at a time.
// Must not verify the effect; the core reads the setting back.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'
import { parseVariable } from './variable-name.ts'

export const writeSetting: Translator<'write_setting'> = function* ({ key, value }): CommandSteps {
  const name = parseVariable(key)
  if (name === null) return refused(`"${key}" is no Component.Variable`)
  // SetVariableDataType: attributeValue has 1000 characters.
  if (value.length > 1000) return refused('the value is longer than OCPP 2.0.1 carries')
  const request: OCPP20.SetVariablesRequest = { setVariableData: [{ ...name, attributeValue: value }] }
  const said = yield* ask<OCPP20.SetVariablesRequest, OCPP20.SetVariablesResponse>('SetVariables', request)
  if ('ended' in said) return said.ended
  const result = said.answer.setVariableResult?.[0]
  switch (result?.attributeStatus) {
    case 'Accepted':
      return { kind: 'accepted' }
    case 'RebootRequired':
      return { kind: 'accepted', result: { rebootRequired: true } }
    case 'UnknownComponent':
    case 'UnknownVariable':
    case 'NotSupportedAttributeType':
      return { kind: 'unsupported', reason: result.attributeStatus }
    default:
      return refused(
        [result?.attributeStatus ?? 'the answer holds no status', result?.attributeStatusInfo?.reasonCode]
          .filter((part) => part !== undefined)
          .join(': '),
      )
  }
}
