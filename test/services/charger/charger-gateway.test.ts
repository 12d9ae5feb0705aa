// Owns the charger path behind the port on a real database: what is stored for each kind of fact, in whatever order it comes.
// Must not speak OCPP; adapters have their own tests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectorStatus } from '../../../core/domain/charger-fact.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { at, type ChargerHarness, chargerHarness, ended, sample, started, time } from './charger-harness.ts'

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

async function station(more: { maxPowerW?: number } = {}) {
  const code = `CP-${++count}`
  const stationId = await hub.addStation(code, more)
  const sink = await hub.connect(code)
  const status = (minutes: number, s: ConnectorStatus, evse = 1) =>
    sink.record({ kind: 'connector.status', evse, connector: 1, status: s, rawStatus: s, time: time(minutes) })
  const rows = {
    sessions: () =>
      database.db
        .selectFrom('charging_session')
        .selectAll()
        .where('station_id', '=', stationId)
        .orderBy('plugged_at')
        .execute(),
    transactions: () =>
      database.db
        .selectFrom('ocpp_transaction')
        .selectAll()
        .where('station_id', '=', stationId)
        .orderBy('started_at')
        .execute(),
    reviews: () => database.db.selectFrom('review_item').selectAll().where('station_id', '=', stationId).execute(),
    events: async () =>
      (await database.db.selectFrom('event').select(['type', 'data']).orderBy('tx').orderBy('event_id').execute())
        .filter((e) => (e.data as { stationId?: string }).stationId === stationId)
        .map((e) => e.type),
  }
  return { code, stationId, sink, status, ...rows }
}

it('a value that fits no column is a mistake, not a store that fails: it is not tried for ever', async () => {
  const { sink } = await station()
  const fact = { kind: 'meter', evse: 1, samples: [{ ...sample(1, 5), soc: 'none' }] } as const
  await expect(sink.record({ ...fact, samples: [...fact.samples] })).rejects.toBeInstanceOf(TypeError)
  await expect(sink.record({ kind: 'meter', evse: 1, samples: [sample(1, 5)] })).resolves.toEqual({ stored: 1 })
})

describe('one charge', () => {
  it('becomes one session with its clocks, energy and events', async () => {
    const s = await station()
    await s.status(0, 'preparing')
    const { number } = await s.sink.record(started({ time: time(1) }))
    await s.status(1, 'charging')
    await s.sink.record({
      kind: 'meter',
      evse: 1,
      name: { by: 'hub', number },
      samples: [sample(15, 4_000), sample(30, 7_000)],
    })
    await s.status(45, 'suspended_vehicle')
    await s.sink.record(ended(number, { time: time(60), registerWh: 9_000 }))
    await s.status(60, 'finishing')
    await s.status(75, 'available')
    const [session, ...others] = await s.sessions()
    expect(others).toEqual([])
    expect(session).toMatchObject({
      state: 'closed',
      energy_wh: 8_000,
      id_token: 'CARD',
      plugged_at: at(0),
      started_at: at(1),
      ended_at: at(60),
      unplugged_at: at(75),
      charging_seconds: 44 * 60,
      suspended_vehicle_seconds: 15 * 60,
      idle_seconds: 30 * 60,
      flags: [],
    })
    const periods = session?.periods as { energyWh: number }[]
    expect(periods.reduce((sum, p) => sum + p.energyWh, 0)).toBe(8_000)
    expect(await s.events()).toEqual(
      expect.arrayContaining([
        'station.connected',
        'charging_session.started',
        'charging_session.ended',
        'charging_session.closed',
      ]),
    )
    expect((await s.events()).filter((t) => t === 'charging_session.started')).toHaveLength(1)
  })

  it('shows its clocks while it runs, as far as the station has spoken', async () => {
    const s = await station()
    await s.status(0, 'preparing')
    const { number } = await s.sink.record(started({ time: time(5), registerWh: 1_000 }))
    await s.sink.record({ kind: 'meter', evse: 1, name: { by: 'hub', number }, samples: [sample(30, 6_000)] })
    await s.status(45, 'suspended_vehicle')
    const seen = {
      state: 'active',
      energy_wh: 5_000,
      charging_seconds: 40 * 60,
      periods: [
        { state: 'connected', energyWh: 0, from: at(0).toISOString(), to: at(5).toISOString() },
        { state: 'charging', energyWh: 5_000, from: at(5).toISOString(), to: at(45).toISOString() },
        { state: 'suspended_vehicle', energyWh: 0, from: at(45).toISOString(), to: at(45).toISOString() },
      ],
    }
    expect(await s.sessions()).toMatchObject([seen])
    // After a restart the readings are in the database only.
    const again = await hub.connect(s.code)
    await again.record({ kind: 'meter', evse: 1, name: { by: 'hub', number }, samples: [sample(60, 6_000)] })
    expect(await s.sessions()).toMatchObject([
      { ...seen, suspended_vehicle_seconds: 15 * 60, periods: [{}, { energyWh: 5_000 }, { to: at(60).toISOString() }] },
    ])
  })

  it('ends when the plug comes out, however busy the other sockets of the station were since', async () => {
    const s = await station()
    const event = (evse: number, ref: string, minute: number, phase: 'started' | 'ended') =>
      s.sink.record({
        ...started({ evse, name: { by: 'station', ref }, time: time(minute), registerWh: 1_000, phase }),
      })
    await event(2, 'quiet', 0, 'started')
    await event(2, 'quiet', 30, 'ended')
    for (let i = 1; i <= 12; i++) {
      await event(1, `busy-${i}`, 60 * i, 'started')
      await event(1, `busy-${i}`, 60 * i + 30, 'ended')
    }
    const again = await hub.connect(s.code)
    await again.record({
      kind: 'connector.status',
      evse: 2,
      connector: 1,
      status: 'available',
      rawStatus: 'Available',
      time: time(2_000),
    })
    const quiet = (await s.sessions()).find((session) => session.evse_number === 2)
    expect(quiet).toMatchObject({ state: 'closed', ended_at: at(30), unplugged_at: at(2_000) })
  })

  it('asks for its links and its bill to be looked at', async () => {
    const s = await station()
    const { number } = await s.sink.record(started())
    await s.sink.record(ended(number))
    const [session] = await s.sessions()
    const changes = await database.db
      .selectFrom('session_change')
      .select(['site_id', 'billable'])
      .where('session_id', '=', session?.session_id ?? '')
      .orderBy('change_id')
      .execute()
    expect(changes).toEqual([
      { site_id: hub.siteId, billable: false },
      { site_id: hub.siteId, billable: true },
    ])
    const jobs = await database.ownerPool.query(`select key from graphile_worker.jobs where key like 'sessions:%'`)
    expect(jobs.rows).toEqual([{ key: `sessions:${hub.siteId}` }])
  })

  it('has them looked at in moments, however busy the site is', async () => {
    const s = await station()
    const runAt = async () =>
      (
        await database.ownerPool.query<{ run_at: Date }>(`select run_at from graphile_worker.jobs where key = $1`, [
          `sessions:${hub.siteId}`,
        ])
      ).rows[0]?.run_at
    await s.sink.record(started({ time: time(0) }))
    const first = await runAt()
    expect(first).toBeInstanceOf(Date)
    const { number } = await s.sink.record(started({ time: time(90) }))
    await s.sink.record(ended(number, { time: time(100) }))
    expect(await runAt()).toEqual(first)
  })
})

describe('transaction identity', () => {
  it('T6 T7 start and stop resent give the same number and one session', async () => {
    const s = await station()
    const first = await s.sink.record(started())
    const again = await s.sink.record(started())
    expect(again).toMatchObject({ number: first.number, disposition: 'repeat' })
    await s.sink.record(ended(first.number))
    expect(await s.sink.record(ended(first.number))).toMatchObject({ disposition: 'repeat' })
    expect(await s.transactions()).toHaveLength(1)
    expect(await s.sessions()).toMatchObject([{ energy_wh: 10_000 }])
  })

  it('T6 finds the start again after the hub forgot it', async () => {
    const s = await station()
    const first = await s.sink.record(started())
    await s.sink.record(ended(first.number))
    for (let i = 0; i < 12; i++) {
      const next = await s.sink.record(started({ time: time(100 + i * 10) }))
      await s.sink.record(ended(next.number, { time: time(105 + i * 10), registerWh: 1_500 }))
    }
    const sink = await hub.connect(s.code)
    expect(await sink.record(started())).toMatchObject({ number: first.number, disposition: 'repeat' })
    expect(await s.transactions()).toHaveLength(13)
  })

  it('T1 T2 a stop with -1 or 0 finds the one that is open', async () => {
    const s = await station()
    await s.sink.record(started())
    expect(await s.sink.record(ended(-1, { token: { value: 'CARD', kind: 'unknown' } }))).toMatchObject({
      disposition: 'new',
    })
    expect(await s.transactions()).toMatchObject([{ state: 'ended', energy_wh: 10_000 }])
  })

  it.each([
    ['start first', false],
    ['end first', true],
  ])('a clock that jumped back ends a transaction where it began: %s', async (_, endFirst) => {
    const s = await station()
    const told = [
      started({ name: { by: 'station', ref: 'jump' }, time: time(30) }),
      ended(0, { name: { by: 'station', ref: 'jump' }, evse: 1, time: time(10) }),
    ]
    for (const fact of endFirst ? told.toReversed() : told) await s.sink.record(fact)
    const end = { state: 'ended', started_at: at(30), ended_at: at(30), flags: ['end_before_start'] }
    expect(await s.transactions()).toMatchObject([end])
    expect(await s.sessions()).toMatchObject([{ started_at: at(30), ended_at: at(30) }])
    // The same end again is no other end.
    for (const fact of told.slice(1)) await s.sink.record(fact)
    expect(await s.reviews()).toEqual([])
  })

  it('T8 T19 a stop of nothing known is answered and kept for review', async () => {
    const s = await station()
    expect(await s.sink.record(ended(4711))).toEqual({ number: 0, disposition: 'review' })
    await s.sink.record(ended(4711))
    expect(await s.reviews()).toMatchObject([{ kind: 'stop_unmatched', state: 'open' }])
  })

  it('T10 a start on an occupied connector ends the older one at its last reading', async () => {
    const s = await station()
    const first = await s.sink.record(started())
    await s.sink.record({
      kind: 'meter',
      evse: 1,
      name: { by: 'hub', number: first.number },
      samples: [sample(20, 5_000)],
    })
    const second = await s.sink.record(
      started({ time: time(50), token: { value: 'OTHER', kind: 'unknown' }, registerWh: 5_000 }),
    )
    expect(second.number).not.toBe(first.number)
    expect(await s.sessions()).toMatchObject([
      { state: 'closed', energy_wh: 4_000, ended_at: at(20) },
      { state: 'active', id_token: 'OTHER' },
    ])
    // The real stop of the first one still counts when it comes.
    await s.sink.record(ended(first.number, { time: time(40), registerWh: 6_000 }))
    expect(await s.sessions()).toMatchObject([{ energy_wh: 5_000, ended_at: at(40) }, { state: 'active' }])
  })

  it('T14 T15 a station names its own: out of order, doubled, and the same name again after a boot', async () => {
    const s = await station()
    const event = (phase: 'started' | 'updated' | 'ended', minutes: number, sequence: number, registerWh: number) =>
      s.sink.record({
        kind: 'transaction',
        phase,
        name: { by: 'station', ref: 'tx-1' },
        sequence,
        evse: 1,
        time: time(minutes),
        samples: [sample(minutes, registerWh)],
        offline: false,
        ...(phase === 'started' ? { token: { value: 'CARD', kind: 'iso14443' } } : {}),
        ...(phase === 'updated' ? { chargingState: 'charging' as const } : {}),
      })
    await event('ended', 60, 3, 9_000)
    await event('updated', 30, 2, 5_000)
    await event('started', 0, 1, 1_000)
    await event('updated', 30, 2, 5_000)
    expect(await s.transactions()).toMatchObject([{ started_at: at(0), ended_at: at(60), energy_wh: 8_000, flags: [] }])
    expect(await s.sessions()).toMatchObject([{ energy_wh: 8_000, id_token: 'CARD' }])
    await event('started', 200, 1, 9_000)
    await event('ended', 230, 2, 12_000)
    expect(await s.transactions()).toHaveLength(2)
    expect(await s.sessions()).toMatchObject([{ energy_wh: 8_000 }, { energy_wh: 3_000 }])
  })

  it('T4 T5 meter values without a name, or before their start, still count', async () => {
    const s = await station()
    await s.sink.record({ kind: 'meter', evse: 1, samples: [sample(20, 5_000)] })
    const { number } = await s.sink.record(started({ time: time(0), registerWh: 1_000 }))
    await s.sink.record({ kind: 'meter', evse: 1, samples: [sample(40, 8_000)] })
    await s.sink.record(ended(number, { registerWh: -1 }))
    expect(await s.sessions()).toMatchObject([{ energy_wh: 7_000, flags: ['meter_stop_missing'] }])
  })

  it('T9 a free connector closes a transaction whose stop never came, and a late stop replaces the guess', async () => {
    const s = await station()
    await s.status(0, 'preparing')
    const { number } = await s.sink.record(started({ time: time(1) }))
    await s.sink.record({ kind: 'meter', evse: 1, name: { by: 'hub', number }, samples: [sample(30, 6_000)] })
    await s.status(50, 'available')
    const timer = await database.db
      .selectFrom('timer')
      .selectAll()
      .where('kind', '=', 'charger.orphan')
      .executeTakeFirstOrThrow()
    await hub.gateway.closeOrphan(timer.data as Parameters<typeof hub.gateway.closeOrphan>[0])
    expect(await s.sessions()).toMatchObject([{ state: 'closed', energy_wh: 5_000, flags: ['orphan_closed'] }])
    await s.sink.record(ended(number, { time: time(49), registerWh: 7_000 }))
    expect(await s.sessions()).toMatchObject([{ state: 'closed', energy_wh: 6_000, ended_at: at(49), flags: [] }])
  })

  it('T9 a transaction is closed as forgotten however much has been forgotten in memory since', async () => {
    const s = await station()
    await s.status(0, 'preparing')
    await s.sink.record(started({ time: time(1) }))
    for (let minute = 2; minute < 82; minute++)
      await s.status(minute, minute % 2 === 0 ? 'charging' : 'suspended_vehicle')
    await s.status(90, 'available')
    await s.sink.close('the network was gone')
    const timer = (
      await database.db.selectFrom('timer').selectAll().where('kind', '=', 'charger.orphan').execute()
    ).find(({ data }) => (data as { stationId: string }).stationId === s.stationId)
    await hub.gateway.closeOrphan(timer?.data as Parameters<typeof hub.gateway.closeOrphan>[0])
    expect(await s.transactions()).toMatchObject([{ state: 'ended', stop_reason: 'stop_missing' }])
    expect(await s.sessions()).toMatchObject([{ state: 'closed', started_at: at(1), flags: ['orphan_closed'] }])
  })

  it('M18 the meter of the whole station never reaches a session', async () => {
    const s = await station()
    const { number } = await s.sink.record(started())
    await s.sink.record({ kind: 'meter', evse: 0, samples: [sample(20, 999_000)] })
    await s.sink.record(ended(number))
    expect(await s.sessions()).toMatchObject([{ energy_wh: 10_000 }])
  })
})

describe('epochs', () => {
  it('W11 W12 the newest socket wins and nothing of the older one is written any more', async () => {
    const s = await station()
    let displaced = ''
    const first = await hub.connect(s.code, { displaced: (reason) => (displaced = reason) })
    const second = await hub.connect(s.code)
    expect(displaced).not.toBe('')
    expect(second.epoch).toBeGreaterThan(first.epoch)
    await expect(first.record(started())).rejects.toMatchObject({ code: 'stale_epoch' })
    await first.close('late close of the older socket')
    expect(await second.record(started())).toMatchObject({ number: 1 })
    expect(hub.gateway.connected()).toBeGreaterThan(0)
  })

  it('says when the socket of a station went, and nothing of a newer one', async () => {
    const s = await station()
    const gone = async () =>
      (
        await database.db
          .selectFrom('station_link')
          .select('disconnected_at')
          .where('station_id', '=', s.stationId)
          .executeTakeFirstOrThrow()
      ).disconnected_at
    const second = await hub.connect(s.code)
    await s.sink.close('the older socket closes late')
    expect(await gone()).toBeNull()
    await second.close('the cable was pulled')
    expect(await gone()).toBeInstanceOf(Date)
  })

  it('fences a node that has lost the station to another one', async () => {
    const s = await station()
    await database.ownerPool.query('update station_link set epoch = epoch + 1 where station_id = $1', [s.stationId])
    await expect(s.sink.record(started())).rejects.toMatchObject({ code: 'stale_epoch' })
    expect(await s.transactions()).toEqual([])
  })
})

describe('the door', () => {
  it('lists an unknown station as pending and keeps its password', async () => {
    const ask = (password: string) =>
      hub.gateway.port.admit({
        identity: 'Never-Seen',
        password: Buffer.from(password),
        userName: 'x',
        remoteAddress: '127.0.0.1',
        secure: false,
      })
    expect(await ask('first')).toMatchObject({
      kind: 'admitted',
      station: { admission: 'pending', code: 'Never-Seen' },
    })
    expect(await ask('second')).toMatchObject({ kind: 'unauthorized' })
    expect(await ask('first')).toMatchObject({ kind: 'admitted' })
  })

  it('W6 X1 matches the identity without case and the password as text or as the bytes it spells', async () => {
    await hub.addStation('Hexed')
    const secret = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'
    const { hashSecret } = await import('./charger-harness.ts')
    await database.ownerPool.query(`update station set secret_hash = $1 where code = 'Hexed'`, [
      hashSecret(Buffer.from(secret)),
    ])
    const ask = (password: Buffer | null) =>
      hub.gateway.port.admit({ identity: 'HEXED', password, userName: null, remoteAddress: '127.0.0.1', secure: true })
    expect(await ask(Buffer.from(secret))).toMatchObject({ kind: 'admitted', station: { code: 'Hexed' } })
    expect(await ask(Buffer.from(secret, 'hex'))).toMatchObject({ kind: 'admitted' })
    expect(await ask(Buffer.from('wrong'))).toMatchObject({ kind: 'unauthorized' })
    expect(await ask(null)).toMatchObject({ kind: 'unauthorized' })
  })
})
