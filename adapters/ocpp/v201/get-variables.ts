// Owns OCPP 2.x GetVariables (B06).
// Must not interpret a variable.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CommandSteps, refused } from '../command.ts'
import { parseVariable, type VariableName, variableText } from './variable-name.ts'
import type { Translator2 } from './words.ts'

/** What is asked for when no name is given: the required variables of part 2 appendix that an operator looks at first. */
const usualVariables = [
  'AlignedDataCtrlr.Interval',
  'AlignedDataCtrlr.Measurands',
  'AuthCtrlr.AuthorizeRemoteStart',
  'AuthCtrlr.LocalAuthorizeOffline',
  'AuthCtrlr.LocalPreAuthorize',
  'AuthCtrlr.OfflineTxForUnknownIdEnabled',
  'ClockCtrlr.DateTime',
  'ClockCtrlr.TimeSource',
  'DeviceDataCtrlr.ItemsPerMessage[GetVariables]',
  'OCPPCommCtrlr.FileTransferProtocols',
  'OCPPCommCtrlr.HeartbeatInterval',
  'OCPPCommCtrlr.MessageAttempts[TransactionEvent]',
  'OCPPCommCtrlr.MessageTimeout[Default]',
  'OCPPCommCtrlr.NetworkConfigurationPriority',
  'OCPPCommCtrlr.OfflineThreshold',
  'OCPPCommCtrlr.ResetRetries',
  'OCPPCommCtrlr.WebSocketPingInterval',
  'SampledDataCtrlr.TxEndedInterval',
  'SampledDataCtrlr.TxEndedMeasurands',
  'SampledDataCtrlr.TxStartedMeasurands',
  'SampledDataCtrlr.TxUpdatedInterval',
  'SampledDataCtrlr.TxUpdatedMeasurands',
  'SecurityCtrlr.OrganizationName',
  'SecurityCtrlr.SecurityProfile',
  'TxCtrlr.EVConnectionTimeOut',
  'TxCtrlr.StopTxOnEVSideDisconnect',
  'TxCtrlr.StopTxOnInvalidId',
  'TxCtrlr.TxStartPoint',
  'TxCtrlr.TxStopPoint',
]

/** Stations may limit the entries of one request (ItemsPerMessageGetVariables); four is within every limit seen. */
const perRequest = 4

export const readSettings: Translator2<'read_settings'> = function* ({ keys }, _words, profile): CommandSteps {
  const names: VariableName[] = []
  for (const key of keys === undefined || keys.length === 0 ? usualVariables : keys) {
    const name = parseVariable(key)
    if (name === null) return refused(`"${key}" is no Component.Variable`)
    names.push(name)
  }
  if (profile.configReadMode === 'by_key') profile.used('configReadMode')
  const size = profile.configReadMode === 'by_key' ? 1 : perRequest
  const settings = new Map<string, { value: string | null }>()
  const unknown: string[] = []
  for (let from = 0; from < names.length; from += size) {
    const request: OCPP20.GetVariablesRequest = { getVariableData: names.slice(from, from + size) }
    const said = yield* ask<OCPP20.GetVariablesRequest, OCPP20.GetVariablesResponse>('GetVariables', request)
    if ('ended' in said) return said.ended
    for (const { attributeStatus, attributeValue, component, variable } of said.answer.getVariableResult ?? []) {
      const name = variableText(component, variable)
      if (attributeStatus === 'Accepted') settings.set(name, { value: attributeValue ?? null })
      else unknown.push(name)
    }
  }
  return { kind: 'accepted', result: { settings: Object.fromEntries(settings), unknown } }
}
