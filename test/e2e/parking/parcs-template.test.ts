// Owns the proof over real sockets that a vendor described by a profile becomes stays of a real hub, and gets the hub's actions.
// Must not look into the hub.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { someProfile } from '../../adapters/parcs-template/some-profile.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type SimulatedVendor, simulatedVendor, vendorSecret, vendorUser } from '../../sim/parcs-template/vendor.ts'
import { api } from '../kill/garage.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_e2e_template_0123456789abcdefghij'
const entry = fileURLToPath(new URL('./hub-with-vendor.ts', import.meta.url))
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-template-'))
const webhook = 'a secret for calls to the hub'
let database: TestDatabase
let vendor: SimulatedVendor
let child: ChildProcess
let url: string

const call = <T = Json>(method: string, path: string, body?: unknown) => api(url, adminKey).call<T>(method, path, body)

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await simulatedVendor('digest-sha256')
  const { PATH, HOME, TMPDIR } = process.env
  child = spawn(process.execPath, ['--import', 'tsx', entry], {
    env: {
      PATH,
      HOME,
      TMPDIR,
      BAYWATT_PORT: '0',
      BAYWATT_ADMIN_KEY: adminKey,
      BAYWATT_DATA_DIR: dataDir,
      DATABASE_URL: database.url,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url))
    child.once('exit', (code) => reject(new Error(`the hub ended with ${code}`)))
  })
}, 300_000)
afterAll(async () => {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
  await vendor.close()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('what the vendor tells becomes a stay, by its call and by the poll, and the hub opens its gate', async () => {
  const { siteId } = await call('POST', 'sites', { code: 'G', timeZone: 'Europe/Berlin', currency: 'EUR' })
  const open = {
    method: 'POST',
    path: '/v1/confirmations/{key}',
    values: { key: { path: '/id' } },
    body: { lane: { take: { path: '/data/lane' } } },
  }
  const document = {
    ...someProfile,
    auth: { kind: 'digest' },
    actions: { ...someProfile.actions, 'lane.open': { ...someProfile.actions['stay.confirm'], request: open } },
  }
  const { connectionId } = await call('POST', 'connections', {
    pluginId: 'parcs-template',
    siteId,
    name: 'Gates',
    config: { document, baseUrl: vendor.url, user: vendorUser },
    secrets: { vendor: vendorSecret, webhook },
  })
  await eventually(
    async () => (await call('GET', `connections/${connectionId}/abilities`)).running,
    'the connection',
    60_000,
  )

  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const came = {
    id: 'm1',
    kind: 'IN',
    at: minutesAgo(30),
    changedAt: minutesAgo(30),
    ticket: 'T-1',
    gate: 'in-1',
    plate: 'B-AY 1',
  }
  const left = { ...came, id: 'm2', kind: 'OUT', at: minutesAgo(2), changedAt: minutesAgo(2), gate: 'out-1' }
  const body = JSON.stringify({ events: [came] })
  const stamp = String(Math.floor(Date.now() / 1_000))
  const signature = createHmac('sha256', webhook).update(`${stamp}.${body}`).digest('hex')
  const headers = { 'x-signature': `t=${stamp},v1=${signature}` }
  const told = await fetch(`${url}/in/${connectionId}/events`, { method: 'POST', headers, body })
  expect(told.status).toBe(200)
  const stays = async () => (await call('GET', `stays?siteId=${siteId}`)).items
  expect((await stays()).map((stay: Json) => stay.state)).toEqual(['open'])

  // The exit comes by the poll alone, and the entry once more.
  vendor.movements = [came, left]
  await eventually(async () => (await stays())[0]?.state === 'closed', 'the exit', 150_000)
  expect(await stays()).toHaveLength(1)

  const { actionId } = await call('POST', `connections/${connectionId}/actions`, {
    kind: 'lane.open',
    lane: 'out-1',
    reason: 'Arm stuck',
    ttlSeconds: 600,
  })
  await eventually(async () => (await call('GET', `parking-actions/${actionId}`)).state === 'done', 'the gate', 60_000)
  expect(vendor.done.get(actionId)).toEqual({ times: 1, body: { lane: 'out-1' } })
}, 300_000)
