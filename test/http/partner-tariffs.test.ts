// Owns the proof that tariffs in the words of OCPI and OCPP are a site's tariffs: taken over the API, and real sessions billed by them.
// Must not test prices in depth; the engines' own tests do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateBill } from '../../core/services/billing/evaluate-bill.ts'
import tariffOcpi from '../../plugins/tariff-ocpi/index.ts'
import tariffOcpp from '../../plugins/tariff-ocpp/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi({ plugins: [tariffOcpi, tariffOcpp] })
})
afterAll(() => hub.close())

async function post(path: string, body: Json): Promise<Json> {
  const answer = await hub.call('POST', path, { body })
  expect([path, answer.status, answer.status === 201 ? '' : answer.body]).toEqual([path, 201, ''])
  return answer.body
}

const ocpi = {
  edition: '2.2.1',
  tariff: {
    country_code: 'DE',
    party_id: 'ALL',
    id: '14',
    currency: 'EUR',
    elements: [
      {
        price_components: [{ type: 'ENERGY', price: 0.25, vat: 19, step_size: 100 }],
        // 08:30 in UTC.
        restrictions: { start_time: '00:00', end_time: '09:30' },
      },
      {
        price_components: [
          { type: 'ENERGY', price: 0.4, vat: 19, step_size: 100 },
          { type: 'PARKING_TIME', price: 6, vat: 19, step_size: 300 },
        ],
      },
    ],
    last_updated: '2026-01-01T00:00:00Z',
  },
}
const ocpp = {
  edition: '2.1',
  tariff: {
    tariffId: 'T-1',
    currency: 'EUR',
    energy: {
      prices: [{ priceKwh: 0.3 }],
      taxRates: [
        { type: 'state', tax: 10 },
        { type: 'city', tax: 5, stack: 1 },
      ],
    },
    idleTime: { prices: [{ priceMinute: 0.1, conditions: { minIdleTime: 600 } }] },
    reservationTime: { prices: [{ priceMinute: 9, conditions: { evseKind: 'AC' } }, { priceMinute: 0.05 }] },
    minCost: { exclTax: 0.5 },
  },
}

/** A site with the tariff, a session of an hour there (10.03 kWh, then 32 minutes idle), and its bill. */
async function billed(code: string, engine: 'tariff-ocpi' | 'tariff-ocpp', rules: Json): Promise<Json> {
  const { siteId } = await post('/sites', {
    code,
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    settings: { settle_delay_minutes: 0, link_window_minutes: 0 },
  })
  const { stationId } = await post('/stations', { siteId, code: `${code}-1` })
  const tariff = await post('/tariffs', {
    code,
    scope: 'charging',
    engine,
    currency: 'EUR',
    rules,
    validFrom: '2026-01-01T00:00:00Z',
  })
  expect(tariff.current.rules).toEqual(rules)
  await post('/tariff-assignments', { siteId, tariffId: tariff.tariffId })
  const sessionId = hub.service.newId()
  const at = (time: string) => `2026-03-09T${time}:00.000Z`
  await hub.database.pool.query(
    `insert into charging_session (organization_id, site_id, session_id, station_id, evse_number, state, plugged_at, started_at, ended_at, unplugged_at,
       energy_wh, periods, registers, facts_at, created_at, updated_at)
     values ($1, $2, $3, $4, 1, 'closed', $5, $5, $6, $7, 10030, $8, '[]', $7, $7, $7)`,
    [
      hub.organizationId,
      siteId,
      sessionId,
      stationId,
      at('08:00'),
      at('09:00'),
      at('09:32'),
      JSON.stringify([
        { from: at('08:00'), to: at('09:00'), state: 'charging', energyWh: 10_030 },
        { from: at('09:00'), to: at('09:32'), state: 'finished', energyWh: 0 },
      ]),
    ],
  )
  await hub.database.pool.query(
    `insert into connector (organization_id, site_id, station_id, evse_number, number, standard) values ($1, $2, $3, 1, 1, 'cCCS2')`,
    [hub.organizationId, siteId, stationId],
  )
  await hub.database.pool.query(
    `insert into reservation (organization_id, site_id, reservation_id, number, station_id, token, token_kind, from_at, until_at, state,
       session_id, created_by, created_at, updated_at)
     values ($1, $2, $3, 1, $4, 'T1', 'rfid', $5, $6, 'used', $3, 'test', $5, $5)`,
    [hub.organizationId, siteId, sessionId, stationId, at('07:40'), at('08:30')],
  )
  const implementation = hub.host.capability('tariff', { organizationId: hub.organizationId, pluginId: engine })[0]
  const evaluate = evaluateBill({ ...hub.service, engine: () => implementation?.implementation ?? null })
  await evaluate({ organizationId: hub.organizationId, subjectKey: `session:${sessionId}` })
  const { items } = (await hub.call('GET', `/bills?sessionId=${sessionId}`)).body
  expect(items).toHaveLength(1)
  return (await hub.call('GET', `/bills/${items[0].billId}`)).body
}

describe('a session is billed', () => {
  test('by an OCPI tariff as it came, with the element, the steps and the rounding on each line', async () => {
    const bill = await billed('O1', 'tariff-ocpi', ocpi)
    expect(bill.lines.map((line: Json) => [line.description, line.billedQuantity, line.netMinor])).toEqual([
      ['Energy', '5.015', 125],
      ['Energy', '5.085', 203],
      ['Time plugged in without charging', '2100', 350],
    ])
    expect(bill.lines[1].explanation).toEqual([
      'Element 2 holds at any time.',
      'Energy measured across a change of price is shared by time, to the watt-hour.',
      'The total of 10030 Wh counts as 10100 Wh (steps of 100 Wh); the difference of 70 Wh is billed here, at the last price.',
      '5.085 kWh × 0.4 = 2.034.',
      '19 % VAT is added.',
      'Rounded once (half up): 2.034 to 2.03.',
    ])
    expect([bill.netMinor, bill.taxMinor, bill.totalMinor]).toEqual([678, 130, 808])
  })

  test('by an OCPP tariff, with taxes on taxes', async () => {
    const bill = await billed('O2', 'tariff-ocpp', ocpp)
    expect(bill.lines.map((line: Json) => [line.description, line.netMinor, line.taxRate, line.taxMinor])).toEqual([
      // Twenty minutes before it charged, at a charger that gives direct current.
      ['Time reserved', 100, '0', 0],
      ['Energy', 301, '15.5', 47],
      ['Time plugged in without charging', 220, '0', 0],
    ])
    expect(bill.lines[1].explanation).toContain('5 % city is added, on the taxes of the stacks below too.')
  })
})

test('a preview says the price in plain words and to the cent', async () => {
  const answer = await hub.call('POST', '/tariffs/preview', {
    body: {
      engine: 'tariff-ocpi',
      scope: 'charging',
      currency: 'EUR',
      timeZone: 'Europe/Berlin',
      rules: ocpi,
      session: { pluggedAt: '2026-03-09T10:00:00Z', unpluggedAt: '2026-03-09T11:00:00Z', energyWh: 10_000 },
    },
  })
  expect(answer.body).toMatchObject({ netMinor: 400, taxMinor: 76, totalMinor: 476 })
  expect(answer.body.description[0]).toBe(
    'Energy: EUR 0.25 per kWh plus 19 % VAT, in steps of 100 Wh (from 00:00 to 09:30).',
  )
})

test('a tariff that is wrong is refused at its place', async () => {
  const rules = structuredClone(ocpi)
  Object.assign(rules.tariff.elements[1]?.price_components[0] ?? {}, { vat: 190 })
  const body = { code: 'bad', scope: 'charging', engine: 'tariff-ocpi', currency: 'EUR', rules }
  const answer = await hub.call('POST', '/tariffs', { body })
  expect(answer.status).toBe(422)
  expect(JSON.stringify(answer.body)).toContain('/rules/tariff/elements/1/price_components/0/vat')
})

test('a tariff is carried into another format, with everything that is lost on the way', async () => {
  const body = { engine: 'tariff-ocpi', currency: 'EUR', rules: ocpi, to: 'ocpp-2.1' }
  const answer = await hub.call('POST', '/tariffs/convert', { body })
  expect(answer.status).toBe(200)
  expect(answer.body.engine).toBe('tariff-ocpp')
  expect(answer.body.rules.tariff.idleTime.prices).toEqual([{ priceMinute: 0.1 }])
  expect(answer.body.lost).toContainEqual({
    pointer: '/tariff/elements/1/price_components/1',
    reason: 'OCPP 2.1 has no steps (of 300).',
  })
  const unknown = await hub.call('POST', '/tariffs/convert', { body: { ...body, engine: 'tariff-acme' } })
  expect([unknown.status, JSON.stringify(unknown.body).includes('/engine')]).toEqual([422, true])
  const wrong = await hub.call('POST', '/tariffs/convert', { body: { ...body, rules: { edition: '2.2.1' } } })
  expect([wrong.status, JSON.stringify(wrong.body).includes('/rules/tariff')]).toEqual([422, true])
})
