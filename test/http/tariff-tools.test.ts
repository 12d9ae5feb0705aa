// Owns the behaviour of trying rules through the API: previews at every quarter of an hour, refunds of part, findings.
// Must not test prices beyond telling them apart.
import { afterAll, beforeAll, expect, test } from 'vitest'
import tariffStandard from '../../plugins/tariff-standard/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi({ plugins: [tariffStandard] })
})
afterAll(() => hub.close())

const post = (path: string, body: Json) => hub.call('POST', path, { body })
const berlin = { currency: 'EUR', timeZone: 'Europe/Berlin' }
const charging = {
  ...berlin,
  scope: 'charging',
  rules: { scope: 'charging', energy: { price: '0.50', windows: [{ from: '22:00', to: '06:00', price: '0.30' }] } },
  session: { pluggedAt: '2026-03-10T10:00:00Z', unpluggedAt: '2026-03-10T11:00:00Z', energyWh: 10_000 },
}

test('an example, as if it began at every quarter of an hour of a day', async () => {
  const { status, body } = await post('/tariffs/preview', { ...charging, starts: { date: '2026-03-10' } })
  expect(status).toBe(200)
  expect(body).toMatchObject({ totalMinor: 500, lines: [{ key: 'energy', rulePath: '/energy' }] })
  expect(body.starts).toHaveLength(96)
  expect(body.starts[0]).toEqual({ startsAt: '2026-03-10T00:00:00+01:00', totalMinor: 300, reason: null })
  expect(body.starts[21]).toMatchObject({ startsAt: '2026-03-10T05:15:00+01:00', totalMinor: 350 })
})

test('and of both days on which the clocks change', async () => {
  const { body } = await post('/tariffs/preview', { ...charging, starts: { clockChangesOf: 2026 } })
  expect(body.starts).toHaveLength(92 + 100)
  // The wall goes from 01:45 to 03:00, and comes to 02:00 twice.
  expect(body.starts[8].startsAt).toBe('2026-03-29T03:00:00+02:00')
  expect(body.starts.map((one: Json) => one.startsAt)).toEqual(
    expect.arrayContaining(['2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00']),
  )
})

test('part of it given back is a credit of its own', async () => {
  const { body } = await post('/tariffs/preview', { ...charging, refunds: [{ key: 'energy', quantity: '4' }] })
  expect(body).toMatchObject({ totalMinor: 300, lines: [{ net: '5' }, { key: 'refund:energy', net: '-2' }] })
  for (const [refund, pointer] of [
    [{ key: 'energy', quantity: '11' }, '/refunds/0/quantity'],
    [{ key: 'idle', quantity: '1' }, '/refunds/0/key'],
  ] as const) {
    expect(await post('/tariffs/preview', { ...charging, refunds: [refund] })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer }] },
    })
  }
})

test('parking that looks at charging, with a validation', async () => {
  const asked = {
    ...berlin,
    scope: 'parking',
    rules: { scope: 'parking', bands: [{ everyMinutes: 60, price: '2.00' }], charging: { freeMinutes: 120 } },
    stay: {
      enteredAt: '2026-03-10T10:00:00Z',
      exitedAt: '2026-03-10T14:00:00Z',
      validations: [{ amountMinor: 100 }],
    },
  }
  expect((await post('/tariffs/preview', asked)).body.totalMinor).toBe(700)
  expect((await post('/tariffs/preview', { ...asked, session: charging.session })).body.totalMinor).toBe(500)
})

test('energy that an account used before', async () => {
  const rules = { ...charging.rules, allowance: { kwh: '10', per: 'day' } }
  const used = { ...charging, rules, usedWh: { day: 4000, month: 4000 } }
  expect((await post('/tariffs/preview', { ...charging, rules })).body.totalMinor).toBe(0)
  expect((await post('/tariffs/preview', used)).body.totalMinor).toBe(200)
})

test('what is doubtful about rules, and what is wrong', async () => {
  const { rules } = charging
  const asked = { ...berlin, scope: 'charging', country: 'DE', maximumPowerKw: 150 }
  expect(await post('/tariffs/lint', { ...asked, rules })).toMatchObject({
    status: 200,
    body: { valid: true, findings: [] },
  })
  const timed = { ...rules, time: { price: '0.10' } }
  expect(await post('/tariffs/lint', { ...asked, rules: timed })).toMatchObject({
    body: { valid: true, findings: [{ pointer: '/time', severity: 'error', code: 'afir' }] },
  })
  const broken = { ...rules, energy: { price: -1 } }
  const { body } = await post('/tariffs/lint', { ...asked, rules: broken })
  expect(body).toMatchObject({ valid: false, findings: [{ pointer: '/energy/price', code: 'invalid' }] })
})

test('bad questions are answered with the field', async () => {
  const bad: [string, Json, string][] = [
    ['/tariffs/lint', { ...berlin, scope: 'charging', rules: charging.rules, timeZone: 'Mars/Base' }, '/timeZone'],
    ['/tariffs/lint', { ...berlin, scope: 'charging', rules: charging.rules, engine: 'tariff-acme' }, '/engine'],
    ['/tariffs/preview', { ...charging, starts: { date: '2026-02-30' } }, '/starts'],
    [
      '/tariffs/preview',
      { ...charging, session: { ...charging.session, reservedFrom: '2026-03-10T12:00:00Z' } },
      '/session/pluggedAt',
    ],
  ]
  for (const [path, body, pointer] of bad) {
    const answer = await post(path, body)
    expect([path, answer.status]).toEqual([path, 422])
    expect(answer.body.errors.map((each: Json) => each.pointer).join()).toContain(pointer)
  }
})

test('which engines there are, with the schema that forms are made from', async () => {
  const { status, body } = await hub.call('GET', '/tariff-engines')
  expect(status).toBe(200)
  expect(body.items.map(({ engine, title }: Json) => `${engine} ${title}`)).toEqual([
    'tariff-standard Standard tariffs',
  ])
  const scopes = body.items[0].schema.oneOf.map((branch: Json) => branch.properties.scope.const)
  expect(scopes).toEqual(['parking', 'charging'])
})
