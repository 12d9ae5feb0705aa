// Owns the tests of the 2.x commands that first ask what a station can do: limit and unlimit, the local list in parts.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StationCommand } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { type Answering, runCommand } from './command-bench.ts'
import { startHub, type TestHub } from './hub.ts'
import type { Version } from './official-schemas.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

const run = (version: Version, command: StationCommand, answer?: Answering) => runCommand(hub, version, command, answer)

const token = { value: 'A1B2C3D4', kind: 'iso14443' }
const idToken = { idToken: 'A1B2C3D4', type: 'ISO14443' }
const yes = { status: 'Accepted' }
const at = '2025-06-01T18:00:00.000Z'

/** A station with these settings; the other requests are answered as told. */
const having =
  (
    settings: Record<string, string>,
    others: (action: string, payload: Record<string, unknown>) => object = () => yes,
  ): Answering =>
  (action, payload) => {
    if (action !== 'GetVariables') return others(action, payload)
    const asked = payload.getVariableData as { component: { name: string }; variable: { name: string } }[]
    return {
      getVariableResult: asked.map((each) => {
        const value = settings[`${each.component.name}.${each.variable.name}`]
        return value === undefined
          ? { ...each, attributeStatus: 'UnknownVariable' }
          : { ...each, attributeStatus: 'Accepted', attributeValue: value }
      }),
    }
  }

describe('limit', () => {
  const unit = { getVariableData: [{ component: { name: 'SmartChargingCtrlr' }, variable: { name: 'RateUnit' } }] }
  const wire = (
    id: number,
    purpose: string,
    chargingRateUnit: string,
    limit: number,
    more: object = {},
    validTo?: string,
  ) => ({
    id,
    stackLevel: 0,
    chargingProfilePurpose: purpose,
    chargingProfileKind: 'Absolute',
    ...(validTo === undefined ? {} : { validTo }),
    chargingSchedule: [
      {
        id: 1,
        chargingRateUnit,
        startSchedule: '2020-01-01T00:00:00Z',
        chargingSchedulePeriod: [{ startPeriod: 0, limit, ...more }],
      },
    ],
  })

  test('an EVSE until a time, rounded down (X8), over all else, unit and levels read once', async () => {
    const command: StationCommand = {
      name: 'limit',
      evse: 2,
      amps: 16.19,
      phases: 3,
      until: '2025-06-01T20:00:00+02:00',
    }
    const { requests, reply, code } = await run(
      'ocpp2.0.1',
      command,
      having({ 'SmartChargingCtrlr.RateUnit': 'A, W', 'SmartChargingCtrlr.ProfileStackLevel': '7' }),
    )
    const level = { component: { name: 'SmartChargingCtrlr' }, variable: { name: 'ProfileStackLevel' } }
    const profile = wire(1_000_022, 'TxDefaultProfile', 'A', 16.1, { numberPhases: 3 }, at)
    expect(requests).toEqual([
      ['GetVariables', { getVariableData: [level, ...unit.getVariableData] }],
      ['SetChargingProfile', { evseId: 2, chargingProfile: { ...profile, stackLevel: 7 } }],
    ])
    expect(reply).toEqual({
      kind: 'accepted',
      result: { profileId: 1_000_022, purpose: 'default', stackLevel: 7, unit: 'A', limit: 16.1 },
    })
    await hub.port.deliver(code, command)
    expect(requests.map(([action]) => action)).toEqual(['GetVariables', 'SetChargingProfile', 'SetChargingProfile'])
  })

  test('the unit is asked for again after a boot', async () => {
    const { requests, code, station } = await run('ocpp2.1', { name: 'limit', evse: 1, amps: 6 }, having({}))
    await station.ask('BootNotification', { reason: 'PowerUp', chargingStation: { vendorName: 'V', model: 'M' } })
    await hub.port.deliver(code, { name: 'limit', evse: 1, amps: 6 })
    expect(requests.filter(([action]) => action === 'GetVariables')).toHaveLength(2)
  })

  test('S14 only watts or only amps: converted by the phases that were stated', async () => {
    const watts = await run(
      'ocpp2.0.1',
      { name: 'limit', evse: 1, amps: 16, phases: 3 },
      having({ 'SmartChargingCtrlr.RateUnit': 'W' }),
    )
    expect(watts.reply).toMatchObject({ result: { unit: 'W', limit: 11_040 } })
    const amps = await run(
      'ocpp2.0.1',
      { name: 'limit', evse: 1, watts: 11_000, phases: 3 },
      having({ 'SmartChargingCtrlr.RateUnit': 'A' }),
    )
    expect(amps.reply).toMatchObject({ result: { unit: 'A', limit: 15.9 } })
    const unclear = await run(
      'ocpp2.0.1',
      { name: 'limit', evse: 1, amps: 16 },
      having({ 'SmartChargingCtrlr.RateUnit': 'W' }),
    )
    expect(unclear.reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining('phases') })
    expect(unclear.requests).toHaveLength(1)
  })

  test('a station that tells no unit gets what was asked for', async () => {
    const { reply } = await run('ocpp2.0.1', { name: 'limit', evse: 1, watts: 4000 }, (action) =>
      action === 'GetVariables' ? ['NotSupported', ''] : yes,
    )
    expect(reply).toMatchObject({ kind: 'accepted', result: { unit: 'W', limit: 4000 } })
  })

  test('the whole station, and S9 where it takes no profile for itself', async () => {
    const whole = await run('ocpp2.0.1', { name: 'limit', amps: 32 }, having({}))
    expect(whole.requests[1]).toEqual([
      'SetChargingProfile',
      { evseId: 0, chargingProfile: wire(1_000_001, 'ChargingStationMaxProfile', 'A', 32) },
    ])
    const purposes: unknown[] = []
    const fallback = await run(
      'ocpp2.1',
      { name: 'limit', amps: 32 },
      having({}, (_action, { chargingProfile }) => {
        const purpose = (chargingProfile as { chargingProfilePurpose: string }).chargingProfilePurpose
        purposes.push(purpose)
        return { status: purpose === 'TxDefaultProfile' ? 'Accepted' : 'Rejected' }
      }),
    )
    expect(purposes).toEqual(['ChargingStationMaxProfile', 'TxDefaultProfile'])
    expect(fallback.reply).toMatchObject({ kind: 'accepted', result: { profileId: 1_000_002, purpose: 'default' } })
    const neither = await run(
      'ocpp2.0.1',
      { name: 'limit', amps: 32 },
      having({}, () => ({ status: 'Rejected' })),
    )
    expect(neither.reply).toEqual({ kind: 'refused', reason: 'Rejected' })
  })

  test('unlimit takes away what limit set, and is content where there is nothing', async () => {
    const one = await run('ocpp2.0.1', { name: 'unlimit', evse: 2 }, yes)
    expect(one.requests).toEqual([['ClearChargingProfile', { chargingProfileId: 1_000_022 }]])
    expect(one.reply).toEqual({ kind: 'accepted', result: { cleared: 1 } })
    const whole = await run('ocpp2.1', { name: 'unlimit' }, { status: 'Unknown' })
    expect(whole.requests.map(([, payload]) => payload)).toEqual([
      { chargingProfileId: 1_000_001 },
      { chargingProfileId: 1_000_002 },
    ])
    expect(whole.reply).toEqual({ kind: 'accepted', result: { cleared: 0 } })
    expect((await run('ocpp2.1', { name: 'unlimit', evse: 1 }, {})).reply.kind).toBe('refused')
  })

  test('what goes out is never more than what was allowed, and has one decimal at most', async () => {
    const { code, requests } = await run('ocpp2.1', { name: 'limit', evse: 1, amps: 0 }, having({}))
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1_000, noNaN: true }), async (amps) => {
        await hub.port.deliver(code, { name: 'limit', evse: 1, amps })
        const { chargingProfile } = (requests.at(-1) ?? [])[1] as {
          chargingProfile: { chargingSchedule: { chargingSchedulePeriod: { limit: number }[] }[] }
        }
        const sent = chargingProfile.chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit ?? Number.NaN
        expect(sent).toBeLessThanOrEqual(amps)
        expect(sent).toBeGreaterThan(amps - 0.1001)
        expect(String(sent)).toMatch(/^\d+(\.\d)?$/)
      }),
      { numRuns: 100, seed: 20250601 },
    )
  })
})

describe('send_list', () => {
  const entry = (i: number) => ({
    token: { value: `TAG${i}`, kind: 'central' },
    authorization: { status: 'accepted' as const },
  })
  const entries = Array.from({ length: 5 }, (_, i) => entry(i))
  const sent = (requests: [string, Record<string, unknown>][]) =>
    requests
      .filter(([action]) => action === 'SendLocalList')
      .map(([, { updateType, versionNumber, localAuthorizationList }]) => [
        updateType,
        versionNumber,
        (localAuthorizationList as unknown[] | undefined)?.length ?? 0,
      ])

  test('whole, with groups, times and removals', async () => {
    const { requests, reply } = await run(
      'ocpp2.0.1',
      {
        name: 'send_list',
        mode: 'differential',
        version: 8,
        entries: [
          { token, authorization: { status: 'blocked', validUntil: at, groupToken: { value: 'G', kind: 'central' } } },
          { token: { value: 'OLD', kind: 'key_code' } },
        ],
      },
      having({}),
    )
    expect(requests.at(-1)).toEqual([
      'SendLocalList',
      {
        versionNumber: 8,
        updateType: 'Differential',
        localAuthorizationList: [
          {
            idToken,
            idTokenInfo: {
              status: 'Blocked',
              cacheExpiryDateTime: at,
              groupIdToken: { idToken: 'G', type: 'Central' },
            },
          },
          { idToken: { idToken: 'OLD', type: 'KeyCode' } },
        ],
      },
    ])
    expect(reply).toEqual({ kind: 'accepted', result: { version: 8, parts: 1 } })
  })

  test('an empty full list empties it', async () => {
    const { requests } = await run('ocpp2.1', { name: 'send_list', mode: 'full', version: 1, entries: [] }, having({}))
    expect(requests.at(-1)).toEqual(['SendLocalList', { versionNumber: 1, updateType: 'Full' }])
  })

  test('D01.FR.19 in parts: full first, then differential, the version reached with the last', async () => {
    const command: StationCommand = { name: 'send_list', mode: 'full', version: 10, entries }
    const items = await run('ocpp2.0.1', command, having({ 'LocalAuthListCtrlr.ItemsPerMessage': '2' }))
    expect(sent(items.requests)).toEqual([
      ['Full', 8, 2],
      ['Differential', 9, 2],
      ['Differential', 10, 1],
    ])
    expect(items.reply).toEqual({ kind: 'accepted', result: { version: 10, parts: 3 } })
    const bytes = await run('ocpp2.1', command, having({ 'LocalAuthListCtrlr.BytesPerMessage': '400' }))
    expect(sent(bytes.requests).length).toBeGreaterThan(1)
    for (const [action, payload] of bytes.requests) {
      if (action === 'SendLocalList') expect(JSON.stringify(payload).length).toBeLessThan(400)
    }
  })

  test('a part that fails tells how far it came', async () => {
    let count = 0
    const { reply } = await run(
      'ocpp2.0.1',
      { name: 'send_list', mode: 'full', version: 10, entries },
      having({ 'LocalAuthListCtrlr.ItemsPerMessage': '2' }, () => ({ status: ++count === 2 ? 'Failed' : 'Accepted' })),
    )
    expect(reply).toEqual({ kind: 'refused', reason: 'Failed', result: { version: 8, parts: 1 } })
    const mismatch = await run(
      'ocpp2.1',
      { name: 'send_list', mode: 'differential', version: 2, entries },
      having({}, () => ({ status: 'VersionMismatch' })),
    )
    expect(mismatch.reply).toEqual({ kind: 'refused', reason: 'VersionMismatch' })
  })

  test('more parts than versions below it', async () => {
    const { requests, reply } = await run(
      'ocpp2.0.1',
      { name: 'send_list', mode: 'full', version: 2, entries },
      having({ 'LocalAuthListCtrlr.ItemsPerMessage': '2' }),
    )
    expect(sent(requests)).toEqual([])
    expect(reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining('version') })
  })
})

coversAll(['ocpp2.0.1', 'ocpp2.1'], 'out', {
  ClearChargingProfile: [],
  SendLocalList: ['TC_D_01_CSMS', 'TC_D_02_CSMS', 'TC_D_04_CSMS'],
  SetChargingProfile: ['TC_K_03_CSMS'],
})
