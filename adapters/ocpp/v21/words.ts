// Owns the words that OCPP 2.1 has beyond those of 2.0.1.
// Must not hold a translation.
import { type Words, words201 } from '../v201/words.ts'

export const words21: Words = {
  ...words201,
  version: 'OCPP 2.1',
  maxIdToken: 255,
  tokenTypes: { ...words201.tokenTypes, direct_payment: 'DirectPayment', evccid: 'EVCCID', vin: 'VIN' },
  triggers: { ...words201.triggers, sign_v2g20_certificate: 'SignV2G20Certificate' },
  purposes: { ...words201.purposes, priority: 'PriorityCharging', local_generation: 'LocalGeneration' },
  bidirectional: true,
  roots: { ...words201.roots, oem_root: 'OEMRootCertificate' },
  stationCertificates: { ...words201.stationCertificates, v2g20: 'V2G20Certificate' },
  numberedCertificates: true,
  logs: { ...words201.logs, data_collector: 'DataCollectorLog' },
  monitorKinds: { ...words201.monitorKinds, target_delta: 'TargetDelta', target_delta_relative: 'TargetDeltaRelative' },
  streams: true,
  displayStates: { ...words201.displayStates, suspended: 'Suspended', discharging: 'Discharging' },
  displayFormats: { ...words201.displayFormats, qr: 'QRCODE' },
  protocols: { 'ocpp1.6': 'OCPP16', 'ocpp2.0.1': 'OCPP201', 'ocpp2.1': 'OCPP21' },
}
