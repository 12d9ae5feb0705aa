// Owns OCPP 2.x SetVariables (B05): one variable, or many in small requests.
// Must not verify the effect; the core reads the setting back.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CommandSteps, refused } from '../command.ts'
import { type ItemResult, ofItems, reasonOf } from './said.ts'
import { snakeCase } from './snake-case.ts'
import { parseVariable, variableText } from './variable-name.ts'
import type { Translator2 } from './words.ts'

type Data = OCPP20.SetVariablesRequest['setVariableData'][number]
type Request = OCPP20.SetVariablesRequest
type Response = OCPP20.SetVariablesResponse

/** Stations may limit the entries of one request (ItemsPerMessage); four is within every limit seen. */
const perRequest = 4

export const writeSetting: Translator2<'write_setting'> = function* ({ key, value }): CommandSteps {
  const name = parseVariable(key)
  if (name === null) return refused(`"${key}" is no Component.Variable`)
  const request: Request = { setVariableData: [{ ...name, attributeValue: value }] }
  const said = yield* ask<Request, Response>('SetVariables', request)
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
      return refused(reasonOf(result?.attributeStatus, result?.attributeStatusInfo))
  }
}

export const writeSettings: Translator2<'write_settings'> = function* ({ settings }): CommandSteps {
  const wanted: Data[] = []
  for (const { key, value } of settings) {
    const name = parseVariable(key)
    if (name === null) return refused(`"${key}" is no Component.Variable`)
    wanted.push({ ...name, attributeValue: value })
  }
  const results: Record<string, { status: string; reason?: string }> = {}
  const items: ItemResult[] = []
  let rebootRequired = false
  for (let from = 0; from < wanted.length; from += perRequest) {
    const request: Request = { setVariableData: wanted.slice(from, from + perRequest) as Request['setVariableData'] }
    const said = yield* ask<Request, Response>('SetVariables', request)
    if ('ended' in said) {
      return items.length === 0 || said.ended.kind !== 'refused'
        ? said.ended
        : refused(said.ended.reason, { settings: results })
    }
    for (const each of said.answer.setVariableResult ?? []) {
      const { attributeStatus: status, attributeStatusInfo, component, variable } = each
      const accepted = status === 'Accepted' || status === 'RebootRequired'
      if (status === 'RebootRequired') rebootRequired = true
      const reason = reasonOf(status, attributeStatusInfo)
      items.push({ accepted, reason })
      const result = { status: snakeCase(status) }
      results[variableText(component, variable)] = accepted ? result : { ...result, reason }
    }
  }
  return ofItems(items, rebootRequired ? { settings: results, rebootRequired } : { settings: results })
}
