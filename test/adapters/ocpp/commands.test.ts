// Owns the tests of every neutral command in both versions: the request it becomes, what each answer means. Rows W18, S2, S16,
// S17, M19, M20, R2.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseVariable, variableText } from '../../../adapters/ocpp/v201/variable-name.ts'
import type { StationCommand } from '../../../core/plugin/index.ts'
import { covers } from '../../conformance/covers.ts'
import { startHub, type TestHub } from './hub.ts'
import type { Version } from './official-schemas.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

let count = 0

/** Sends a command to a fresh station that answers every request with `answer`; gives requests and reply. */
async function run(
  version: Version,
  command: StationCommand,
  answer: object | ((payload: Record<string, unknown>) => object) = {},
  more: Parameters<TestHub['station']>[2] = {},
) {
  const code = `cmd-${++count}`
  const station = await hub.station(code, version, more)
  const requests: [action: string, payload: Record<string, unknown>][] = []
  station.responder = (action, payload) => {
    requests.push([action, payload])
    return typeof answer === 'function' ? answer(payload) : answer
  }
  const reply = await hub.port.deliver(code, command)
  return { requests, reply, station, code }
}

const token = { value: 'a1b2c3d4', kind: 'iso14443' }
const accepted = { kind: 'accepted' }

type Case = [name: string, command: StationCommand, action: string, payload: object, answer: object, reply: object]

describe('OCPP 1.6', () => {
  const cases: Case[] = [
    [
      'start',
      { name: 'start', evse: 2, token, remoteStartId: 1 },
      'RemoteStartTransaction',
      { idTag: 'a1b2c3d4', connectorId: 2 },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'start refused',
      { name: 'start', token, remoteStartId: 1 },
      'RemoteStartTransaction',
      { idTag: 'a1b2c3d4' },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
    [
      'stop',
      { name: 'stop', transaction: { number: 7 } },
      'RemoteStopTransaction',
      { transactionId: 7 },
      { status: 'Accepted' },
      accepted,
    ],
    ['reset now', { name: 'reset', mode: 'immediate' }, 'Reset', { type: 'Hard' }, { status: 'Accepted' }, accepted],
    [
      'reset on idle',
      { name: 'reset', mode: 'on_idle' },
      'Reset',
      { type: 'Soft' },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
    [
      'unlock',
      { name: 'unlock', evse: 2, connector: 1 },
      'UnlockConnector',
      { connectorId: 2 },
      { status: 'Unlocked' },
      accepted,
    ],
    [
      'unlock failed',
      { name: 'unlock', evse: 2, connector: 1 },
      'UnlockConnector',
      { connectorId: 2 },
      { status: 'UnlockFailed' },
      { kind: 'refused', reason: 'UnlockFailed' },
    ],
    [
      'unlock impossible',
      { name: 'unlock', evse: 2, connector: 1 },
      'UnlockConnector',
      { connectorId: 2 },
      { status: 'NotSupported' },
      { kind: 'unsupported', reason: 'NotSupported' },
    ],
    [
      'close station',
      { name: 'availability', operative: false },
      'ChangeAvailability',
      { connectorId: 0, type: 'Inoperative' },
      { status: 'Scheduled' },
      { kind: 'accepted', result: { scheduled: true } },
    ],
    [
      'open EVSE',
      { name: 'availability', evse: 1, operative: true },
      'ChangeAvailability',
      { connectorId: 1, type: 'Operative' },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'trigger boot',
      { name: 'trigger', message: 'boot', evse: 1 },
      'TriggerMessage',
      { requestedMessage: 'BootNotification' },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'trigger status',
      { name: 'trigger', message: 'status', evse: 1 },
      'TriggerMessage',
      { requestedMessage: 'StatusNotification', connectorId: 1 },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'trigger heartbeat',
      { name: 'trigger', message: 'heartbeat' },
      'TriggerMessage',
      { requestedMessage: 'Heartbeat' },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
    [
      'read settings',
      { name: 'read_settings', keys: ['A', 'B'] },
      'GetConfiguration',
      { key: ['A', 'B'] },
      { configurationKey: [{ key: 'A', readonly: true, value: '1' }], unknownKey: ['B'] },
      { kind: 'accepted', result: { settings: { A: { value: '1', readonly: true } }, unknown: ['B'] } },
    ],
    [
      'read all settings',
      { name: 'read_settings' },
      'GetConfiguration',
      {},
      { configurationKey: [{ key: 'A', readonly: false }] },
      { kind: 'accepted', result: { settings: { A: { value: null, readonly: false } }, unknown: [] } },
    ],
    [
      'write setting',
      { name: 'write_setting', key: 'A', value: '1' },
      'ChangeConfiguration',
      { key: 'A', value: '1' },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'write setting, reboot',
      { name: 'write_setting', key: 'A', value: '1' },
      'ChangeConfiguration',
      { key: 'A', value: '1' },
      { status: 'RebootRequired' },
      { kind: 'accepted', result: { rebootRequired: true } },
    ],
    [
      'M19 write setting refused',
      { name: 'write_setting', key: 'A', value: '1' },
      'ChangeConfiguration',
      { key: 'A', value: '1' },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
    [
      'write unknown setting',
      { name: 'write_setting', key: 'A', value: '1' },
      'ChangeConfiguration',
      { key: 'A', value: '1' },
      { status: 'NotSupported' },
      { kind: 'unsupported', reason: 'NotSupported' },
    ],
    ['clear cache', { name: 'clear_cache' }, 'ClearCache', {}, { status: 'Accepted' }, accepted],
  ]
  test.each(cases)('%s', async (_name, command, action, payload, answer, reply) => {
    const outcome = await run('ocpp1.6', command, answer)
    expect(outcome.requests).toEqual([[action, payload]])
    expect(outcome.reply).toEqual(reply)
  })

  test('a token or setting that 1.6 cannot carry is refused here, without a frame', async () => {
    const long = { name: 'start', token: { value: 'x'.repeat(21), kind: 'emaid' }, remoteStartId: 1 } as const
    for (const command of [
      long,
      { name: 'stop', transaction: { ref: 'text' } },
      { name: 'write_setting', key: 'k'.repeat(51), value: '' },
    ] as StationCommand[]) {
      const { requests, reply } = await run('ocpp1.6', command)
      expect(requests).toEqual([])
      expect(reply.kind).toBe('refused')
    }
  })
})

describe('OCPP 2.0.1', () => {
  const variable = (component: string, name: string) => ({ component: { name: component }, variable: { name } })
  const cases: Case[] = [
    [
      'start',
      { name: 'start', evse: 2, token, remoteStartId: 9 },
      'RequestStartTransaction',
      { remoteStartId: 9, evseId: 2, idToken: { idToken: 'a1b2c3d4', type: 'ISO14443' } },
      { status: 'Accepted', transactionId: 'x' },
      accepted,
    ],
    [
      'start refused with a reason',
      { name: 'start', token, remoteStartId: 9 },
      'RequestStartTransaction',
      { remoteStartId: 9, idToken: { idToken: 'a1b2c3d4', type: 'ISO14443' } },
      { status: 'Rejected', statusInfo: { reasonCode: 'InvalidSchedule', additionalInfo: 'busy' } },
      { kind: 'refused', reason: 'Rejected: InvalidSchedule: busy' },
    ],
    [
      'stop',
      { name: 'stop', transaction: { ref: 'tx-1' } },
      'RequestStopTransaction',
      { transactionId: 'tx-1' },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'reset now',
      { name: 'reset', mode: 'immediate' },
      'Reset',
      { type: 'Immediate' },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'reset on idle',
      { name: 'reset', mode: 'on_idle' },
      'Reset',
      { type: 'OnIdle' },
      { status: 'Scheduled' },
      { kind: 'accepted', result: { scheduled: true } },
    ],
    [
      'unlock',
      { name: 'unlock', evse: 2, connector: 1 },
      'UnlockConnector',
      { evseId: 2, connectorId: 1 },
      { status: 'Unlocked' },
      accepted,
    ],
    [
      'unlock refused',
      { name: 'unlock', evse: 2, connector: 1 },
      'UnlockConnector',
      { evseId: 2, connectorId: 1 },
      { status: 'OngoingAuthorizedTransaction' },
      { kind: 'refused', reason: 'OngoingAuthorizedTransaction' },
    ],
    [
      'close station',
      { name: 'availability', operative: false },
      'ChangeAvailability',
      { operationalStatus: 'Inoperative' },
      { status: 'Scheduled' },
      { kind: 'accepted', result: { scheduled: true } },
    ],
    [
      'open EVSE',
      { name: 'availability', evse: 1, operative: true },
      'ChangeAvailability',
      { operationalStatus: 'Operative', evse: { id: 1 } },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'trigger boot',
      { name: 'trigger', message: 'boot' },
      'TriggerMessage',
      { requestedMessage: 'BootNotification' },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'trigger status',
      { name: 'trigger', message: 'status', evse: 3 },
      'TriggerMessage',
      { requestedMessage: 'StatusNotification', evse: { id: 3, connectorId: 1 } },
      { status: 'Accepted' },
      accepted,
    ],
    [
      'trigger meter',
      { name: 'trigger', message: 'meter', evse: 3 },
      'TriggerMessage',
      { requestedMessage: 'MeterValues', evse: { id: 3 } },
      { status: 'NotImplemented' },
      { kind: 'unsupported', reason: 'NotImplemented' },
    ],
    [
      'read settings',
      { name: 'read_settings', keys: ['A.B', 'C.D'] },
      'GetVariables',
      { getVariableData: [variable('A', 'B'), variable('C', 'D')] },
      {
        getVariableResult: [
          { ...variable('A', 'B'), attributeStatus: 'Accepted', attributeValue: '1' },
          { ...variable('C', 'D'), attributeStatus: 'UnknownVariable' },
        ],
      },
      { kind: 'accepted', result: { settings: { 'A.B': { value: '1' } }, unknown: ['C.D'] } },
    ],
    [
      'write setting',
      { name: 'write_setting', key: 'A.B', value: '1' },
      'SetVariables',
      { setVariableData: [{ ...variable('A', 'B'), attributeValue: '1' }] },
      { setVariableResult: [{ ...variable('A', 'B'), attributeStatus: 'Accepted' }] },
      accepted,
    ],
    [
      'write setting, reboot',
      { name: 'write_setting', key: 'A.B', value: '1' },
      'SetVariables',
      { setVariableData: [{ ...variable('A', 'B'), attributeValue: '1' }] },
      { setVariableResult: [{ ...variable('A', 'B'), attributeStatus: 'RebootRequired' }] },
      { kind: 'accepted', result: { rebootRequired: true } },
    ],
    [
      'write unknown setting',
      { name: 'write_setting', key: 'A.B', value: '1' },
      'SetVariables',
      { setVariableData: [{ ...variable('A', 'B'), attributeValue: '1' }] },
      { setVariableResult: [{ ...variable('A', 'B'), attributeStatus: 'UnknownVariable' }] },
      { kind: 'unsupported', reason: 'UnknownVariable' },
    ],
    [
      'write setting refused',
      { name: 'write_setting', key: 'A.B', value: '1' },
      'SetVariables',
      { setVariableData: [{ ...variable('A', 'B'), attributeValue: '1' }] },
      {
        setVariableResult: [
          { ...variable('A', 'B'), attributeStatus: 'Rejected', attributeStatusInfo: { reasonCode: 'ReadOnly' } },
        ],
      },
      { kind: 'refused', reason: 'Rejected: ReadOnly' },
    ],
    [
      'clear cache',
      { name: 'clear_cache' },
      'ClearCache',
      {},
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
  ]
  test.each(cases)('%s', async (_name, command, action, payload, answer, reply) => {
    const outcome = await run('ocpp2.0.1', command, answer)
    expect(outcome.requests).toEqual([[action, payload]])
    expect(outcome.reply).toEqual(reply)
  })

  test('all usual settings are read in small requests', async () => {
    const { requests, reply } = await run('ocpp2.0.1', { name: 'read_settings' }, ({ getVariableData }) => ({
      getVariableResult: (getVariableData as object[]).map((each) => ({
        ...each,
        attributeStatus: 'Accepted',
        attributeValue: 'v',
      })),
    }))
    expect(requests.length).toBeGreaterThan(3)
    expect(reply).toMatchObject({
      kind: 'accepted',
      result: { settings: { 'OCPPCommCtrlr.MessageAttempts[TransactionEvent]': { value: 'v' } } },
    })
  })

  test('kinds of tokens', async () => {
    for (const [given, type] of [
      [{ value: 'DE-ABC-C1', kind: 'emaid' }, 'eMAID'],
      [{ value: 'A1B2C3D4', kind: 'unknown' }, 'ISO14443'],
      [{ value: 'A1B2C3D4E5F607', kind: 'unknown' }, 'ISO14443'],
      [{ value: 'driver-7', kind: 'unknown' }, 'Central'],
      [{ value: '', kind: 'none' }, 'NoAuthorization'],
    ] as const) {
      const { requests } = await run(
        'ocpp2.0.1',
        { name: 'start', token: given, remoteStartId: 1 },
        { status: 'Accepted' },
      )
      expect(requests[0]?.[1]).toMatchObject({ idToken: { idToken: given.value, type } })
    }
  })

  test('what 2.0.1 cannot carry is refused here, without a frame', async () => {
    for (const command of [
      { name: 'start', token: { value: 'x'.repeat(37), kind: 'central' }, remoteStartId: 1 },
      { name: 'stop', transaction: { number: 7 } },
      { name: 'read_settings', keys: ['NoDot'] },
      { name: 'write_setting', key: 'NoDot', value: '1' },
      { name: 'write_setting', key: 'A.B', value: 'v'.repeat(1001) },
    ] as StationCommand[]) {
      const { requests, reply } = await run('ocpp2.0.1', command)
      expect(requests).toEqual([])
      expect(reply.kind).toBe('refused')
    }
  })

  test.each(['A.B', 'A[x].B', 'A.B[y]', 'EVSE@1.Power', 'Connector@1.2.Available', 'A[x]@1.2.B[y]'])(
    'variable name %s',
    (name) => {
      const parsed = parseVariable(name)
      expect(parsed).not.toBeNull()
      expect(variableText(parsed?.component, parsed?.variable)).toBe(name)
    },
  )
})

describe('answers as stations really give them', () => {
  test('W18 NotImplemented and NotSupported are unsupported, learned, and forgotten at the next boot', async () => {
    const { reply, station, code, requests } = await run('ocpp1.6', { name: 'clear_cache' }, [
      'NotImplemented',
      'no such thing',
    ])
    expect(reply).toEqual({ kind: 'unsupported', reason: 'NotImplemented: no such thing' })
    expect(await hub.port.deliver(code, { name: 'clear_cache' })).toMatchObject({ kind: 'unsupported' })
    expect(requests).toHaveLength(1)
    await station.ask('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
    await hub.port.deliver(code, { name: 'clear_cache' })
    expect(requests).toHaveLength(2)
    expect(hub.port.codesOf(code)).toEqual(['W18', 'W18'])
  })

  test('other errors are refusals', async () => {
    expect((await run('ocpp1.6', { name: 'clear_cache' }, ['GenericError', ''])).reply).toEqual({
      kind: 'refused',
      reason: 'GenericError',
    })
  })

  test('answers in another case or shape', async () => {
    expect((await run('ocpp1.6', { name: 'clear_cache' }, { status: 'accepted' })).reply).toEqual(accepted)
    expect((await run('ocpp1.6', { name: 'clear_cache' }, {})).reply).toMatchObject({ kind: 'refused' })
    expect((await run('ocpp1.6', { name: 'clear_cache' }, { status: 'Perhaps' })).reply).toEqual({
      kind: 'refused',
      reason: 'Perhaps',
    })
    expect(
      (await run('ocpp1.6', { name: 'read_settings' }, { configurationKey: { key: 'A', value: 5, readonly: 'true' } }))
        .reply,
    ).toEqual({ kind: 'accepted', result: { settings: { A: { value: '5', readonly: true } }, unknown: [] } })
    expect((await run('ocpp1.6', { name: 'read_settings' }, {})).reply).toEqual({
      kind: 'accepted',
      result: { settings: {}, unknown: [] },
    })
  })
})

describe('station profiles', () => {
  const start: StationCommand = { name: 'start', token, remoteStartId: 1 }

  test('S2 the connector required or forbidden in a remote start', async () => {
    const required = { settings: { remoteStartConnector: 'required' } }
    expect((await run('ocpp1.6', start, { status: 'Accepted' }, required)).reply.kind).toBe('refused')
    expect((await run('ocpp2.0.1', start, { status: 'Accepted' }, required)).reply.kind).toBe('refused')
    const forbidden = { settings: { remoteStartConnector: 'forbidden' } }
    const { requests } = await run('ocpp1.6', { ...start, evse: 1 }, { status: 'Accepted' }, forbidden)
    expect(requests).toEqual([['RemoteStartTransaction', { idTag: 'a1b2c3d4' }]])
  })

  test('S16 settings key by key', async () => {
    const { requests, reply } = await run(
      'ocpp1.6',
      { name: 'read_settings', keys: ['A', 'B'] },
      ({ key }) => ({ configurationKey: [{ key: (key as string[])[0], value: 'v', readonly: false }] }),
      { vendor: 'Entratek', model: 'Power Dot Pro' },
    )
    expect(requests.map(([, payload]) => payload)).toEqual([{ key: ['A'] }, { key: ['B'] }])
    expect(reply).toMatchObject({ result: { settings: { A: { value: 'v' }, B: { value: 'v' } } } })
    const all = await run(
      'ocpp1.6',
      { name: 'read_settings' },
      { configurationKey: [] },
      { settings: { configReadMode: 'by_key' } },
    )
    expect(all.requests.length).toBeGreaterThan(20)
  })

  test('S17 triggers not more often than the model bears', async () => {
    const { reply, code, requests } = await run(
      'ocpp1.6',
      { name: 'trigger', message: 'meter' },
      { status: 'Accepted' },
      { vendor: 'MENNEKES', model: 'AMTRON 4You 510' },
    )
    expect(reply).toEqual(accepted)
    expect(await hub.port.deliver(code, { name: 'trigger', message: 'meter' })).toMatchObject({ kind: 'refused' })
    hub.pulse.advance(60_000)
    expect(await hub.port.deliver(code, { name: 'trigger', message: 'meter' })).toEqual(accepted)
    expect(requests).toHaveLength(2)
  })

  test('M20 triggers that the model refuses are not sent', async () => {
    const { reply, requests } = await run(
      'ocpp1.6',
      { name: 'trigger', message: 'meter' },
      {},
      { vendor: 'go-e', firmware: '055.5' },
    )
    expect(reply.kind).toBe('unsupported')
    expect(requests).toEqual([])
    expect(
      (
        await run(
          'ocpp1.6',
          { name: 'trigger', message: 'meter' },
          { status: 'Accepted' },
          { vendor: 'go-e', firmware: '055.6' },
        )
      ).reply,
    ).toEqual(accepted)
  })

  test('R2 tokens in upper case', async () => {
    const { requests } = await run('ocpp1.6', start, { status: 'Accepted' }, { vendor: 'Alfen BV' })
    expect(requests[0]?.[1]).toEqual({ idTag: 'A1B2C3D4' })
  })

  test('a boot with another vendor brings its profile', async () => {
    const { station, code, requests } = await run('ocpp1.6', start, { status: 'Accepted' })
    await station.ask('BootNotification', { chargePointVendor: 'Alfen BV', chargePointModel: 'NG910' })
    await hub.port.deliver(code, start)
    expect(requests.map(([, payload]) => payload)).toEqual([{ idTag: 'a1b2c3d4' }, { idTag: 'A1B2C3D4' }])
  })
})

covers('ocpp1.6', 'RemoteStartTransaction', 'out', 'TC_010_CSMS')
covers('ocpp1.6', 'RemoteStartTransaction', 'out', 'TC_026_CSMS')
covers('ocpp1.6', 'RemoteStopTransaction', 'out', 'TC_012_CSMS')
covers('ocpp1.6', 'Reset', 'out', 'TC_014_CSMS')
covers('ocpp1.6', 'UnlockConnector', 'out', 'TC_030_CSMS')
covers('ocpp1.6', 'ChangeAvailability', 'out')
covers('ocpp1.6', 'TriggerMessage', 'out')
covers('ocpp1.6', 'GetConfiguration', 'out', 'TC_019_2_CSMS')
covers('ocpp1.6', 'ChangeConfiguration', 'out', 'TC_040_1_CSMS')
covers('ocpp1.6', 'ClearCache', 'out', 'TC_061_CSMS')
covers('ocpp2.0.1', 'RequestStartTransaction', 'out', 'TC_F_01_CSMS')
covers('ocpp2.0.1', 'RequestStopTransaction', 'out', 'TC_E_21_CSMS')
covers('ocpp2.0.1', 'Reset', 'out', 'TC_B_20_CSMS')
covers('ocpp2.0.1', 'UnlockConnector', 'out', 'TC_F_06_CSMS')
covers('ocpp2.0.1', 'ChangeAvailability', 'out', 'TC_G_04_CSMS')
covers('ocpp2.0.1', 'TriggerMessage', 'out', 'TC_F_27_CSMS')
covers('ocpp2.0.1', 'GetVariables', 'out', 'TC_B_08_CSMS')
covers('ocpp2.0.1', 'SetVariables', 'out', 'TC_B_09_CSMS')
covers('ocpp2.0.1', 'ClearCache', 'out', 'TC_C_38_CSMS')
