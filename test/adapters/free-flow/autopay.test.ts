// Owns the proof of the Autopay plugin against a simulated Autopay: what comes in any order is one stay and one price, and nothing is
// claimed or changed twice that cannot be.
// Must not test the derivation of stays; the domain's tests do.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import autopayPlugin from '../../../adapters/free-flow/autopay/index.ts'
import type { AnyPlugin, ParkingAction } from '../../../core/plugin/index.ts'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type Autopay, autopaySecret, inboundSecret, openAutopay } from '../../sim/free-flow/autopay.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'
import { holdLink } from './hold-link.ts'

let database: TestDatabase
let line: OpenConnection
let autopay: Autopay
const held = holdLink(autopayPlugin as AnyPlugin)

const areaCodes = { Z1: 'area1' }
async function open(config: object = {}) {
  const base = { baseUrl: autopay.url, tokenUrl: `${autopay.url}/oauth/token`, clientId: 'hub', areaCodes }
  line = await openConnection(database, held.plugin, {
    config: { ...base, ...config },
    secrets: { inbound: inboundSecret, clientSecret: autopaySecret },
  })
}
beforeEach(async () => {
  database = await createTestDatabase()
  autopay = await openAutopay()
})
afterEach(async () => {
  await line.stop()
  await autopay.close()
  await database.drop()
})

const tell = async (path: string, body: unknown) => {
  const answer = await autopay.tell(`${line.url}/${path}`, body)
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
const stay = async () => (await staysOf(line.garage))[0]
const signal = new AbortController().signal
function action(kind: 'stay.product' | 'stay.confirm', stayRef: string | null, more: object = {}): ParkingAction {
  const target = { stayId: 's', stayRef, credentials: [], enteredAt: null, exitedAt: null }
  const data =
    kind === 'stay.product'
      ? { ...target, product: 'charging', reason: 'charging' }
      : { ...target, amountMinor: 500, currency: 'USD', paidAt: new Date(0), authorisation: 'B-1' }
  return { id: 'a1', kind, attempt: 1, askedAt: new Date(0), data: { ...data, ...more } } as ParkingAction
}
const act = (one: ParkingAction) => held.link().act?.(one, signal)
const ask = (one: ParkingAction) => held.link().askOutcome?.(one, signal)

describe('what Autopay tells', () => {
  test('an entry, doubled and corrected with the same event_id, is one stay; the old plate, coming late, changes nothing', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    const wrong = autopay.entry({ ...parking, plate: 'EV12346' })
    const right = autopay.entry(parking)
    expect((await tell('entry', wrong)).body).toMatchObject({ status: 'stored', revision: 1 })
    expect((await tell('entry', wrong)).body).toMatchObject({ status: 'duplicate', revision: 1 })
    expect((await tell('entry', right)).body).toMatchObject({ status: 'stored', revision: 2 })
    const late = await tell('entry', wrong)
    expect(late).toMatchObject({ status: 200, body: { status: 'duplicate', revision: 1, standing: 2 } })
    expect(late.body.reason).toMatch(/replaced it and stands/)
    expect(await staysOf(line.garage)).toMatchObject([
      { stay_ref: 'p1', state: 'open', plate: 'EV12345', entry_lane: 'Z1' },
    ])
  })

  test('the end closes the stay with a price that the hub may bill; twice is once', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking))
    const ended = autopay.ended(parking, '12.50')
    expect((await tell('ended', ended)).status).toBe(200)
    expect((await tell('ended', ended)).body).toMatchObject({ status: 'duplicate' })
    expect(await stay()).toMatchObject({
      state: 'closed',
      price: { amountMinor: 1250, taxMinor: 250, currency: 'USD', final: true, priceRef: 'p1' },
    })
  })

  test('the end may come before the entry', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    await tell('ended', autopay.ended(parking, '3'))
    expect(await stay()).toMatchObject({ state: 'exit_only' })
    await tell('entry', autopay.entry(parking))
    expect(await stay()).toMatchObject({ state: 'closed', plate: 'EV12345', price: { amountMinor: 300 } })
  })

  test('a cancellation takes the price away, before or after the end, and the stay keeps the better end', async () => {
    await open()
    for (const [id, order] of [
      ['p1', ['ended', 'cancelled']],
      ['p2', ['cancelled', 'ended']],
    ] as const) {
      const parking = autopay.add(id, `EV-${id}`)
      await tell('entry', autopay.entry(parking))
      const body = { ended: autopay.ended(parking, '9'), cancelled: { parking_id: id, reference: 'x' } }
      for (const path of order) expect((await tell(path, body[path])).status).toBe(200)
      line.garage.clock.advance(60_000)
      expect((await tell('cancelled', body.cancelled)).body).toMatchObject({ status: 'duplicate' })
    }
    const [first, second] = await staysOf(line.garage)
    for (const one of [first, second])
      expect(one).toMatchObject({ state: 'closed', price: { amountMinor: 0, final: true } })
    expect(second?.exited_at).toEqual(first?.exited_at)
    expect(first?.exited_at?.toISOString()).toBe('2019-03-10T11:55:00.000Z')
  })

  test('a cancellation alone ends the stay: Autopay does not follow it any more', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking))
    await tell('cancelled', { parking_id: 'p1', reference: null })
    expect(await stay()).toMatchObject({ state: 'closed', price: { amountMinor: 0 } })
  })

  test('a zone of another site is answered and left out', async () => {
    await open({ zones: ['Z2'] })
    expect((await tell('entry', autopay.entry(autopay.add('p1', 'EV1')))).body).toMatchObject({ status: 'left_out' })
    expect(await staysOf(line.garage)).toEqual([])
  })

  test('an outage of the hub costs nothing: what is repeated until it is taken is told once', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    const working = line.url
    await line.hub.host.connections.disable(line.hub.access, line.garage.connectionId)
    await line.hub.host.settled()
    expect(await autopay.deliver(`${working}/entry`, autopay.entry(parking), 3)).toBe(3)
    await line.hub.host.connections.enable(line.hub.access, line.garage.connectionId)
    await line.hub.host.settled()
    expect(await autopay.deliver(`${working}/entry`, autopay.entry(parking))).toBe(1)
    expect(await staysOf(line.garage)).toHaveLength(1)
  })
})

describe('the caller', () => {
  test('is known by bearer, basic, the bare value or X-API-Key, and by nothing else', async () => {
    await open()
    const body = JSON.stringify(autopay.entry(autopay.add('p1', 'EV1')))
    const post = async (headers: Record<string, string>) =>
      (await fetch(`${line.url}/entry`, { method: 'POST', body, headers })).status
    const basic = Buffer.from(`autopay:${inboundSecret}`).toString('base64')
    expect(await post({ authorization: `Bearer ${inboundSecret}` })).toBe(200)
    expect(await post({ authorization: `Basic ${basic}` })).toBe(200)
    expect(await post({ authorization: inboundSecret })).toBe(200)
    expect(await post({ 'x-api-key': inboundSecret })).toBe(200)
    for (const headers of [{}, { authorization: 'Bearer no' }, { 'x-api-key': '' }, { 'x-key': inboundSecret }])
      expect(await post(headers as Record<string, string>)).toBe(401)
  })
})

describe('what cannot be read is refused with its place', () => {
  const entry = (more: object) => autopay.entry(autopay.add('p1', 'EV1'), more)
  test.each<[string, string, () => unknown, string]>([
    ['an entry without its id', 'entry', () => entry({ event_id: undefined }), '/event_id'],
    ['an entry of no parking', 'entry', () => entry({ parking_id: null, parking_session_id: null }), '/parking_id'],
    ['an entry without a plate', 'entry', () => entry({ plate: null }), '/plate/plate_number'],
    ['a plate that is a list', 'entry', () => entry({ plate: { plate_number: ['A'] } }), '/plate/plate_number'],
    [
      'a country of three letters',
      'entry',
      () => entry({ plate: { plate_number: 'A', country_alpha2_code: 'NOR' } }),
      '/plate/country_alpha2_code',
    ],
    ['a local time', 'entry', () => entry({ time_in_utc: '2019-03-10 11:00:00' }), '/time_in_utc'],
    ['an end without a cost', 'ended', () => ({ parking_id: 'p', end_time: '2019-03-10T11:00:00Z' }), '/cost/currency'],
    [
      'a cost in words',
      'ended',
      () => autopay.ended(autopay.add('p1', 'E'), '1', { cost: { currency: 'USD', gross_amount: 'one' } }),
      '/cost/gross_amount',
    ],
    ['a cancellation of nothing', 'cancelled', () => ({}), '/parking_id'],
    ['a list', 'cancelled', () => [], '/parking_id'],
  ])('%s', async (_, path, body, pointer) => {
    await open()
    const answer = await tell(path, body())
    expect(answer.status).toBe(422)
    expect((answer.body.errors as { pointer: string }[]).map((one) => one.pointer)).toContain(pointer)
    expect(await staysOf(line.garage)).toEqual([])
  })
})

describe('the product of a running stay', () => {
  const entered = async () => {
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking))
    return parking
  }
  test('is put; a token that is no longer taken is renewed once', async () => {
    await open()
    const parking = await entered()
    expect(await act(action('stay.product', 'p1'))).toEqual({ kind: 'done', reference: 'charging' })
    expect(parking.product).toBe('charging')
    autopay.forgetTokens()
    expect(await act(action('stay.product', 'p1', { product: 'usual' }))).toMatchObject({ kind: 'done' })
    expect(parking.product).toBe('usual')
    expect(autopay.tokensGiven).toBe(2)
  })

  test('is refused with Autopay’s words, and for a stay that it does not know', async () => {
    await open()
    await entered()
    expect(await act(action('stay.product', 'p1', { product: 'gold' }))).toMatchObject({
      kind: 'refused',
      reason: /product_not_found/,
    })
    expect(await act(action('stay.product', 'p9'))).toMatchObject({ kind: 'refused', code: 'unknown_parking' })
    expect(await act(action('stay.product', null))).toMatchObject({ kind: 'refused' })
  })

  test('whose answer was lost is unknown, and may be put again', async () => {
    await open()
    const parking = await entered()
    autopay.faults.push('after')
    expect(await act(action('stay.product', 'p1'))).toMatchObject({ kind: 'unknown' })
    expect(parking.product).toBe('charging')
    expect(await ask(action('stay.product', 'p1'))).toMatchObject({ kind: 'unknown' })
    expect(held.link().actions?.['stay.product']).toEqual({ repeatable: true })
    expect(await act(action('stay.product', 'p1'))).toMatchObject({ kind: 'done' })
    expect(await ask(action('stay.product', 'p1'))).toMatchObject({ kind: 'done' })
  })

  test.each([
    [{ status: 500, body: '{"error_id":"internal_server_error","message":"x"}' }, 'unknown'],
    [{ status: 503 }, 'later'],
    [{ status: 403, body: '{"error_id":"forbidden","message":"x"}' }, 'later'],
    [{ status: 400, body: '{"error_id":"server_communication_error","message":"downstream"}' }, 'unknown'],
    [{ status: 400, body: '{"error_id":"query_limit_error","message":"Too many queries"}' }, 'later'],
    [{ status: 502, body: '<html>' }, 'unknown'],
    [{ status: 302 }, 'unknown'],
  ])('%o means %s', async (fault, kind) => {
    await open()
    await entered()
    autopay.faults.push(fault)
    expect(await act(action('stay.product', 'p1'))).toMatchObject({ kind })
  })

  test('that cannot be sent is for later', async () => {
    const gone = await openAutopay()
    await gone.close()
    await open({ baseUrl: gone.url })
    await entered()
    expect(await act(action('stay.product', 'p1'))).toMatchObject({ kind: 'later' })
  })
})

describe('the claim of a parking', () => {
  const claims = () => autopay.calls.filter((call) => call.endsWith('connect_parking')).length
  test('of every entry is sent once, and its callback finds the stay by the hub’s reference', async () => {
    await open({ claim: 'all' })
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking))
    await eventually(() => parking.claimedBy !== null, 'the claim')
    await tell('entry', autopay.entry(parking))
    await tell('ended', autopay.ended(parking, '5', { parking_id: 'another-name-of-p1' }))
    expect(await stay()).toMatchObject({ stay_ref: 'p1', state: 'closed', price: { amountMinor: 500 } })
    expect(await act(action('stay.confirm', 'p1'))).toEqual({ kind: 'done', reference: parking.claimedBy })
    expect(claims()).toBe(1)
  })

  test('whose answer was lost is unknown until the callback tells', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking))
    autopay.faults.push('after')
    expect(await act(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'unknown' })
    const asked = claims()
    expect(await ask(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'unknown' })
    expect(claims()).toBe(asked)
    // Repeated, it carries the same reference, and "already registered" is no proof of whose claim stands.
    expect(await act(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'unknown', reason: /already registered/ })
    await tell('ended', autopay.ended(parking, '5'))
    expect(await ask(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'done', reference: parking.claimedBy })
    expect(await stay()).toMatchObject({ price: { amountMinor: 500 } })
  })

  test('that never arrived is made by the repeat, under the same reference', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking))
    autopay.faults.push('before')
    expect(await act(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'unknown' })
    const done = await act(action('stay.confirm', 'p1'))
    expect(done).toEqual({ kind: 'done', reference: parking.claimedBy })
  })

  test('that another provider holds is refused', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    parking.claimedBy = 'somebody else'
    await tell('entry', autopay.entry(parking))
    expect(await act(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'refused', reason: /already registered/ })
    expect(await ask(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'refused' })
  })

  test('of a plate without a country, and of nothing to pay, is no call', async () => {
    await open()
    const parking = autopay.add('p1', 'EV12345')
    await tell('entry', autopay.entry(parking, { plate: { plate_number: 'EV12345' } }))
    expect(await act(action('stay.confirm', 'p1'))).toMatchObject({ kind: 'refused', code: 'not_enough' })
    expect(await act(action('stay.confirm', 'p1', { amountMinor: 0 }))).toEqual({ kind: 'done' })
    expect(claims()).toBe(0)
  })
})

describe('the zones', () => {
  const counts = () =>
    line.garage.db.selectFrom('parking_fact').select('data').where('type', '=', 'occupancy.changed').execute()
  test('are told when a number has changed; what cannot be read is seen in the health', async () => {
    await open({ occupancyZones: ['Z1'] })
    const run = async () => {
      await held.run('tell')
      return held.link().health?.()
    }
    expect(await run()).toEqual({ state: 'ok' })
    autopay.now = '2019-03-10T12:01:00.000Z'
    await run()
    expect(await counts()).toMatchObject([{ data: { counter: 'Z1', free: 40, occupied: 10 } }])
    autopay.now = '2019-03-10T12:02:00.000Z'
    autopay.status.available_spaces = 39
    await run()
    expect(await counts()).toHaveLength(2)
    autopay.faults.push({ status: 400, body: '{"error_id":"zone_not_found_error","message":"no"}' })
    expect(await run()).toMatchObject({ state: 'degraded', reason: /zone_not_found_error/ })
    autopay.faults.push({ status: 200, body: '{"timestamp":"yesterday"}' })
    expect(await run()).toMatchObject({ state: 'degraded', reason: /timestamp/ })
    expect(await run()).toEqual({ state: 'ok' })
  })
})

describe('the connection check', () => {
  const check = (secret: string, url = autopay.url) =>
    autopayPlugin.check?.(
      { clientId: 'hub', baseUrl: url, tokenUrl: `${url}/oauth/token` },
      {
        signal,
        fetch,
        clock: manualClock(new Date(0)),
        secret: async (name) => (name === 'inbound' ? inboundSecret : secret),
      },
    )
  test('passes, and says in words what is wrong', async () => {
    await open()
    await check(autopaySecret)
    await expect(check('another')).rejects.toThrow(/client id or secret are wrong/)
    await expect(check(autopaySecret, 'http://127.0.0.1:9')).rejects.toThrow(/could not be asked/)
    autopay.faults.push({ status: 500 })
    await expect(check(autopaySecret)).rejects.toThrow(/answered 500/)
  })
})
