// Owns the proof of a hub's coming and going as a process: one per data directory, stopped when asked, started whatever happened before.
// Must not look into the hub; its exit code, its words and its data directory tell.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { isAlive } from '../../../core/runtime/postgres/process-identity.ts'
import { eventually } from '../../setup/eventually.ts'
import { differences } from './compare.ts'
import { adminKey, api, buildGarage, type Garage } from './garage.ts'
import { type HubProcess, hubProcess, patienceMs } from './hub-process.ts'
import { untilIdle } from './idle.ts'
import { postmaster } from './postmaster.ts'
import { readStored } from './stored.ts'
import { createTraffic } from './traffic.ts'

const isRoot = process.getuid?.() === 0
const cleanly = { code: 0, signal: null }

let garage: Garage
beforeAll(async () => {
  garage = await buildGarage()
}, 300_000)
afterAll(() => garage.remove())

const hubs: HubProcess[] = []
async function hubOn(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<HubProcess> {
  const hub = await hubProcess({ dataDir, adminKey, env })
  hubs.push(hub)
  return hub
}
afterEach(async () => {
  for (const hub of hubs.splice(0)) {
    // What a killed hub leaves running is ended by the next one; here there is none.
    if (hub.alive()) await hub.kill('SIGTERM')
    const left = postmaster(hub.dataDir)
    if (left > 0 && isAlive(left)) process.kill(left, 'SIGKILL')
  }
})

test('asked to stop in the middle of everything, it answers what it took, ends with 0, and can be started at once', async () => {
  const hub = await hubOn(garage.copy())
  const traffic = createTraffic(garage, hub.url, 'stop')
  try {
    await hub.start()
    await traffic.drained()
    // Somebody watches the events, and somebody keeps a connection open without a word.
    const stream = get(`${hub.url}/api/v1/events/stream`, { headers: { authorization: `Bearer ${adminKey}` } })
    stream.on('error', () => undefined)
    const said = traffic.acked.length
    const round = traffic.round()
    await eventually(() => traffic.acked.length >= said + 20, 'traffic', patienceMs)
    const database = postmaster(hub.dataDir)
    expect(await hub.kill('SIGTERM'), hub.output()).toEqual(cleanly)
    expect(isAlive(database)).toBe(false)
    expect(existsSync(join(hub.dataDir, 'hub.lock'))).toBe(false)
    await hub.start()
    await round
    await traffic.drained()
    await untilIdle(hub.url)
    await traffic.close()
    expect(await hub.kill('SIGINT'), hub.output()).toEqual(cleanly)
    expect(hub.output()).not.toMatch(/"level":(50|60)/)
  } finally {
    await traffic.close()
  }
  expect(traffic.faults).toEqual([])
  expect(differences({ ...traffic, extraStatuses: [] }, await readStored(hub.dataDir))).toEqual([])
}, 300_000)

test('a second hub on the same data directory is refused with a sentence; the first one serves on', async () => {
  const first = await hubOn(garage.copy())
  await first.start()
  const second = await hubProcess({ dataDir: first.dataDir, adminKey })
  second.launch()
  expect(await second.gone()).toEqual({ code: 1, signal: null })
  expect(second.output().trim()).toMatch(
    new RegExp(`^baywatt: Another hub is working on ${first.dataDir} \\(process ${first.pid} on .*BAYWATT_DATA_DIR`),
  )
  expect(second.output().trim().split('\n')).toHaveLength(1)
  await expect(api(first.url, adminKey).call('GET', 'sites')).resolves.toMatchObject({ items: [{ code: 'E2E' }] })
  expect(await first.kill('SIGTERM'), first.output()).toEqual(cleanly)
}, 300_000)

test('a port that is taken is told in a sentence, and nothing is left running', async () => {
  const first = await hubOn(garage.copy())
  await first.start()
  const second = await hubOn(garage.copy(), { BAYWATT_PORT: new URL(first.url).port })
  second.launch()
  expect(await second.gone()).toEqual({ code: 1, signal: null })
  expect(second.output()).toMatch(
    /^baywatt: The hub cannot listen on 127\.0\.0\.1:\d+: another program has this port\. .*$/m,
  )
  expect(postmaster(second.dataDir)).toBe(0)
  expect(existsSync(join(second.dataDir, 'hub.lock'))).toBe(false)
}, 300_000)

test('killed at any moment of its very first start, the next start begins where it can', async () => {
  const home = mkdtempSync(join(tmpdir(), 'baywatt-e2e-'))
  const dataDir = join(home, 'data')
  try {
    const hub = await hubOn(dataDir)
    const moments: Record<string, () => boolean> = {
      'the directory is locked': () => existsSync(join(dataDir, 'hub.lock')),
      'the database is being made': () => existsSync(join(dataDir, 'postgres.new', 'data')),
      'the database is half made': () => existsSync(join(dataDir, 'postgres.new', 'data', 'base')),
      'the database comes up': () => existsSync(join(dataDir, 'postgres', 'postmaster.pid')),
      'the database is up': () => postmaster(dataDir) > 0,
    }
    for (const [what, reached] of Object.entries(moments)) {
      hub.launch()
      await eventually(() => reached() || !hub.alive(), what, patienceMs)
      expect(await hub.kill('SIGKILL'), `${what}: ${hub.output()}`).toEqual({ code: null, signal: 'SIGKILL' })
    }
    // From here on everything is a transaction: the schema, the queue, the first key.
    for (const step of ['before-commit', 'after-commit'] as const) {
      for (const count of [1, 2, 3]) {
        hub.launch()
        await hub.arm({ step, count })
        await Promise.race([hub.gone(), hub.ready()])
        await hub.kill('SIGKILL')
      }
    }
    await hub.start()
    await expect(api(hub.url, adminKey).call('GET', 'organization')).resolves.toMatchObject({ name: 'My organization' })
    expect(await hub.kill('SIGTERM'), hub.output()).toEqual(cleanly)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}, 300_000)

test('asked to stop while it starts, it leaves nothing running and can be started at once', async () => {
  const hub = await hubOn(garage.copy())
  hub.launch()
  await eventually(() => postmaster(hub.dataDir) > 0, 'the database is up', patienceMs)
  const database = postmaster(hub.dataDir)
  expect(await hub.kill('SIGTERM'), hub.output()).toEqual(cleanly)
  await eventually(() => !isAlive(database), 'the database server is gone', patienceMs)
  await hub.start()
  expect(await hub.kill('SIGTERM'), hub.output()).toEqual(cleanly)
}, 300_000)

if (isRoot) {
  test('as root, below a directory that only root may enter', async () => {
    const home = mkdtempSync(join(tmpdir(), 'baywatt-e2e-'))
    try {
      chmodSync(home, 0o700)
      const dataDir = join(home, 'closed', 'data')
      mkdirSync(join(home, 'closed'), { mode: 0o700 })
      const hub = await hubOn(dataDir)
      for (let start = 1; start <= 2; start++) {
        await hub.start()
        expect(await hub.kill('SIGTERM'), hub.output()).toEqual(cleanly)
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  }, 300_000)
}
