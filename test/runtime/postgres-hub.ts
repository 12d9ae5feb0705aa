// Owns a small hub in its own process for the kill tests: starts the private server, then stores numbers and says which.
// Must not be a test; arguments: data directory, and `exit` to leave at once without stopping anything.
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { silent } from '../setup/silent-log.ts'

const [dataDir = '', mode] = process.argv.slice(2)
try {
  const server = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date() })
  console.log(`server ${server.pid}`)
  if (mode === 'exit') process.exit(0)
  const client = new Client(server.connection)
  client.on('error', () => undefined)
  await client.connect()
  await client.query('create table if not exists stored (n int primary key)')
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)))
  const { rows } = await client.query('select coalesce(max(n), 0)::int as n from stored')
  for (let n = rows[0].n + 1; ; n++) {
    await client.query('insert into stored values ($1)', [n])
    console.log(`stored ${n}`)
  }
} catch (error) {
  console.log(`refused ${(error as { code?: string }).code} ${(error as Error).message}`)
  process.exit(1)
}
