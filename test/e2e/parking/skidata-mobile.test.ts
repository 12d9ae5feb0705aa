// Owns the proof with a whole hub in its own process: what SKIDATA's MobileAPI tells becomes a stay, kill -9 in between included.
// Must not look into the hub; its API tells what it has.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type MobileService, mobileKey, openMobileService } from '../../sim/skidata/mobile-service.ts'
import { api } from '../kill/garage.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_e2e_skidata_0123456789abcdefghijk'
const entry = fileURLToPath(new URL('./hub-with-vendor.ts', import.meta.url))
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-skidata-'))
let database: TestDatabase
let service: MobileService
let child: ChildProcess
let url: string
const call = <T = Json>(method: string, path: string, body?: unknown) => api(url, adminKey).call<T>(method, path, body)

async function start(): Promise<void> {
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
}
async function end(signal: NodeJS.Signals): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}
beforeAll(async () => {
  database = await createTestDatabase()
  service = await openMobileService()
  await start()
}, 300_000)
afterAll(async () => {
  await end('SIGTERM')
  await service.close()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('an entry told before a kill and an exit queued during it are one closed stay', async () => {
  const { siteId } = await call('POST', 'sites', { code: 'G', timeZone: 'Europe/London', currency: 'GBP' })
  const config = { baseUrl: service.url, facilityNo: 1 }
  const connection = { pluginId: 'skidata-mobile', siteId, name: 'Gates', config, secrets: { apiKey: mobileKey } }
  await call('POST', 'connections', connection)
  await eventually(() => service.sockets === 1, 'the event socket', 60_000)
  const ticket = { FacilityNo: 1, CarparkNo: 2, TicketNo: 'WOB AB 1', TicketType: 4, ReferenceNo: 'R' }
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const started = { ...ticket, StartTime: at(90), EventID: 'E1' }
  service.tell(started)
  const stays = async () => (await call('GET', `stays?siteId=${siteId}`)).items as Json[]
  await eventually(async () => (await stays()).length === 1, 'the stay', 60_000)
  await end('SIGKILL')
  service.drop()
  service.tell(started)
  service.tell({ ...ticket, CompletionTime: at(30), RateNo: 1, ParkingDuration: 60, Amount: 5.1, EventID: 'E2' })
  await start()
  await eventually(async () => (await stays())[0]?.state === 'closed', 'the end of the stay', 120_000)
  expect(await stays()).toHaveLength(1)
}, 300_000)
