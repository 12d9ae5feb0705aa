// Owns the tests of what a model's traits change about its records, live and read again from the database.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StationTraits } from '../../../core/domain/station-model.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { at, type ChargerHarness, chargerHarness, ended, sample, started, time } from './charger-harness.ts'

let database: TestDatabase
let core: ChargerHarness
let count = 0
beforeAll(async () => {
  database = await createTestDatabase()
  core = await chargerHarness(database)
})
afterAll(async () => {
  await core.close()
  await database.drop()
})

async function station(traits: StationTraits) {
  const code = `TRAIT-${++count}`
  const stationId = await core.addStation(code)
  const connect = (more: StationTraits = traits) => core.connect(code, { traits: more })
  const rows = <T extends 'charging_session' | 'review_item' | 'connector' | 'station_deviation' | 'station'>(
    table: T,
  ) =>
    database.db
      .selectFrom(table as 'station')
      .selectAll()
      .where('station_id', '=', stationId)
      .execute() as Promise<Record<string, unknown>[]>
  return { sink: await connect(), connect, stationId, rows }
}

const status = (minute: number, name: 'finishing' | 'available' | 'preparing' | 'charging') =>
  ({ kind: 'connector.status', evse: 1, connector: 1, status: name, rawStatus: name, time: time(minute) }) as const

describe('registerKind', () => {
  const play = async (traits: StationTraits) => {
    const { sink, connect, rows } = await station(traits)
    const { number } = await sink.record(started({ registerWh: 5_000 }))
    const named = { by: 'hub', number } as const
    await sink.record({ kind: 'meter', evse: 1, name: named, samples: [sample(20, 8_000)] })
    // The station boots and counts from nothing.
    await sink.record({ kind: 'meter', evse: 1, name: named, samples: [sample(30, 900), sample(40, 2_000)] })
    await sink.record(ended(number, { registerWh: 3_000 }))
    return { connect, rows, number, session: (await rows('charging_session'))[0] }
  }

  test('of each boot counts what was shown since it began anew', async () => {
    const { session, rows } = await play({ registerKind: 'boot' })
    expect(session).toMatchObject({ energy_wh: 6_000, flags: ['register_restarted'] })
    expect(await rows('station_deviation')).toMatchObject([{ code: 'flag:registerKind' }])
  })

  test('left as it is keeps to what is sure', async () => {
    const { session, rows } = await play({})
    expect(session).toMatchObject({ energy_wh: 5_100, flags: ['register_reset'] })
    expect(await rows('station_deviation')).toEqual([])
  })

  test('of the session counts from the first reading, and a lifetime register at its start does not count', async () => {
    const { sink, rows } = await station({ registerKind: 'session' })
    const { number } = await sink.record(started({ registerWh: 900_000 }))
    const samples = [sample(10, 700), sample(20, 2_000)]
    await sink.record({ kind: 'meter', evse: 1, name: { by: 'hub', number }, samples })
    await sink.record(ended(number, { registerWh: 4_000 }))
    expect((await rows('charging_session'))[0]).toMatchObject({ energy_wh: 4_000 })
  })
})

test('finishingMeansIdle false ends the plug-in with the first Finishing after the transaction', async () => {
  const play = async (traits: StationTraits) => {
    const { sink, rows } = await station(traits)
    await sink.record(status(-1, 'preparing'))
    const { number } = await sink.record(started())
    await sink.record(ended(number))
    await sink.record(status(61, 'finishing'))
    await sink.record(status(300, 'available'))
    return { session: (await rows('charging_session'))[0], counted: await rows('station_deviation') }
  }
  const sticky = await play({ finishingMeansIdle: false })
  expect(sticky.session).toMatchObject({ state: 'closed', unplugged_at: at(61), idle_seconds: 60 })
  expect(sticky.counted).toMatchObject([{ code: 'flag:finishingMeansIdle' }])
  const plain = await play({})
  expect(plain.session).toMatchObject({ state: 'closed', unplugged_at: at(300), idle_seconds: 240 * 60 })
})

test('statusWithoutNotification: the connector follows the transaction', async () => {
  const { sink, rows } = await station({ statusWithoutNotification: true })
  const { number } = await sink.record(started())
  expect(await rows('connector')).toMatchObject([{ status: 'charging' }])
  await sink.record(ended(number))
  await sink.record(ended(number))
  expect(await rows('connector')).toMatchObject([{ status: 'available' }])
  expect((await rows('charging_session'))[0]).toMatchObject({ state: 'closed', unplugged_at: at(60) })
  expect(await rows('station_deviation')).toMatchObject([{ code: 'flag:statusWithoutNotification', count: 2 }])
})

test('acceptStopTagMismatch false shows a stop with another card, and closes all the same', async () => {
  const { sink, rows } = await station({ acceptStopTagMismatch: false })
  const first = await sink.record(started())
  await sink.record(ended(first.number, { token: { value: 'OTHER', kind: 'unknown' } }))
  const second = await sink.record(started({ time: time(70) }))
  await sink.record(
    ended(second.number, { time: time(90), registerWh: 3_000, token: { value: 'card', kind: 'unknown' } }),
  )
  expect(await rows('review_item')).toMatchObject([{ kind: 'stop_tag_mismatch', data: { stopped: 'OTHER' } }])
  expect((await rows('charging_session')).map((each) => each.state).sort()).toEqual(['closed', 'ended'])
})

test('txIdMax: numbers past it are told once, and go on', async () => {
  const { sink, rows } = await station({ txIdMax: 1 })
  const numbers: number[] = []
  for (const minute of [0, 70, 140]) {
    const { number } = await sink.record(started({ time: time(minute) }))
    numbers.push(number)
    await sink.record(ended(number, { time: time(minute + 30) }))
  }
  expect(numbers).toEqual([1, 2, 3])
  expect(await rows('review_item')).toMatchObject([{ kind: 'transaction_numbers_used_up' }])
  expect(await rows('station_deviation')).toMatchObject([{ code: 'flag:txIdMax', count: 2 }])
})

test('traits are kept: what comes in after a restart of the hub is judged by them, and a boot changes them', async () => {
  const { sink, connect, rows } = await station({ registerKind: 'boot' })
  expect(await rows('station')).toMatchObject([{ traits: { registerKind: 'boot' } }])
  await sink.record({ kind: 'station.booted', vendor: 'Acme', model: 'Wall', traits: { txIdMax: 9 } })
  expect(await rows('station')).toMatchObject([{ traits: { txIdMax: 9 } }])
  await connect({ txIdMax: 9 })
  expect(await rows('station')).toMatchObject([{ traits: { txIdMax: 9 } }])
  await connect({})
  expect(await rows('station')).toMatchObject([{ traits: {} }])
})

test('departures are counted by what the station said it is at boot, for the model and for the station', async () => {
  const { sink, stationId, rows } = await station({})
  await sink.record({ kind: 'station.booted', vendor: 'Acme', model: `Wall ${stationId}`, firmware: '1.2' })
  sink.deviation('M4', '12.5')
  sink.deviation('M4')
  await sink.record(status(1, 'available'))
  expect(await rows('station_deviation')).toMatchObject([
    { code: 'M4', vendor: 'Acme', count: 2, site_id: core.siteId },
  ])
  const byModel = database.db.selectFrom('protocol_deviation').selectAll().where('model', '=', `Wall ${stationId}`)
  expect(await byModel.execute()).toMatchObject([{ code: 'M4', firmware: '1.2', count: 2, sample: '12.5' }])
})
