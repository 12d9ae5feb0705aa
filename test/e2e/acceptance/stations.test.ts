// Owns the acceptance cases that stations bring about, named by their letters: simulated stations, real sockets, a real hub and database.
// Must not look into the hub; what counts is what its API tells.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../conformance/covers.ts'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import type { SimulatedStation, StationQuirks } from '../../sim/index.ts'
import { adminKey } from '../kill/garage.ts'
import { untilIdle } from '../kill/idle.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { playedClock } from './played-clock.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

interface Played {
  added: AddedStation
  station: SimulatedStation
  clock: ReturnType<typeof playedClock>
  pass(minutes: number): void
  sessions(): ReturnType<LiveHub['all']>
  bills(): ReturnType<LiveHub['all']>
}

async function play(version: OcppVersion, quirks: StationQuirks = {}): Promise<Played> {
  const added = await hub.addStation(freshCode('ACC'), version)
  const clock = playedClock()
  const station = hub.play(added, { clock, quirks, maxPowerW: 7_200 })
  expect(await station.connect()).toBe('accepted')
  const sessions = () => hub.all(`charging-sessions?stationId=${added.stationId}`)
  return {
    added,
    station,
    clock,
    pass: (minutes) => clock.pass(station, minutes),
    sessions,
    async bills() {
      await untilIdle(hub.process.url)
      const found = await Promise.all((await sessions()).map((one) => hub.all(`bills?sessionId=${one.sessionId}`)))
      return found.flat()
    },
  }
}

const card = () => ({ value: hub.card, type: 'ISO14443' })

/** One hour at 7.2 kW, the network gone after the first quarter; stopped and unplugged while offline. */
async function chargeCutOff({ station, pass }: Played): Promise<void> {
  await station.plug(1)
  expect(await station.presentCard(1, card())).toBe('Accepted')
  pass(15)
  await station.meter(1)
  await station.cut()
  pass(15)
  await station.meter(1)
  pass(30)
  await station.stopLocally(1)
  pass(1)
  await station.unplug(1)
}

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'
  covers('ocpp1.6', 'BootNotification', 'in', 'TC_001_CSMS')
  covers('ocpp1.6', 'Authorize', 'in', 'TC_003_CSMS')
  covers('ocpp1.6', 'StartTransaction', 'in', 'TC_003_CSMS')
  covers('ocpp1.6', 'StopTransaction', 'in', 'TC_039_CSMS')
  covers('ocpp1.6', 'MeterValues', 'in')
  covers('ocpp1.6', 'StatusNotification', 'in')
  covers('ocpp2.0.1', 'BootNotification', 'in', 'TC_B_01_CSMS')
  covers('ocpp2.0.1', 'Authorize', 'in', 'TC_C_06_CSMS')
  covers('ocpp2.0.1', 'TransactionEvent', 'in', 'TC_E_03_CSMS')
  covers('ocpp2.0.1', 'StatusNotification', 'in', 'TC_G_01_CSMS')

  test('A. start, network cut, stop while offline, replay with new message ids: one session, one bill', async () => {
    const played = await play(version)
    await chargeCutOff(played)
    expect(played.station.queueLength()).toBeGreaterThan(1)
    expect(await played.station.connect()).toBe('accepted')
    expect(played.station.queueLength()).toBe(0)
    expect(played.station.givenUp).toEqual([])
    expect(await played.sessions()).toMatchObject([{ energyWh: 7_200, idToken: hub.card }])
    expect(await played.bills()).toHaveLength(1)
  }, 120_000)

  test.each([
    { what: 'said twice', quirks: { replayTwice: true } },
    { what: 'newest first', quirks: { outOfOrder: true } },
    { what: 'said twice, newest first', quirks: { replayTwice: true, outOfOrder: true } },
    ...(v16
      ? [
          { what: 'with -1 as transaction id', quirks: { offlineTransactionId: -1, replayTwice: true } as const },
          { what: 'with 0 as transaction id', quirks: { offlineTransactionId: 0, replayTwice: true } as const },
        ]
      : [{ what: 'with sequence number 0 everywhere', quirks: { seqNoZero: true, replayTwice: true } }]),
  ])(
    'B. a replay $what: one session, one bill, the same energy',
    async ({ quirks }) => {
      const played = await play(version, quirks)
      await chargeCutOff(played)
      await played.station.connect()
      expect(played.station.queueLength()).toBe(0)
      expect(played.station.givenUp).toEqual([])
      expect(await played.sessions()).toMatchObject([{ energyWh: 7_200 }])
      expect(await played.bills()).toHaveLength(1)
    },
    120_000,
  )

  test('C. a stop of a transaction never seen: answered, and nothing is lost', async () => {
    const { added, station, clock } = await play(version)
    const timestamp = clock.now().toISOString()
    const outcome = v16
      ? await station.call('StopTransaction', { transactionId: 4_711, meterStop: 9_000, timestamp })
      : await station.call('TransactionEvent', {
          eventType: 'Ended',
          timestamp,
          triggerReason: 'EVDeparted',
          seqNo: 9,
          transactionInfo: { transactionId: 'never-seen' },
          evse: { id: 1 },
        })
    expect(outcome).toMatchObject({ kind: 'result' })
    const kept = [
      ...(await hub.all(`reviews?stationId=${added.stationId}`)),
      ...(await hub.all(`charging-sessions?stationId=${added.stationId}`)),
    ]
    expect(kept.length).toBeGreaterThan(0)
  }, 120_000)

  test('D. a second socket during an open call: the old call fails, the new socket serves, the old close changes nothing', async () => {
    const { added, station } = await play(version, { silentOn: ['ClearCache'] })
    const waiting = hub.command(added.stationId, { name: 'clear_cache' })
    await hub.until(
      'the open call',
      async () => station.violations.length === 0 && (await sentCount(added, 'ClearCache')) > 0,
    )
    const newer = hub.play(added)
    expect(await newer.connect()).toBe('accepted')
    expect(await waiting).toMatchObject({ state: 'timed_out', outcome: 'unknown' })
    await hub.until('the end of the old socket', async () => !station.online())
    expect(await hub.command(added.stationId, { name: 'clear_cache' })).toMatchObject({ outcome: 'accepted' })
    expect((await newer.heartbeat()).kind).toBe('result')
    expect(newer.executed.map((each) => each.action)).toEqual(['ClearCache'])
  }, 120_000)

  test('E. a call that comes while the hub waits for an answer is answered at once', async () => {
    const { added, station } = await play(version, { silentOn: ['ClearCache'] })
    const waiting = hub.command(added.stationId, { name: 'clear_cache' }, 'pending')
    await hub.until('the open call', async () => (await sentCount(added, 'ClearCache')) > 0)
    expect(await station.heartbeat()).toMatchObject({ kind: 'result' })
    await station.plug(1)
    expect(await station.presentCard(1, card())).toBe('Accepted')
    const { state } = (await hub.all(`commands?stationId=${added.stationId}`))[0]
    expect(state).toBe('sent')
    await station.disconnect()
    expect(await waiting).toMatchObject({ state: 'timed_out' })
  }, 120_000)

  test('G. the register starts again at zero in the middle: nothing is lost, nothing is counted twice', async () => {
    const { station, pass, sessions, clock } = await play(version, { registerFromBoot: true })
    await station.plug(1)
    await station.presentCard(1, card())
    pass(30)
    await station.meter(1)
    await station.reboot('Watchdog')
    clock.set(new Date(clock.now().getTime() + 60_000))
    await station.meter(1)
    // One low reading alone could be a slip of the meter; the second says that it began again.
    pass(15)
    await station.meter(1)
    pass(15)
    await station.meter(1)
    await station.stopLocally(1)
    expect(await sessions()).toMatchObject([{ energyWh: 7_200 }])
  }, 120_000)

  test('H. no zone, and a clock that stands in 1970: the session stands where it was told, or received', async () => {
    for (const timestamps of ['noZone', 'epoch'] as const) {
      const { station, pass, sessions } = await play(version, { timestamps })
      await station.plug(1)
      await station.presentCard(1, card())
      pass(30)
      await station.stopLocally(1)
      const [session] = await sessions()
      expect(station.givenUp).toEqual([])
      expect(new Date(session.startedAt).getUTCFullYear()).toBeGreaterThan(2020)
      // Told as of 1970, half an hour has no length for the hub: what it believes of the energy is for review, not for here.
      if (timestamps === 'noZone') expect(session.energyWh).toBe(3_600)
    }
  }, 120_000)

  test('L. a card that is blocked is refused by the hub from the next asking on', async () => {
    const { station, added } = await play(version)
    const value = `0B${freshCode('').slice(1, 9).toUpperCase()}00`
    const made = await hub.call('POST', 'credentials', { kind: 'card', presentations: [{ value, encoding: 'hex' }] })
    const verdictBefore = await station.presentCard(1, { value, type: 'ISO14443' })
    await setStatus(String(made.credentialId), 'blocked')
    expect(await station.presentCard(2, { value, type: 'ISO14443' })).not.toBe('Accepted')
    expect(verdictBefore).toBe('Accepted')
    // What the station remembers of it goes with its cache.
    expect(await hub.command(added.stationId, { name: 'clear_cache' })).toMatchObject({ outcome: 'accepted' })
    expect(station.state.authorizationCache.size).toBe(0)
  }, 120_000)

  test('M. 500 status reports at once from one station, and 30 stations coming back at the same moment', async () => {
    const { station, added } = await play(version)
    const reports = Array.from({ length: 500 }, (_, i) => station.fault(1, i % 2 === 0))
    await Promise.all(reports)
    expect(station.exchanges.filter((each) => each.outcome.kind !== 'result')).toEqual([])
    const connectors = await hub.all(`connectors?stationId=${added.stationId}`)
    expect(connectors.find((one) => one.evseNumber === 1)?.status ?? connectors[0].status).toBe('available')
    const many: SimulatedStation[] = []
    for (let i = 0; i < 30; i++) many.push(hub.play(await hub.addStation(freshCode('M'), version)))
    await Promise.all(many.map((one) => one.connect()))
    await Promise.all(many.map((one) => one.cut()))
    // On a machine that stands still for a while the hub says "try again later", and a station does.
    const backAgain = async (one: SimulatedStation, tries = 3): Promise<string> => {
      const came = await one.connect()
      return came === 'lost' && tries > 1 ? backAgain(one, tries - 1) : came
    }
    expect(await Promise.all(many.map((one) => backAgain(one))), hub.process.output()).toEqual(
      many.map(() => 'accepted'),
    )
  }, 180_000)
})

describe.each(allVersions.filter((version) => version !== 'ocpp1.6'))('%s alone', (version) => {
  test('N. gaps in the sequence, the end before the begin, an id used again after a boot', async () => {
    const { station, clock, sessions, pass } = await play(version)
    const event = (eventType: string, seqNo: number, wh: number, more: object = {}) =>
      station.call('TransactionEvent', {
        eventType,
        timestamp: clock.now().toISOString(),
        triggerReason: 'ChargingStateChanged',
        seqNo,
        transactionInfo: { transactionId: 'again' },
        meterValue: [
          { timestamp: clock.now().toISOString(), sampledValue: [{ value: wh, unitOfMeasure: { unit: 'Wh' } }] },
        ],
        ...more,
      })
    const place = { evse: { id: 1, connectorId: 1 }, idToken: { idToken: hub.card, type: 'ISO14443' } }
    const begin = clock.now()
    pass(60)
    const end = clock.now()
    expect(await event('Ended', 7, 5_000)).toMatchObject({ kind: 'result' })
    clock.set(begin)
    expect(await event('Started', 0, 1_000, place)).toMatchObject({ kind: 'result' })
    expect(await sessions()).toMatchObject([{ energyWh: 4_000 }])
    clock.set(end)
    pass(60)
    await station.reboot()
    expect(await event('Started', 0, 20_000, place)).toMatchObject({ kind: 'result' })
    pass(30)
    expect(await event('Ended', 3, 23_000)).toMatchObject({ kind: 'result' })
    const found = await sessions()
    expect(found.map((one) => one.energyWh).sort()).toEqual([3_000, 4_000])
  }, 120_000)
})

async function sentCount(added: AddedStation, action: string): Promise<number> {
  const messages = await hub.all(`stations/${added.stationId}/messages?direction=out`)
  return messages.filter((one) => one.direction === 'out' && String(one.frame).includes(`"${action}"`)).length
}

async function setStatus(credentialId: string, status: string): Promise<void> {
  const url = `${hub.process.url}/api/v1/credentials/${credentialId}`
  const authorization = `Bearer ${adminKey}`
  const etag = (await fetch(url, { headers: { authorization } })).headers.get('etag') ?? ''
  const headers = { authorization, 'content-type': 'application/json', 'if-match': etag }
  const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ status }) })
  expect(answer.status, await answer.text()).toBe(200)
}
