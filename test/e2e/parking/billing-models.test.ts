// Owns the proof over real sockets of who bills what: the same stay with charging under each billing model, with a parking system that
// does what it is told and loses its answer, a station, the books and the report.
// Must not look into the hub's tables; what counts is what the API, the parking system and the station tell.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActionMap, Profile } from '../../../adapters/parcs-template/profile.ts'
import { simulatedStation } from '../../sim/index.ts'
import { type SimulatedVendor, simulatedVendor } from '../../sim/parcs-template/vendor.ts'
import { type ClockedHub, clockedHub } from '../clocked-hub.ts'
import { freshCode } from '../live-hub.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const secret = 'a secret for calls to the hub'
let hub: ClockedHub
beforeAll(async () => {
  hub = await clockedHub('2026-03-10T08:00:00Z')
}, 120_000)
afterAll(() => hub.stop())

const time = (path: string) => ({ path, steps: [{ do: 'time' as const }] })
const amount = { take: { path: '/data/amountMinor', steps: [{ do: 'major' as const }] } }
const ticket = { take: { path: '/data/stayRef' } }

/** Doing it twice counts twice at this vendor, and it can be asked. */
const once = (place: string, body: NonNullable<ActionMap['request']['body']>): ActionMap => ({
  repeatable: false,
  request: { method: 'POST', path: `/v1/${place}/{key}`, values: { key: { path: '/id' } }, body },
  ask: {
    request: { method: 'GET', path: `/v1/${place}/{key}`, values: { key: { path: '/id' } } },
    answers: [
      { status: [200], means: 'done' },
      { status: [404], means: 'not_done' },
    ],
  },
})
const ways = {
  'stay.confirm': once('confirmations', { way: 'confirm', ticket, amount }),
  'stay.validate': once('validations', { way: 'validate', ticket, amount }),
  'stay.prepay': once('prepaid', { way: 'prepay', ticket, amount }),
  'stay.product': once('products', { way: 'product', ticket, product: { take: { path: '/data/product' } } }),
}

const profileOf = (offered: readonly (keyof typeof ways)[]): Profile => ({
  profile: 'models',
  title: 'Parking system of this test',
  status: 'public',
  sources: ['test/sim/parcs-template'],
  zone: 'Europe/Berlin',
  currency: 'EUR',
  lookups: { direction: { IN: 'entry', OUT: 'exit' } },
  webhooks: [
    {
      path: 'events',
      auth: { kind: 'bearer' },
      items: '/events',
      facts: [
        {
          name: 'pass',
          when: [{ path: '/kind', is: ['IN', 'OUT'] }],
          fact: 'gate.passed',
          key: [{ path: '/id' }],
          occurredAt: time('/at'),
          stayRef: { path: '/ticket' },
          lane: { path: '/gate' },
          credentials: [{ kind: 'card', encoding: 'hex', value: { path: '/card' } }],
          data: { direction: { path: '/kind', steps: [{ do: 'lookup', table: 'direction' }] } },
        },
        {
          name: 'payment',
          when: [{ path: '/kind', is: ['PAID'] }],
          fact: 'payment.captured',
          key: [{ path: '/id' }],
          occurredAt: time('/at'),
          stayRef: { path: '/ticket' },
          data: {
            amountMinor: { path: '/sum', steps: [{ do: 'amount' }] },
            currency: { const: 'EUR' },
            method: { const: 'cash' },
            scope: { path: '/scope' },
          },
        },
      ],
    },
  ],
  actions: Object.fromEntries(offered.map((kind) => [kind, ways[kind]])),
})

interface Garage {
  siteId: string
  vendor: SimulatedVendor
  /** What the parking system was told, each with how often it did it. */
  told(): unknown[]
  /** Facts of one car, as the vendor's own call; twice, as vendors do. */
  tell(...events: object[]): Promise<void>
  drive(options?: DriveOptions): Promise<Driven>
  balances(): Promise<Record<string, number>>
  close(): Promise<void>
}
interface DriveOptions {
  accountId?: string
  /** What the driver pays at the pay station before leaving. */
  pays?: { sum: string; scope: 'parking' | 'both' }
  inside?: (stayId: string) => Promise<void>
}
interface Driven {
  stay: Json
  bills: Json[]
}

async function garage(offered: readonly (keyof typeof ways)[], settings: object = {}): Promise<Garage> {
  const code = freshCode('M')
  const vendor = await simulatedVendor()
  const { siteId } = await hub.call<Json>('POST', 'sites', {
    code,
    name: code,
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    settings: { settle_delay_minutes: 0, link_window_minutes: 0, open_stay_hold_hours: 24, ...settings },
  })
  for (const direction of ['entry', 'exit'])
    await hub.call('POST', 'lanes', { siteId, code: direction, name: direction, direction })
  const tax = { code: 'VAT', percent: '19', included: true }
  const rules = {
    parking: { scope: 'parking', tax, bands: [{ everyMinutes: 60, price: '2.00' }], day: 'none' },
    charging: { scope: 'charging', tax, energy: { price: '0.49' } },
  }
  for (const scope of ['parking', 'charging'] as const) {
    const tariff = { siteId, code: `${code}-${scope}`, name: scope, scope, currency: 'EUR', rules: rules[scope] }
    const { tariffId } = await hub.call<Json>('POST', 'tariffs', { ...tariff, validFrom: '2020-01-01T00:00:00Z' })
    await hub.call('POST', 'tariff-assignments', { siteId, tariffId })
  }
  const connectionId = await hub.connect({
    pluginId: 'parcs-template',
    siteId,
    name: 'Gates',
    config: { document: profileOf(offered), baseUrl: vendor.url },
    secrets: { webhook: secret },
  })
  const made = await hub.call<Json>('POST', 'stations', {
    siteId,
    code: `CP-${code}`,
    defaultProtocol: 'ocpp2.0.1',
    evses: [{ number: 1, code: `${code}-1`, maxPowerW: 11_000 }],
  })
  const station = simulatedStation({
    url: hub.ocppUrl,
    code: `CP-${code}`,
    password: made.secret,
    version: 'ocpp2.0.1',
    evses: 1,
    maxPowerW: 10_000,
    clock: hub.clock,
  })
  expect(await station.connect()).toBe('accepted')

  const tell = async (...events: object[]) => {
    for (let times = 0; times < 2; times++) {
      const answer = await fetch(`${hub.url}/in/${connectionId}/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
      })
      expect(answer.status).toBe(200)
    }
  }
  return {
    siteId,
    vendor,
    told: () => [...vendor.done.values()].map(({ times, body }) => ({ times, ...(body as object) })),
    tell,
    /** 90 minutes of parking (4.00) with 10 kWh of charging (4.90). */
    async drive({ accountId, pays, inside } = {}) {
      const card = `04C1${freshCode('').slice(1, 9).toUpperCase()}C1`
      const account =
        accountId ?? (await hub.call<Json>('POST', 'accounts', { name: 'Erika', kind: 'person' })).accountId
      await hub.call('POST', 'credentials', {
        accountId: account,
        kind: 'card',
        presentations: [{ value: card, encoding: 'hex' }],
      })
      const ref = freshCode('T')
      const passed = (kind: 'IN' | 'OUT') => ({
        id: `${ref}-${kind}`,
        kind,
        at: hub.clock.now().toISOString(),
        ticket: ref,
        card,
        gate: kind === 'IN' ? 'entry' : 'exit',
      })
      await hub.minutes(30)
      await tell(passed('IN'))
      await hub.minutes(10)
      await station.plug(1)
      expect(await station.presentCard(1, { value: card, type: 'ISO14443' })).toBe('Accepted')
      station.elapse(3_600)
      await hub.minutes(60)
      await station.meter(1)
      await station.stopLocally(1)
      await station.unplug(1)
      await station.settled()
      // Moves past the questions after an answer that was lost.
      for (let n = 0; n < 5; n++) await hub.minutes(2)
      const [stay] = (await hub.all(`stays?siteId=${siteId}&state=open`)) as Json[]
      await inside?.(stay.stayId)
      if (pays !== undefined)
        await tell({ id: `${ref}-paid`, kind: 'PAID', at: hub.clock.now().toISOString(), ticket: ref, ...pays })
      await hub.minutes(10)
      await tell(passed('OUT'))
      for (let n = 0; n < 5; n++) await hub.minutes(2)
      const bills = (await hub.all(`bills?stayId=${stay.stayId}`)) as Json[]
      return { stay: await hub.call('GET', `stays/${stay.stayId}`), bills }
    },
    async balances() {
      const { accounts, totals } = await hub.call<Json>('GET', `ledger/trial-balance?siteId=${siteId}&date=2026-03-31`)
      for (const { debitMinor, creditMinor } of totals) expect(debitMinor).toBe(creditMinor)
      return Object.fromEntries(accounts.map((one: Json) => [one.account, one.balanceMinor]))
    },
    async close() {
      await station.disconnect()
      await vendor.close()
      expect(station.violations).toEqual([])
    },
  }
}

const setModel = (body: object) => hub.call('POST', 'billing-models', body)

/** One stay and one session, of which each cent of revenue stands once in the report and in the books. */
async function reported(siteId: string, expected: { parking: number; energy: number; stays: number }) {
  const [from, to] = ['2026-03-10', '2026-03-31']
  const report = await hub.call<Json>('GET', `reports/revenue?siteId=${siteId}&from=${from}&to=${to}`)
  expect(report.reconciled).toBe(true)
  const [money, ...others] = report.currencies
  expect(others).toEqual([])
  const gross = (kind: string) => money.kinds.find((one: Json) => one.kind === kind)?.grossMinor ?? 0
  expect({ parking: gross('PARKING'), energy: gross('ENERGY'), stays: report.use.closed }).toEqual(expected)
  expect(money.totals.grossMinor).toBe(expected.parking + expected.energy)
  expect(money.ledger.accounts.every((one: Json) => one.differenceMinor === 0)).toBe(true)
  return money
}

/** What the bills of a stay come to, for whom they are open, and what is open. */
async function owed(bills: readonly Json[]) {
  const whole = await Promise.all(bills.map(({ billId }) => hub.call<Json>('GET', `bills/${billId}`)))
  return whole.map(({ owedBy, totalMinor, settlement }) => ({ owedBy, totalMinor, openMinor: settlement.openMinor }))
}

const standing = { hub: { parking: 400, energy: 490, stays: 1 }, charging: { parking: 0, energy: 490, stays: 1 } }

test('hub: the driver owes the hub both, and the parking system is told once that its part is paid', async () => {
  const here = await garage(['stay.confirm'], { parcs_after_bill: 'confirm' })
  await setModel({ siteId: here.siteId, model: 'hub' })
  here.vendor.breaks = 1
  const { bills, stay } = await here.drive()
  expect(await owed(bills)).toEqual([{ owedBy: 'payer', totalMinor: 890, openMinor: 890 }])
  expect(here.told()).toEqual([{ times: 1, way: 'confirm', ticket: stay.stayRef, amount: '4.00' }])
  expect(await here.balances()).toEqual({
    receivable: 890,
    'revenue.parking': -336,
    'revenue.energy': -412,
    'tax.payable.VAT': -142,
  })
  await reported(here.siteId, standing.hub)
  await here.close()
}, 120_000)

test('separate: the hub bills the charging alone, the pay station the parking, and neither is told of the other', async () => {
  const here = await garage(['stay.confirm', 'stay.validate'], { parcs_after_bill: 'confirm' })
  await setModel({ siteId: here.siteId, model: 'separate' })
  const { bills } = await here.drive({ pays: { sum: '4.00', scope: 'parking' } })
  expect(await owed(bills)).toEqual([{ owedBy: 'payer', totalMinor: 490, openMinor: 490 }])
  expect(here.told()).toEqual([])
  expect(await here.balances()).toEqual({ receivable: 490, 'revenue.energy': -412, 'tax.payable.VAT': -78 })
  const money = await reported(here.siteId, standing.charging)
  expect(money.payments).toMatchObject({ byMethod: [], unposted: { count: 0 } })
  await here.close()
}, 120_000)

test.each([
  { way: 'validate', offered: ['stay.validate', 'stay.prepay', 'stay.confirm'], told: { amount: '4.90' } },
  { way: 'prepay', offered: ['stay.prepay'], told: { amount: '4.90' } },
  {
    way: 'product',
    offered: ['stay.product', 'stay.validate'],
    settings: { parcs_energy_product: 'EV' },
    told: { product: 'EV' },
  },
] as const)(
  'parcs: the driver owes the hub nothing; the parking system is told of the energy by $way, once, while the car is inside',
  async ({ way, offered, told, ...more }) => {
    const here = await garage(offered, { parcs_after_bill: 'confirm', ...('settings' in more ? more.settings : {}) })
    await setModel({ siteId: here.siteId, model: 'parcs' })
    here.vendor.breaks = 1
    const asked: unknown[] = []
    const { bills, stay } = await here.drive({
      pays: { sum: '8.90', scope: 'both' },
      inside: async () => void asked.push(...here.told()),
    })
    const expected = [{ times: 1, way, ticket: stay.stayRef, ...told }]
    expect(asked).toEqual(expected)
    expect(here.told()).toEqual(expected)
    const actions = (await hub.all(`parking-actions?siteId=${here.siteId}`)) as Json[]
    expect(actions).toMatchObject([{ kind: `stay.${way}`, state: 'done', attempt: 1 }])
    expect(await owed(bills)).toEqual([{ owedBy: 'parcs', totalMinor: 490, openMinor: 0 }])
    expect(await here.balances()).toEqual({
      'third_party.receivable': 490,
      'revenue.energy': -412,
      'tax.payable.VAT': -78,
    })
    const money = await reported(here.siteId, standing.charging)
    expect(money.payments).toMatchObject({ byMethod: [], unposted: { count: 0 } })
    await here.close()
  },
  120_000,
)

test('an account has its own model where its site has another, and what began under a model keeps it', async () => {
  const here = await garage(['stay.validate'])
  const { accountId } = await hub.call<Json>('POST', 'accounts', { name: 'Erika', kind: 'person' })
  await setModel({ siteId: here.siteId, accountId, model: 'parcs' })
  const own = await here.drive({
    accountId,
    pays: { sum: '8.90', scope: 'both' },
    // Too late for this car.
    inside: async () => void (await setModel({ siteId: here.siteId, accountId, model: 'hub' })),
  })
  expect(await owed(own.bills)).toEqual([{ owedBy: 'parcs', totalMinor: 490, openMinor: 0 }])
  const other = await here.drive({ pays: { sum: '4.00', scope: 'parking' } })
  expect(await owed(other.bills)).toEqual([{ owedBy: 'payer', totalMinor: 890, openMinor: 490 }])
  expect(here.told()).toEqual([{ times: 1, way: 'validate', ticket: own.stay.stayRef, amount: '4.90' }])
  expect(await here.balances()).toEqual({
    receivable: 490,
    cash: 400,
    'third_party.receivable': 490,
    'revenue.parking': -336,
    'revenue.energy': -824,
    'tax.payable.VAT': -220,
  })
  await reported(here.siteId, { parking: 400, energy: 980, stays: 2 })
  expect(hub.errors).toEqual([])
  await here.close()
}, 120_000)
