// Owns typical valid payloads of stations in the field, one per message, for measurements and mutation tests.
// Must stay valid by the official schemas, except where the name says otherwise.

const time = (i: number) => new Date(Date.UTC(2025, 5, 1, 12, 0, i % 60)).toISOString()

const sampled16 = (i: number) => [
  { value: String(1_000_000 + i), context: 'Sample.Periodic', measurand: 'Energy.Active.Import.Register', unit: 'Wh' },
  { value: '7360.0', context: 'Sample.Periodic', measurand: 'Power.Active.Import', unit: 'W' },
  { value: '16.0', context: 'Sample.Periodic', measurand: 'Current.Import', unit: 'A', phase: 'L1' },
  { value: '230.1', context: 'Sample.Periodic', measurand: 'Voltage', unit: 'V', phase: 'L1-N' },
]

const sampled201 = (i: number) => [
  {
    value: 1_000_000 + i,
    context: 'Sample.Periodic',
    measurand: 'Energy.Active.Import.Register',
    unitOfMeasure: { unit: 'Wh' },
  },
  { value: 7360.5, context: 'Sample.Periodic', measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W' } },
  { value: 16.1, context: 'Sample.Periodic', measurand: 'Current.Import', phase: 'L1', unitOfMeasure: { unit: 'A' } },
  { value: 230.1, context: 'Sample.Periodic', measurand: 'Voltage', phase: 'L1-N', unitOfMeasure: { unit: 'V' } },
]

export const frames16: Record<string, (i: number) => object> = {
  BootNotification: (i) => ({
    chargePointVendor: 'Acme',
    chargePointModel: 'Wall 11',
    chargePointSerialNumber: `SN-${i}`,
    firmwareVersion: '1.2.3',
  }),
  Authorize: (i) => ({ idTag: `0412AB${i % 10}` }),
  StatusNotification: (i) => ({ connectorId: 1, errorCode: 'NoError', status: 'Available', timestamp: time(i) }),
  StartTransaction: (i) => ({ connectorId: 1, idTag: '0412ABCD', meterStart: 1000 + i, timestamp: time(i) }),
  MeterValues: (i) => ({
    connectorId: 1,
    transactionId: 7,
    meterValue: [{ timestamp: time(i), sampledValue: sampled16(i) }],
  }),
  'MeterValues (numeric values)': (i) => ({
    connectorId: 1,
    transactionId: 7,
    meterValue: [
      { timestamp: time(i), sampledValue: sampled16(i).map((each) => ({ ...each, value: Number(each.value) })) },
    ],
  }),
  StopTransaction: (i) => ({
    transactionId: 7,
    idTag: '0412ABCD',
    meterStop: 9000 + i,
    timestamp: time(i),
    reason: 'EVDisconnected',
    transactionData: [{ timestamp: time(i), sampledValue: sampled16(i).slice(0, 1) }],
  }),
  Heartbeat: () => ({}),
  FirmwareStatusNotification: () => ({ status: 'Downloading' }),
  SignedFirmwareStatusNotification: (i) => ({ status: 'SignatureVerified', requestId: i }),
  DiagnosticsStatusNotification: () => ({ status: 'Uploading' }),
  LogStatusNotification: (i) => ({ status: 'Uploaded', requestId: i }),
  SecurityEventNotification: (i) => ({ type: 'SettingSystemTime', timestamp: time(i), techInfo: 'ntp' }),
  SignCertificate: () => ({ csr: '-----BEGIN CERTIFICATE REQUEST-----' }),
  DataTransfer: () => ({ vendorId: 'com.example', messageId: 'hello', data: '{"a":1}' }),
  'DataTransfer Plug & Charge': (i) => ({
    vendorId: 'org.openchargealliance.iso15118pnc',
    messageId: 'Authorize',
    data: JSON.stringify({ idToken: `DEABCC12345${i % 10}`, certificate: '-----BEGIN CERTIFICATE-----' }),
  }),
}

export const frames201: Record<string, (i: number) => object> = {
  BootNotification: (i) => ({
    reason: 'PowerUp',
    chargingStation: { model: 'Wall 11', vendorName: 'Acme', serialNumber: `SN-${i}`, firmwareVersion: '1.2.3' },
  }),
  Authorize: (i) => ({ idToken: { idToken: `0412AB${i % 10}`, type: 'ISO14443' } }),
  StatusNotification: (i) => ({ evseId: 1, connectorId: 1, connectorStatus: 'Occupied', timestamp: time(i) }),
  TransactionEvent: (i) => ({
    eventType: 'Updated',
    timestamp: time(i),
    triggerReason: 'MeterValuePeriodic',
    seqNo: i + 1,
    transactionInfo: { transactionId: 'f4d1b6de-0001', chargingState: 'Charging' },
    meterValue: [{ timestamp: time(i), sampledValue: sampled201(i) }],
  }),
  MeterValues: (i) => ({ evseId: 1, meterValue: [{ timestamp: time(i), sampledValue: sampled201(i) }] }),
  Heartbeat: () => ({}),
}

const component = { component: { name: 'EVSE', evse: { id: 1 } }, variable: { name: 'Power' } }
const schedule = {
  id: 1,
  chargingRateUnit: 'A',
  chargingSchedulePeriod: [{ startPeriod: 0, limit: 16.5, numberPhases: 3 }],
}

/** 2.1 as far as it is not 2.0.1: every kind of structure that is kept whole. */
export const frames21: Record<string, (i: number) => object> = {
  ...frames201,
  NotifyReport: (i) => ({
    requestId: i,
    generatedAt: time(i),
    seqNo: 0,
    reportData: [{ ...component, variableAttribute: [{ value: '22' }] }],
  }),
  NotifyEvent: (i) => ({
    generatedAt: time(i),
    seqNo: 0,
    eventData: [
      {
        eventId: i,
        timestamp: time(i),
        trigger: 'Alerting',
        actualValue: '7',
        eventNotificationType: 'CustomMonitor',
        ...component,
      },
    ],
  }),
  ReportChargingProfiles: (i) => ({
    requestId: i,
    chargingLimitSource: 'CSO',
    evseId: 1,
    tbc: i % 2 === 0,
    chargingProfile: [
      {
        id: i,
        stackLevel: 0,
        chargingProfilePurpose: 'TxDefaultProfile',
        chargingProfileKind: 'Absolute',
        chargingSchedule: [schedule],
      },
    ],
  }),
  NotifyChargingLimit: () => ({
    chargingLimit: { chargingLimitSource: 'EMS', isGridCritical: true },
    chargingSchedule: [schedule],
  }),
  NotifyEVChargingNeeds: (i) => ({
    evseId: 1,
    timestamp: time(i),
    chargingNeeds: {
      requestedEnergyTransfer: 'AC_three_phase',
      acChargingParameters: { energyAmount: 20_000, evMinCurrent: 6, evMaxCurrent: 32, evMaxVoltage: 400 },
    },
  }),
  BatterySwap: (i) => ({
    batteryData: [{ evseId: 1, serialNumber: `B${i}`, soC: 80.5, soH: 99 }],
    eventType: 'BatteryIn',
    idToken: { idToken: 'PAY', type: 'DirectPayment' },
    requestId: i,
  }),
  NotifySettlement: (i) => ({ pspRef: `p${i}`, status: 'Settled', settlementAmount: 12.34, settlementTime: time(i) }),
  DataTransfer: (i) => ({ vendorId: 'com.example', messageId: 'x', data: { i, list: [1, 'a', null] } }),
  FirmwareStatusNotification: (i) => ({ status: 'Installed', requestId: i }),
}
