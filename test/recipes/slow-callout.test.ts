// Owns recipe 10: the callout of an eConnect gate while the hub's database does not answer.
// Must not measure time: the answer has to come while the tables are still locked.
import { afterAll, beforeAll, expect, test } from 'vitest'
import plugin from '../../adapters/scheidt-bachmann/index.ts'
import type { AnyPlugin } from '../../core/plugin/index.ts'
import { openConnection } from '../adapters/open-connection.ts'
import { question } from '../fixtures/scheidt-bachmann/bodies.ts'
import { addAccount, addCredential } from '../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'

const secret = 'a secret of the eConnect tenant'
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('10. a database that is slow: NOTFOUND within the budget, kept as a decision, and the truth again afterwards', async () => {
  const hub = await openConnection(database, plugin as AnyPlugin, { config: {}, secrets: { inbound: secret } })
  const { db } = database
  await addCredential(hub.garage, 'plate', 'KAB1234', { accountId: await addAccount(hub.garage) })
  const ask = async (requestId: string) => {
    const response = await fetch(`${hub.url}/authorize`, {
      method: 'POST',
      body: JSON.stringify({ ...question, requestId }),
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    })
    return { status: response.status, body: await response.json() }
  }
  const granted = (name: string) =>
    eventually(async () => ((await ask(name)).body as { result?: string }).result === 'GRANTED', 'the right answer')
  const late = async () => {
    const facts = await db.selectFrom('parking_fact').select('data').where('type', '=', 'gate.decided').execute()
    const decisions = facts.map(({ data }) => data as Record<string, unknown>)
    return decisions.find(({ requestId }) => requestId === 'slow')
  }
  try {
    await granted('warm')
    const blocker = await database.ownerPool.connect()
    try {
      await blocker.query('begin; lock table credential in access exclusive mode')
      expect(await ask('slow')).toMatchObject({
        status: 200,
        body: { result: 'NOTFOUND', requestId: 'slow', displayText: 'Please ask for help.' },
      })
    } finally {
      await blocker.query('rollback')
      blocker.release()
    }
    await eventually(async () => (await late()) !== undefined, 'the record of the decision')
    expect(await late()).toMatchObject({ decision: 'unknown', reasonCode: 'deadline' })
    await granted('after')
  } finally {
    await hub.stop()
  }
}, 60_000)
