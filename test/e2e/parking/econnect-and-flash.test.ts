// Owns the proof over real sockets, with the hub's own main: eConnect asks, tells and is told; Flash is given accounts; and a hub that is
// killed meanwhile leaves both as they should be.
// Must not look into the hub; its API and the vendors tell what is so.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type Flash, flashLocation, flashToken, openFlash } from '../../sim/flash/monthly-api.ts'
import { type Econnect, econnectSecret, openEconnect } from '../../sim/scheidt-bachmann/econnect.ts'
import { api } from '../kill/garage.ts'
import { type HubProcess, hubProcess } from '../kill/hub-process.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_e2e_econnect_0123456789abcdefghij'
const inbound = 'a secret of the eConnect tenant'
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-econnect-'))
let database: TestDatabase
let econnect: Econnect
let flash: Flash
let hub: HubProcess
let siteId: string
let gates: string
let accounts: string

const call = <T = Json>(method: string, path: string, body?: unknown) =>
  api(hub.url, adminKey).call<T>(method, path, body)
const tell = (path: string, body: object) =>
  fetch(`${hub.url}/in/${gates}/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${inbound}`, 'content-type': 'application/json' },
  })
const running = (connectionId: string) =>
  eventually(async () => (await call('GET', `connections/${connectionId}/abilities`)).running, 'the connection', 60_000)

beforeAll(async () => {
  database = await createTestDatabase()
  econnect = await openEconnect()
  flash = await openFlash()
  hub = await hubProcess({ dataDir, adminKey, env: { DATABASE_URL: database.url } })
  await hub.start()
  siteId = (await call('POST', 'sites', { code: 'G', timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId
  gates = (
    await call('POST', 'connections', {
      pluginId: 'scheidt-bachmann',
      siteId,
      name: 'Gates',
      config: {
        baseUrl: econnect.url,
        tokenUrl: `${econnect.url}/auth/realms/garage_one/protocol/openid-connect/token`,
        clientId: 'hub',
        project: 'garage_one',
        locationId: 'loc-1',
        customer: 'C-1',
        contract: 'A-1',
        product: 'PP-1',
      },
      secrets: { inbound, clientSecret: econnectSecret },
    })
  ).connectionId
  accounts = (
    await call('POST', 'connections', {
      pluginId: 'flash',
      siteId,
      name: 'Monthly accounts',
      config: { baseUrl: flash.url, locationId: flashLocation },
      secrets: { securityToken: flashToken },
    })
  ).connectionId
  await running(gates)
  await running(accounts)
}, 300_000)
afterAll(async () => {
  await hub.kill('SIGTERM')
  await econnect.close()
  await flash.close()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function parker(plate: string): Promise<string> {
  const { accountId } = await call('POST', 'accounts', {
    name: `Owner of ${plate}`,
    kind: 'person',
    parkerKind: 'contract',
  })
  const presentations = [{ value: plate }]
  return (await call('POST', 'credentials', { kind: 'plate', accountId, presentations })).credentialId
}

test('a car is asked about, drives in, pays and leaves: one stay with its money', async () => {
  await parker('KAB1234')
  const medium = { type: 'LICENSEPLATE', value: 'KAB1234', encoding: 'HEX' }
  let n = 0
  const ask = async (value: string) =>
    (
      await tell('authorize', { requestId: `Q-${++n}`, lane: 'in-1', direction: 'ENTRY', medium: { ...medium, value } })
    ).json()
  // The first answers of a hub that has just started may come from its fallback.
  await eventually(async () => ((await ask('KAB1234')) as Json).result === 'GRANTED', 'a grant')
  expect(await ask('KNO1')).toMatchObject({ result: 'NOTFOUND' })
  const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString()
  const entry = { id: 'e1', type: 'ENTRY', timestamp: at(60), transactionId: 'T-1', lane: 'in-1', medium }
  const paid = { id: 'e2', type: 'PAYMENT', timestamp: at(10), transactionId: 'T-1', amount: '4,50', currency: 'EUR' }
  const exit = { id: 'e3', type: 'EXIT', timestamp: at(5), transactionId: 'T-1', lane: 'out-1' }
  // Out of order, doubled, and the entry corrected.
  const statuses = async (events: object[]) => {
    const response = await tell('events', { events })
    return ((await response.json()) as Json).results.map((result: Json) => result.status)
  }
  expect(await statuses([exit, paid])).toEqual(['stored', 'stored'])
  expect(await statuses([entry, entry, paid])).toEqual(['stored', 'duplicate', 'duplicate'])
  expect(await statuses([{ ...entry, revision: 2, timestamp: at(65) }])).toEqual(['stored'])
  const stays = await call('GET', `stays?siteId=${siteId}`)
  expect(stays.items).toMatchObject([{ state: 'closed', paidMinor: 450 }])
}, 120_000)

test('parkers reach both systems, also over a kill, and a blocked one is gone from both', async () => {
  const credentialId = await parker('KCD77')
  const number = `BW-${credentialId.replaceAll('-', '')}-1`
  const reference = `hub-${credentialId}`
  // Carried out, and the answer lost; then the hub dies with it.
  flash.fail.push({ skip: 1, after: true })
  await call('PUT', `connections/${gates}/preload`, { mode: 'all' })
  await call('PUT', `connections/${accounts}/preload`, { mode: 'all' })
  await eventually(() => flash.accounts.size > 0, 'an account at Flash', 60_000)
  await hub.kill('SIGKILL')
  await hub.start()
  await eventually(() => econnect.consumers.get(reference)?.mediums.length === 1, 'the consumer', 90_000)
  await eventually(() => flash.accounts.get(number)?.vehicles.size === 1, 'the vehicle', 90_000)
  expect(new Set([...flash.accounts.keys()].map((each) => each.slice(-2)))).toEqual(new Set(['-1']))

  const blocked = await fetch(`${hub.url}/api/v1/credentials/${credentialId}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'blocked' }),
  })
  expect(blocked.status).toBe(200)
  await eventually(() => flash.accounts.get(number)?.fields.Status === 'Inactive', 'the suspension', 90_000)
  await eventually(() => econnect.consumers.get(reference)?.mediums.length === 0, 'the emptied consumer', 90_000)
  const reach = async () => (await call('GET', `credentials/${credentialId}/reach`)).revocation?.state === 'completed'
  await eventually(reach, 'the end of the revocation', 90_000)
}, 400_000)

test('what a vendor cannot do is refused in plain words, and asked of nobody', async () => {
  const calls = [flash.calls.length, econnect.calls.length]
  const stay = (await call('GET', `stays?siteId=${siteId}`)).items[0]
  const body = { kind: 'stay.validate', percent: 50, reason: 'Charging' }
  await expect(call('POST', `stays/${stay.stayId}/actions`, body)).rejects.toThrow(
    /does not offer stay\.validate\. It offers: credential\.put, credential\.remove/,
  )
  const { actions } = await call('GET', `connections/${accounts}/abilities`)
  expect(Object.keys(actions).sort()).toEqual(['credential.put', 'credential.remove'])
  expect([flash.calls.length, econnect.calls.length]).toEqual(calls)
})

test('counters are read', async () => {
  const counted = async () => JSON.stringify(await call('GET', `occupancy?siteId=${siteId}`)).includes('econnect-3')
  await eventually(counted, 'the counter', 90_000)
}, 120_000)

test('the vendor’s own consumers can be seen and imported', async () => {
  econnect.consumers.set('EMP1', {
    firstName: 'Max',
    lastName: 'Own',
    externalReference: 'EMP1',
    mediums: [{ type: 'LICENSEPLATE', value: 'KX1' }],
  })
  const response = await fetch(`${hub.url}/api/v1/x/scheidt-bachmann/people.csv`, {
    headers: { authorization: `Bearer ${adminKey}` },
  })
  const csv = await response.text()
  expect(csv).toContain('EMP1,Max Own,contract,plate,KX1')
  const { importId } = await call('POST', 'people-imports', { csv })
  await eventually(
    async () => (await call('GET', `people-imports/${importId}`)).state === 'done',
    'the end of the import',
    60_000,
  )
  const found = await call('GET', 'accounts')
  expect(JSON.stringify(found)).toContain('Max Own')
}, 120_000)
