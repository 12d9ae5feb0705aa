// Owns the proof of the event socket: every event told once and whole, whatever is dropped, doubled, late, broken or away.
// Must not test what a stay is; the hub's own tests do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type MobileService, openMobileService } from '../../sim/skidata/mobile-service.ts'
import { type OpenMobile, openMobile } from './open-mobile.ts'

let database: TestDatabase
let service: MobileService
let mobile: OpenMobile

beforeEach(async () => {
  database = await createTestDatabase()
  service = await openMobileService()
  mobile = await openMobile(database, service)
  await eventually(() => service.sockets === 1, 'the event socket')
})
afterEach(async () => {
  await mobile.stop()
  await service.close()
  await database.drop()
})

const ticket = (no: string, type = 4) => ({
  FacilityNo: 1,
  CarparkNo: 2,
  TicketNo: no,
  TicketType: type,
  ReferenceNo: 'R',
})
const started = (id: string, no: string, at: string, more: object = {}) => ({
  ...ticket(no),
  StartTime: at,
  EventID: id,
  ...more,
})
const completed = (id: string, no: string, at: string, more: object = {}) => ({
  ...ticket(no),
  CompletionTime: at,
  RateNo: 3,
  ParkingDuration: 60,
  Amount: 5.1,
  EventID: id,
  ...more,
})
const told = async () => {
  const { rows } = await database.pool.query('select vendor_event_id as id from parking_fact order by received_at, 1')
  return rows.map(({ id }) => id as string)
}
const until = (count: number) => eventually(async () => (await told()).length >= count, `${count} facts`)
const inbox = async () =>
  (await database.pool.query('select event_id, revision, state, reason from plugin_skidata_mobile.inbox order by 1, 2'))
    .rows
const reopened = async (before: number) => {
  await eventually(() => {
    mobile.garage.clock.advance(1_000)
    return service.sockets > before
  }, 'the socket again')
}

describe('events of the MobileAPI', () => {
  test('become one stay with the price that the hub bills', async () => {
    service.tell(started('E1', 'WOB AB 1', '2019-03-10T10:00:00Z'))
    service.tell(completed('E2', 'WOB AB 1', '2019-03-10T11:00:00.1234567+00:00'))
    await until(3)
    expect(await staysOf(mobile.garage)).toMatchObject([
      {
        stay_ref: 'E1',
        state: 'closed',
        entered_at: new Date('2019-03-10T10:00:00Z'),
        exited_at: new Date('2019-03-10T11:00:00.123Z'),
      },
    ])
    const { rows } = await database.pool.query("select data from parking_fact where type = 'stay.priced'")
    expect(rows).toMatchObject([
      { data: { amountMinor: 510, currency: 'USD', final: true, priceRef: 'E2', rate: '3', durationMinutes: 60 } },
    ])
    expect(await mobile.link().health?.()).toEqual({ state: 'ok' })
  })

  test('ten that were queued while the socket was down come once, the one seen before included', async () => {
    service.tell(started('E0', 'P0', '2019-03-10T10:00:00Z'))
    await until(1)
    service.drop()
    service.tell(started('E0', 'P0', '2019-03-10T10:00:00Z'))
    for (let i = 1; i < 10; i++) service.tell(started(`E${i}`, `P${i}`, `2019-03-10T10:0${i}:00Z`))
    await reopened(1)
    await until(10)
    expect((await told()).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `started/E${i}`))
    expect(await staysOf(mobile.garage)).toHaveLength(10)
  })

  test('an end before its beginning, and a second visit of the same plate, find their own stays', async () => {
    service.tell(completed('E2', 'P', '2019-03-10T09:00:00Z'))
    service.tell(started('E3', 'P', '2019-03-10T09:30:00Z'))
    service.tell(started('E1', 'P', '2019-03-10T08:00:20Z'))
    service.tell(completed('E4', 'P', '2019-03-10T10:30:00Z'))
    await until(6)
    const stays = await staysOf(mobile.garage)
    expect(
      stays
        .map(({ entered_at, exited_at, state }) => [entered_at?.toISOString(), exited_at?.toISOString(), state])
        .sort(),
    ).toEqual([
      ['2019-03-10T08:00:20.000Z', '2019-03-10T09:00:00.000Z', 'closed'],
      ['2019-03-10T09:30:00.000Z', '2019-03-10T10:30:00.000Z', 'closed'],
    ])
  })

  test('the same EventID with another content corrects, and what came before it is a repeat', async () => {
    const first = started('E1', 'P', '2019-03-10T10:00:00Z')
    service.tell(first)
    service.tell(started('E1', 'P', '2019-03-10T10:05:00Z'))
    service.tell(first)
    await until(2)
    service.tell(started('E9', 'Q', '2019-03-10T10:05:00Z'))
    await until(3)
    expect(await staysOf(mobile.garage)).toMatchObject([
      { stay_ref: 'E1', entered_at: new Date('2019-03-10T10:05:00Z') },
      { stay_ref: 'E9' },
    ])
    expect(await inbox()).toMatchObject([{ revision: 1 }, { revision: 2 }, { event_id: 'e:E9' }])
  })

  test('hostile and foreign ones are kept for a person, and the next one is taken', async () => {
    const hostile = [
      'no json',
      '[',
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      'null',
      '7',
      '"text"',
      '{}',
      '[1, null]',
      JSON.stringify(started('', 'P', '2019-03-10T10:00:00Z')),
      JSON.stringify(started('H1', 'P', '0001-01-01T00:00:00Z')),
      JSON.stringify(started('H2', 'P', 'yesterday')),
      JSON.stringify(started('H3', 'P\u0000', '2019-03-10T10:00:00Z')),
      JSON.stringify(started('H\ud800', 'P', '2019-03-10T10:00:00Z')),
      JSON.stringify(started('H4', 'P', '2019-03-10T10:00:00Z', { TicketType: 9 })),
      JSON.stringify(started('H5', 'P', '2019-03-10T10:00:00Z', { FacilityNo: 99 })),
      JSON.stringify(started('H6', 'P', '2999-03-10T10:00:00Z')),
      JSON.stringify({ ...started('H7', 'P', '2019-03-10T10:00:00Z'), __proto__: { x: 1 }, EventID: { a: 1 } }),
      'x'.repeat(50_000),
    ]
    for (const text of hostile) service.say(text)
    for (const text of hostile) service.say(text)
    service.tell(started('E1', 'P', '2019-03-10T10:00:00Z'))
    await until(1)
    expect(await told()).toEqual(['started/E1'])
    expect((await inbox()).filter(({ state }) => state === 'unfit').length).toBeGreaterThanOrEqual(15)
    expect(await mobile.link().health?.()).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('messages'),
    })
    expect(service.sockets).toBe(1)
  })

  test('an amount that is none leaves the price to a person and the passage told', async () => {
    service.tell(completed('E2', 'P', '2019-03-10T11:00:00Z', { Amount: '1.2345' }))
    await until(1)
    await eventually(async () => (await inbox())[0]?.state === 'unfit', 'the reason')
    expect(await told()).toEqual(['completed/E2'])
    expect(await inbox()).toMatchObject([{ reason: expect.stringContaining('/Amount') }])
  })

  test('what was kept and not told is told after the hub was stopped in between', async () => {
    service.tell(started('E1', 'P', '2019-03-10T10:00:00Z'))
    await until(1)
    // As a hub leaves it that was killed after keeping and before telling.
    await database.pool.query("update plugin_skidata_mobile.inbox set state = 'new'")
    await database.pool.query(
      `insert into plugin_skidata_mobile.inbox values ($1, 'e:E2', 1, $2, now(), 'new', null)`,
      [mobile.connectionId, JSON.stringify(completed('E2', 'P', '2019-03-10T11:00:00Z'))],
    )
    await mobile.run('tell')
    expect((await told()).sort()).toEqual(['completed/E2', 'price/E2', 'started/E1'])
    expect(await staysOf(mobile.garage)).toMatchObject([{ stay_ref: 'E1', state: 'closed' }])
    expect((await inbox()).map(({ state }) => state)).toEqual(['told', 'told'])
  })

  test('a silent socket is left, one that is refused is tried again with growing pauses', async () => {
    service.listening = false
    service.drop()
    await eventually(async () => (await mobile.link().health?.())?.state === 'degraded', 'the trouble')
    expect((await mobile.link().health?.())?.reason).toContain('event socket')
    service.listening = true
    await reopened(1)
    await eventually(async () => (await mobile.link().health?.())?.state === 'ok', 'the end of it')
  })
})

describe('gaps', () => {
  const inside = (no: string, at: string) => ({
    ...ticket(no),
    EntryTime: at,
    Price: 3.5,
    PaidUntil: at,
    RateEndTime: '2019-03-10T14:00:00Z',
  })

  test('an entry that no event told of is found, and is the same stay when its event comes after all', async () => {
    const validUntil = new Date('2019-12-31T00:00:00Z')
    await database.pool.query('insert into plugin_skidata_mobile.identifier values ($1, 4, $2, $3, null)', [
      mobile.connectionId,
      'P1',
      validUntil.toISOString(),
    ])
    service.inside.set('P1', inside('P1', '2019-03-10T10:00:00Z'))
    for (let time = 0; time < 2; time++) await mobile.run('sweep')
    expect(await told()).toEqual(['found/found:4:P1:2019-03-10T10:00:00.000Z'])
    service.tell(started('E1', 'P1', '2019-03-10T10:00:09Z'))
    service.tell(completed('E2', 'P1', '2019-03-10T11:00:00Z'))
    await until(4)
    expect(await staysOf(mobile.garage)).toMatchObject([{ state: 'closed' }])
  })

  test('a stay that the service forgot is shown to a person, and closed when its end comes late', async () => {
    service.tell(started('E1', 'P1', '2019-03-10T10:00:00Z'))
    await until(1)
    await mobile.run('sweep')
    expect((await mobile.link().health?.())?.reason).toContain('1 stays are no longer known')
    expect(await staysOf(mobile.garage)).toMatchObject([{ state: 'open' }])
    service.tell(completed('E2', 'P1', '2019-03-10T11:00:00Z'))
    await until(3)
    expect(await staysOf(mobile.garage)).toMatchObject([{ stay_ref: 'E1', state: 'closed' }])
    expect(await mobile.link().health?.()).toEqual({ state: 'ok' })
  })

  test('are not asked on when the service is away', async () => {
    for (let i = 0; i < 5; i++) {
      const at = `2019-03-10T10:0${i}:00Z`
      service.inside.set(`P${i}`, inside(`P${i}`, at))
      service.tell(started(`E${i}`, `P${i}`, at))
    }
    await until(5)
    // The socket has been opened, which begins one by itself: it may still be under way.
    await mobile.run('sweep')
    const asked = () => service.calls.filter(({ path }) => path === 'CalculateRate').length
    const before = asked()
    service.fail.push({ call: 'CalculateRate', status: 503 })
    await mobile.run('sweep')
    expect(asked() - before).toBe(1)
    expect((await mobile.link().health?.())?.state).toBe('ok')
  })
})

test('a service that wants the key of its socket in a header gets it there', async () => {
  await mobile.stop()
  service.drop()
  service.keyHeader = 'x-api-key'
  mobile = await openMobile(database, service, { socketKeyIn: 'header', socketKeyName: 'X-API-Key' })
  await eventually(() => service.sockets === 2, 'the event socket')
  service.tell(started('H1', 'AB 1', '2019-03-10T07:30:00Z'))
  await eventually(async () => (await staysOf(mobile.garage)).length === 1, 'the stay')
})
