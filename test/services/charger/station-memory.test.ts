// Owns the test of what a station's memory keeps: car after car is told from it alone, without reading facts again.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { at, type ChargerHarness, chargerHarness, ended, sample, started, time } from './charger-harness.ts'

let database: TestDatabase
let core: ChargerHarness
beforeAll(async () => {
  database = await createTestDatabase()
  core = await chargerHarness(database, manualClock(at(-10)))
})
afterAll(async () => {
  await core.close()
  await database.drop()
})

const status = (minute: number, name: 'preparing' | 'charging' | 'suspended_vehicle' | 'finishing' | 'available') =>
  ({ kind: 'connector.status', evse: 1, connector: 1, status: name, rawStatus: name, time: time(minute) }) as const

const cars = 15

test('fifteen cars, one after the other, are told without a look at what is stored', async () => {
  const stationId = await core.addStation('MEMORY-1')
  const sink = await core.connect('MEMORY-1')
  const asked = vi.spyOn(database.pool, 'query')
  for (let car = 0; car < cars; car++) {
    const minute = car * 120
    const registerWh = 1_000 + car * 10_000
    await sink.record(status(minute, 'preparing'))
    const { number } = await sink.record(started({ time: time(minute + 5), registerWh }))
    await sink.record(status(minute + 6, 'charging'))
    const samples = [sample(minute + 30, registerWh + 4_000)]
    await sink.record({ kind: 'meter', evse: 1, name: { by: 'hub', number }, samples })
    await sink.record(status(minute + 50, 'suspended_vehicle'))
    await sink.record(ended(number, { time: time(minute + 60), registerWh: registerWh + 8_000 }))
    await sink.record(status(minute + 61, 'finishing'))
    await sink.record(status(minute + 90, 'available'))
  }
  const names = asked.mock.calls.map(([query]) => (query as unknown as { name?: string }).name ?? '')
  asked.mockRestore()
  // The spy sees what is asked: a station that just dialled in is read once.
  expect(names.filter((name) => name === 'charger-load-transaction')).toHaveLength(1)
  expect(names.filter((name) => name.endsWith('-since') || name === 'charger-read-registers')).toEqual([])
  const sessions = await database.db
    .selectFrom('charging_session')
    .selectAll()
    .where('station_id', '=', stationId)
    .orderBy('plugged_at')
    .execute()
  expect(
    sessions.map((s) => [s.state, s.plugged_at, s.started_at, s.ended_at, s.unplugged_at, s.energy_wh, s.flags]),
  ).toEqual(
    Array.from({ length: cars }, (_, car) => {
      const [plugged, begin, end, unplugged] = [0, 5, 60, 90].map((minute) => at(car * 120 + minute))
      return ['closed', plugged, begin, end, unplugged, 8_000, []]
    }),
  )
})
