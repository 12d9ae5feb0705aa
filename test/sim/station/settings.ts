// Owns the settings that a simulated station leaves the factory with: 1.6 keys, or 2.x `Component.Variable`.
// Must not answer messages.
import type { OcppVersion } from '../../setup/ocpp-versions.ts'
import type { Setting } from './state.ts'

const keys16: Record<string, Setting> = {
  AuthorizeRemoteTxRequests: { value: 'false' },
  ClockAlignedDataInterval: { value: '0' },
  ConnectionTimeOut: { value: '60' },
  GetConfigurationMaxKeys: { value: '50', readOnly: true },
  HeartbeatInterval: { value: '300' },
  LocalAuthorizeOffline: { value: 'true' },
  LocalPreAuthorize: { value: 'false' },
  MeterValuesAlignedData: { value: 'Energy.Active.Import.Register' },
  MeterValuesSampledData: { value: 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage' },
  MeterValueSampleInterval: { value: '60' },
  NumberOfConnectors: { value: '1', readOnly: true },
  ResetRetries: { value: '1' },
  StopTransactionOnEVSideDisconnect: { value: 'true' },
  StopTransactionOnInvalidId: { value: 'true' },
  StopTxnAlignedData: { value: '' },
  StopTxnSampledData: { value: 'Energy.Active.Import.Register' },
  SupportedFeatureProfiles: {
    value: 'Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger',
    readOnly: true,
  },
  TransactionMessageAttempts: { value: '3' },
  TransactionMessageRetryInterval: { value: '20' },
  UnlockConnectorOnEVSideDisconnect: { value: 'true' },
  WebSocketPingInterval: { value: '60' },
  LocalAuthListEnabled: { value: 'true' },
  LocalAuthListMaxLength: { value: '1000', readOnly: true },
  SendLocalListMaxLength: { value: '100', readOnly: true },
  ReserveConnectorZeroSupported: { value: 'true', readOnly: true },
  ChargeProfileMaxStackLevel: { value: '8', readOnly: true },
  ChargingScheduleAllowedChargingRateUnit: { value: 'Current,Power', readOnly: true },
  ChargingScheduleMaxPeriods: { value: '24', readOnly: true },
  MaxChargingProfilesInstalled: { value: '20', readOnly: true },
  AuthorizationKey: { value: '', secret: true },
  SecurityProfile: { value: '0', reboot: true },
  CpoName: { value: 'Baywatt' },
  AdditionalRootCertificateCheck: { value: 'false', readOnly: true },
}

const variables2x: Record<string, Setting> = {
  'AlignedDataCtrlr.Interval': { value: '0' },
  'AlignedDataCtrlr.Measurands': { value: 'Energy.Active.Import.Register' },
  'AuthCacheCtrlr.Enabled': { value: 'true' },
  'AuthCtrlr.AuthorizeRemoteStart': { value: 'false' },
  'AuthCtrlr.LocalAuthorizeOffline': { value: 'true' },
  'AuthCtrlr.LocalPreAuthorize': { value: 'false' },
  'ChargingStation.AvailabilityState': { value: 'Available', readOnly: true },
  'ChargingStation.Model': { value: 'Sim', readOnly: true },
  'DeviceDataCtrlr.BytesPerMessage': { value: '65536', readOnly: true },
  'DeviceDataCtrlr.ItemsPerMessage': { value: '4', readOnly: true },
  'DisplayMessageCtrlr.NumberOfDisplayMessages': { value: '0', readOnly: true },
  'LocalAuthListCtrlr.Enabled': { value: 'true' },
  'LocalAuthListCtrlr.Entries': { value: '0', readOnly: true },
  'MonitoringCtrlr.Enabled': { value: 'true' },
  'OCPPCommCtrlr.HeartbeatInterval': { value: '300' },
  'OCPPCommCtrlr.NetworkConfigurationPriority': { value: '1', reboot: true },
  'OCPPCommCtrlr.RetryBackOffWaitMinimum': { value: '3' },
  'OCPPCommCtrlr.WebSocketPingInterval': { value: '60' },
  'ReservationCtrlr.Enabled': { value: 'true' },
  'SampledDataCtrlr.TxUpdatedInterval': { value: '60' },
  'SampledDataCtrlr.TxUpdatedMeasurands': { value: 'Energy.Active.Import.Register,Power.Active.Import' },
  'SecurityCtrlr.BasicAuthPassword': { value: '', secret: true },
  'SecurityCtrlr.OrganizationName': { value: 'Baywatt' },
  'SecurityCtrlr.SecurityProfile': { value: '1', readOnly: true },
  'SmartChargingCtrlr.Enabled': { value: 'true' },
  'SmartChargingCtrlr.LimitChangeSignificance': { value: '5' },
  'SmartChargingCtrlr.ProfileStackLevel': { value: '9', readOnly: true },
  'TxCtrlr.EVConnectionTimeOut': { value: '60' },
  'TxCtrlr.StopTxOnInvalidId': { value: 'true' },
  'TxCtrlr.TxStartPoint': { value: 'Authorized', readOnly: true },
  'TxCtrlr.TxStopPoint': { value: 'Authorized', readOnly: true },
}

export function defaultSettings(version: OcppVersion): [string, Setting][] {
  const own = version === 'ocpp1.6' ? keys16 : variables2x
  return Object.entries(own).map(([key, setting]) => [key, { ...setting }])
}

/** The words of both versions' answers. */
export function writeSetting(
  settings: Map<string, Setting>,
  key: string,
  value: string,
): 'Accepted' | 'Rejected' | 'RebootRequired' | 'Unknown' {
  const setting = settings.get(key)
  if (setting === undefined) return 'Unknown'
  if (setting.readOnly === true) return 'Rejected'
  if (/^-?\d+$/.test(setting.value) && !/^\d+$/.test(value)) return 'Rejected'
  setting.value = value
  return setting.reboot === true ? 'RebootRequired' : 'Accepted'
}
