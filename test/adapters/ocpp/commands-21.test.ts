// Owns the tests of the neutral commands that OCPP 2.1 alone has, and of what it carries beyond 2.0.1 in shared ones.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChargingProfile, CommandName, StationCommand } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { type CommandCase, runCommand } from './command-bench.ts'
import { startHub, type TestHub } from './hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

const transaction = { ref: 'tx-1' }
const accepted = { kind: 'accepted' }
const yes = { status: 'Accepted' }
const at = '2025-06-01T18:00:00.000Z'
const tariff = {
  tariffId: 'T1',
  currency: 'EUR',
  energy: { prices: [{ priceKwh: 0.49 }], taxRates: [{ type: 'VAT', tax: 19 }] },
}
const curve = { priority: 1, yUnit: 'PctMaxW', curveData: [{ x: 50.2, y: 100 }] }
const place = { component: 'EVSE', variable: 'Power' }
const target = { component: { name: 'EVSE' }, variable: { name: 'Power' } }

const v2x: ChargingProfile = {
  profileId: 9,
  stackLevel: 1,
  purpose: 'priority',
  kind: 'dynamic',
  updateIntervalSeconds: 60,
  maxOfflineSeconds: 300,
  schedules: [
    {
      unit: 'W',
      periods: [
        {
          startSeconds: 0,
          limit: 11_000.55,
          dischargeLimit: -5_000.19,
          setpoint: -1_200.55,
          operationMode: 'CentralSetpoint',
        },
      ],
    },
  ],
}

const cases: CommandCase[] = [
  [
    'default tariff',
    { name: 'set_default_tariff', tariff },
    'SetDefaultTariff',
    { evseId: 0, tariff },
    { status: 'TooManyElements' },
    { kind: 'refused', reason: 'TooManyElements' },
  ],
  [
    'tariff of a transaction',
    { name: 'change_tariff', transaction, tariff },
    'ChangeTransactionTariff',
    { transactionId: 'tx-1', tariff },
    { status: 'NoCurrencyChange' },
    { kind: 'refused', reason: 'NoCurrencyChange' },
  ],
  [
    'read tariffs',
    { name: 'read_tariffs', evse: 1 },
    'GetTariffs',
    { evseId: 1 },
    {
      status: 'Accepted',
      tariffAssignments: [
        { tariffId: 'T1', tariffKind: 'DriverTariff', validFrom: at, evseIds: [1], idTokens: ['A'] },
        { tariffId: 'T2', tariffKind: 'DefaultTariff' },
      ],
    },
    {
      kind: 'accepted',
      result: {
        tariffs: [
          { tariffId: 'T1', kind: 'driver', validFrom: at, evses: [1], tokens: ['A'] },
          { tariffId: 'T2', kind: 'default', evses: [], tokens: [] },
        ],
      },
    },
  ],
  [
    'read tariffs, none',
    { name: 'read_tariffs' },
    'GetTariffs',
    { evseId: 0 },
    { status: 'NoTariff' },
    { kind: 'accepted', result: { tariffs: [] } },
  ],
  [
    'clear tariffs',
    { name: 'clear_tariffs', evse: 1, tariffIds: ['T1', 'T2'] },
    'ClearTariffs',
    { evseId: 1, tariffIds: ['T1', 'T2'] },
    {
      clearTariffsResult: [
        { tariffId: 'T1', status: 'Accepted' },
        { tariffId: 'T2', status: 'NoTariff' },
      ],
    },
    {
      kind: 'accepted',
      result: {
        failed: 1,
        tariffs: [
          { tariffId: 'T1', status: 'accepted' },
          { tariffId: 'T2', status: 'no_tariff' },
        ],
      },
    },
  ],
  [
    'web payment',
    { name: 'web_payment_started', evse: 1, timeoutSeconds: 120 },
    'NotifyWebPaymentStarted',
    { evseId: 1, timeout: 120 },
    {},
    accepted,
  ],
  [
    'DER curve',
    { name: 'set_der_control', controlId: 'c1', isDefault: false, controlType: 'FreqWatt', settings: curve },
    'SetDERControl',
    { controlId: 'c1', isDefault: false, controlType: 'FreqWatt', curve },
    { status: 'Accepted', supersededIds: ['c0'] },
    { kind: 'accepted', result: { superseded: ['c0'] } },
  ],
  [
    'DER fixed var',
    {
      name: 'set_der_control',
      controlId: 'c1',
      isDefault: true,
      controlType: 'FixedVar',
      settings: { priority: 1, setpoint: 5, unit: 'PctMaxVar' },
    },
    'SetDERControl',
    {
      controlId: 'c1',
      isDefault: true,
      controlType: 'FixedVar',
      fixedVar: { priority: 1, setpoint: 5, unit: 'PctMaxVar' },
    },
    { status: 'NotSupported' },
    { kind: 'unsupported', reason: 'NotSupported' },
  ],
  [
    'DER gradient',
    {
      name: 'set_der_control',
      controlId: 'c1',
      isDefault: true,
      controlType: 'Gradients',
      settings: { priority: 1, gradient: 1, softGradient: 2 },
    },
    'SetDERControl',
    {
      controlId: 'c1',
      isDefault: true,
      controlType: 'Gradients',
      gradient: { priority: 1, gradient: 1, softGradient: 2 },
    },
    yes,
    accepted,
  ],
  [
    'read DER controls',
    { name: 'read_der_controls', requestId: 3, controlId: 'c1', isDefault: false, controlType: 'VoltVar' },
    'GetDERControl',
    { requestId: 3, controlId: 'c1', isDefault: false, controlType: 'VoltVar' },
    { status: 'NotFound' },
    { kind: 'accepted', result: { empty: true } },
  ],
  [
    'clear DER controls',
    { name: 'clear_der_controls', isDefault: true, controlId: 'c1', controlType: 'VoltVar' },
    'ClearDERControl',
    { isDefault: true, controlId: 'c1', controlType: 'VoltVar' },
    { status: 'NotFound' },
    { kind: 'refused', reason: 'NotFound' },
  ],
  [
    'update schedule',
    {
      name: 'update_schedule',
      profileId: 9,
      limits: { limit: 7_000.16, limitL2: 16, dischargeLimitL3: -3.19, setpointReactive: -0.55 },
    },
    'UpdateDynamicSchedule',
    {
      chargingProfileId: 9,
      scheduleUpdate: { limit: 7_000.1, limit_L2: 16, dischargeLimit_L3: -3.1, setpointReactive: -0.5 },
    },
    yes,
    accepted,
  ],
  [
    'allow energy transfer',
    { name: 'allow_energy_transfer', transaction, modes: ['DC_BPT', 'DC'] },
    'NotifyAllowedEnergyTransfer',
    { transactionId: 'tx-1', allowedEnergyTransfer: ['DC_BPT', 'DC'] },
    yes,
    accepted,
  ],
  [
    'AFRR signal',
    { name: 'afrr_signal', at, signal: -12 },
    'AFRRSignal',
    { timestamp: at, signal: -12 },
    { status: 'Rejected' },
    { kind: 'refused', reason: 'Rejected' },
  ],
  [
    'priority charging',
    { name: 'priority_charging', transaction, activate: true },
    'UsePriorityCharging',
    { transactionId: 'tx-1', activate: true },
    { status: 'NoProfile' },
    { kind: 'refused', reason: 'NoProfile' },
  ],
  [
    'battery swap',
    { name: 'battery_swap', requestId: 4, token: { value: 'PAY-1', kind: 'direct_payment' } },
    'RequestBatterySwap',
    { requestId: 4, idToken: { idToken: 'PAY-1', type: 'DirectPayment' } },
    yes,
    accepted,
  ],
  [
    'adjust stream',
    { name: 'adjust_stream', streamId: 2, intervalSeconds: 10, values: 5 },
    'AdjustPeriodicEventStream',
    { id: 2, params: { interval: 10, values: 5 } },
    yes,
    accepted,
  ],
  [
    'read streams',
    { name: 'read_streams' },
    'GetPeriodicEventStream',
    {},
    { constantStreamData: [{ id: 2, variableMonitoringId: 7, params: { interval: 10 } }] },
    { kind: 'accepted', result: { streams: [{ streamId: 2, monitorId: 7, intervalSeconds: 10 }] } },
  ],
  // What shared commands carry beyond 2.0.1.
  [
    'V2X profile',
    { name: 'set_profile', evse: 1, profile: v2x },
    'SetChargingProfile',
    {
      evseId: 1,
      chargingProfile: {
        id: 9,
        stackLevel: 1,
        chargingProfilePurpose: 'PriorityCharging',
        chargingProfileKind: 'Dynamic',
        dynUpdateInterval: 60,
        maxOfflineDuration: 300,
        chargingSchedule: [
          {
            id: 1,
            chargingRateUnit: 'W',
            chargingSchedulePeriod: [
              {
                startPeriod: 0,
                limit: 11_000.5,
                dischargeLimit: -5_000.1,
                setpoint: -1_200.5,
                operationMode: 'CentralSetpoint',
              },
            ],
          },
        ],
      },
    },
    yes,
    accepted,
  ],
  [
    'schedule of V2X',
    { name: 'read_schedule', durationSeconds: 60 },
    'GetCompositeSchedule',
    { evseId: 0, duration: 60 },
    {
      status: 'Accepted',
      schedule: {
        evseId: 0,
        duration: 60,
        scheduleStart: at,
        chargingRateUnit: 'W',
        chargingSchedulePeriod: [{ startPeriod: 0, dischargeLimit: -5, setpoint: -1, operationMode: 'Idle' }],
      },
    },
    {
      kind: 'accepted',
      result: {
        unit: 'W',
        startAt: at,
        durationSeconds: 60,
        periods: [{ startSeconds: 0, dischargeLimit: -5, setpoint: -1, operationMode: 'Idle' }],
      },
    },
  ],
  [
    'monitor with stream',
    {
      name: 'set_monitors',
      monitors: [
        {
          target: place,
          kind: 'target_delta_relative',
          value: 1,
          severity: 8,
          stream: { intervalSeconds: 5, values: 2 },
        },
      ],
    },
    'SetVariableMonitoring',
    {
      setMonitoringData: [
        {
          ...target,
          type: 'TargetDeltaRelative',
          value: 1,
          severity: 8,
          periodicEventStream: { interval: 5, values: 2 },
        },
      ],
    },
    { setMonitoringResult: [{ ...target, id: 1, type: 'TargetDeltaRelative', severity: 8, status: 'Accepted' }] },
    {
      kind: 'accepted',
      result: {
        monitors: [
          { target: 'EVSE.Power', kind: 'target_delta_relative', severity: 8, status: 'accepted', monitorId: 1 },
        ],
      },
    },
  ],
  [
    'certificate with its number',
    { name: 'send_certificate', use: 'v2g20', chain: 'PEM', requestId: 3 },
    'CertificateSigned',
    { certificateChain: 'PEM', certificateType: 'V2G20Certificate', requestId: 3 },
    yes,
    accepted,
  ],
  [
    'QR on the display',
    {
      name: 'show_message',
      message: { messageId: 1, priority: 'normal_cycle', format: 'qr', content: 'https://x', state: 'discharging' },
    },
    'SetDisplayMessage',
    {
      message: {
        id: 1,
        priority: 'NormalCycle',
        state: 'Discharging',
        message: { format: 'QRCODE', content: 'https://x' },
      },
    },
    { status: 'LanguageNotSupported' },
    { kind: 'unsupported', reason: 'LanguageNotSupported' },
  ],
  [
    'trigger V2G20',
    { name: 'trigger', message: 'sign_v2g20_certificate' },
    'TriggerMessage',
    { requestedMessage: 'SignV2G20Certificate' },
    yes,
    accepted,
  ],
  [
    'start with a long token',
    { name: 'start', remoteStartId: 1, token: { value: 'x'.repeat(255), kind: 'vin' } },
    'RequestStartTransaction',
    { remoteStartId: 1, idToken: { idToken: 'x'.repeat(255), type: 'VIN' } },
    yes,
    accepted,
  ],
]

const run = (command: StationCommand, answer: object = {}) => runCommand(hub, 'ocpp2.1', command, answer)

test.each(cases)('%s', async (_name, command, action, payload, answer, reply) => {
  const outcome = await run(command, answer)
  expect(outcome.requests).toEqual([[action, payload]])
  expect(outcome.reply).toEqual(reply)
})

test.each(cases.map(([name, command]) => [name, command] as const))(
  '%s: errors and an answer without its fields',
  async (_name, command) => {
    expect((await run(command, ['NotSupported', ''])).reply).toEqual({ kind: 'unsupported', reason: 'NotSupported' })
    expect((await run(command, ['SecurityError', 'no'])).reply).toEqual({
      kind: 'refused',
      reason: 'SecurityError: no',
    })
    const tellsNothing: CommandName[] = ['web_payment_started', 'read_streams']
    expect((await run(command, {})).reply.kind).toBe(tellsNothing.includes(command.name) ? 'accepted' : 'refused')
  },
)

describe('what 2.1 cannot carry is refused without a frame, naming the field', () => {
  test.each([
    [{ name: 'set_default_tariff', tariff: { tariffId: 'T1' } }, 'currency'],
    [{ name: 'change_tariff', transaction: {}, tariff }, 'transaction'],
    [
      { name: 'set_der_control', controlId: 'c', isDefault: true, controlType: 'Nonsense', settings: curve },
      'controlType',
    ],
    [{ name: 'set_der_control', controlId: 'c', isDefault: true, controlType: 'FixedVar', settings: {} }, 'fixedVar'],
    [{ name: 'update_schedule', profileId: 1, limits: {} }, 'limits'],
    [{ name: 'update_schedule', profileId: 1, limits: { dischargeLimit: 5 } }, 'dischargeLimit'],
    [{ name: 'allow_energy_transfer', transaction, modes: ['Teleport'] }, 'allowedEnergyTransfer'],
    [{ name: 'allow_energy_transfer', transaction: { number: 1 }, modes: ['DC'] }, 'transaction'],
    [{ name: 'priority_charging', transaction: {}, activate: true }, 'transaction'],
    [{ name: 'start', remoteStartId: 1, token: { value: 'x'.repeat(256), kind: 'vin' } }, 'token'],
  ] as [StationCommand, string][])('%j', async (command, field) => {
    const { requests, reply } = await run(command)
    expect(requests).toEqual([])
    expect(reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining(field) })
  })
})

coversAll(['ocpp2.1'], 'out', {
  AFRRSignal: ['TC_Q_120_CSMS'],
  AdjustPeriodicEventStream: [],
  CertificateSigned: [],
  ChangeTransactionTariff: [],
  ClearDERControl: [],
  ClearTariffs: [],
  GetCompositeSchedule: [],
  GetDERControl: [],
  GetPeriodicEventStream: ['TC_N_107_CSMS'],
  GetTariffs: [],
  NotifyAllowedEnergyTransfer: [],
  NotifyWebPaymentStarted: [],
  RequestBatterySwap: [],
  RequestStartTransaction: [],
  SetChargingProfile: [],
  SetDERControl: [],
  SetDefaultTariff: [],
  SetDisplayMessage: [],
  SetVariableMonitoring: [],
  TriggerMessage: [],
  UpdateDynamicSchedule: [],
  UsePriorityCharging: ['TC_K_118_CSMS'],
})
