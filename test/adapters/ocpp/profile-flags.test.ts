// Owns the tests of what each flag of a station profile changes on the wire, and that each such change is counted.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChargerFact, MeterReported, StationBooted, TransactionReported } from '../../../core/plugin/index.ts'
import { type Station, startHub, type TestHub, until } from './hub.ts'

let hub: TestHub
let count = 0
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 60 })
})
afterAll(() => hub.stop())

interface Played {
  code: string
  station: Station
  uses(): string[]
  facts(): ChargerFact[]
}

async function station(
  settings: Record<string, unknown>,
  more: object = {},
  version: 'ocpp1.6' | 'ocpp2.0.1' = 'ocpp1.6',
): Promise<Played> {
  const code = `FLAG-${++count}`
  const connected = await hub.station(code, version, { settings, ...more })
  return {
    code,
    station: connected,
    uses: () => hub.port.codesOf(code).filter((each) => each.startsWith('flag:')),
    facts: () => hub.port.factsOf(code),
  }
}

const at = '2025-06-01T11:59:00Z'
const sampled = (value: string, more: object = {}) => ({
  meterValue: [{ timestamp: at, sampledValue: [{ value, ...more }] }],
})
const samplesIn = (facts: ChargerFact[]) => (facts.at(-1) as MeterReported).samples

describe('what a station says', () => {
  test('energyScale', async () => {
    const { station: each, uses, facts } = await station({ energyScale: 1000 })
    await each.ask('MeterValues', { connectorId: 1, ...sampled('12') })
    expect(samplesIn(facts())).toMatchObject([{ registerWh: 12_000 }])
    expect(uses()).toEqual(['flag:energyScale'])
  })

  test('powerDerivation', async () => {
    const { station: each, uses, facts } = await station({ powerDerivation: true })
    const sampledValue = [
      { value: '10', measurand: 'Current.Import', unit: 'A' },
      { value: '230', measurand: 'Voltage', unit: 'V' },
    ]
    await each.ask('MeterValues', { connectorId: 1, meterValue: [{ timestamp: at, sampledValue }] })
    expect(samplesIn(facts())).toMatchObject([{ powerW: 2_300 }])
    expect(uses()).toEqual(['flag:powerDerivation'])
  })

  test('connectorZeroIsSum: the sum names no transaction', async () => {
    const sum = await station({ connectorZeroIsSum: true })
    await sum.station.ask('MeterValues', { connectorId: 0, transactionId: 7, ...sampled('12') })
    expect(sum.facts().at(-1)).toMatchObject({ evse: 0 })
    expect(sum.facts().at(-1)).not.toHaveProperty('name')
    expect(sum.uses()).toEqual(['flag:connectorZeroIsSum'])
    await sum.station.ask('MeterValues', { connectorId: 1, transactionId: 7, ...sampled('12') })
    expect(sum.facts().at(-1)).toMatchObject({ name: { by: 'hub', number: 7 } })
    const other = await station({})
    await other.station.ask('MeterValues', { connectorId: 0, transactionId: 7, ...sampled('12') })
    expect(other.facts().at(-1)).toMatchObject({ evse: 0, name: { by: 'hub', number: 7 } })
    expect(other.uses()).toEqual([])
  })

  test('clockZone: the site’s, and one by name', async () => {
    const start = { connectorId: 1, idTag: 'A', meterStart: 0, timestamp: '2025-06-01T13:30:00' }
    const site = await station({ clockZone: 'site' }, { timeZone: 'Europe/Berlin' })
    await site.station.ask('StartTransaction', start)
    expect((site.facts().at(-1) as TransactionReported).time.at).toEqual(new Date('2025-06-01T11:30:00Z'))
    expect(site.uses()).toEqual(['flag:clockZone'])
    const named = await station({ clockZone: 'America/New_York' })
    await named.station.ask('StartTransaction', { ...start, timestamp: '2025-06-01T07:30:00' })
    expect((named.facts().at(-1) as TransactionReported).time.at).toEqual(new Date('2025-06-01T11:30:00Z'))
  })

  test('tagCut', async () => {
    const { station: each, uses, facts } = await station({ tagCut: ';' })
    await each.ask('Authorize', { idTag: 'CARD;visa' })
    expect(facts().at(-1)).toMatchObject({ token: { value: 'CARD' } })
    expect(uses()).toEqual(['flag:tagCut'])
  })

  test('sessionStartPolicy: a transaction without a token goes on, or not', async () => {
    const start = { connectorId: 1, idTag: '', meterStart: 0, timestamp: at }
    const open = await station({ sessionStartPolicy: 'anonymous' })
    // The recording port sets what has no token aside; the real core does not.
    const answer = await open.station.ask('StartTransaction', start)
    expect(answer).toMatchObject({ transactionId: expect.any(Number) })
    expect(open.uses()).toEqual(['flag:sessionStartPolicy'])
    const closed = await station({})
    expect(await closed.station.ask('StartTransaction', start)).toMatchObject({ idTagInfo: { status: 'Invalid' } })
    expect(closed.uses()).toEqual([])
  })

  test('traits are told at the door, and again by a boot that shows another model', async () => {
    const { station: each, facts } = await station({ txIdMax: 65_535 }, { vendor: 'Acme', model: 'Wall' })
    await each.ask('BootNotification', { chargePointVendor: 'KEBA', chargePointModel: 'P30' })
    expect((facts().at(-1) as StationBooted).traits).toEqual({ txIdMax: 65_535 })
    const sum = { connectorId: 0, transactionId: 7, ...sampled('12') }
    await each.ask('MeterValues', sum)
    expect(facts().at(-1)).not.toHaveProperty('name')
  })
})

describe('what a station is told', () => {
  test('replyTimePrecision', async () => {
    const { station: each, uses } = await station({ replyTimePrecision: 'seconds' })
    expect((await each.ask('Heartbeat', {})).currentTime).toMatch(/:\d\dZ$/)
    expect(uses()).toEqual(['flag:replyTimePrecision'])
  })

  test('tagTransform and remoteStartConnector', async () => {
    const { station: each, code, uses } = await station({ tagTransform: 'upper', remoteStartConnector: 'forbidden' })
    each.responder = () => ({ status: 'Accepted' })
    const start = { name: 'start', token: { value: 'ab', kind: 'unknown' }, remoteStartId: 1, evse: 2 } as const
    await hub.port.deliver(code, start)
    expect((await each.request('RemoteStartTransaction')).payload).toEqual({ idTag: 'AB' })
    expect(uses()).toEqual(['flag:tagTransform', 'flag:remoteStartConnector'])
    const second = await station({ remoteStartConnector: 'required' }, {}, 'ocpp2.0.1')
    const { evse: _, ...nowhere } = start
    expect(await hub.port.deliver(second.code, nowhere)).toMatchObject({ kind: 'refused' })
    expect(second.uses()).toEqual(['flag:remoteStartConnector'])
  })

  test('configReadMode', async () => {
    const { station: each, code, uses } = await station({ configReadMode: 'by_key' })
    each.responder = () => ({ configurationKey: [] })
    await hub.port.deliver(code, { name: 'read_settings', keys: ['A', 'B'] })
    expect(each.received.map((frame) => frame[3])).toEqual([{ key: ['A'] }, { key: ['B'] }])
    expect(uses()).toEqual(['flag:configReadMode'])
  })

  test('triggerAllowed and triggerMinInterval', async () => {
    const { station: each, code, uses } = await station({ triggerAllowed: ['boot'], triggerMinInterval: 60 })
    each.responder = () => ({ status: 'Accepted' })
    expect(await hub.port.deliver(code, { name: 'trigger', message: 'meter' })).toMatchObject({ kind: 'unsupported' })
    expect(await hub.port.deliver(code, { name: 'trigger', message: 'boot' })).toEqual({ kind: 'accepted' })
    expect(await hub.port.deliver(code, { name: 'trigger', message: 'boot' })).toMatchObject({ kind: 'refused' })
    expect(uses()).toEqual(['flag:triggerAllowed', 'flag:triggerMinInterval'])
  })

  test('maxMessageSize: a larger message is refused by the hub, a smaller one goes out', async () => {
    const { station: each, code, uses } = await station({ maxMessageSize: 256 })
    each.responder = () => ({ status: 'Accepted' })
    expect(await hub.port.deliver(code, { name: 'write_setting', key: 'K', value: 'x'.repeat(300) })).toEqual({
      kind: 'refused',
      reason: 'the message has more than the 256 bytes that this model takes',
    })
    expect(await hub.port.deliver(code, { name: 'write_setting', key: 'K', value: 'x' })).toEqual({ kind: 'accepted' })
    expect(each.received).toHaveLength(1)
    expect(uses()).toEqual(['flag:maxMessageSize'])
  })

  test('maxParallelCalls 0: the hub waits until the station’s own request is answered', async () => {
    const { station: each, code, uses } = await station({ maxParallelCalls: 0 })
    each.responder = () => ({ status: 'Accepted' })
    hub.port.hold()
    const id = each.cast('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available' })
    await until(() => hub.port.holding === 1, 'the status to be in work')
    const cleared = hub.port.deliver(code, { name: 'clear_cache' })
    await until(() => uses().length === 1, 'the command to wait')
    expect(each.received).toEqual([])
    hub.port.release()
    expect(await cleared).toEqual({ kind: 'accepted' })
    expect(each.received.map(([type, name]) => [type, type === 3 ? name : 'request'])).toEqual([
      [3, id],
      [2, 'request'],
    ])
    expect(uses()).toEqual(['flag:maxParallelCalls'])
  })

  test('pingPolicy is counted once for a connection', async () => {
    const { station: each, uses } = await station({ pingPolicy: 'never' })
    let pings = 0
    each.socket.on('ping', () => pings++)
    hub.pulse.advance(200_000)
    await each.settled()
    expect(pings).toBe(0)
    expect(uses()).toEqual(['flag:pingPolicy'])
  })
})

describe('the handshake', () => {
  test('defaultOcppVersion is counted where nothing else was said', async () => {
    hub.port.add('GRIZZ', { vendor: 'United Chargers', model: 'Grizzl-E Smart' })
    await hub.connect('/ocpp/GRIZZ', null)
    await until(() => hub.port.codesOf('GRIZZ').length === 2, 'the notes')
    expect(hub.port.codesOf('GRIZZ')).toEqual(['W1', 'flag:defaultOcppVersion'])
  })

  test('acceptNoSubprotocol false closes at once', async () => {
    hub.port.add('STRICT', { settings: { acceptNoSubprotocol: false } })
    const refused = await hub.connect('/ocpp/STRICT', null)
    expect(await refused.closed()).toMatchObject({ code: 1002 })
    const served = await hub.connect('/ocpp/STRICT', 'ocpp1.6')
    await served.settled()
  })

  test('idCase exact refuses another spelling', async () => {
    hub.port.add('Exact-1', { settings: { idCase: 'exact' } })
    await expect(hub.connect('/ocpp/EXACT-1')).rejects.toMatchObject({ status: 404 })
    await (await hub.connect('/ocpp/Exact-1')).settled()
  })
})
