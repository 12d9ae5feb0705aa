// Owns the proof that a 1.6 station that shows costs is told them by a real hub, running and final, and another one is not.
// Must not look into the hub; what counts is what its API and the station tell.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshCode, type LiveHub, liveHub } from '../live-hub.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub?.stop(), 60_000)

async function charging(showsCost: boolean) {
  const added = await hub.addStation(freshCode('COST'), 'ocpp1.6')
  const station = hub.play(added)
  if (showsCost) station.state.settings.set('CustomDisplayCostAndPrice', { value: 'true', readOnly: true })
  expect(await station.connect()).toBe('accepted')
  await station.plug(1)
  expect(await station.presentCard(1, { value: hub.card })).toBe('Accepted')
  station.elapse(1_800)
  await station.meter(1)
  const session = await hub.until('the session', async () => {
    const [one] = await hub.all(`charging-sessions?stationId=${added.stationId}`)
    return one
  })
  const tell = (totalMinor: number) =>
    hub.command(added.stationId, { name: 'update_cost', sessionId: session.sessionId, totalMinor })
  return { station, tell }
}

test('a station that shows costs is told them with its own reading, and the final one once it has ended', async () => {
  const { station, tell } = await charging(true)
  const number = String(station.state.evses[0]?.transaction?.number)
  expect(await tell(123)).toMatchObject({ state: 'answered', outcome: 'accepted', result: { message: 'RunningCost' } })
  expect(station.state.costs.get(number)).toBe(1.23)
  const shown = station.state.costMessages.at(-1)
  expect(shown).toMatchObject({ state: 'Charging', cost: 1.23 })
  // 50 cents to begin with, and 40 for each kWh.
  expect(shown?.chargingPrice).toEqual({ kWhPrice: 0.4, flatFee: 0.5 })
  expect(shown?.meterValue).toBeGreaterThanOrEqual(0)
  await station.stopLocally(1)
  await station.unplug(1)
  expect(await tell(210)).toMatchObject({ outcome: 'accepted', result: { message: 'FinalCost' } })
  expect(station.state.costs.get(number)).toBe(2.1)
  expect(station.state.costMessages.at(-1)?.priceText).toMatch(/^2\.10 EUR, \d+\.\d{3} kWh$/)
}, 120_000)

test('a station that does not say so is not', async () => {
  const { station, tell } = await charging(false)
  expect(await tell(123)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('CustomDisplayCostAndPrice'),
  })
  expect(station.state.costs.size).toBe(0)
}, 120_000)
