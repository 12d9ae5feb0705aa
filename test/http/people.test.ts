// Owns the behaviour of accounts, groups, vehicles and credentials through the API.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalise, searchKeys } from '../../core/domain/credential/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

const post = async (path: string, body: Json): Promise<Json> => {
  const answer = await hub.call('POST', path, { body })
  expect(answer.status).toBe(201)
  return answer.body
}

test('an account gets a number unless it brings one, and keeps its validity in order', async () => {
  const made = await post('/accounts', { name: 'Ada', kind: 'person' })
  expect(made).toMatchObject({
    number: expect.stringMatching(/^A-[0-9A-F]{10}$/),
    status: 'active',
    parkerKind: 'member',
    groupIds: [],
  })
  const mine = await post('/accounts', {
    name: 'Bo',
    kind: 'company',
    number: 'C-1',
    validFrom: '2026-01-01T00:00:00+01:00',
  })
  expect(mine).toMatchObject({ number: 'C-1', validFrom: '2025-12-31T23:00:00.000Z' })
  const wrong = await hub.call('PATCH', `/accounts/${mine.accountId}`, { body: { validUntil: '2025-12-31T22:00:00Z' } })
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/validUntil' }] } })
  expect((await hub.call('GET', '/accounts?kind=company')).body.items).toMatchObject([{ number: 'C-1' }])
  expect((await hub.call('GET', '/accounts?sort=-name')).body.items.map((one: Json) => one.name)).toEqual(['Bo', 'Ada'])
  expect((await hub.call('GET', '/accounts?search=%25')).body.items).toEqual([])
})

test('groups have members, once each', async () => {
  const account = await post('/accounts', { name: 'Cy', kind: 'person' })
  const group = await post('/groups', { code: 'tenants' })
  expect(group).toMatchObject({ name: 'tenants', siteIds: null, rights: ['park', 'charge'] })
  const member = `/groups/${group.groupId}/members/${account.accountId}`
  expect((await hub.call('PUT', member)).status).toBe(204)
  expect((await hub.call('PUT', member)).status).toBe(204)
  expect((await hub.call('GET', `/groups/${group.groupId}/members`)).body.items).toMatchObject([
    { name: 'Cy', groupIds: [group.groupId] },
  ])
  expect((await hub.call('GET', `/accounts?groupId=${group.groupId}`)).body.items).toHaveLength(1)
  expect((await hub.call('DELETE', member)).status).toBe(204)
  expect((await hub.call('GET', `/groups/${group.groupId}/members`)).body.items).toEqual([])
  const { body } = await hub.call('GET', `/audit-log?subjectId=${group.groupId}`)
  expect(body.items.map((one: Json) => one.action)).toEqual([
    'group.member_removed',
    'group.member_added',
    'group.created',
  ])
})

test('a vehicle is found by its plate however it is written', async () => {
  const vehicle = await post('/vehicles', { plate: 'b-wa 1234', plateCountry: 'DE' })
  expect(vehicle.plateKey).toBe(searchKeys({ raw: 'B WA 1234', kind: 'plate' })[0])
  expect((await hub.call('GET', '/vehicles?plate=BWA-1234')).body.items).toMatchObject([
    { vehicleId: vehicle.vehicleId },
  ])
  expect((await hub.call('GET', '/vehicles?plate=%20')).body.items).toEqual([])
  const moved = await hub.call('PATCH', `/vehicles/${vehicle.vehicleId}`, { body: { plate: 'M-X 1' } })
  expect(moved.body).toMatchObject({ plate: 'M-X 1', plateKey: 'pl:MX1', version: 2 })
  expect(await hub.call('POST', '/vehicles', { body: { plate: 'UNKNOWN' } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/plate' }] },
  })
})

describe('credentials', () => {
  const card = { value: '04:A1:B2:C3:D4:E5:F6', encoding: 'hex' }
  let credential: Json

  test('are enrolled with the canonical key and the keys that readings are looked up by', async () => {
    const account = await post('/accounts', { name: 'Dee', kind: 'person' })
    credential = await post('/credentials', { kind: 'card', accountId: account.accountId, presentations: [card] })
    const name = canonicalise({ raw: card.value, kind: 'card', encoding: 'hex' })
    expect(credential).toMatchObject({
      status: 'active',
      presentations: [{ value: card.value, canonicalKey: name.outcome === 'key' ? name.key : '', source: 'enrolled' }],
    })
    const { rows } = await hub.database.pool.query(
      'select search_key, partial from presentation_key where credential_id = $1',
      [credential.credentialId],
    )
    expect(rows.some((row) => !row.partial)).toBe(true)
    expect(rows.some((row) => row.partial)).toBe(true)
    const { rows: events } = await hub.database.pool.query(`select data from event where type = 'credential.changed'`)
    expect(events.map((row) => row.data)).toEqual([
      { credentialId: credential.credentialId, status: 'active', siteId: null },
    ])
  })

  test.each(['04A1B2C3D4E5F6', 'F6E5D4C3B2A104', BigInt('0x04A1B2C3D4E5F6').toString()])(
    'are found by another form: %s',
    async (form) => {
      const { body } = await hub.call('GET', `/credentials?presented=${form}`)
      expect(body.items).toMatchObject([{ credentialId: credential.credentialId }])
    },
  )

  test('one form belongs to one credential', async () => {
    const again = await hub.call('POST', '/credentials', {
      body: { kind: 'card', presentations: [{ value: '04A1B2C3D4E5F6' }] },
    })
    expect(again).toMatchObject({ status: 409, body: { errors: [{ pointer: '/presentations/0/value' }] } })
    expect(again.body.detail).toContain(credential.credentialId)
    expect((await hub.call('GET', '/credentials')).body.items).toHaveLength(1)
  })

  test('what cannot be a credential is refused with its reason', async () => {
    const answer = await hub.call('POST', '/credentials', {
      body: { kind: 'emaid', presentations: [{ value: 'nonsense' }] },
    })
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/presentations/0/value' }] } })
  })

  test('take further forms and give them up again, but never the last', async () => {
    const at = `/credentials/${credential.credentialId}`
    const more = await hub.call('POST', `${at}/presentations`, {
      body: { value: 'B-WA 1234', kind: 'plate', country: 'DE' },
    })
    expect(more).toMatchObject({ status: 201, body: { version: 2 } })
    expect(more.body.presentations).toHaveLength(2)
    expect(
      (await hub.call('POST', `${at}/presentations`, { body: { value: 'B WA 1234', kind: 'plate', country: 'DE' } }))
        .status,
    ).toBe(409)
    const [first, second] = more.body.presentations
    expect((await hub.call('DELETE', `${at}/presentations/${first.presentationId}`)).status).toBe(204)
    expect((await hub.call('DELETE', `${at}/presentations/${first.presentationId}`)).status).toBe(404)
    expect((await hub.call('DELETE', `${at}/presentations/${second.presentationId}`)).status).toBe(409)
    const found = async () =>
      (await hub.call('GET', `/credentials?presented=${encodeURIComponent(first.value)}`)).body.items
    expect(await found()).toEqual([])
    // It stays known for what was matched by it, and may come back.
    const back = await hub.call('POST', `${at}/presentations`, { body: { value: first.value } })
    expect(back).toMatchObject({ status: 201, body: { presentations: [{ presentationId: first.presentationId }, {}] } })
    expect(await found()).toHaveLength(1)
  })

  test('move to another account from now on, or from the moment that is told', async () => {
    const { accountId } = await post('/accounts', { name: 'Di', kind: 'person' })
    const at = `/credentials/${credential.credentialId}`
    const asOf = '2020-01-01T00:00:00Z'
    const moved = await hub.call('PATCH', at, { body: { accountId, asOf } })
    expect(moved).toMatchObject({ status: 200, body: { accountId } })
    expect(moved.body).not.toHaveProperty('asOf')
    const future = await hub.call('PATCH', at, { body: { accountId: null, asOf: '2190-01-01T00:00:00Z' } })
    expect(future).toMatchObject({ status: 422, body: { errors: [{ pointer: '/asOf' }] } })
    const { rows } = await hub.database.pool.query('select 1 from identity_change')
    expect(rows.length).toBeGreaterThan(0)
  })

  test('are revoked by a change of status, which is told', async () => {
    const at = `/credentials/${credential.credentialId}`
    expect((await hub.call('PATCH', at, { body: { status: 'revoked' } })).body).toMatchObject({ status: 'revoked' })
    const { rows } = await hub.database.pool.query(
      `select data->>'status' as status from event where type = 'credential.changed' order by event_id desc limit 1`,
    )
    expect(rows).toEqual([{ status: 'revoked' }])
  })
})
