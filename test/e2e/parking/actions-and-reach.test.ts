// Owns the proof over real sockets: a hub killed between sending an action and hearing of it does not do it twice, and a revoked card
// is gone from the parking system, the charger's list and its session.
// Must not look into the hub; the vendor and the charger tell what they have.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { simulatedStation } from '../../sim/index.ts'
import { type TinyParcs, tinyParcs } from '../../sim/tiny-parcs/vendor.ts'
import { api } from '../kill/garage.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_e2e_actions_0123456789abcdefghijk'
const entry = fileURLToPath(new URL('./hub-with-vendor.ts', import.meta.url))
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-actions-'))
let database: TestDatabase
let vendor: TinyParcs
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

let siteId: string
let connectionId: string

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await tinyParcs()
  await start()
  const settings = { revocation_sessions: 'stop' }
  siteId = (await call('POST', 'sites', { code: 'G', timeZone: 'Europe/Berlin', currency: 'EUR', settings })).siteId
  const connection = { pluginId: 'test-tiny-parcs', siteId, name: 'Gates', config: { url: vendor.url } }
  connectionId = (await call('POST', 'connections', connection)).connectionId
  await eventually(async () => (await call('GET', `connections/${connectionId}/abilities`)).running, 'the connection')
}, 300_000)
afterAll(async () => {
  await end('SIGTERM')
  await vendor.close()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('a hub killed between sending and hearing asks first, and does nothing twice', async () => {
  vendor.mute = true
  const body = { kind: 'lane.open', lane: 'X1', reason: 'Arm stuck', ttlSeconds: 600 }
  const { actionId } = await call('POST', `connections/${connectionId}/actions`, body)
  await eventually(() => vendor.done.has(actionId), 'the action at the vendor')
  expect(await call('GET', `parking-actions/${actionId}`)).toMatchObject({ state: 'sent', attempt: 1 })
  await end('SIGKILL')
  vendor.mute = false
  await start()
  await eventually(
    async () => (await call('GET', `parking-actions/${actionId}`)).state === 'done',
    'the outcome',
    60_000,
  )
  expect(vendor.done.get(actionId)).toBe(1)
  expect(await call('GET', `parking-actions/${actionId}`)).toMatchObject({ attempt: 1, needsPerson: false })
}, 240_000)

test.each(['ocpp1.6', 'ocpp2.0.1'] as const)(
  'a revoked card is gone everywhere: %s',
  async (version) => {
    await call('PUT', `connections/${connectionId}/preload`, { mode: 'all' })
    const code = `CP-${version}`
    const evses = [{ number: 1, code: `${code}-1`, maxPowerW: 22_000 }]
    const made = await call('POST', 'stations', { siteId, code, defaultProtocol: version, evses })
    if (version === 'ocpp1.6')
      await call('POST', 'desired-items', { scope: 'site', siteId, kind: 'local_list', key: 'list', value: {} })
    const ocpp = `${url.replace(/^http/, 'ws')}/ocpp`
    const station = simulatedStation({ url: ocpp, code, password: made.secret, version, evses: 1 })
    try {
      expect(await station.connect()).toBe('accepted')
      const card = version === 'ocpp1.6' ? '04A1B2C3D4E5F6' : '04A1B2C3D4E5F7'
      const account = await call('POST', 'accounts', { name: 'Erika', kind: 'person', parkerKind: 'contract' })
      const { credentialId } = await call('POST', 'credentials', {
        kind: 'card',
        accountId: account.accountId,
        presentations: [{ value: card, encoding: 'hex' }],
      })
      await eventually(() => vendor.known.has(credentialId), 'the card at the parking system')
      await eventually(() => station.state.localList.entries.has(card), 'the card on the list', 60_000)
      await station.plug(1)
      const type = version === 'ocpp1.6' ? {} : { type: 'ISO14443' }
      expect(await station.presentCard(1, { value: card, ...type })).toBe('Accepted')
      const sessions = () => call('GET', `charging-sessions?stationId=${made.stationId}`)
      await eventually(async () => (await sessions()).items[0]?.state === 'active', 'the session')

      const record = await fetch(`${url}/api/v1/credentials/${credentialId}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ status: 'blocked' }),
      })
      expect(record.status).toBe(200)
      const reach = () => call('GET', `credentials/${credentialId}/reach`)
      await eventually(async () => (await reach()).revocation?.state === 'completed', 'the end of it', 90_000)

      expect(vendor.known.has(credentialId)).toBe(false)
      expect(station.state.localList.entries.has(card)).toBe(false)
      expect((await sessions()).items[0].state).not.toBe('active')
      const { knownAt, revocation } = await reach()
      expect(knownAt).toEqual({ connectionIds: [], stationIds: [] })
      expect(revocation.places.map((one: Json) => `${one.place} ${one.state}`).sort()).toEqual([
        'connection done',
        'hub done',
        'session done',
        'station_cache done',
        'station_list done',
      ])
      const told = async () =>
        (await call('GET', `events?type=credential.revocation_completed&subjectId=${credentialId}`)).items
      await eventually(async () => (await told()).length > 0, 'the event')
      const [event, ...more] = await told()
      expect(more).toEqual([])
      expect(event.data).toMatchObject({ cause: 'blocked', places: 4, seconds: revocation.seconds })
      expect(station.violations).toEqual([])
    } finally {
      await station.disconnect()
    }
  },
  240_000,
)
