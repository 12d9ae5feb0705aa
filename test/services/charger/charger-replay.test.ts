// Owns the replay property of the charger side: the same set of facts, in any order, doubled and late, ends in the same records.
// Must not compare ids or receive times; everything else must be equal.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChargerFact, ChargingState, ConnectorStatus } from '../../../core/domain/charger-fact.ts'
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

const states: ChargingState[] = ['charging', 'suspended_vehicle', 'suspended_station']

/** The facts of some plug-ins on two EVSEs of one station, as a faultless station would tell them. */
const streamArb = fc
  .array(
    fc.record({
      evse: fc.integer({ min: 1, max: 2 }),
      gap: fc.integer({ min: 1, max: 30 }),
      lead: fc.integer({ min: 0, max: 3 }),
      card: fc.constantFrom('A', 'B', 'C'),
      steps: fc.array(fc.record({ wh: fc.integer({ min: 0, max: 3_000 }), state: fc.constantFrom(...states) }), {
        maxLength: 5,
      }),
      linger: fc.integer({ min: 0, max: 20 }),
      finishing: fc.boolean(),
      second: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((plugIns) => {
    const facts: ChargerFact[] = []
    const clocks = new Map<number, { minute: number; register: number }>()
    for (const [i, plug] of plugIns.entries()) {
      const clock = clocks.get(plug.evse) ?? { minute: 0, register: 5_000 }
      clocks.set(plug.evse, clock)
      const status = (s: ConnectorStatus) =>
        facts.push({
          kind: 'connector.status',
          evse: plug.evse,
          connector: 1,
          status: s,
          rawStatus: s,
          time: time(clock.minute),
        })
      clock.minute += plug.gap
      status('preparing')
      clock.minute += plug.lead
      for (const round of plug.second ? [0, 1] : [0]) {
        const ref = `tx-${i}-${round}`
        let sequence = 0
        const event = (phase: 'started' | 'updated' | 'ended', more: object = {}) =>
          facts.push({
            kind: 'transaction',
            phase,
            name: { by: 'station', ref },
            sequence: sequence++,
            evse: plug.evse,
            time: time(clock.minute),
            samples: [sample(clock.minute, clock.register)],
            offline: false,
            ...more,
          })
        event('started', { token: { value: plug.card, kind: 'iso14443' } })
        for (const step of plug.steps) {
          clock.minute += 15
          clock.register += step.wh
          event('updated', { chargingState: step.state })
        }
        clock.minute += 1
        event('ended', { stopReason: 'Local' })
        clock.minute += 1
        if (plug.finishing || plug.second) status('finishing')
        clock.minute += 1
      }
      clock.minute += plug.linger
      status('available')
    }
    return facts
  })

async function play(facts: readonly ChargerFact[], reconnectEvery: number) {
  const code = `R-${++count}`
  const stationId = await hub.addStation(code)
  let sink = await hub.connect(code)
  for (const [i, fact] of facts.entries()) {
    if (i % reconnectEvery === reconnectEvery - 1) sink = await hub.connect(code)
    await sink.record(fact)
  }
  const sessions = await database.db
    .selectFrom('charging_session')
    .select([
      'evse_number',
      'state',
      'id_token',
      'plugged_at',
      'unplugged_at',
      'started_at',
      'ended_at',
      'energy_wh',
      'charging_seconds',
      'suspended_vehicle_seconds',
      'suspended_station_seconds',
      'idle_seconds',
      'periods',
      'flags',
    ])
    .where('station_id', '=', stationId)
    .where('state', '<>', 'void')
    .orderBy('evse_number')
    .orderBy('plugged_at')
    .orderBy('started_at')
    .execute()
  const transactions = await database.db
    .selectFrom('ocpp_transaction')
    .select([
      'evse_number',
      'station_ref',
      'state',
      'started_at',
      'ended_at',
      'energy_wh',
      'stop_reason',
      'id_token',
      'flags',
    ])
    .where('station_id', '=', stationId)
    .orderBy('evse_number')
    .orderBy('started_at')
    .orderBy('station_ref')
    .execute()
  return { sessions, transactions }
}

it('ends in the same sessions whatever the order, the doubling and the reconnects', async () => {
  await fc.assert(
    fc.asyncProperty(
      streamArb.chain((facts) =>
        fc.record({
          facts: fc.constant(facts),
          shuffled: fc.array(fc.nat({ max: facts.length - 1 }), { maxLength: facts.length }).chain((twice) =>
            fc.shuffledSubarray([...facts.keys(), ...twice], {
              minLength: facts.length + twice.length,
              maxLength: facts.length + twice.length,
            }),
          ),
          reconnectEvery: fc.integer({ min: 2, max: 9 }),
        }),
      ),
      async ({ facts, shuffled, reconnectEvery }) => {
        const straight = await play(facts, 1_000)
        const mixed = await play(
          shuffled.flatMap((i) => facts[i] ?? []),
          reconnectEvery,
        )
        expect(mixed).toEqual(straight)
        const counted = straight.sessions.reduce((sum, s) => sum + s.energy_wh, 0)
        expect(straight.transactions.reduce((sum, t) => sum + t.energy_wh, 0)).toBe(counted)
      },
    ),
    { numRuns: 20, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: false },
  )
}, 180_000)
