// Owns the proof that the APDS service keeps the contract of a parking adapter: nothing acknowledged that is not stored.
// Must not test what APDS means.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import apdsServer from '../../../adapters/apds/server/index.ts'
import { loadPlugins } from '../../../core/host/manifest.ts'
import { pluginDatabases } from '../../../core/host/plugin-database.ts'
import type { AnyPlugin, ParkingFact } from '../../../core/plugin/index.ts'
import { exerciseParcs, manualClock, type PluginTester } from '../../../core/testing/index.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'

const siteId = '00000000-0000-7000-8000-0000000000aa'
const clientSecret = 'a secret of the APDS partner'

const facts = [
  { ref: 'T-1', revision: 1, minute: 1 },
  { ref: 'T-2', revision: 1, minute: 5 },
  { ref: 'T-1', revision: 2, minute: 2 },
].map(({ ref, revision, minute }): ParkingFact => {
  const enteredAt = new Date(Date.UTC(2019, 2, 10, 7, minute))
  return {
    id: `session/${ref}/opened`,
    revision,
    type: 'stay.opened',
    occurredAt: enteredAt,
    backfilled: false,
    stayRef: ref,
    data: { enteredAt: enteredAt.toISOString(), credentials: [{ kind: 'plate', value: `AB ${ref}` }] },
  }
})
const sessionOf = ({ stayRef = '', revision, occurredAt }: ParkingFact) => ({
  id: stayRef,
  version: revision,
  actualStart: occurredAt.toISOString(),
  identifiedCredentials: [{ type: 'licensePlate', identifier: { id: `AB ${stayRef}`, className: 'Plate' } }],
})

let database: TestDatabase
let schema: object
beforeAll(async () => {
  database = await createTestDatabase()
  const [loaded] = loadPlugins([apdsServer as AnyPlugin], '0.1.0')
  if (loaded?.kind !== 'ready') throw new Error('the plugin cannot be loaded')
  const open = pluginDatabases({
    db: database.db,
    owner: { connection: database.connection, pool: database.ownerPool },
    clock: manualClock(new Date('2019-03-10T08:00:00Z')),
    log: silent,
    hubVersion: '0.1.0',
  })
  schema = (await open(loaded)) ?? {}
})
afterAll(() => database.drop())
/** The cases are made before there is a database. */
const db = new Proxy({} as never, {
  get(_, name) {
    const value: unknown = Reflect.get(schema, name, schema)
    return typeof value === 'function' ? value.bind(schema) : value
  },
})

describe('apds-server', () => {
  const ask = (tester: PluginTester, method: string, path: string, body: string, bearer: string) =>
    tester.inbound(
      new Request(`http://hub/in/x/${path}`, { method, body, headers: { authorization: `Bearer ${bearer}` } }),
      path,
    )
  const token = async (tester: PluginTester) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'partner',
      client_secret: clientSecret,
    })
    const response = await tester.inbound(new Request('http://hub/in/x/auth', { method: 'POST', body }), 'auth')
    return ((await response.json()) as { access_token: string }).access_token
  }
  const post = async (tester: PluginTester, body: string) => ask(tester, 'POST', 'sessions', body, await token(tester))
  const cases = exerciseParcs(apdsServer as AnyPlugin, {
    siteId,
    secrets: { clientSecret },
    db,
    facts,
    async send(tester, list) {
      const done = []
      for (const fact of list) {
        const { status } = await post(tester, JSON.stringify(sessionOf(fact)))
        if (status === 201) done.push(fact)
        else break
      }
      return done
    },
    malformed: [
      { name: 'no JSON', send: (tester) => post(tester, '{"id": [') },
      { name: 'another shape', send: (tester) => post(tester, '[[1, null]]') },
      { name: 'a deep nest', send: (tester) => post(tester, `${'['.repeat(50_000)}${']'.repeat(50_000)}`) },
      {
        name: 'a stranger',
        send: async (tester) => expect((await ask(tester, 'POST', 'sessions', '{}', 'x.y.z')).status).toBe(401),
      },
    ],
  })
  for (const { name, run } of cases)
    test(name, async () => {
      // What an earlier case sent would be known.
      await database.ownerPool.query('delete from plugin_apds_server.document')
      await run()
    })
})
