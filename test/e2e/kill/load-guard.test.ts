// Owns the proof that the load guard goes on after kill -9 with all that it had promised: a limit on its way, taken and never acknowledged.
// Must not look into the hub; what counts is what the stations draw by their own account.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SimulatedStation } from '../../sim/index.ts'
import { powerNow } from '../../sim/station/meter.ts'
import { freshCode, type LiveHub, liveHub } from '../live-hub.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

interface Load {
  reservedA: number
  over: boolean
  evses: { stationId: string; why: string; reservedA: number }[]
}

test('a hub that is killed while limits are on their way gives no room away twice', async () => {
  const { siteId } = hub.garage
  const body = { siteId, code: freshCode('KILL'), limitA: 40 }
  const { circuitId } = await hub.call<{ circuitId: string }>('POST', 'circuits', body)
  const load = () => hub.call<Load>('GET', `circuits/${circuitId}/load`)
  const stations: SimulatedStation[] = []
  let firstId = ''
  const draw = (station: SimulatedStation) => {
    const [evse] = station.state.evses
    return evse === undefined ? 0 : powerNow(station.core, evse) / 690
  }
  let most = 0
  const look = () => {
    most = Math.max(
      most,
      stations.reduce((sum, one) => sum + draw(one), 0),
    )
  }
  const all = (what: string, found: (load: Load) => boolean) =>
    hub.until(what, async () => {
      look()
      return found(await load())
    })
  for (const version of ['ocpp1.6', 'ocpp2.1'] as const) {
    const added = await hub.addStation(freshCode('KL'), version)
    const [evse] = await hub.all(`evses?stationId=${added.stationId}`)
    const placed = { circuitId, evseId: evse.evseId, maxA: 32, failsafeA: 6 }
    await hub.call('POST', 'circuit-evses', placed)
    const station = hub.play(added, { maxPowerW: 22_080, onFrame: look })
    expect(await station.connect()).toBe('accepted')
    stations.push(station)
    firstId ||= added.stationId
  }
  const [first, second] = stations
  if (first === undefined || second === undefined) throw new Error('two stations were made')
  await all('the failsafe profiles', ({ evses }) => evses.every(({ why }) => why === 'idle'))
  const charge = async (station: SimulatedStation) => {
    await station.plug(1)
    await station.startLocally(1, { value: hub.card, type: 'ISO14443' })
  }
  await charge(first)
  await all('all for the first', () => draw(first) === 32)
  // The next limit reaches the station, and the hub dies before it hears of it.
  first.answers.SetChargingProfile = 'silence'
  await charge(second)
  await hub.until('the limit on its way', async () => {
    const [command] = await hub.all(`commands?stationId=${firstId}&name=limit&state=sent`)
    return command !== undefined
  })
  await hub.process.kill('SIGKILL')
  look()
  delete first.answers.SetChargingProfile
  await hub.process.start()
  for (const station of stations)
    await hub.until('the station back', async () => (await station.connect()) === 'accepted')
  // It was never answered: 32 A count for the first until it takes a lower limit, and only then the second has more.
  await all('equal shares', () => draw(first) === 20 && draw(second) === 20)
  expect(most).toBeLessThanOrEqual(40)
  expect(await load()).toMatchObject({ reservedA: 40, over: false })
}, 300_000)
