// Owns the database that a bench runs on: migrated, with one site and registered stations.
// Must not measure.
import { createHmac, hkdfSync } from 'node:crypto'
import { Client, Pool } from 'pg'
import { type ConnectionDetails, connectionUrl } from '../../../core/runtime/postgres/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { installJobs } from '../../../core/store/jobs.ts'
import { migrate, migrationsIn } from '../../../core/store/migrator.ts'

export const password = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'
export const rootKey = 'b'.repeat(64)
export const silent = { debug() {}, info() {}, warn() {}, error: (f: object, m: string) => console.error(m, f) }

/** A migrated database with stations BENCH-000000 and on, at one site; its URL. */
export async function benchDatabase(server: ConnectionDetails, name: string, stations: number): Promise<string> {
  const admin = new Client(server)
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const connection = { ...server, database: name }
  const pool = new Pool({ ...connection, max: 2 })
  pool.on('error', () => undefined)
  await installJobs(pool, silent)
  await migrate({
    connection,
    migrations: await migrationsIn(new URL('../../../migrations/', import.meta.url)),
    version: 'bench',
    now: () => new Date(),
    log: silent,
  })
  await addStations(pool, stations)
  await pool.end()
  return connectionUrl(connection)
}

/** Registered stations with a password each; the hash is the hub's own, made from the root key it is started with. */
async function addStations(pool: Pool, count: number): Promise<void> {
  const organization = systemNewId()
  const site = systemNewId()
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(rootKey, 'hex'), 'baywatt', 'station secrets', 32))
  const hash = createHmac('sha256', key).update(password).digest()
  const now = new Date()
  await pool.query('insert into organization (organization_id, name, created_at) values ($1, $2, $3)', [
    organization,
    'Bench',
    now,
  ])
  await pool.query(
    `insert into site (organization_id, site_id, code, name, time_zone, currency, created_at, updated_at)
     values ($1, $2, 'bench', 'Bench', 'UTC', 'EUR', $3, $3)`,
    [organization, site, now],
  )
  const rows = Array.from({ length: count }, (_, n) => ({
    id: systemNewId(),
    code: `BENCH-${String(n).padStart(6, '0')}`,
  }))
  const ids = rows.map((r) => r.id)
  const codes = rows.map((r) => r.code)
  await pool.query(
    `insert into station (organization_id, site_id, station_id, code, name, secret_hash, max_power_w, created_at, updated_at)
     select $1, $2, id, code, code, $5, 22000, $6, $6 from unnest($3::uuid[], $4::text[]) s(id, code)`,
    [organization, site, ids, codes, hash, now],
  )
  await pool.query(
    `insert into station_identity select lower(code), $1, id from unnest($2::uuid[], $3::text[]) s(id, code)`,
    [organization, ids, codes],
  )
  await pool.query(
    `insert into evse (organization_id, site_id, station_id, evse_id, number, code, created_at, updated_at)
     select $1, $2, id, gen_random_uuid(), 1, code || '-1', $5, $5 from unnest($3::uuid[], $4::text[]) s(id, code)`,
    [organization, site, ids, codes, now],
  )
}
