// Owns the API of parking actions: asking, refusing with what is possible instead, taking back, settling by a person, quotes.
// Must not carry actions out.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definePlugin, type ParcsSink } from '../../core/plugin/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { type HubApi, startHubApi } from './hub-api.ts'

let quote: () => unknown = () => null
const gates = definePlugin<object, 'parcs'>({
  id: 'test-parcs',
  title: 'Gates for tests',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: [],
  traits: { docStatus: 'public' },
  config: { type: 'object' },
  async setup(ctx) {
    ctx.provide('parcs', {
      connect: async () => ({
        features: ['quote'],
        actions: { 'lane.open': { repeatable: false }, 'stay.validate': { repeatable: false } },
        act: async () => ({ kind: 'done' }),
        quote: async () => quote() as never,
        stop: async () => undefined,
      }),
    })
  },
})

let hub: HubApi
let connectionId: string
let stayId: string
beforeAll(async () => {
  const sink = {} as ParcsSink
  hub = await startHubApi({ plugins: [gates], parcs: () => sink })
  const site = { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' }
  const { siteId } = (await hub.call('POST', '/sites', { body: site })).body
  const body = { pluginId: 'test-parcs', siteId, name: 'Gates', config: {} }
  connectionId = (await hub.call('POST', '/connections', { body })).body.connectionId
  await hub.host.settled()
  stayId = systemNewId()
  const at = hub.clock.now()
  await hub.service.db
    .insertInto('stay')
    .values({
      organization_id: hub.organizationId,
      site_id: siteId,
      connection_id: connectionId,
      stay_id: stayId,
      stay_key: 'ref:1',
      state: 'open',
      facts_at: at,
      created_at: at,
      updated_at: at,
    })
    .execute()
})
afterAll(() => hub.close())

const open = { kind: 'lane.open', lane: 'X1', reason: 'Stuck' }
const ask = (path: string, body: object, key?: string) =>
  hub.call('POST', path, { body, ...(key ? { headers: { 'Idempotency-Key': key } } : {}) })

test('a connection says what it can do', async () => {
  const { body } = await hub.call('GET', `/connections/${connectionId}/abilities`)
  expect(body).toMatchObject({ running: true, canQuote: true, canAsk: false, traits: { docStatus: 'public' } })
  expect(Object.keys(body.actions).sort()).toEqual(['lane.open', 'stay.validate'])
})

describe('asking', () => {
  test('queues an action, which is listed, and the same key is the same action', async () => {
    const made = await ask(`/connections/${connectionId}/actions`, open, 'k1')
    expect(made).toMatchObject({ status: 201, body: { kind: 'lane.open', state: 'queued', subjectKey: 'X1' } })
    await hub.service.db.deleteFrom('idempotency').execute()
    const again = await ask(`/connections/${connectionId}/actions`, open, 'k1')
    expect(again.body.actionId).toBe(made.body.actionId)
    const { body } = await hub.call('GET', `/parking-actions?kind=lane.open&open=true`)
    expect(body.items).toHaveLength(1)
  })

  test('for what is not offered is refused with what is', async () => {
    const body = { kind: 'stay.prepay', amountMinor: 100, currency: 'EUR', reason: 'x' }
    const refused = await ask(`/stays/${stayId}/actions`, body)
    expect(refused).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('stay.validate, lane.open') },
    })
    const preload = await hub.call('PUT', `/connections/${connectionId}/preload`, { body: { mode: 'all' } })
    expect(preload).toMatchObject({ status: 409, body: { detail: expect.stringContaining('credential.put') } })
  })

  test.each([
    [{ kind: 'stay.validate', amountMinor: 1, percent: 5, currency: 'EUR', reason: 'x' }, '/amountMinor'],
    [{ kind: 'stay.validate', amountMinor: 1, reason: 'x' }, '/currency'],
    [{ kind: 'stay.validate', amountMinor: 1, currency: 'USD', reason: 'x' }, '/currency'],
  ])('%j names the field', async (body, pointer) => {
    const refused = await ask(`/stays/${stayId}/actions`, body)
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
  })
})

test('what was not sent is taken back, once', async () => {
  const { actionId } = (await ask(`/connections/${connectionId}/actions`, open)).body
  expect((await ask(`/parking-actions/${actionId}/cancel`, {})).body).toMatchObject({ state: 'cancelled' })
  expect((await ask(`/parking-actions/${actionId}/cancel`, {})).status).toBe(409)
})

test('a person settles what nobody knows, and it is in the audit log', async () => {
  const { actionId } = (await ask(`/connections/${connectionId}/actions`, open)).body
  const settle = (outcome: string) => ask(`/parking-actions/${actionId}/settle`, { outcome, note: 'Seen at the gate' })
  expect((await settle('done')).status).toBe(409)
  await hub.service.db
    .updateTable('parking_action')
    .set({ state: 'unknown', needs_person: true })
    .where('action_id', '=', actionId)
    .execute()
  expect((await settle('not_done')).body).toMatchObject({ state: 'queued', needsPerson: false })
  const { body } = await hub.call('GET', `/audit-log?subjectId=${actionId}`)
  expect(body.items[0]).toMatchObject({ action: 'parking_action.settled', before: { state: 'unknown' } })
})

test('a quote is asked of the vendor, and its failures are told', async () => {
  const path = `/stays/${stayId}/quote`
  expect((await hub.call('GET', path)).body).toEqual({ stayId, connectionId, quote: null })
  const at = new Date('2026-03-10T08:00:00Z')
  quote = () => ({ amountMinor: 450, currency: 'EUR', at })
  expect((await hub.call('GET', path)).body.quote).toEqual({ amountMinor: 450, currency: 'EUR', at: at.toISOString() })
  quote = () => ({ amountMinor: 4.5, currency: 'EUR', at })
  expect(await hub.call('GET', path)).toMatchObject({ status: 502, body: { code: 'plugin_failed' } })
})

test('a credential without a revocation has reached nothing yet', async () => {
  const body = { kind: 'card', presentations: [{ value: '04A1B2C3D4E5F6', encoding: 'hex' }] }
  const { credentialId } = (await hub.call('POST', '/credentials', { body })).body
  expect((await hub.call('GET', `/credentials/${credentialId}/reach`)).body).toEqual({
    credentialId,
    knownAt: { connectionIds: [], stationIds: [] },
    revocation: null,
  })
})
