// Owns the acceptance cases in which gate, prices and chargers meet: a right that is taken back, idle over a night, clocks that change.
// Must not look into the hub; what counts is what its API, the stations and the gate tell.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../conformance/covers.ts'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import { powerNow } from '../../sim/station/meter.ts'
import { untilIdle } from '../kill/idle.ts'
import { freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { change } from '../stations/files.ts'
import { type CaseGarage, caseGarage } from './garage-of-case.ts'
import { playedClock } from './played-clock.ts'

let hub: LiveHub
let night: CaseGarage
beforeAll(async () => {
  hub = await liveHub()
  night = await caseGarage(hub, {
    charging: {
      energy: { price: '0.40', windows: [{ name: 'small hours', from: '02:00', to: '03:00', price: '0.10' }] },
      idle: { price: '0.10', graceMinutes: 15, quietHours: [{ from: '22:00', to: '07:00' }] },
    },
  })
}, 300_000)
afterAll(() => hub.stop())

interface Bill {
  lines: { kind: string; lineKey: string; totalMinor: number }[]
}

async function enrol(): Promise<{ credentialId: string; value: string }> {
  const value = `04C1${freshCode('').slice(1, 9).toUpperCase()}C1`
  const made = await hub.call('POST', 'credentials', { kind: 'card', presentations: [{ value, encoding: 'hex' }] })
  return { credentialId: String(made.credentialId), value }
}

async function at(garage: CaseGarage, version: OcppVersion, begins: Date) {
  const added = await garage.addStation(version)
  const clock = playedClock()
  clock.set(begins)
  const station = hub.play(added, { clock, maxPowerW: 7_200 })
  expect(await station.connect()).toBe('accepted')
  const sessions = () => hub.all(`charging-sessions?stationId=${added.stationId}`)
  return {
    added,
    station,
    clock,
    pass: (minutes: number) => clock.pass(station, minutes),
    sessions,
    /** What was billed in the end, in cents: bills, less what was given back. */
    async billed(kind: string, lineKey = ''): Promise<number> {
      await untilIdle(hub.process.url)
      const [session] = await sessions()
      const bills = await hub.all(`bills?sessionId=${session.sessionId}`)
      expect(bills.length).toBeGreaterThan(0)
      const whole = await Promise.all(bills.map(({ billId }) => hub.call<Bill>('GET', `bills/${billId}`)))
      return whole
        .flatMap(({ lines }) => lines)
        .filter((line) => line.kind === kind && line.lineKey.includes(lineKey))
        .reduce((sum, line) => sum + line.totalMinor, 0)
    },
  }
}

interface Reach {
  revocation: { places: { place: string; placeId: string | null; state: string }[] } | null
}

/** How long a right that was taken back may go on to work at the chargers that are connected. */
const withinMs = 30_000

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'
  covers('ocpp1.6', 'ClearCache', 'out', 'TC_061_CSMS')
  covers('ocpp2.0.1', 'ClearCache', 'out', 'TC_C_38_CSMS')
  covers('ocpp1.6', 'RemoteStopTransaction', 'out')
  covers('ocpp2.0.1', 'RequestStopTransaction', 'out')

  test.each(['finish', 'stop'] as const)(
    'L. a card that is revoked: gate and chargers refuse it at once, list and cache forget it within half a minute, its charge goes on or ends (%s)',
    async (policy) => {
      const garage = await caseGarage(hub, {
        charging: { energy: { price: '0.40' } },
        settings: { revocation_sessions: policy },
      })
      const { credentialId, value } = await enrol()
      const { station, added, pass, sessions } = await at(garage, version, new Date(Date.now() - 3_600_000))
      const place = { scope: 'station', stationId: added.stationId }
      await hub.call('POST', 'desired-items', { ...place, kind: 'local_list', key: 'list', value: {} })
      expect(await garage.asks(value)).toBe('granted')
      await station.plug(1)
      expect(await station.presentCard(1, { value, type: 'ISO14443' })).toBe('Accepted')
      pass(15)
      await station.meter(1)
      await hub.until('the card on the list', async () => station.state.localList.entries.has(value))
      expect(station.state.authorizationCache.get(value)).toBe('Accepted')

      await change(hub, `credentials/${credentialId}`, { status: 'revoked' })
      const revoked = (await hub.call<{ updatedAt: string }>('GET', `credentials/${credentialId}`)).updatedAt
      expect(await garage.asks(value)).toBe('declined')
      expect(await station.presentCard(2, { value, type: 'ISO14443' })).not.toBe('Accepted')
      await hub.until('the end of its place on the list', async () => !station.state.localList.entries.has(value))
      // A later no may stand there; the yes is gone.
      await hub.until('the cache to be cleared', async () => station.state.authorizationCache.get(value) !== 'Accepted')
      if (policy === 'stop')
        await hub.until('the end of the charge', async () => station.state.evses[0]?.transaction === null)
      await station.settled()
      const names = policy === 'stop' ? ['clear_cache', 'stop'] : ['clear_cache']
      const asked = async () =>
        (await hub.all(`commands?stationId=${added.stationId}`)).filter(
          (one) => one.requestedBy === 'hub:revocation' && ['clear_cache', 'stop'].includes(one.name),
        )
      const commands = await hub.until('the answers', async () => {
        const found = await asked()
        return found.length >= names.length && found.every((one) => one.state === 'answered') && found
      })
      for (const name of names) {
        const [command, ...others] = commands.filter((one) => one.name === name)
        expect(command).toMatchObject({ state: 'answered' })
        expect(Date.parse(command.answeredAt) - Date.parse(revoked)).toBeLessThan(withinMs)
        expect(others).toEqual([])
      }
      expect(commands.some((one) => one.name === 'stop')).toBe(policy === 'stop')
      expect(await sessions()).toMatchObject([
        policy === 'stop' ? { state: 'ended', energyWh: 1_800 } : { state: 'active' },
      ])
    },
    120_000,
  )

  test('L. a station that was away forgets the card when it comes back', async () => {
    const garage = await caseGarage(hub, { charging: { energy: { price: '0.40' } } })
    const { credentialId, value } = await enrol()
    const { station, added, pass } = await at(garage, version, new Date(Date.now() - 3_600_000))
    await station.plug(1)
    expect(await station.presentCard(1, { value, type: 'ISO14443' })).toBe('Accepted')
    pass(5)
    await station.stopLocally(1)
    await station.unplug(1)
    await station.cut()
    await change(hub, `credentials/${credentialId}`, { status: 'blocked' })
    await hub.until('the cache that waits for its station', async () => {
      const { revocation } = await hub.call<Reach>('GET', `credentials/${credentialId}/reach`)
      return revocation?.places.some(
        ({ place, placeId, state }) => place === 'station_cache' && placeId === added.stationId && state === 'away',
      )
    })
    expect(station.state.authorizationCache.get(value)).toBe('Accepted')
    await station.connect()
    await hub.until('the cache to be cleared', async () => station.state.authorizationCache.size === 0)
  }, 120_000)

  test.each([
    { night: 'of an ordinary day', full: '2026-11-10T20:00:00+01:00', unplugged: '2026-11-11T08:10:00+01:00' },
    { night: 'that is an hour longer', full: '2026-10-24T20:00:00+02:00', unplugged: '2026-10-25T08:10:00+01:00' },
    { night: 'that is an hour shorter', full: '2026-03-28T20:00:00+01:00', unplugged: '2026-03-29T08:10:00+02:00' },
  ])(
    'J. full at 20:00, 15 minutes of grace, quiet from 22 to 7, unplugged at 8:10, out at 8:20, in a night $night: 175 minutes idle',
    async (times) => {
      const { value } = await enrol()
      const full = new Date(times.full)
      const ahead = (minutes: number) => new Date(full.getTime() - minutes * 60_000)
      const { station, pass, clock, billed } = await at(night, version, ahead(120))
      const stayRef = freshCode('J')
      await night.passed('entry', stayRef, value, ahead(125))
      await station.plug(1)
      expect(await station.presentCard(1, { value, type: 'ISO14443' })).toBe('Accepted')
      pass(120)
      await station.meter(1)
      await station.suspend(1, 'EV')
      const unplugged = new Date(times.unplugged)
      clock.set(unplugged)
      await station.unplug(1)
      await night.passed('exit', stayRef, value, new Date(unplugged.getTime() + 600_000))
      // 20:00 to 22:00 and 7:00 to 8:10 without the grace; the way out of the garage is not idle at a charger.
      expect(await billed('IDLE')).toBe(175 * 10)
      expect(await billed('ENERGY')).toBe(14.4 * 40)
    },
    120_000,
  )

  test.each([
    { night: 'has the hour twice', begin: '2026-10-25T00:00:00+02:00', hours: 5, cheap: 14.4, other: 21.6 },
    { night: 'has no such hour', begin: '2026-03-29T00:00:00+01:00', hours: 3, cheap: 0, other: 21.6 },
  ])(
    'H. a session over a change of clocks: the price from 2 to 3 holds as often as the wall shows it, and the night $night',
    async ({ begin, hours, cheap, other }) => {
      const { value } = await enrol()
      const { station, pass, billed, sessions } = await at(night, version, new Date(begin))
      await station.plug(1)
      expect(await station.presentCard(1, { value, type: 'ISO14443' })).toBe('Accepted')
      for (let quarter = 0; quarter < hours * 4; quarter++) {
        pass(15)
        await station.meter(1)
      }
      await station.stopLocally(1)
      await station.unplug(1)
      expect(await sessions()).toMatchObject([{ energyWh: hours * 7_200 }])
      expect(await billed('ENERGY', 'energy:0')).toBe(cheap * 10)
      expect(await billed('ENERGY')).toBe(cheap * 10 + other * 40)
    },
    120_000,
  )

  test.each([
    { what: 'an hour ahead', jump: 60, energyWh: 14_400, flags: [] },
    { what: 'an hour back', jump: -60, energyWh: 14_400, flags: ['clock_set_back'] },
  ])(
    'H. the clock of the station jumps $what while a car charges: its energy is counted whole and once, what is in doubt is for review',
    async ({ jump, energyWh, flags }) => {
      const { value } = await enrol()
      const { station, pass, clock, sessions, added } = await at(night, version, new Date(Date.now() - 10 * 3_600_000))
      await station.plug(1)
      expect(await station.presentCard(1, { value, type: 'ISO14443' })).toBe('Accepted')
      for (let quarter = 0; quarter < 8; quarter++) {
        pass(15)
        await station.meter(1)
        if (quarter === 3) clock.set(new Date(clock.now().getTime() + jump * 60_000))
      }
      await station.stopLocally(1)
      await station.unplug(1)
      expect(station.givenUp).toEqual([])
      const found = await sessions()
      // Told for the same instants as the first, the second hour is what the register counted; a person looks at its times.
      expect(found).toMatchObject([{ energyWh, flags }])
      expect(await hub.all(`reviews?stationId=${added.stationId}`)).toHaveLength(flags.length)
      expect(Date.parse(found[0].endedAt)).toBeGreaterThanOrEqual(Date.parse(found[0].startedAt))
      if (v16) expect(station.exchanges.filter((one) => one.outcome.kind === 'error')).toEqual([])
    },
    120_000,
  )

  /**
   * Of K what one station shows. The rest of it wants load management: a budget for each breaker, shares of it by station and
   * EVSE, a fallback for those that are away, refuse or draw more than they were told, and the age of the meter it is measured by.
   */
  test('K. a limit is kept by a station that takes it, and its refusal and its silence are told as such', async () => {
    const { value } = await enrol()
    const { station, added, clock } = await at(night, version, new Date())
    const watts = () => station.state.evses.map((one) => powerNow(station.core, one))[0]
    const limit = (amps: number) => hub.command(added.stationId, { name: 'limit', evse: 1, amps })
    await station.plug(1)
    expect(await station.presentCard(1, { value, type: 'ISO14443' })).toBe('Accepted')
    expect(watts()).toBe(7_200)
    expect(await limit(6)).toMatchObject({ state: 'answered', outcome: 'accepted' })
    clock.set(new Date(Date.now() + 1_000))
    // Three phases of 230 V.
    expect(watts()).toBe(6 * 230 * 3)
    station.answers.SetChargingProfile = { status: 'Rejected' }
    expect(await limit(8)).toMatchObject({ state: 'answered', outcome: 'refused' })
    station.answers.SetChargingProfile = { error: 'NotSupported' }
    expect((await limit(8)).outcome).not.toBe('accepted')
    await station.cut()
    const made = { name: 'limit', evse: 1, amps: 8, ttlSeconds: 1 }
    expect(await hub.command(added.stationId, made)).toMatchObject({ state: 'expired' })
  }, 120_000)
})
