// Owns the proof that the hub outlives its database: killed mid-traffic, it is restarted, and nothing acknowledged is lost.
// Must not help the hub: nobody but the hub itself starts the database again.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../setup/eventually.ts'
import { differences } from './compare.ts'
import { buildGarage, type Garage } from './garage.ts'
import { hubProcess, patienceMs } from './hub-process.ts'
import { untilIdle } from './idle.ts'
import { postmaster } from './postmaster.ts'
import { readStored } from './stored.ts'
import { createTraffic } from './traffic.ts'

let garage: Garage
beforeAll(async () => {
  garage = await buildGarage()
}, 300_000)
afterAll(() => garage.remove())

test('the database is killed while everybody talks: it comes back by itself, chargers stay connected, nothing is lost', async () => {
  const hub = await hubProcess({ dataDir: garage.copy(), adminKey: garage.adminKey })
  const traffic = createTraffic(garage, hub.url, 'database')
  const alive: number[] = []
  const ready: number[] = []
  const watching = { on: true }
  const status = (path: string) =>
    fetch(`${hub.url}${path}`).then(async (answer) => {
      await answer.arrayBuffer()
      return answer.status
    })
  const watch = async () => {
    while (watching.on) {
      alive.push(await status('/livez').catch(() => 0))
      ready.push(await status('/readyz').catch(() => 0))
    }
  }
  try {
    await hub.start()
    await traffic.drained()
    const watched = watch()
    for (let kill = 1; kill <= 4; kill++) {
      const said = traffic.acked.length
      const round = traffic.round()
      // Each time a little further into the traffic, so that the kill falls into different work.
      await eventually(() => traffic.acked.length >= said + 7 * kill, 'traffic', patienceMs)
      await killDatabase(hub.dataDir)
      await round
      await traffic.drained()
      await hub.ready()
    }
    // An outage is told: an operator's monitor asks again and again.
    for (let kill = 1; kill <= 5 && !ready.includes(503); kill++) {
      await killDatabase(hub.dataDir)
      await hub.ready()
    }
    await traffic.round()
    await traffic.drained()
    await untilIdle(hub.url)
    watching.on = false
    await watched
    expect(new Set(alive)).toEqual(new Set([200]))
    expect(new Set(ready)).toEqual(new Set([200, 503]))
    expect(traffic.disconnects()).toBe(0)
    await traffic.close()
    expect(await hub.kill('SIGTERM'), hub.output()).toEqual({ code: 0, signal: null })
  } finally {
    watching.on = false
    await traffic.close()
    await hub.kill('SIGKILL')
  }
  expect(traffic.faults).toEqual([])
  expect(differences({ ...traffic, extraStatuses: [] }, await readStored(hub.dataDir))).toEqual([])
}, 300_000)

/** Resolves when the hub has started another one. */
async function killDatabase(dataDir: string): Promise<void> {
  await eventually(() => postmaster(dataDir) > 0, 'a database server', patienceMs)
  const before = postmaster(dataDir)
  if (before === 0) throw new Error('the database server went away by itself')
  process.kill(before, 'SIGKILL')
  await eventually(() => ![0, before].includes(postmaster(dataDir)), 'another database server', patienceMs)
}
