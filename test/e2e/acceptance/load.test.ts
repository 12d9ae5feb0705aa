// Owns acceptance case K: breakers under a hub on a clock of the test's, with simulated stations that go silent, disobey and come back.
// Must not look into the hub; what counts is what the stations draw by their own account, and what the API tells.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../conformance/covers.ts'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import { type SimulatedStation, type StationQuirks, simulatedStation } from '../../sim/index.ts'
import { powerNow } from '../../sim/station/meter.ts'
import { type ClockedHub, clockedHub } from '../clocked-hub.ts'
import { freshCode } from '../live-hub.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

let hub: ClockedHub
const played: SimulatedStation[] = []
beforeAll(async () => {
  hub = await clockedHub('2026-03-10T08:00:00Z')
}, 120_000)
afterAll(async () => {
  await Promise.all(played.map((one) => one.disconnect()))
  await hub.stop()
  expect(played.flatMap((one) => one.violations)).toEqual([])
})

const volts = 230
const maxA = 32

/** A circuit with its stations, and the sum of what they draw, looked at with every frame. */
async function circuitOf(limitA: number, otherLoad?: object) {
  const code = freshCode('LOAD')
  const { siteId } = await hub.call<Json>('POST', 'sites', { code, timeZone: 'Europe/Berlin', currency: 'EUR' })
  const { circuitId } = await hub.call<Json>('POST', 'circuits', {
    siteId,
    code,
    limitA,
    ...(otherLoad && { otherLoad }),
  })
  const stations: SimulatedStation[] = []
  const draw = (station: SimulatedStation, id = 1) => {
    const evse = station.state.evses.find((one) => one.id === id)
    return evse === undefined ? 0 : powerNow(station.core, evse) / volts / 3
  }
  const total = () => stations.reduce((sum, one) => sum + draw(one, 1) + draw(one, 2), 0)
  let most = 0
  const load = (): Promise<Json> => hub.call<Json>('GET', `circuits/${circuitId}/load`)
  return {
    circuitId,
    load,
    draw,
    most: () => most,
    /** From here on. */
    watchAgain: () => {
      most = 0
    },
    evse: async (station: SimulatedStation, number = 1): Promise<Json> => {
      const { items } = await hub.call<Json>('GET', `stations?search=${station.code}`)
      const { evses } = await load()
      return evses.find((one: Json) => one.stationId === items[0].stationId && one.evseNumber === number)
    },
    meter: (amps: number) =>
      hub.call('POST', `circuits/${circuitId}/meter`, { amps, readAt: hub.clock.now().toISOString() }),
    /** Polls; the breaker is looked at each time. */
    async until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
      const end = Date.now() + 45_000
      while (!(await condition())) {
        most = Math.max(most, total())
        if (Date.now() > end)
          throw new Error(
            `${what} did not come about: ${stations.map((one) => draw(one))} ${JSON.stringify(await load())}`,
          )
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      most = Math.max(most, total())
    },
    async add(version: OcppVersion, quirks: StationQuirks = {}, numbers: readonly number[] = [1]) {
      const stationCode = freshCode('CP')
      const evses = [1, 2].map((number) => ({ number, code: `${stationCode}-${number}`, maxPowerW: 22_080 }))
      const body = { siteId, code: stationCode, defaultProtocol: version, evses }
      const { stationId, secret } = await hub.call<Json>('POST', 'stations', body)
      const station = simulatedStation({
        url: hub.ocppUrl,
        code: stationCode,
        password: String(secret),
        version,
        evses: 2,
        quirks,
        clock: hub.clock,
        maxPowerW: maxA * volts * 3,
        onFrame: () => {
          most = Math.max(most, total())
        },
      })
      played.push(station)
      expect(await station.connect()).toBe('accepted')
      const places = await hub.all(`evses?stationId=${stationId}`)
      for (const { evseId, number } of places) {
        if (numbers.includes(number)) await hub.call('POST', 'circuit-evses', { circuitId, evseId, maxA, failsafeA: 6 })
      }
      const { evses: shown } = await load()
      expect(shown.find((one: Json) => one.stationId === stationId).why).toMatch(/no_failsafe|idle/)
      stations.push(station)
      await this.until('the failsafe profile', async () =>
        (await load()).evses.every((one: Json) => one.why !== 'no_failsafe'),
      )
      return station
    },
  }
}

async function charge(station: SimulatedStation, evse = 1): Promise<void> {
  await station.plug(evse)
  await station.startLocally(evse, { value: '04A1B2C3', type: 'ISO14443' })
}

/** Limits are not raised again within seconds. */
const later = (seconds: number) => hub.clock.advance(seconds * 1_000)

describe.each(allVersions)('%s', (version) => {
  covers('ocpp1.6', 'SetChargingProfile', 'out', 'TC_056_CSMS')
  covers('ocpp2.0.1', 'SetChargingProfile', 'out', 'TC_K_01_CSMS')

  test('K. two stations on one breaker share it, and are never above it', async () => {
    const circuit = await circuitOf(40)
    const first = await circuit.add(version)
    const second = await circuit.add(version)
    // The failsafe profile came before any limit.
    const profiles = first.executed.filter(({ action }) => action === 'SetChargingProfile')
    expect(JSON.stringify(profiles[0]?.payload)).toContain('29001')
    await charge(first)
    await circuit.until('all for the first', () => circuit.draw(first) === 32)
    await later(20)
    await charge(second)
    await circuit.until('equal shares', () => circuit.draw(first) === 20 && circuit.draw(second) === 20)
    expect(circuit.most()).toBeLessThanOrEqual(40)
    expect(await circuit.load()).toMatchObject({ limitA: 40, reservedA: 40, over: false, alarms: [] })
    await later(20)
    await first.unplug(1)
    await circuit.until('all for the second', () => circuit.draw(second) === 32)
    expect(circuit.most()).toBeLessThanOrEqual(40)
  }, 120_000)

  test('K. the share of a station that goes offline stays reserved until its limit has run out', async () => {
    const circuit = await circuitOf(40)
    const gone = await circuit.add(version)
    const there = await circuit.add(version, {}, [1, 2])
    await charge(gone)
    await charge(there, 1)
    await circuit.until('equal shares', async () => {
      await later(11)
      return circuit.draw(gone) === 17 && circuit.draw(there, 1) === 17
    })
    await gone.cut()
    await circuit.until('that it is offline', async () => (await circuit.evse(gone)).why === 'offline')
    expect(await circuit.evse(gone)).toMatchObject({ reservedA: 17 })
    // The others share what is left: the guard goes on, and leaves the silent one its part.
    await charge(there, 2)
    await circuit.until('shares of the rest', () => circuit.draw(there, 1) + circuit.draw(there, 2) === 23)
    expect(await circuit.evse(gone)).toMatchObject({ reservedA: 17 })
    expect(circuit.draw(gone)).toBe(17)
    expect(circuit.most()).toBeLessThanOrEqual(40)
    // Without a word it falls back to its failsafe share, and only then its room is given away.
    await later(14 * 60)
    await circuit.until('renewed limits', async () => (await circuit.evse(there, 1)).why === 'charging')
    await later(3 * 60)
    await circuit.until('the failsafe share', async () => (await circuit.evse(gone)).reservedA === 6)
    expect(circuit.draw(gone)).toBe(6)
    await circuit.until('more for the rest', async () => {
      await later(11)
      return circuit.draw(there, 1) === 17 && circuit.draw(there, 2) === 17
    })
    expect(circuit.most()).toBeLessThanOrEqual(40)
  }, 120_000)

  test('K. a station that ignores its limit counts in full, the other makes room, and somebody is told', async () => {
    const circuit = await circuitOf(40)
    const deaf = await circuit.add(version, { ignoresProfiles: true })
    const fair = await circuit.add(version)
    await charge(fair)
    await circuit.until('all for the fair one', () => circuit.draw(fair) === 32)
    await charge(deaf)
    await circuit.until('equal shares by the accounts', async () => {
      await later(11)
      return circuit.draw(fair) === 20 && (await circuit.evse(deaf)).reservedA === 20
    })
    await circuit.until('the alarm', async () => {
      await later(20)
      await deaf.meter(1)
      await fair.meter(1)
      return (await circuit.load()).alarms.some((one: Json) => one.kind === 'ignores_limit')
    })
    expect(await circuit.evse(deaf)).toMatchObject({ why: 'ignores_limit', reservedA: 32, measuredA: 32 })
    await circuit.until('room', () => circuit.draw(fair) === 8)
    circuit.watchAgain()
    await later(10 * 60)
    await circuit.until('a renewed limit', async () => (await circuit.evse(fair)).why === 'charging')
    expect(circuit.draw(fair)).toBe(8)
    expect(circuit.most()).toBeLessThanOrEqual(40)
    const { circuitEvseId } = await circuit.evse(deaf)
    const reviews = await hub.all('reviews?state=open')
    expect(reviews.filter((one) => one.subjectId === circuitEvseId)).toMatchObject([{ kind: 'load_limit_ignored' }])
    deaf.core.quirks.ignoresProfiles = false
    await hub.call('POST', `circuit-evses/${circuitEvseId}/trust`)
    await circuit.until('equal shares', async () => {
      await later(11)
      return circuit.draw(fair) === 20 && circuit.draw(deaf) === 20
    })
    expect(circuit.most()).toBeLessThanOrEqual(40)
  }, 120_000)

  test('K. the building counts by its meter, and in full when that stops', async () => {
    const circuit = await circuitOf(50, { reserveA: 40, riseA: 5, staleAfterSeconds: 300 })
    const station = await circuit.add(version)
    await charge(station)
    await circuit.until('what the reserve leaves', () => circuit.draw(station) === 10)
    await later(20)
    await circuit.meter(20)
    await circuit.until('what the meter leaves', () => circuit.draw(station) === 25)
    expect(await circuit.load()).toMatchObject({ meter: 'fresh', otherA: 25, reservedA: 50 })
    // No further reading: before this one is stale, the limit that rested on it has run out, whatever the hub does.
    await station.cut()
    await later(241)
    expect(circuit.draw(station)).toBe(6)
    await later(60)
    await circuit.until('the alarm', async () => (await circuit.load()).meter === 'stale')
    expect(await circuit.load()).toMatchObject({ otherA: 40, alarms: [{ kind: 'meter_stale' }], over: false })
    expect(await station.connect()).toBe('accepted')
    await circuit.until('what the reserve leaves', () => circuit.draw(station) === 10)
    expect(circuit.most()).toBeLessThanOrEqual(25)
  }, 120_000)
})
