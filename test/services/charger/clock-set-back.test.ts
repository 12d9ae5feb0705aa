// Owns what the charger side keeps and counts of a transaction whose station set its clock back by exactly an hour.
// Must not look into memory: what was read again from the database has to count the same.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChargerFact } from '../../../core/domain/charger-fact.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type ChargerHarness, chargerHarness, sample, time } from './charger-harness.ts'

let database: TestDatabase
let hub: ChargerHarness
let count = 0
beforeAll(async () => {
  database = await createTestDatabase()
  hub = await chargerHarness(database)
})
afterAll(async () => {
  await hub.close()
  await database.drop()
})

/** Two hours by the meter, one by the clock: each quarter of the second hour has the time of one of the first. */
const facts: ChargerFact[] = Array.from({ length: 9 }, (_, quarter) => {
  const minute = quarter * 15 - (quarter > 4 ? 60 : 0)
  const registerWh = 5_000 + quarter * 1_800
  const phase = quarter === 0 ? 'started' : quarter === 8 ? 'ended' : 'updated'
  return {
    kind: 'transaction',
    phase,
    name: { by: 'station', ref: 'tx' },
    sequence: quarter,
    evse: 1,
    time: time(minute),
    samples: [sample(minute, registerWh)],
    registerWh,
    offline: false,
    ...(quarter === 0 ? { token: { value: 'CARD', kind: 'iso14443' } } : {}),
  }
})

async function play(order: readonly number[], reconnectEvery: number) {
  const code = `B-${++count}`
  const stationId = await hub.addStation(code)
  let sink = await hub.connect(code)
  for (const [i, index] of order.entries()) {
    if (i % reconnectEvery === reconnectEvery - 1) sink = await hub.connect(code)
    const fact = facts[index]
    if (fact !== undefined) await sink.record(fact)
  }
  const of = (table: 'charging_session' | 'meter_value' | 'review_item') =>
    database.db.selectFrom(table).selectAll().where('station_id', '=', stationId)
  const [session, ...more] = await of('charging_session')
    .where('state' as never, '<>', 'void' as never)
    .execute()
  expect(more).toEqual([])
  const registers = (await of('meter_value')
    .where('context' as never, '=', 'periodic' as never)
    .execute()) as unknown as {
    register_wh: number
  }[]
  return {
    session: session as unknown as Record<string, unknown>,
    registers: registers.map((row) => row.register_wh).sort((a, b) => a - b),
    reviews: (await of('review_item').execute()) as unknown as { kind: string }[],
  }
}

test('the energy of both hours is kept, counted once and shown to a person, in any order, doubled, over any reconnects', async () => {
  const keys = [...facts.keys()]
  const straight = await play(keys, 1_000)
  expect(straight.session).toMatchObject({ energy_wh: 14_400, flags: ['clock_set_back'] })
  expect(straight.registers).toEqual(keys.map((quarter) => 5_000 + quarter * 1_800))
  expect(straight.reviews.map(({ kind }) => kind)).toEqual(['station_clock'])
  const periods = straight.session.periods as { energyWh: number }[]
  expect(periods.reduce((sum, { energyWh }) => sum + energyWh, 0)).toBe(14_400)
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(keys).chain((twice) => {
        const all = [...keys, ...twice]
        return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })
      }),
      fc.integer({ min: 2, max: 9 }),
      async (order, reconnectEvery) => {
        const mixed = await play(order, reconnectEvery)
        expect(mixed.registers).toEqual(straight.registers)
        for (const column of ['energy_wh', 'flags', 'periods', 'ended_at'])
          expect(mixed.session[column]).toEqual(straight.session[column])
      },
    ),
    { numRuns: 20, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: false },
  )
}, 120_000)
