// Owns the proof of the private server's life: start, stop, crash of either side, and nothing acknowledged lost.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../core/runtime/postgres/index.ts'
import { isAlive } from '../../core/runtime/postgres/process-identity.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { defineEffect, groupCommit } from '../../core/store/group-commit.ts'
import { connect } from '../../core/store/pool.ts'
import { silent } from '../setup/silent-log.ts'

const isRoot = process.getuid?.() === 0
let home: string
let dataDir: string
const running: EmbeddedPostgres[] = []
const children: ChildProcess[] = []

// Creating a cluster takes most of a first start; all but the tests of that begin from a copy of one.
let made: string
beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'baywatt-server-'))
  const first = await startEmbeddedPostgres({ dataDir: made, log: silent, now: () => new Date(), unsafe: true })
  await first.stop()
})
afterAll(() => rmSync(made, { recursive: true }))

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'baywatt-server-'))
  dataDir = join(home, 'data')
  cpSync(made, dataDir, { recursive: true })
  chmodSync(dataDir, 0o700)
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map((server) => server.stop()))
  rmSync(home, { recursive: true, force: true })
})

async function start(more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date(), ...more })
  running.push(server)
  return server
}

async function ask<T = Record<string, unknown>>(server: EmbeddedPostgres, text: string): Promise<T[]> {
  const client = new Client({ connectionString: server.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(text)).rows as T[]
  } finally {
    await client.end()
  }
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A hub in its own process, and the lines it said. */
function hub(...args: string[]) {
  const program = new URL('./postgres-hub.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--import', 'tsx', program, dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: new URL('../..', import.meta.url).pathname,
  })
  children.push(child)
  const lines: string[] = []
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const numbers = (word: string) => lines.filter((l) => l.startsWith(`${word} `)).map((l) => Number(l.split(' ')[1]))
  return { child, lines, exited, numbers }
}

describe('a private server', () => {
  test('keeps what was stored over a stop and a start, and leaves nothing running', async () => {
    const first = await start()
    await ask(first, 'create table kept (n int); insert into kept values (1)')
    const { pid } = first
    await Promise.all([first.stop(), first.stop()])
    expect(isAlive(pid)).toBe(false)
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.password'])
    expect(await ask(await start(), 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('syncs every commit, checks its pages, and sorts alike everywhere', async () => {
    const server = await start()
    const settings = await ask<{ name: string; setting: string }>(
      server,
      `select name, setting from pg_settings where name in
        ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'server_encoding', 'TimeZone', 'listen_addresses')`,
    )
    expect(Object.fromEntries(settings.map((row) => [row.name, row.setting]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      server_encoding: 'UTF8',
      TimeZone: 'UTC',
      listen_addresses: '',
    })
    expect(await ask(server, `select upper('é ñ') as up, 'B' < 'a' as byte_order`)).toEqual([
      { up: 'É Ñ', byte_order: true },
    ])
  })

  test('durability is not open to configuration, other settings are', async () => {
    const server = await start({ settings: { fsync: 'off', max_connections: '20' } })
    expect(
      await ask(server, `select current_setting('fsync') as fsync, current_setting('max_connections') as most`),
    ).toEqual([{ fsync: 'on', most: '20' }])
  })

  test('is closed to others: private files, no network, a password even on its socket', async () => {
    const server = await start()
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600)
    const guess = new Client({ ...server.connection, password: 'guess' })
    await expect(guess.connect()).rejects.toMatchObject({ code: '28P01' })
  })

  test('runs in a folder with spaces, quotes and a name too long for a socket', async () => {
    dataDir = join(home, 'it\'s a "folder"', 'x'.repeat(120))
    const server = await start()
    expect(server.connection.host).toBe('127.0.0.1')
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('a first start that was cut short is begun again', async () => {
    rmSync(dataDir, { recursive: true })
    mkdirSync(join(dataDir, 'postgres.new', 'data'), { recursive: true })
    writeFileSync(join(dataDir, 'postgres.new', 'data', 'PG_VERSION'), '18\n')
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(readdirSync(dataDir)).not.toContain('postgres.new')
  })

  test('says what is wrong with a folder it cannot use', async () => {
    rmSync(dataDir, { recursive: true })
    writeFileSync(dataDir, 'a file')
    await expect(start()).rejects.toMatchObject({
      code: 'data_dir_unusable',
      message: expect.stringContaining(dataDir),
    })
  })

  test('says so when the password was lost, and when the cluster is of another version', async () => {
    await (await start()).stop()
    rmSync(join(dataDir, 'postgres.password'))
    await expect(start()).rejects.toMatchObject({ code: 'password_missing' })
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '15\n')
    await expect(start()).rejects.toMatchObject({
      code: 'database_version',
      message: expect.stringContaining('PostgreSQL 15'),
    })
    expect(readdirSync(dataDir)).not.toContain('hub.lock')
  })

  test('a cluster restored with open permissions is closed again', async () => {
    await (await start()).stop()
    chmodSync(join(dataDir, 'postgres'), 0o755)
    await start()
    expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
  })
})

if (isRoot) {
  describe('started by root', () => {
    test('runs as an ordinary user, below folders that only root may enter', async () => {
      chmodSync(home, 0o700)
      const server = await start()
      const cluster = statSync(join(dataDir, 'postgres'))
      expect(cluster.uid).not.toBe(0)
      expect(statSync(`/proc/${server.pid}`).uid).toBe(cluster.uid)
      expect(statSync(dataDir).uid).toBe(0)
    })

    test("gives a cluster that root copied back to the server's user, and keeps the user of one that has it", async () => {
      await (await start()).stop()
      const dir = join(dataDir, 'postgres')
      for (const entry of readdirSync(dir, { recursive: true })) chownSync(join(dir, String(entry)), 0, 0)
      chownSync(dir, 0, 0)
      await (await start()).stop()
      for (const entry of readdirSync(dir, { recursive: true })) chownSync(join(dir, String(entry)), 65_534, 65_534)
      chownSync(dir, 65_534, 65_534)
      const server = await start()
      expect(statSync(`/proc/${server.pid}`).uid).toBe(65_534)
    })
  })
}

describe('crashes', () => {
  test('a hub killed while it stores: the next one ends the orphan and has every acknowledged row', async () => {
    for (let round = 1; round <= 3; round++) {
      const doomed = hub()
      await until(() => doomed.numbers('stored').length >= 50 * round, 'rows are stored')
      doomed.child.kill('SIGKILL')
      await doomed.exited
      const [orphan = 0] = doomed.numbers('server')
      expect(isAlive(orphan)).toBe(true)
      const server = await start()
      expect(isAlive(orphan)).toBe(false)
      const stored = (await ask<{ n: number }>(server, 'select n from stored order by n')).map((row) => row.n)
      const last = Math.max(...doomed.numbers('stored'))
      // The row being written when the kill came may be there too; none before it may be missing.
      expect(stored).toEqual(Array.from({ length: stored.length }, (_, i) => i + 1))
      expect([last, last + 1]).toContain(stored.length)
      await server.stop()
    }
  })

  test('hub and server killed together: recovered, every acknowledged row there', async () => {
    const doomed = hub()
    await until(() => doomed.numbers('stored').length >= 100, 'rows are stored')
    const [postmaster = 0] = doomed.numbers('server')
    process.kill(postmaster, 'SIGKILL')
    doomed.child.kill('SIGKILL')
    await doomed.exited
    const server = await start()
    const [row] = await ask<{ count: number }>(server, 'select count(*)::int as count from stored')
    const last = Math.max(...doomed.numbers('stored'))
    expect([last, last + 1]).toContain(row?.count)
  })

  test('a hub that leaves without stopping its server takes it along', async () => {
    const leaving = hub('exit')
    await leaving.exited
    const [pid = 0] = leaving.numbers('server')
    expect(pid).toBeGreaterThan(0)
    await until(() => !isAlive(pid), 'the server is gone')
  })

  test('a second hub on the same folder is refused, naming the first; the first serves on', async () => {
    const first = hub()
    await until(() => first.numbers('stored').length > 0, 'the first is up')
    await expect(start()).rejects.toMatchObject({
      code: 'data_dir_in_use',
      message: expect.stringContaining(`process ${first.child.pid}`),
    })
    const second = hub()
    await second.exited
    expect(second.lines).toEqual([expect.stringMatching(/^refused data_dir_in_use Another hub is working on/)])
    const before = first.numbers('stored').length
    await until(() => first.numbers('stored').length > before, 'the first serves on')
    first.child.kill('SIGTERM')
    await first.exited
    await start()
  })

  test('the same process cannot open it twice either', async () => {
    await start()
    await expect(start()).rejects.toMatchObject({ code: 'data_dir_in_use' })
  })

  test('a postmaster.pid whose number belongs to something else does not keep the server down', async () => {
    await (await start()).stop()
    const account = statSync(join(dataDir, 'postgres'))
    const stranger = spawn('sleep', ['60'], isRoot ? { uid: account.uid, gid: account.gid } : {})
    children.push(stranger)
    writeFileSync(
      join(dataDir, 'postgres', 'postmaster.pid'),
      `${stranger.pid}\n${dataDir}/postgres\n1\n5432\n.\n\n1 1\nready\n`,
    )
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(isAlive(stranger.pid ?? 0)).toBe(true)
  })

  test('a server that dies is restarted, said so, and a pool finds it again', async () => {
    const told: string[] = []
    const server = await start({ onDown: (reason) => told.push(`down: ${reason}`), onUp: () => told.push('up') })
    const { pool, close } = await connect({ to: server.connection, role: 'owner', log: silent })
    await pool.query('create table kept (n int); insert into kept values (1)')
    for (let round = 1; round <= 2; round++) {
      const { pid } = server
      process.kill(pid, 'SIGKILL')
      await until(() => told.length === 2 * round, 'it is back')
      expect(told.slice(-2)).toEqual(['down: ended with SIGKILL', 'up'])
      expect(server.pid).not.toBe(pid)
      await until(
        () =>
          pool.query('select n from kept').then(
            ({ rows }) => rows.length === 1,
            () => false,
          ),
        'the pool serves',
      )
    }
    await close()
  })

  test('stopping while it is down, and while it restarts, comes to an end and leaves nothing', async () => {
    for (const wait of [0, 50, 150, 300]) {
      const server = await start()
      process.kill(server.pid, 'SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, wait))
      await server.stop()
      expect(isAlive(server.pid)).toBe(false)
      expect(readdirSync(dataDir)).not.toContain('hub.lock')
    }
    await start()
  })

  test('the database restarted mid-traffic: every unit is acknowledged, and every acknowledged unit is stored', async () => {
    const server = await start()
    const { pool, close } = await connect({ to: server.connection, role: 'owner', log: silent, max: 4 })
    await pool.query('create table stored (n int primary key, seq bigserial)')
    const template = defineEffect<{ n: number }>({
      name: 'stored',
      order: 1,
      sql: 'insert into stored (n) select n from json_populate_recordset(null::stored, $1::json) on conflict do nothing',
    })
    const commits = groupCommit({ pool, clock: systemClock, log: silent, flushers: 2 })
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      for (let i = 0; i < 60; i++) {
        const n = writer * 1_000 + i
        await commits.commit({ effects: [{ template, row: { n } }], partition: String(writer) })
        if (writer === 0 && i % 20 === 10) process.kill(server.pid, i === 30 ? 'SIGINT' : 'SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })
    await Promise.all(writers)
    const { rows } = await pool.query<{ n: number }>('select n from stored order by seq')
    expect(rows.map((row) => row.n).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 * 60 }, (_, i) => Math.floor(i / 60) * 1_000 + (i % 60)),
    )
    expect(commits.stats.retries).toBeGreaterThan(0)
    await close()
  })
})
