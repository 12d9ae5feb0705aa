// Owns the proof over real sockets, with the hub as it ships: a car on a free-flow site charges, is enforced as permitted, gets one price and
// loses it again; and an EasyPark transaction is a paid stay.
// Must not look into the hub; the API and the vendors' simulators tell what they have.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type Autopay, autopaySecret, inboundSecret, openAutopay } from '../../sim/free-flow/autopay.ts'
import { openEasyPark } from '../../sim/free-flow/easypark.ts'
import { apiKey, securityCenter } from '../../sim/genetec/security-center.ts'
import { simulatedStation } from '../../sim/index.ts'
import { api } from '../kill/garage.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_e2e_freeflow_0123456789abcdefghij'
const entry = fileURLToPath(new URL('./hub-with-vendor.ts', import.meta.url))
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-freeflow-'))
let database: TestDatabase
let autopay: Autopay
let child: ChildProcess
let url: string
let siteId: string
const call = <T = Json>(method: string, path: string, body?: unknown) => api(url, adminKey).call<T>(method, path, body)

beforeAll(async () => {
  database = await createTestDatabase()
  autopay = await openAutopay()
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
  const settings = {
    settle_delay_minutes: 0,
    parking_price: 'parcs',
    parcs_after_bill: 'confirm',
    bill_charging: false,
  }
  siteId = (await call('POST', 'sites', { code: 'FF', timeZone: 'Europe/Oslo', currency: 'USD', settings })).siteId
}, 300_000)
afterAll(async () => {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
  await autopay.close()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** @returns where the vendor reaches the connection */
async function connect(pluginId: string, config: object, secrets: object): Promise<string> {
  const { connectionId } = await call('POST', 'connections', { pluginId, siteId, name: pluginId, config, secrets })
  await eventually(async () => (await call('GET', `connections/${connectionId}/abilities`)).running, pluginId)
  return `${url}/in/${connectionId}`
}
const stays = async (): Promise<Json[]> => (await call('GET', `stays?siteId=${siteId}`)).items
const bills = async (): Promise<Json[]> => (await call('GET', `bills?siteId=${siteId}`)).items

test('a car is parked, charges, is permitted, is billed as Autopay priced it, and gets the price back when Autopay cancels', async () => {
  const inbound = await connect(
    'free-flow-autopay',
    {
      baseUrl: autopay.url,
      tokenUrl: `${autopay.url}/oauth/token`,
      clientId: 'hub',
      areaCodes: { Z1: 'area1' },
      claim: 'charging',
      chargingProduct: 'charging',
    },
    { inbound: inboundSecret, clientSecret: autopaySecret },
  )
  const permits = await connect('genetec-permits', { zones: [{ id: 'ev', name: 'EV', rights: [] }] }, { apiKey })
  const center = securityCenter(() => permits)
  await center.sync('ev', 'full')

  const account = await call('POST', 'accounts', { name: 'Ada', kind: 'person', parkerKind: 'transient' })
  const { accountId } = account
  await call('POST', 'vehicles', { accountId, plate: 'EV12345', plateCountry: 'NO' })
  const card = '04A1B2C3D4E5F6'
  await call('POST', 'credentials', { kind: 'card', accountId, presentations: [{ value: card, encoding: 'hex' }] })

  const parking = autopay.add('p1', 'EV12345')
  const time = (secondsAgo: number) => `${new Date(Date.now() - secondsAgo * 1_000).toISOString().slice(0, 19)}+0000`
  const entered = { time_in_utc: time(60) }
  const misread = autopay.entry({ ...parking, plate: 'EV12346' }, entered)
  expect(await autopay.deliver(`${inbound}/entry`, misread)).toBe(1)
  expect(await autopay.deliver(`${inbound}/entry`, autopay.entry(parking, entered))).toBe(1)
  expect(await autopay.deliver(`${inbound}/entry`, misread)).toBe(1)
  expect(await stays()).toMatchObject([{ stayRef: 'p1', state: 'open', plate: 'EV12345' }])

  const evses = [{ number: 1, code: 'FF-1', maxPowerW: 22_000 }]
  const made = await call('POST', 'stations', { siteId, code: 'FF', defaultProtocol: 'ocpp2.0.1', evses })
  const ocpp = `${url.replace(/^http/, 'ws')}/ocpp`
  const station = simulatedStation({ url: ocpp, code: 'FF', password: made.secret, version: 'ocpp2.0.1', evses: 1 })
  try {
    expect(await station.connect()).toBe('accepted')
    await station.plug(1)
    expect(await station.presentCard(1, { value: card, type: 'ISO14443' })).toBe('Accepted')
    await eventually(() => parking.product === 'charging', 'the charging product', 60_000)
    await eventually(() => parking.claimedBy !== null, 'the claim')
    expect(await center.lastChance('EV12345', ['ev'])).toBe(true)
    expect(await center.lastChance('EV99999', ['ev'])).toBe(false)
    await eventually(async () => {
      await center.sync('ev', 'changes')
      return center.holds('ev', 'EV12345', new Date())
    }, 'the permit')
    await station.unplug(1)
    await eventually(async () => {
      const [session] = (await call('GET', `charging-sessions?stationId=${made.stationId}`)).items
      return session.unpluggedAt !== null
    }, 'the end of the session')
    expect(station.violations).toEqual([])
  } finally {
    await station.disconnect()
  }

  const ended = autopay.ended(parking, '12.50', { end_time: new Date().toISOString() })
  expect(await autopay.deliver(`${inbound}/ended`, ended)).toBe(1)
  expect(await autopay.deliver(`${inbound}/ended`, ended)).toBe(1)
  await eventually(async () => (await bills()).length === 1, 'the bill', 90_000)
  expect(await bills()).toMatchObject([{ totalMinor: 1250 }])
  await eventually(async () => {
    const [action] = (await call('GET', 'parking-actions?kind=stay.confirm')).items
    return action?.state === 'done'
  }, 'the confirmation')
  expect(autopay.calls.filter((one) => one.endsWith('connect_parking'))).toHaveLength(1)

  expect(await autopay.deliver(`${inbound}/cancelled`, { parking_id: 'p1', reference: parking.claimedBy })).toBe(1)
  await eventually(async () => (await bills()).length === 2, 'the adjustment', 90_000)
  const sum = (await bills()).reduce((all: number, { totalMinor }: Json) => all + totalMinor, 0)
  expect(sum).toBe(0)
  expect((await stays())[0]).toMatchObject({ state: 'closed' })
}, 300_000)

test('an EasyPark transaction is a stay that is paid, once', async () => {
  const inbound = await connect('free-flow-easypark', {}, { inbound: inboundSecret })
  const vendor = openEasyPark(() => `${inbound}/transactions`, { 'x-api-key': inboundSecret })
  const ago = (minutes: number) => `${new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19)}Z`
  const times = { licenseNumber: 'FLEET1', startDate: ago(90), endDate: ago(30) }
  const transaction = vendor.transaction(2791368361, times)
  vendor.pending.push(transaction, transaction)
  expect(await vendor.round()).toEqual([200, 409])
  const [stay] = (await stays()).filter(({ stayRef }) => stayRef === '2791368361')
  expect(stay).toMatchObject({ state: 'closed', plate: 'FLEET1', paidMinor: 2245 })
})
