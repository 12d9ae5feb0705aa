// Owns the proof that a hub killed while cameras report has every read it acknowledged, and none twice once they are sent again.
// Must not look into the hub; its API tells what it has.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { api } from '../kill/garage.ts'
import { type HubProcess, hubProcess } from '../kill/hub-process.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_e2e_readers_0123456789abcdefghijk'
const secret = 'a-secret-of-the-gate'
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-killed-'))
let database: TestDatabase
let hub: HubProcess
const call = (method: string, path: string, body?: unknown): Promise<Json> =>
  api(hub.url, adminKey).call<Json>(method, path, body)

beforeAll(async () => {
  database = await createTestDatabase()
  hub = await hubProcess({ dataDir, adminKey, env: { DATABASE_URL: database.url } })
  await hub.start()
}, 300_000)
afterAll(async () => {
  if (hub?.alive()) await hub.kill('SIGTERM')
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('acknowledged reads are there after a kill, and nothing is there twice', async () => {
  const { siteId } = await call('POST', 'sites', { code: 'G', timeZone: 'Europe/Berlin', currency: 'EUR' })
  const { laneId } = await call('POST', 'lanes', { siteId, code: 'IN', direction: 'entry' })
  const config = { proof: 'key' }
  const camera = { pluginId: 'lpr-plate-recognizer', siteId, name: 'Camera', config, secrets: { inbound: secret } }
  const { connectionId } = await call('POST', 'connections', camera)
  const place = { kind: 'plate', role: 'entry', laneId, passage: 'passes' }
  await call('POST', 'readers', { siteId, connectionId, name: 'IN', ...place })

  const cars = Array.from({ length: 30 }, (_, i) => `KL ${1_000 + i * 37}`)
  const send = async (plate: string, i: number): Promise<boolean> => {
    const at = new Date(Date.UTC(2026, 2, 10, 7, i)).toISOString()
    const data = { camera_id: 'cam', timestamp: at, results: [{ plate, score: 0.9 }] }
    const body = JSON.stringify({ hook: { event: 'recognition' }, data })
    const headers = { 'content-type': 'application/json' }
    const url = `${hub.url}/in/${connectionId}/key/${secret}/as/IN`
    return fetch(url, { method: 'POST', headers, body }).then(
      ({ status }) => status === 200,
      () => false,
    )
  }
  await eventually(() => send(cars[0] ?? '', 0), 'the connection')

  const acknowledged = new Set<string>()
  let killed: Promise<unknown> | undefined
  await Promise.all(
    cars.map(async (plate, i) => {
      if (await send(plate, i)) acknowledged.add(plate)
      if (acknowledged.size >= 8) killed ??= hub.kill('SIGKILL')
    }),
  )
  await killed
  expect(acknowledged.size).toBeGreaterThanOrEqual(8)
  await hub.start()

  const told = async (): Promise<string[]> =>
    (await call('GET', 'reader-reports?limit=200')).items.map(({ plate }: Json) => plate).sort()
  const plain = (plates: Iterable<string>) => [...plates].map((plate) => plate.replace(' ', '')).sort()
  expect(await told()).toEqual(expect.arrayContaining(plain(acknowledged)))
  for (const [i, plate] of cars.entries()) await eventually(() => send(plate, i), 'the read again')
  expect(await told()).toEqual(plain(cars))
  const { items } = await call('GET', 'stays?limit=200')
  expect(items.map(({ plate }: Json) => plate).sort()).toEqual(plain(cars))
}, 300_000)
