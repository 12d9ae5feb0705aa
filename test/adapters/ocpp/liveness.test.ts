// Owns the tests of sockets, silence and the two directions: catalogue rows W7 to W16, acceptance cases D and E, a failing store.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HubError } from '../../../core/plugin/index.ts'
import { type Station, startHub, TestHub, until } from './hub.ts'

const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' }
const boot = { chargePointVendor: 'V', chargePointModel: 'M' }
const timestamp = '2025-06-01T11:59:30Z'
const start = { connectorId: 1, idTag: 'A', meterStart: 0, timestamp }

/** From here on the station does not answer pings. */
function mute(station: Station): void {
  ;(station.socket as unknown as { _autoPong: boolean })._autoPong = false
}

/** Counts the pings a station gets. */
function pings(station: Station): { count: number } {
  const seen = { count: 0 }
  station.socket.on('ping', () => {
    seen.count++
  })
  return seen
}

describe('silence', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub({ pingIntervalSeconds: 60, heartbeatIntervalSeconds: 300 })
  })
  afterAll(() => hub.stop())

  test('pings begin after the interval, and any traffic is life', async () => {
    const station = await hub.station('alive')
    const seen = pings(station)
    hub.pulse.advance(59_000)
    await station.settled()
    hub.pulse.advance(59_000)
    await station.settled()
    expect(seen.count).toBe(0)
    hub.pulse.advance(60_000)
    await until(() => seen.count === 1, 'a ping')
    expect(hub.port.seen.filter(({ station }) => station === 'alive').length).toBeGreaterThanOrEqual(2)
  })

  test('W7 a station that never answers pings lives on its heartbeats and is counted', async () => {
    const station = await hub.station('W7')
    mute(station)
    await station.ask('BootNotification', boot)
    const seen = pings(station)
    for (let i = 0; i < 4; i++) {
      hub.pulse.advance(290_000)
      await station.settled()
    }
    expect(station.closedWith).toBeNull()
    expect(seen.count).toBeGreaterThan(4)
    expect(hub.port.codesOf('W7')).toContain('W7')
    hub.pulse.advance(901_000)
    await station.closed()
  })

  test('W9 one missed pong cuts nothing; three intervals of silence do', async () => {
    const station = await hub.station('W9')
    const seen = pings(station)
    hub.pulse.advance(60_000)
    await until(() => hub.port.seen.some(({ station }) => station === 'W9'), 'a pong')
    expect(seen.count).toBe(1)
    mute(station)
    hub.pulse.advance(170_000)
    await until(() => seen.count === 3, 'two more pings')
    expect(station.closedWith).toBeNull()
    hub.pulse.advance(15_000)
    await station.closed()
    await until(() => !hub.port.isOpen('W9'), 'the end to be told')
  })

  test('a station that pings us is alive', async () => {
    const station = await hub.station('pinger')
    mute(station)
    for (let i = 0; i < 5; i++) {
      hub.pulse.advance(250_000)
      const before = hub.port.seen.length
      station.socket.ping()
      await until(() => hub.port.seen.length > before, 'the ping to be seen')
    }
    expect(station.closedWith).toBeNull()
  })

  test('models that break on pings get none', async () => {
    const station = await hub.station('noping', 'ocpp1.6', { vendor: 'EVduty' })
    const seen = pings(station)
    hub.pulse.advance(600_000)
    await station.settled()
    expect(seen.count).toBe(0)
  })

  test('W13, X4 no boot after a reconnect is normal', async () => {
    const station = await hub.station('W13')
    await station.ask('StatusNotification', status)
    expect(hub.port.codesOf('W13')).toEqual([])
  })

  test('W14 boots repeated within seconds are all answered and counted', async () => {
    const station = await hub.station('W14')
    for (let i = 0; i < 3; i++)
      expect(await station.ask('BootNotification', boot)).toMatchObject({ status: 'Accepted' })
    expect(hub.port.codesOf('W14')).toEqual(['W14', 'W14'])
  })
})

describe('two directions', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub({ callTimeoutSeconds: 30, maxCallTimeouts: 2, pingIntervalSeconds: 0 })
  })
  afterAll(() => hub.stop())

  test('E an incoming call while an outgoing one waits is answered at once', async () => {
    const station = await hub.station('E')
    const reply = hub.port.deliver('E', { name: 'clear_cache' })
    const { id } = await station.request('ClearCache')
    expect(await station.ask('StartTransaction', start)).toMatchObject({ transactionId: 1 })
    station.send([3, id, { status: 'Accepted' }])
    expect(await reply).toEqual({ kind: 'accepted' })
  })

  test('an outgoing call while an incoming one waits for storage is sent and settled', async () => {
    const station = await hub.station('E2')
    station.responder = () => ({ status: 'Accepted' })
    hub.port.hold()
    const waiting = station.cast('StartTransaction', start)
    await station.settled()
    expect(await hub.port.deliver('E2', { name: 'clear_cache' })).toEqual({ kind: 'accepted' })
    expect(station.answersTo(waiting)).toEqual([])
    hub.port.release()
    await station.answer(waiting)
  })

  test('W16 commands go out one at a time', async () => {
    const station = await hub.station('W16')
    const replies = [
      hub.port.deliver('W16', { name: 'clear_cache' }),
      hub.port.deliver('W16', { name: 'reset', mode: 'on_idle' }),
    ]
    const first = await station.request('ClearCache')
    await station.settled()
    expect(station.received.filter((frame) => frame[0] === 2)).toHaveLength(1)
    station.send([3, first.id, { status: 'Accepted' }])
    const second = await station.request('Reset')
    station.send([3, second.id, { status: 'Rejected' }])
    expect(await Promise.all(replies)).toEqual([{ kind: 'accepted' }, { kind: 'refused', reason: 'Rejected' }])
  })

  test('W10 a station that answers heartbeats but no calls is cut after some', async () => {
    const station = await hub.station('W10')
    for (const expected of [1, 2]) {
      const reply = hub.port.deliver('W10', { name: 'clear_cache' })
      await until(() => station.received.filter((frame) => frame[0] === 2).length === expected, 'the request')
      await station.settled()
      hub.pulse.advance(31_000)
      expect(await reply).toEqual({ kind: 'timed_out' })
    }
    expect((await station.closed()).code).toBe(1011)
    expect(hub.port.codesOf('W10')).toContain('W10')
  })

  test('X12 a late answer settles nothing but ends the series of time-outs only for its own call', async () => {
    const station = await hub.station('lateanswer')
    const first = hub.port.deliver('lateanswer', { name: 'clear_cache' })
    const { id } = await station.request('ClearCache')
    hub.pulse.advance(31_000)
    expect(await first).toEqual({ kind: 'timed_out' })
    const second = hub.port.deliver('lateanswer', { name: 'reset', mode: 'immediate' })
    const reset = await station.request('Reset')
    station.send([3, id, { status: 'Accepted' }])
    await station.settled()
    expect(hub.port.codesOf('lateanswer')).toEqual(['X12'])
    station.send([3, reset.id, { status: 'Accepted' }])
    expect(await second).toEqual({ kind: 'accepted' })
  })

  test('D second socket during an open call: the call fails at once, the new socket serves, the old end changes nothing', async () => {
    const older = await hub.station('D')
    const reply = hub.port.deliver('D', { name: 'clear_cache' })
    await older.request('ClearCache')
    const newer = await hub.connect('/ocpp/D')
    expect(await reply).toEqual({ kind: 'disconnected' })
    newer.responder = () => ({ status: 'Accepted' })
    await newer.settled()
    expect(await hub.port.deliver('D', { name: 'clear_cache' })).toEqual({ kind: 'accepted' })
    await older.closed()
    expect(hub.port.isOpen('D')).toBe(true)
  })

  test('D a message in work on the old socket is neither stored nor answered after the new one won', async () => {
    const older = await hub.station('D2')
    hub.port.hold()
    const lost = older.cast('StartTransaction', start)
    await older.settled()
    const newer = await hub.connect('/ocpp/D2')
    await newer.settled()
    hub.port.release()
    await older.closed()
    expect(older.answersTo(lost)).toEqual([])
    expect(hub.port.factsOf('D2')).toEqual([])
    expect(await newer.ask('StartTransaction', start)).toMatchObject({ transactionId: 1 })
  })

  test('a command past its deadline or for a lost socket is not sent', async () => {
    const station = await hub.station('deadline')
    expect(await hub.port.deliver('deadline', { name: 'clear_cache' }, new Date(0))).toEqual({ kind: 'timed_out' })
    const reply = hub.port.deliver('deadline', { name: 'clear_cache' })
    await station.request('ClearCache')
    station.socket.terminate()
    expect(await reply).toEqual({ kind: 'disconnected' })
    expect(await hub.port.deliver('deadline', { name: 'clear_cache' })).toEqual({ kind: 'disconnected' })
  })
})

describe('a failing store', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub({ pingIntervalSeconds: 0 })
  })
  afterAll(() => hub.stop())
  const outage = new HubError('database_unavailable', 'no connection', { status: 503 })

  test('transaction messages wait, in order, and are answered when it is back; heartbeats go on', async () => {
    const station = await hub.station('outage')
    hub.port.failure = outage
    const ids = [station.cast('StartTransaction', start), station.cast('StatusNotification', status)]
    await station.settled()
    for (let i = 0; i < 20; i++) {
      hub.pulse.advance(3_000)
      await station.settled()
    }
    expect(ids.flatMap((id) => station.answersTo(id))).toEqual([])
    expect(hub.ocpp.health()).toMatchObject({ state: 'degraded' })
    hub.port.failure = null
    hub.pulse.advance(10_000)
    for (const id of ids) expect(await station.answer(id)).toMatchObject({ kind: 'result' })
    expect(hub.port.factsOf('outage').map(({ kind }) => kind)).toEqual(['transaction', 'connector.status'])
    expect(hub.ocpp.health()).toEqual({ state: 'ok' })
  })

  test('a boot or an authorization is refused after a while, so that the station can act on its own', async () => {
    const station = await hub.station('refusal')
    hub.port.failure = outage
    const id = station.cast('Authorize', { idTag: 'A' })
    await station.settled()
    expect(station.answersTo(id)).toEqual([])
    for (let i = 0; i < 8; i++) {
      hub.pulse.advance(4_000)
      await station.settled()
    }
    hub.port.failure = null
    expect(await station.answer(id)).toMatchObject({ kind: 'error', code: 'InternalError' })
  })

  test('the socket closes while a message waits: nothing is stored, the station will repeat it', async () => {
    const station = await hub.station('gone')
    hub.port.failure = outage
    station.cast('StartTransaction', start)
    await station.settled()
    station.socket.terminate()
    await until(() => !hub.port.isOpen('gone'), 'the end')
    hub.port.failure = null
    hub.pulse.advance(60_000)
    expect(hub.port.factsOf('gone')).toEqual([])
    const again = await hub.connect('/ocpp/gone')
    expect(await again.ask('StartTransaction', start)).toMatchObject({ transactionId: 1 })
  })

  test('a programming error of the core costs its own message only, and is logged', async () => {
    const station = await hub.station('bug')
    hub.port.failure = new TypeError('cannot read properties of undefined')
    const lost = station.cast('StatusNotification', status)
    await station.settled()
    for (let i = 0; i < 6; i++) {
      hub.pulse.advance(10_000)
      await station.settled()
    }
    hub.port.failure = null
    expect(await station.ask('StartTransaction', start)).toHaveProperty('transactionId')
    expect(station.answersTo(lost)).toEqual([])
    expect(hub.log.some(({ level, message }) => level === 'error' && message.includes('cannot be stored'))).toBe(true)
    // The same message sent again is worked again.
    station.cast('StatusNotification', status, lost)
    expect(await station.answer(lost)).toMatchObject({ kind: 'result' })
  })

  test('too much waiting: reading stops instead of dropping, and goes on later (M: 500 statuses in a burst)', async () => {
    const station = await hub.station('burst')
    hub.port.hold()
    const ids = Array.from({ length: 500 }, (_, i) =>
      station.cast('StatusNotification', { ...status, connectorId: i + 1 }),
    )
    await until(() => hub.port.holding === 1, 'the first in work')
    hub.port.release()
    for (const id of ids) await station.answer(id)
    const order = hub.port.factsOf('burst').map((fact) => (fact.kind === 'connector.status' ? fact.evse : 0))
    expect(order).toEqual(ids.map((_, i) => i + 1))
  })

  test('the core cannot open the station: the socket closes and may come again', async () => {
    hub.port.add('unopened')
    hub.port.openFailure = outage
    const station = await hub.connect('/ocpp/unopened')
    expect((await station.closed()).code).toBe(1013)
    hub.port.openFailure = null
    await (await hub.connect('/ocpp/unopened')).settled()
  })
})

test('stopping the hub: what is in work is answered, sockets close with 1012, new ones are refused', async () => {
  const hub = await new TestHub({}).listen()
  const station = await hub.station('stopping')
  hub.port.hold()
  const id = station.cast('StartTransaction', start)
  await station.settled()
  const stopping = hub.ocpp.stop()
  await expect(hub.connect('/ocpp/stopping')).rejects.toMatchObject({ status: 503 })
  hub.port.release()
  await stopping
  expect(station.answersTo(id)).toHaveLength(1)
  expect(await station.closed()).toEqual({ code: 1012, reason: 'the hub is restarting' })
  expect(hub.ocpp.connections).toBe(0)
  await hub.stop()
})
