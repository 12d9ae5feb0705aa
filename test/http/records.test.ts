// Owns the behaviour of derived records through the API: sessions, stays, links, reviews, bills, payments, journal.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateBill } from '../../core/services/billing/evaluate-bill.ts'
import { recordParkingFacts } from '../../core/services/parking/record-parking-facts.ts'
import tariffStandard, { standardEngine } from '../../plugins/tariff-standard/index.ts'
import { eventually } from '../setup/eventually.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let stationId: string
const connectionId = '0195f3b2-6c00-7000-8000-00000000c0de'

beforeAll(async () => {
  hub = await startHubApi({ plugins: [tariffStandard] })
  const post = async (path: string, body: Json): Promise<Json> => {
    const answer = await hub.call('POST', path, { body })
    expect([path, answer.status, answer.status === 201 ? '' : answer.body]).toEqual([path, 201, ''])
    return answer.body
  }
  siteId = (
    await post('/sites', {
      code: 'P1',
      timeZone: 'Europe/Berlin',
      currency: 'EUR',
      settings: { settle_delay_minutes: 0, link_window_minutes: 0 },
    })
  ).siteId
  stationId = (await post('/stations', { siteId, code: 'CP-1' })).stationId
  const rules = {
    parking: { bands: [{ everyMinutes: 60, price: '2.00' }] },
    charging: { energy: { price: '0.50' } },
  }
  for (const scope of ['parking', 'charging'] as const) {
    const tariff = await post('/tariffs', {
      code: scope,
      scope,
      currency: 'EUR',
      rules: { scope, tax: { code: 'VAT', percent: '19', included: true }, ...rules[scope] },
      validFrom: '2026-01-01T00:00:00Z',
    })
    await post('/tariff-assignments', { siteId, tariffId: tariff.tariffId })
  }
})
afterAll(() => hub.close())

const record = () => recordParkingFacts(hub.service)({ organizationId: hub.organizationId, siteId, connectionId })

async function park(ref: string, plate: string, from: string, to: string | null): Promise<string> {
  const passed = (id: string, direction: 'entry' | 'exit', at: string) => ({
    id,
    revision: 1,
    type: 'gate.passed' as const,
    occurredAt: new Date(at),
    backfilled: false,
    stayRef: ref,
    lane: 'E1',
    data: { direction, credentials: [{ kind: 'plate' as const, value: plate, country: 'DE' }] },
  })
  const facts = [passed(`${ref}-in`, 'entry', from), ...(to === null ? [] : [passed(`${ref}-out`, 'exit', to)])]
  expect((await record()(facts)).map((one) => one.status)).toEqual(facts.map(() => 'stored'))
  const { items } = (await hub.call('GET', `/stays?plate=${plate}`)).body
  return items[0].stayId
}

async function charge(from: string, to: string | null, energyWh: number): Promise<string> {
  const sessionId = hub.service.newId()
  const periods =
    to === null
      ? []
      : [{ from: new Date(from).toISOString(), to: new Date(to).toISOString(), state: 'charging', energyWh }]
  await hub.database.pool.query(
    `insert into charging_session (organization_id, site_id, session_id, station_id, evse_number, state, plugged_at, started_at, ended_at, unplugged_at,
       energy_wh, periods, registers, facts_at, created_at, updated_at)
     values ($1, $2, $3, $4, 1, $5, $6, $6, $7, $7, $8, $9, $10, $6, $6, $6)`,
    [
      hub.organizationId,
      siteId,
      sessionId,
      stationId,
      to === null ? 'active' : 'closed',
      from,
      to,
      energyWh,
      JSON.stringify(periods),
      JSON.stringify([
        [from, 1000],
        [to ?? from, 1000 + energyWh],
      ]),
    ],
  )
  return sessionId
}

describe('sessions', () => {
  test('are listed newest first, by state, time and station', async () => {
    const [a, b] = [
      await charge('2026-03-09T07:00:00Z', '2026-03-09T08:00:00Z', 5000),
      await charge('2026-03-09T09:00:00Z', null, 100),
    ]
    const ids = async (query: string) =>
      (await hub.call('GET', `/charging-sessions?${query}`)).body.items.map((one: Json) => one.sessionId)
    expect(await ids('')).toEqual([b, a])
    expect(await ids('sort=pluggedAt')).toEqual([a, b])
    expect(await ids('state=active')).toEqual([b])
    expect(await ids('from=2026-03-09T09:00:00%2B01:00&to=2026-03-09T09:00:00Z')).toEqual([])
    expect(await ids(`stationId=${stationId}&to=2026-03-09T08:00:00Z`)).toEqual([a])
    expect((await hub.call('GET', `/charging-sessions/${a}`)).body).toMatchObject({
      energyWh: 5000,
      registers: [{ at: '2026-03-09T07:00:00Z', registerWh: 1000 }, { registerWh: 6000 }],
      periods: [{ state: 'charging', energyWh: 5000 }],
      stayId: null,
    })
  })

  test('have meter values in the order of time', async () => {
    const sessionId = await charge('2026-03-09T10:00:00Z', '2026-03-09T11:00:00Z', 300)
    const transactionId = hub.service.newId()
    await hub.database.pool.query(
      `insert into ocpp_transaction (organization_id, site_id, station_id, transaction_id, session_id, protocol, number, start_key, evse_number, connector_number, state, started_at, start_received_at)
       values ($1, $2, $3, $4, $5, 'ocpp1.6', 3, 'k3', 1, 1, 'ended', '2026-03-09T10:00:00Z', now())`,
      [hub.organizationId, siteId, stationId, transactionId, sessionId],
    )
    for (let i = 0; i < 5; i++) {
      await hub.database.pool.query(
        `insert into meter_value (organization_id, site_id, station_id, evse_number, at, context, transaction_id, received_at, register_wh, soc)
         values ($1, $2, $3, 1, $4, 'periodic', $5, now(), $6, 54.5)`,
        [hub.organizationId, siteId, stationId, `2026-03-09T10:0${4 - i}:00Z`, transactionId, 1000 + (4 - i) * 10],
      )
    }
    const first = (await hub.call('GET', `/charging-sessions/${sessionId}/meter-values?limit=3`)).body
    const rest = (
      await hub.call('GET', `/charging-sessions/${sessionId}/meter-values?limit=3&cursor=${first.nextCursor}`)
    ).body
    expect([...first.items, ...rest.items].map((one: Json) => one.registerWh)).toEqual([1000, 1010, 1020, 1030, 1040])
    expect(first.items[0]).toMatchObject({ soc: '54.5', transactionId, context: 'periodic' })
    expect((await hub.call('GET', `/charging-sessions/${hub.service.newId()}/meter-values`)).status).toBe(404)
  })
})

describe('stays', () => {
  test('tell where they come from', async () => {
    const stayId = await park('T-1', 'B-AA 1', '2026-03-09T07:00:00Z', '2026-03-09T09:30:00Z')
    expect((await hub.call('GET', `/stays/${stayId}`)).body).toMatchObject({
      stayRef: 'T-1',
      state: 'closed',
      currency: 'EUR',
      paidMinor: 0,
      presentations: [{ kind: 'plate', role: 'entry', lane: 'E1' }, { role: 'exit' }],
      links: [],
    })
    await record()([
      {
        id: 'pay-1',
        revision: 1,
        type: 'payment.captured',
        occurredAt: new Date('2026-03-09T09:20:00Z'),
        backfilled: false,
        stayRef: 'T-1',
        data: { amountMinor: 500, currency: 'EUR', scope: 'parking', method: 'card' },
      },
    ])
    const timeline = (await hub.call('GET', `/stays/${stayId}/timeline`)).body.items
    expect(timeline.map((one: Json) => [one.type, one.occurredAt])).toEqual([
      ['gate.passed', '2026-03-09T07:00:00.000Z'],
      ['payment.captured', '2026-03-09T09:20:00.000Z'],
      ['gate.passed', '2026-03-09T09:30:00.000Z'],
    ])
    const pages = (await hub.call('GET', `/stays/${stayId}/timeline?limit=2`)).body
    expect((await hub.call('GET', `/stays/${stayId}/timeline?cursor=${pages.nextCursor}`)).body.items).toHaveLength(1)
    expect((await hub.call('GET', `/payments?stayId=${stayId}`)).body.items).toMatchObject([
      { kind: 'captured', amountMinor: 500, method: 'card' },
    ])
  })

  test('are found by plate, state and time', async () => {
    const open = await park('T-2', 'B-AA 2', '2026-03-10T06:00:00Z', null)
    const ids = async (query: string) =>
      (await hub.call('GET', `/stays?${query}`)).body.items.map((one: Json) => one.stayId)
    expect(await ids('state=open')).toEqual([open])
    expect(await ids('plate=b%20aa-2')).toEqual([open])
    expect(await ids('from=2026-03-10T00:00:00Z')).toEqual([open])
  })
})

describe('links', () => {
  test('are decided by people, one stay to a session, with their history', async () => {
    const stay = await park('T-3', 'B-AA 3', '2026-03-08T07:00:00Z', '2026-03-08T09:00:00Z')
    const other = await park('T-4', 'B-AA 4', '2026-03-08T07:00:00Z', '2026-03-08T09:00:00Z')
    const sessionId = await charge('2026-03-08T07:10:00Z', '2026-03-08T08:00:00Z', 4000)
    const made = await hub.call('POST', '/links', { body: { stayId: stay, sessionId, reason: 'Seen on the camera.' } })
    expect(made).toMatchObject({
      status: 201,
      body: {
        state: 'linked',
        decidedBy: expect.stringMatching(/^key:/),
        history: [{ toState: 'linked', reason: 'Seen on the camera.' }],
      },
    })
    const { linkId } = made.body
    expect(await hub.call('POST', '/links', { body: { stayId: other, sessionId } })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    expect((await hub.call('GET', `/charging-sessions/${sessionId}`)).body.stayId).toBe(stay)
    expect((await hub.call('GET', `/stays/${stay}`)).body.links).toMatchObject([{ linkId, state: 'linked' }])
    expect((await hub.call('POST', `/links/${linkId}/reject`, { body: {} })).status).toBe(409)
    expect(await hub.call('POST', `/links/${linkId}/unlink`, { body: { reason: 'Wrong car.' } })).toMatchObject({
      status: 200,
      body: { state: 'unlinked' },
    })
    expect((await hub.call('GET', `/links/${linkId}`)).body.history.map((one: Json) => one.toState)).toEqual([
      'linked',
      'unlinked',
    ])
    expect((await hub.call('POST', `/links/${linkId}/accept`, { body: {} })).body.state).toBe('linked')
    expect((await hub.call('GET', `/links?state=linked&sessionId=${sessionId}`)).body.items).toHaveLength(1)
    const why = (await hub.call('GET', `/charging-sessions/${sessionId}/link-explanation`)).body
    expect(why).toMatchObject({ sessionId, outcome: 'linked', stayIds: [stay] })
    expect(why.sentences.length).toBeGreaterThan(0)
  })
})

test('a review is closed once, by a person, with words', async () => {
  const reviewId = hub.service.newId()
  await hub.database.pool.query(
    `insert into review_item (organization_id, site_id, review_id, content_key, kind, reason, at) values ($1, $2, $3, 'k', 'transaction', 'A stop without a start.', now())`,
    [hub.organizationId, siteId, reviewId],
  )
  expect((await hub.call('GET', '/reviews?state=open')).body.items).toMatchObject([
    { reviewId, reason: 'A stop without a start.' },
  ])
  const resolve = () => hub.call('POST', `/reviews/${reviewId}/resolve`, { body: { resolution: 'Counted by hand.' } })
  expect(await resolve()).toMatchObject({
    status: 200,
    body: { state: 'resolved', resolution: 'Counted by hand.', resolvedBy: expect.stringMatching(/^key:/) },
  })
  expect((await resolve()).status).toBe(409)
  const told = async () => (await hub.call('GET', `/events?type=review.resolved`)).body.items.length === 1
  await eventually(told, 'the event')
})

describe('money', () => {
  test('a bill is read with its lines, as a receipt, in the journal and in the revenue of its day', async () => {
    const stayId = await park('T-5', 'B-AA 5', '2026-03-10T05:00:00Z', '2026-03-10T07:30:00Z')
    const sessionId = await charge('2026-03-10T05:10:00Z', '2026-03-10T07:00:00Z', 20_000)
    await hub.call('POST', '/links', { body: { stayId, sessionId } })
    const evaluate = evaluateBill({
      ...hub.service,
      engine: (name) => (name === 'tariff-standard' ? standardEngine() : null),
    })
    await evaluate({ organizationId: hub.organizationId, siteId, subjectKey: `stay:${stayId}` })
    const { items } = (await hub.call('GET', `/bills?stayId=${stayId}`)).body
    expect(items).toMatchObject([{ number: 'P1-000001', kind: 'bill', totalMinor: 1600 }])
    expect((await hub.call('GET', `/bills?sessionId=${sessionId}`)).body.items).toHaveLength(1)
    const bill = (await hub.call('GET', `/bills/${items[0].billId}`)).body
    expect(bill.lines.map((line: Json) => [line.kind, line.totalMinor])).toEqual(
      expect.arrayContaining([
        ['PARKING', 600],
        ['ENERGY', 1000],
      ]),
    )
    expect(bill.adjustments).toEqual([])
    expect((await hub.call('GET', `/bills/${bill.billId}/receipt`)).body).toMatchObject({
      number: 'P1-000001',
      totals: { total: '16.00' },
    })
    const page = await hub.call('GET', `/bills/${bill.billId}/receipt`, { headers: { Accept: 'text/html,*/*;q=0.1' } })
    expect([page.headers.get('content-type'), page.body.includes('P1-000001')]).toEqual([
      'text/html; charset=utf-8',
      true,
    ])

    const entries = (await hub.call('GET', `/journal/entries?siteId=${siteId}`)).body.items
    expect(entries).toMatchObject([{ sourceType: 'bill', sourceId: bill.billId, businessDate: '2026-03-10' }])
    const { items: balances } = (await hub.call('GET', '/journal/balances')).body
    expect(balances.reduce((sum: number, one: Json) => sum + one.balanceMinor, 0)).toBe(0)

    const revenue = (await hub.call('GET', '/revenue?from=2026-03-10&to=2026-03-10')).body
    expect(revenue.days).toMatchObject([
      {
        siteId,
        day: '2026-03-10',
        parkingTotalMinor: 600,
        chargingTotalMinor: 1000,
        totalMinor: 1600,
        bills: 1,
        energyWh: 20_000,
      },
    ])
    expect(revenue.totals).toMatchObject([{ siteId, totalMinor: 1600 }])
    const overview = (await hub.call('GET', `/sites/${siteId}/overview`)).body
    expect(overview.revenueToday).toMatchObject({ totalMinor: 1600, day: '2026-03-10' })
    const { key } = (await hub.call('POST', '/api-keys', { body: { name: 'desk', scopes: ['parking:read'] } })).body
    expect((await hub.call('GET', `/sites/${siteId}/overview`, { key })).body.revenueToday).toBeNull()
  })

  test('a period that is turned round or too long is refused', async () => {
    for (const query of [
      'from=2026-03-10&to=2026-03-09',
      'from=2024-01-01&to=2026-01-01',
      'from=2026-02-30&to=2026-03-01',
      'from=2026-03-01',
    ]) {
      expect((await hub.call('GET', `/revenue?${query}`)).status).toBe(422)
    }
  })

  test('a tariff is versioned, tried, held at a site and ended there', async () => {
    const rules = { scope: 'charging', tax: { code: 'VAT', percent: '19', included: true }, energy: { price: '0.39' } }
    const made = (
      await hub.call('POST', '/tariffs', { body: { code: 'night', scope: 'charging', currency: 'EUR', rules } })
    ).body
    expect(made).toMatchObject({ engine: 'tariff-standard', current: { tariffVersion: 1, rules } })
    expect(made.current.description.length).toBeGreaterThan(0)
    const wrong = await hub.call('POST', `/tariffs/${made.tariffId}/versions`, {
      body: { rules: { ...rules, energy: { price: -1 } } },
    })
    expect(wrong).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: expect.stringMatching(/^\/rules\/energy/) }] },
    })
    const second = await hub.call('POST', `/tariffs/${made.tariffId}/versions`, {
      body: { rules: { ...rules, energy: { price: '0.29' } } },
    })
    expect(second).toMatchObject({ status: 201, body: { tariffVersion: 2 } })
    expect(
      (await hub.call('GET', `/tariffs/${made.tariffId}/versions`)).body.items.map((one: Json) => one.tariffVersion),
    ).toEqual([2, 1])
    const tried = await hub.call('POST', '/tariffs/preview', {
      body: {
        scope: 'charging',
        currency: 'EUR',
        timeZone: 'Europe/Berlin',
        rules,
        session: { pluggedAt: '2026-03-10T07:00:00Z', unpluggedAt: '2026-03-10T08:00:00Z', energyWh: 10_000 },
      },
    })
    expect(tried).toMatchObject({ status: 200, body: { totalMinor: 390, lines: [{ kind: 'ENERGY', quantity: '10' }] } })
    const { assignmentId } = (
      await hub.call('POST', '/tariff-assignments', { body: { siteId, tariffId: made.tariffId, priority: 5 } })
    ).body
    expect((await hub.call('DELETE', `/tariff-assignments/${assignmentId}`)).status).toBe(204)
    const dollars = (
      await hub.call('POST', '/tariffs', { body: { code: 'usd', scope: 'charging', currency: 'USD', rules } })
    ).body
    expect(
      (await hub.call('POST', '/tariff-assignments', { body: { siteId, tariffId: dollars.tariffId } })).status,
    ).toBe(422)
  })
})

test('the overview joins cars, chargers, stays, sessions and what waits', async () => {
  const bay = (await hub.call('POST', '/bays', { body: { siteId, code: 'B1' } })).body
  const sessionId = await charge('2026-03-10T07:45:00Z', null, 900)
  await hub.database.pool.query('update charging_session set bay_id = $1 where session_id = $2', [bay.bayId, sessionId])
  await hub.database.pool.query(
    `insert into meter_value (organization_id, site_id, station_id, evse_number, at, context, received_at, power_w)
     values ($1, $2, $3, 1, '2026-03-10T07:50:00Z', 'periodic', now(), 7200)`,
    [hub.organizationId, siteId, stationId],
  )
  const stayId = await park('T-9', 'B-AA 9', '2026-03-10T07:40:00Z', null)
  const at = '2026-03-10T07:50:00Z'
  await hub.database.pool.query(
    `insert into link (organization_id, site_id, link_id, stay_id, session_id, state, method, score, evidence, decided_by, decided_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 'review', 'bay', 0.61, '[{"method":"bay","weight":1.2,"detail":"The same bay.","certain":false}]', 'hub', $6, $6, $6)`,
    [hub.organizationId, siteId, hub.service.newId(), stayId, sessionId, at],
  )
  const { body } = await hub.call('GET', `/sites/${siteId}/overview`)
  expect(body.bays).toMatchObject([
    { code: 'B1', session: { sessionId, powerW: 7200, stayId: null, linkState: 'review' } },
  ])
  expect(body.openStays.items[0]).toMatchObject({ stayId, plate: expect.any(String), sessionId: null })
  expect(body.openStays.count).toBe(body.openStays.items.length)
  expect(body.runningSessions.items[0]).toMatchObject({ sessionId, energyWh: 900 })
  expect(body.linksToReview).toMatchObject({ count: 1, items: [{ stayId, sessionId, score: 0.61 }] })
})
