// Owns the proof of connections: limits, roles, and living through cut connections.
import { sql } from 'kysely'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectOptions, connect, prepared } from '../../core/store/pool.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
})
afterAll(() => database.drop())

const open = (more: Partial<ConnectOptions> = {}) =>
  connect({ to: database.connection, role: 'app', log: silent, ...more })

describe('connect', () => {
  test('sets the limits of each session', async () => {
    const { pool, close } = await open({ statementTimeoutMs: 1_234, applicationName: "o'hub" })
    const { rows } = await pool.query(`select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name`)
    expect(rows).toEqual([{ statement: '1234ms', idle: '30s', name: 'ohub' }])
    await expect(pool.query('set statement_timeout = 50; select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' })
    await close()
  })

  test('takes a URL as well as parts', async () => {
    const { pool, close } = await open({ to: database.url })
    expect((await pool.query('select current_user as who')).rows).toEqual([{ who: 'baywatt_app' }])
    await close()
  })

  test('fails at once where there is no server', async () => {
    const nowhere = { ...database.connection, host: '127.0.0.1', port: 1 }
    await expect(open({ to: nowhere })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('where the role may not be taken it warns once and serves with the rights it has', async () => {
    const role = `limited_${process.pid}`
    await database.ownerPool.query(`create role ${role} login password 'x'; grant all on schema public to ${role}`)
    const warnings: string[] = []
    const log = { ...silent, warn: (_: object, message: string) => void warnings.push(message) }
    const { pool, close, appendOnlyEnforced } = await open({
      to: { ...database.connection, user: role, password: 'x' },
      log,
    })
    const [one, two] = await Promise.all([pool.query('select current_user as who'), pool.query('select 1 as n')])
    expect(one.rows).toEqual([{ who: role }])
    expect(two.rows).toEqual([{ n: 1 }])
    expect(appendOnlyEnforced).toBe(false)
    expect(warnings).toEqual([expect.stringContaining('append-only tables are kept by the code alone')])
    await close()
    await database.ownerPool.query(`revoke all on schema public from ${role}; drop role ${role}`)
  })

  test('a role that is lost later never leaves a connection with more rights than asked for', async () => {
    const role = `passing_${process.pid}`
    await database.ownerPool.query(`create role ${role} login password 'x'; grant baywatt_app to ${role}`)
    const { pool, close, appendOnlyEnforced } = await open({
      to: { ...database.connection, user: role, password: 'x' },
    })
    expect(appendOnlyEnforced).toBe(true)
    await database.ownerPool.query(`revoke baywatt_app from ${role}`)
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: '42501' })
    await close()
    await database.ownerPool.query(`drop role ${role}`)
  })

  test('connections cut while idle and while in use: only the query in use hears of it, the pool serves on', async () => {
    const lost: string[] = []
    const log = { ...silent, warn: (_: object, message: string) => void lost.push(message) }
    const { pool, close } = await open({ log, applicationName: 'to be cut' })
    await Promise.all([pool.query('select 1'), pool.query('select 1'), pool.query('select 1')])
    const busy = pool.query('select pg_sleep(60)').then(
      () => 'slept',
      (error: { code?: string }) => error.code,
    )
    const admin = new Client(database.connection)
    await admin.connect()
    const sleeping = `select 1 from pg_stat_activity where application_name = 'to be cut' and query like '%pg_sleep%' and state = 'active'`
    while ((await admin.query(sleeping)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to be cut'`)
    await admin.end()
    expect(await busy).toBe('57P01')
    // An idle connection may not have heard yet and fails its first query; none after it does.
    await Promise.allSettled([pool.query('select 1'), pool.query('select 1'), pool.query('select 1')])
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    await close()
  })

  test('a marked statement is planned once by each connection, whatever its values', async () => {
    const { db, close } = await open({ max: 1 })
    const doubled = async (n: number) =>
      (await sql<{ n: number }>`${prepared('double')} select ${n}::int * 2 as n`.execute(db)).rows[0]?.n
    expect([await doubled(1), await doubled(21)]).toEqual([2, 42])
    const { rows } = await sql<{ name: string }>`select name from pg_prepared_statements`.execute(db)
    expect(rows).toEqual([{ name: 'double' }])
    await close()
  })

  test('closing twice is harmless, and ends every session', async () => {
    const { pool, close } = await open({ applicationName: 'to be closed' })
    await pool.query('select 1')
    await close()
    await close()
    const watch = new Pool(database.connection)
    const left = `select count(*)::int as n from pg_stat_activity where application_name = 'to be closed'`
    while ((await watch.query(left)).rows[0].n > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await watch.end()
  })
})
