// Owns the configuration keys (1.6) and variables (2.x) of a simulated charger.
// Must not make them do anything: the simulated station is driven by its player, not by its settings.

import type { TxStartPoint } from './model.ts'
import type { Quirks } from './quirks.ts'

interface Setting {
  value: string
  readOnly: boolean
}

export interface Settings {
  all(): ReadonlyMap<string, Setting>
  get(key: string): Setting | undefined
  set(key: string, value: string): 'Accepted' | 'Rejected' | 'Unknown'
}

type Defaults = Readonly<Record<string, { value: string; readOnly?: boolean }>>

/** Keys of OCPP 1.6 section 9 that hubs ask for. */
export const settings16: Defaults = {
  AuthorizeRemoteTxRequests: { value: 'false' },
  ConnectionTimeOut: { value: '120' },
  GetConfigurationMaxKeys: { value: '50', readOnly: true },
  HeartbeatInterval: { value: '3600' },
  LocalAuthorizeOffline: { value: 'true' },
  LocalPreAuthorize: { value: 'false' },
  MeterValuesSampledData: { value: 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage' },
  MeterValueSampleInterval: { value: '900' },
  NumberOfConnectors: { value: '1', readOnly: true },
  StopTransactionOnEVSideDisconnect: { value: 'true' },
  StopTransactionOnInvalidId: { value: 'false' },
  SupportedFeatureProfiles: { value: 'Core,RemoteTrigger', readOnly: true },
  UnlockConnectorOnEVSideDisconnect: { value: 'true' },
  WebSocketPingInterval: { value: '0' },
}

/** Variables of OCPP 2.0.1 part 2 appendix, written Component.Variable. */
export const settings201 = (startPoint: TxStartPoint): Defaults => ({
  'AlignedDataCtrlr.Interval': { value: '0' },
  'AuthCtrlr.AuthorizeRemoteStart': { value: 'false' },
  'AuthCtrlr.LocalAuthorizeOffline': { value: 'true' },
  'OCPPCommCtrlr.HeartbeatInterval': { value: '3600' },
  'OCPPCommCtrlr.OfflineThreshold': { value: '60' },
  'OCPPCommCtrlr.WebSocketPingInterval': { value: '0' },
  'SampledDataCtrlr.SampledDataTxUpdatedMeasurands': { value: 'Energy.Active.Import.Register,Power.Active.Import' },
  'SampledDataCtrlr.TxUpdatedInterval': { value: '900' },
  'TxCtrlr.StopTxOnEVSideDisconnect': { value: 'true' },
  'TxCtrlr.StopTxOnInvalidId': { value: 'false' },
  'TxCtrlr.TxStartPoint': { value: startPoint, readOnly: true },
  'TxCtrlr.TxStopPoint': { value: startPoint, readOnly: true },
})

export function createSettings(defaults: Defaults, quirks: Quirks): Settings {
  const map = new Map<string, Setting>()
  for (const [key, { value, readOnly }] of Object.entries(defaults))
    map.set(key, { value, readOnly: readOnly ?? false })
  if (quirks.longConfigurationValue) map.set('VendorCapabilities', { value: 'x'.repeat(620), readOnly: true })
  const locked = new Set(quirks.readOnlyKeys ?? [])
  const isLocked = (key: string) => locked.has(key) || locked.has(key.slice(key.indexOf('.') + 1))
  return {
    all: () => map,
    get: (key) => map.get(key),
    set: (key, value) => {
      const known = map.get(key)
      if (!known) return 'Unknown'
      if (known.readOnly || isLocked(key)) return 'Rejected'
      map.set(key, { value, readOnly: false })
      return 'Accepted'
    },
  }
}
