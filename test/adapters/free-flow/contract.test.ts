// Owns the proof that both free-flow plugins keep the contract of a parking adapter: nothing acknowledged that is not stored.
// Must not test what their vendors' words mean.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import autopay from '../../../adapters/free-flow/autopay/index.ts'
import easypark from '../../../adapters/free-flow/easypark/index.ts'
import { loadPlugins } from '../../../core/host/manifest.ts'
import { pluginDatabases } from '../../../core/host/plugin-database.ts'
import type { AnyPlugin, ParkingFact } from '../../../core/plugin/index.ts'
import { exerciseParcs, manualClock, type PluginTester } from '../../../core/testing/index.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'

const siteId = '00000000-0000-7000-8000-0000000000aa'
const secrets = { inbound: 'a-secret-of-the-vendor', clientSecret: 'a client secret' }
let database: TestDatabase
const schemas = new Map<string, object>()
beforeAll(async () => {
  database = await createTestDatabase()
  const open = pluginDatabases({
    db: database.db,
    owner: { connection: database.connection, pool: database.ownerPool },
    clock: manualClock(new Date('2019-03-10T08:00:00Z')),
    log: silent,
    hubVersion: '0.1.0',
  })
  for (const plugin of [autopay, easypark] as AnyPlugin[]) {
    const [loaded] = loadPlugins([plugin], '0.1.0')
    if (loaded?.kind !== 'ready') throw new Error('the plugin cannot be loaded')
    schemas.set(plugin.id, (await open(loaded)) ?? {})
  }
})
afterAll(() => database.drop())
/** The cases are made before there is a database. */
const dbOf = (id: string) =>
  new Proxy({} as never, {
    get(_, name) {
      const schema = schemas.get(id) ?? {}
      const value: unknown = Reflect.get(schema, name, schema)
      return typeof value === 'function' ? value.bind(schema) : value
    },
  })

const post = (tester: PluginTester, path: string, body: string, key = secrets.inbound) =>
  tester.inbound(
    new Request(`http://hub/in/x/${path}`, { method: 'POST', body, headers: { authorization: `Bearer ${key}` } }),
    path,
  )
const malformedFor = (path: string) => [
  { name: 'no JSON', send: (tester: PluginTester) => post(tester, path, '{"id": [') },
  { name: 'another shape', send: (tester: PluginTester) => post(tester, path, '[[1, null]]') },
  { name: 'a deep nest', send: (tester: PluginTester) => post(tester, path, '['.repeat(50_000)) },
  {
    name: 'a stranger',
    send: async (tester: PluginTester) => expect((await post(tester, path, '{}', 'no')).status).toBe(401),
  },
]
const frame = { revision: 1, backfilled: false }

describe('Autopay', () => {
  const facts = ['E-1', 'E-2', 'E-3'].map(
    (id, minute): ParkingFact => ({
      ...frame,
      id: `entry/${id}`,
      type: 'gate.passed',
      occurredAt: new Date(Date.UTC(2019, 2, 10, 7, 55 + minute)),
      stayRef: `P-${id}`,
      lane: 'Z1',
      data: { direction: 'entry', credentials: [{ kind: 'plate', value: `EV ${id}`, country: 'NO' }] },
    }),
  )
  const cases = exerciseParcs(autopay as AnyPlugin, {
    siteId,
    config: { clientId: 'hub' },
    secrets,
    db: dbOf(autopay.id),
    facts,
    async send(tester, list) {
      const done: ParkingFact[] = []
      for (const fact of list) {
        const id = fact.id.slice('entry/'.length)
        const entry = {
          event_id: id,
          parking_id: fact.stayRef,
          time_in_utc: fact.occurredAt.toISOString(),
          zone: { code: 'Z1' },
          plate: { plate_number: `EV ${id}`, country_alpha2_code: 'no' },
        }
        if (!(await post(tester, 'entry', JSON.stringify(entry))).ok) break
        done.push(fact)
      }
      return done
    },
    malformed: malformedFor('entry'),
  })
  for (const { name, run } of cases) test(name, run)
})

describe('EasyPark', () => {
  const [start, end] = [new Date('2019-03-10T07:10:00Z'), new Date('2019-03-10T07:55:00Z')]
  const named = { ...frame, stayRef: '17' }
  const money = { amountMinor: 500, currency: 'EUR' }
  const facts: ParkingFact[] = [
    {
      ...named,
      id: 'parking/17/began',
      type: 'stay.opened',
      occurredAt: start,
      lane: '9',
      data: { enteredAt: start.toISOString(), credentials: [{ kind: 'plate', value: 'ABC123' }] },
    },
    { ...named, id: 'parking/17/ended', type: 'stay.closed', occurredAt: end, data: { exitedAt: end.toISOString() } },
    {
      ...named,
      id: 'parking/17/price',
      type: 'stay.priced',
      occurredAt: end,
      data: { ...money, taxMinor: 100, final: true, priceRef: '17' },
    },
    {
      ...named,
      id: 'parking/17/money',
      type: 'payment.captured',
      occurredAt: end,
      data: { ...money, scope: 'parking', method: 'easypark', vendorTransaction: '17' },
    },
  ]
  const transaction = {
    parkingId: 17,
    licenseNumber: 'ABC123',
    startDate: start.toISOString(),
    endDate: end.toISOString(),
    price: 5,
    priceVatAmount: 1,
    priceExclusiveVatAmount: 4,
    currency: 'EUR',
    parkingAreaId: 9,
  }
  const cases = exerciseParcs(easypark as AnyPlugin, {
    siteId,
    secrets,
    db: dbOf(easypark.id),
    facts,
    // One call of EasyPark's tells all of a parking.
    async send(tester, list) {
      const { status } = await post(tester, 'transactions', JSON.stringify(transaction))
      return status === 200 || status === 409 ? list : []
    },
    malformed: malformedFor('transactions'),
  })
  for (const { name, run } of cases) test(name, run)
})
