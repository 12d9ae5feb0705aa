// Owns OCPP 1.6 GetConfiguration (5.8): all keys at once, or one by one for stations that cannot (S16).
// Must not interpret a key.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'

/** The keys of the Core profile (9.1), asked for one by one where a station does not list them itself. */
const coreKeys = [
  'AllowOfflineTxForUnknownId',
  'AuthorizationCacheEnabled',
  'AuthorizeRemoteTxRequests',
  'ClockAlignedDataInterval',
  'ConnectionTimeOut',
  'ConnectorPhaseRotation',
  'GetConfigurationMaxKeys',
  'HeartbeatInterval',
  'LocalAuthorizeOffline',
  'LocalPreAuthorize',
  'MaxEnergyOnInvalidId',
  'MeterValuesAlignedData',
  'MeterValuesSampledData',
  'MeterValueSampleInterval',
  'MinimumStatusDuration',
  'NumberOfConnectors',
  'ResetRetries',
  'StopTransactionOnEVSideDisconnect',
  'StopTransactionOnInvalidId',
  'StopTxnAlignedData',
  'StopTxnSampledData',
  'SupportedFeatureProfiles',
  'TransactionMessageAttempts',
  'TransactionMessageRetryInterval',
  'UnlockConnectorOnEVSideDisconnect',
  'WebSocketPingInterval',
]

interface Setting {
  value: string | null
  readonly: boolean
}

export const readSettings: Translator<'read_settings'> = function* ({ keys }, profile): CommandSteps {
  if (profile.configReadMode === 'by_key') profile.used('configReadMode')
  const rounds: (readonly string[] | undefined)[] =
    profile.configReadMode === 'by_key' ? (keys ?? coreKeys).map((key) => [key]) : [keys]
  const settings = new Map<string, Setting>()
  const unknown: string[] = []
  for (const round of rounds) {
    const request: OCPP16.GetConfigurationRequest = round === undefined || round.length === 0 ? {} : { key: [...round] }
    const said = yield* ask<OCPP16.GetConfigurationRequest, OCPP16.GetConfigurationResponse>(
      'GetConfiguration',
      request,
    )
    if ('ended' in said) return said.ended
    for (const { key, value, readonly } of said.answer.configurationKey ?? []) {
      if (key !== undefined) settings.set(key, { value: value ?? null, readonly: readonly ?? false })
    }
    unknown.push(...(said.answer.unknownKey ?? []))
  }
  return { kind: 'accepted', result: { settings: Object.fromEntries(settings), unknown } }
}

/** 1.6 has no reports: the nearest is every setting, at once, with nothing to follow. */
export const readReport: Translator<'read_report'> = function* ({ criteria, components }, profile): CommandSteps {
  const foreign = criteria !== undefined ? 'criteria' : components !== undefined ? 'components' : null
  if (foreign !== null) return refused(`${foreign}: OCPP 1.6 has no device model to choose from`)
  const reply = yield* readSettings({ name: 'read_settings' }, profile)
  return reply.kind === 'accepted' ? { kind: 'accepted', result: { ...reply.result, empty: true } } : reply
}
