// Owns the proof, over a real socket, that a gate is answered when the database is slow: the site's fallback, at the deadline.
// Must not measure time: the test says when the deadline is there.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addAccount, addCredential, openGarage } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { openConnection } from './connection.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('a locked database: the fallback at the deadline, no place kept for a car that was turned away, and soon the truth again', async () => {
  const garage = await openGarage(database.db, { settings: { gate_fallback: 'declined' } })
  const accountId = await addAccount(garage)
  await database.db
    .updateTable('account')
    .set({ access: JSON.stringify({ maxInside: 1 }) })
    .where('account_id', '=', accountId)
    .execute()
  await addCredential(garage, 'card', '04A3C6CA', { accountId })
  await addCredential(garage, 'card', '04B3C6CB', { accountId })
  const due: (() => void)[] = []
  const connection = await openConnection(
    garage,
    {},
    undefined,
    () => new Promise<void>((resolve) => due.push(resolve)),
  )
  const ask = (requestId: string, value: string) =>
    connection.post('gate-requests', {
      requestId,
      lane: 'in',
      direction: 'entry',
      occurredAt: garage.clock.now().toISOString(),
      credentials: [{ kind: 'card', value }],
    })
  const holds = () => database.db.selectFrom('access_hold').selectAll().execute()
  // Once in peace, so that the connection knows what its site falls back to; then the car backs out.
  expect((await ask('r1', '04A3C6CA')).body).toMatchObject({ decision: 'granted', message: 'Welcome.' })
  await database.db.deleteFrom('access_hold').execute()

  const blocker = await database.ownerPool.connect()
  await blocker.query('begin; lock table access_hold in access exclusive mode')
  const pending = ask('r2', '04A3C6CA')
  await eventually(async () => due.length === 2, 'the question to arrive')
  due[1]?.()
  expect(await pending).toMatchObject({
    status: 200,
    body: { requestId: 'r2', decision: 'declined', reasonCode: 'deadline' },
  })
  await blocker.query('rollback')
  blocker.release()
  // The look-up comes to its end now, takes the place, and gives it back: the car was not let in.
  await eventually(
    async () => (await holds()).length === 0 && (await ask('r3', '04B3C6CB')).body.decision === 'granted',
    'the place to be free',
  )
  await connection.stop()
})
