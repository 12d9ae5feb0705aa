// Owns a hub on a clock of the test's, with one site, its lanes and a plain reader plugin, for tests of cameras and card readers.
// Must not hold expectations, nor look into the hub's tables.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { readConfig } from '../../../core/runtime/config.ts'
import { type Hub, startHub } from '../../../core/runtime/hub.ts'
import { inTreePlugins } from '../../../core/runtime/in-tree-plugins.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { createParcs, type Parcs, type SimulatedStation, simulatedStation, type WireFact } from '../../sim/index.ts'
import { testReader } from './test-reader.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
export type Json = any

const adminKey = 'bwk_test_readers_0123456789abcdefgh'

export interface Answered {
  status: number
  body: Json
}

export interface ReaderHub {
  hub: Hub
  database: TestDatabase
  clock: ManualClock
  siteId: string
  lanes: Record<'entry' | 'exit', string>
  /** The connection of the plain reader plugin. */
  connectionId: string
  key: string
  /** Throws for what is refused. */
  call(method: string, path: string, body?: Json): Promise<Json>
  ask(method: string, path: string, body?: Json, key?: string): Promise<Answered>
  /** What readers of the plain plugin told. */
  report(...reports: Json[]): Promise<Json>
  alive(reader: string): Promise<void>
  place(name: string, body: Json): Promise<Json>
  stays(plate: string): Promise<Json[]>
  /** A parking system behind parcs-http, and its connection. */
  parcs(
    name: string,
  ): Promise<{ parcs: Parcs; connectionId: string; tell(...facts: Partial<WireFact>[]): Promise<void> }>
  station(
    code: string,
    identity?: { vendor: string; model: string },
  ): Promise<{ stationId: string; sim: SimulatedStation }>
  close(): Promise<void>
}

export async function openReaderHub({ plugins = [] }: { plugins?: readonly AnyPlugin[] } = {}): Promise<ReaderHub> {
  const clock = manualClock(new Date('2026-03-10T08:00:00Z'))
  const database = await createTestDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-readers-'))
  const hub = await startHub({
    config: {
      ...readConfig({ BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url }),
      dataDir,
    },
    log: silent,
    clock,
    plugins: [...inTreePlugins, testReader, ...plugins],
  })
  const ask = async (method: string, path: string, body?: Json, key = adminKey): Promise<Answered> => {
    const response = await fetch(`${hub.url}/api/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }
  const call = async (method: string, path: string, body?: Json): Promise<Json> => {
    const answer = await ask(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const site = { code: 'G', timeZone: 'Europe/Berlin', currency: 'EUR', country: 'DE' }
  const { siteId } = await call('POST', 'sites', site)
  const lane = async (direction: string): Promise<string> =>
    (await call('POST', 'lanes', { siteId, code: direction.toUpperCase(), direction })).laneId
  const lanes = { entry: await lane('entry'), exit: await lane('exit') }
  const connected = { pluginId: 'test-reader', name: 'Readers', siteId, config: {} }
  const connectionId: string = (await call('POST', 'connections', connected)).connectionId
  await hub.host.settled()
  const stations: SimulatedStation[] = []
  const post = async (body: Json) => {
    const response = await fetch(`${hub.url}/in/${connectionId}/`, { method: 'POST', body: JSON.stringify(body) })
    return response.status === 204 ? null : response.json()
  }

  return {
    hub,
    database,
    clock,
    siteId,
    lanes,
    connectionId,
    key: adminKey,
    call,
    ask,
    report: (...reports) => post({ reports }),
    alive: async (reader) => void (await post({ alive: reader })),
    place: (name, body) => call('POST', 'readers', { siteId, connectionId, name, ...body }),
    stays: async (plate) => (await call('GET', `stays?plate=${plate}`)).items,
    async parcs(name) {
      const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
      const body = { pluginId: 'parcs-http', siteId, name, config: {}, secrets: { signing: secret } }
      const made = await call('POST', 'connections', body)
      await hub.host.settled()
      const parcs = createParcs({ hubUrl: hub.url, connectionId: made.connectionId, secret, clock, seed: name })
      let told = 0
      return {
        parcs,
        connectionId: made.connectionId,
        async tell(...facts) {
          for (const fact of facts) {
            const rest = {
              id: `${name}-${++told}`,
              revision: 1,
              occurredAt: clock.now().toISOString(),
              backfilled: false,
            }
            parcs.record({ ...rest, ...fact } as WireFact)
          }
          await parcs.flush()
          if (parcs.queued.length + parcs.rejected.length > 0)
            throw new Error(`the hub did not take it: ${JSON.stringify(parcs.rejected)}`)
        },
      }
    },
    async station(code, identity) {
      const evses = [1, 2].map((number) => ({ number, code: `${code}-${number}`, maxPowerW: 22_000 }))
      const made = await call('POST', 'stations', { siteId, code, defaultProtocol: 'ocpp1.6', evses })
      const url = `${hub.url.replace(/^http/, 'ws')}/ocpp`
      const version = 'ocpp1.6' as const
      const who = identity === undefined ? {} : { identity }
      const sim = simulatedStation({ url, code, password: made.secret, version, evses: 2, clock, ...who })
      const verdict = await sim.connect()
      if (verdict !== 'accepted') throw new Error(`the station is ${verdict}`)
      stations.push(sim)
      return { stationId: made.stationId, sim }
    },
    async close() {
      for (const station of stations) await station.disconnect()
      await hub.stop()
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
