// Owns the proof that a key limited to sites sees and changes nothing of the others, for every list and record of the contract.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let mine: Json
let theirs: Json
let key: string
/** Ids of the other site's records, by path parameter. */
const foreign: Record<string, string> = {}

beforeAll(async () => {
  hub = await startHubApi()
  const post = async (path: string, body: Json): Promise<Json> => {
    const answer = await hub.call('POST', path, { body })
    expect([path, answer.status]).toEqual([path, 201])
    return answer.body
  }
  const furnish = async (code: string): Promise<Json> => {
    const site = await post('/sites', { code, timeZone: 'Europe/Berlin', currency: 'EUR' })
    const { siteId } = site
    const area = await post('/areas', { siteId, code: 'A' })
    const bay = await post('/bays', { siteId, code: 'B' })
    const lane = await post('/lanes', { siteId, code: 'E', direction: 'entry' })
    const device = await post('/devices', { siteId, code: 'D', kind: 'camera' })
    const station = await post('/stations', { siteId, code: `CP-${code}` })
    const evse = (await hub.call('GET', `/evses?stationId=${station.stationId}`)).body.items[0]
    const circuit = await post('/circuits', { siteId, code: 'C', limitA: 63 })
    const hung = { circuitId: circuit.circuitId, evseId: evse.evseId, maxA: 32, failsafeA: 6 }
    const placed = await post('/circuit-evses', hung)
    const group = await post('/groups', { code: `G-${code}`, siteIds: [siteId] })
    const credential = await post('/credentials', {
      kind: 'card',
      siteIds: [siteId],
      presentations: [{ value: code === 'MINE' ? '04A1B2C3D4E5F6' : '04AABBCCDDEEFF' }],
    })
    const reader = await post('/readers', { siteId, name: 'R', kind: 'card' })
    const paired = { firstReaderId: reader.readerId, secondStationId: station.stationId }
    const pairing = await post('/card-pairings', paired)
    const command = await hub.call('POST', `/stations/${station.stationId}/commands`, { body: { name: 'clear_cache' } })
    const ids = {
      session: hub.service.newId(),
      stay: hub.service.newId(),
      link: hub.service.newId(),
      review: hub.service.newId(),
      bill: hub.service.newId(),
      payment: hub.service.newId(),
      order: hub.service.newId(),
      operation: hub.service.newId(),
    }
    const sql = (text: string, values: unknown[]) => hub.database.ownerPool.query(text, values)
    const own = [hub.organizationId, siteId]
    const at = '2026-03-10T07:00:00Z'
    await sql(
      `insert into charging_session (organization_id, site_id, session_id, station_id, evse_number, state, plugged_at, started_at, facts_at, created_at, updated_at)
       values ($1, $2, $3, $4, 1, 'active', $5, $5, $5, $5, $5)`,
      [...own, ids.session, station.stationId, at],
    )
    await sql(
      `insert into stay (organization_id, site_id, stay_id, connection_id, stay_key, state, facts_at, created_at, updated_at, entered_at)
       values ($1, $2, $3::uuid, $3::uuid, 'k', 'open', $4, $4, $4, $4)`,
      [...own, ids.stay, at],
    )
    await sql(
      `insert into link (organization_id, site_id, link_id, stay_id, session_id, state, method, score, evidence, decided_by, decided_at, created_at, updated_at)
       values ($1, $2, $3, $4, $5, 'review', 'bay', 0.6, '[]', 'hub', $6, $6, $6)`,
      [...own, ids.link, ids.stay, ids.session, at],
    )
    await sql(
      `insert into review_item (organization_id, site_id, review_id, content_key, kind, reason, at) values ($1, $2, $3::uuid, $3::uuid::text, 'test', 'why', $4)`,
      [...own, ids.review, at],
    )
    await sql(
      `insert into payment (organization_id, site_id, payment_id, kind, content_key, scope, amount_minor, currency, at, recorded_at)
       values ($1, $2, $3::uuid, 'captured', $3::uuid::text, 'parking', 100, 'EUR', $4, $4)`,
      [...own, ids.payment, at],
    )
    await sql(
      `insert into event (organization_id, site_id, event_id, type, subject_type, subject_id, occurred_at, recorded_at, data)
       values ($1, $2, $3::uuid, 'stay.opened', 'stay', $3::uuid, $4, $4, '{}')`,
      [...own, ids.stay, at],
    )
    await sql(`insert into occupancy (organization_id, site_id, counter, free, at) values ($1, $2, 'total', 7, $3)`, [
      ...own,
      at,
    ])
    await sql(
      `insert into bill (organization_id, site_id, bill_id, series, number, kind, subject_key, sequence, stay_id, currency, net_minor,
         tax_minor, total_minor, service_from, service_to, issued_at, issued_by, business_date, rounding, basis, receipt)
       values ($1, $2, $3, $5, 1, 'bill', 'stay:' || $4::uuid, 1, $4, 'EUR', 100, 0, 100, $6, $6, $6, 'hub', '2026-03-10', '{}', '{}', '{}')`,
      [...own, ids.bill, ids.stay, code, at],
    )
    await sql(
      `insert into payment_order (organization_id, site_id, order_id, connection_id, provider, method, booking, purpose, description,
         amount_minor, currency, capture, state, requested_by, idempotency_key, expires_at, created_at, updated_at)
       values ($1, $2, $3::uuid, $3::uuid, 'x', 'card', 'hub', 'bills', 'Bill', 100, 'EUR', 'manual', 'authorised', 'test', $3::uuid::text, $4, $4, $4)`,
      [...own, ids.order, at],
    )
    await sql(
      `insert into payment_operation (organization_id, site_id, order_id, operation_id, cause, kind, amount_minor, subject_key, state,
         requested_by, created_at, updated_at)
       values ($1, $2, $3, $4, 'bill/x', 'refund', 100, 'stay:' || $5::uuid, 'waiting', 'hub:billing', $6, $6)`,
      [...own, ids.order, ids.operation, ids.stay, at],
    )
    await sql(
      `insert into connector (organization_id, site_id, station_id, evse_number, number, status) values ($1, $2, $3, 1, 1, 'charging')`,
      [...own, station.stationId],
    )
    if (code === 'THEIRS') {
      Object.assign(foreign, {
        siteId,
        areaId: area.areaId,
        bayId: bay.bayId,
        laneId: lane.laneId,
        deviceId: device.deviceId,
        readerId: reader.readerId,
        pairingId: pairing.pairingId,
        stationId: station.stationId,
        evseId: evse.evseId,
        circuitId: circuit.circuitId,
        circuitEvseId: placed.circuitEvseId,
        groupId: group.groupId,
        credentialId: credential.credentialId,
        presentationId: credential.presentations[0].presentationId,
        commandId: command.body.commandId,
        sessionId: ids.session,
        stayId: ids.stay,
        linkId: ids.link,
        reviewId: ids.review,
        billId: ids.bill,
        orderId: ids.order,
        operationId: ids.operation,
        accountId: (await post('/accounts', { name: 'X', kind: 'person' })).accountId,
      })
    }
    return site
  }
  theirs = await furnish('THEIRS')
  mine = await furnish('MINE')
  const made = await post('/api-keys', { name: 'limited', role: 'owner', siteIds: [mine.siteId] })
  key = made.key
  foreign.keyId = (await post('/api-keys', { name: 'wide', role: 'viewer' })).keyId
})
afterAll(() => hub.close())

/** Records of the organization that have no site: a key limited to sites may see them. */
const siteless = ['listAccounts', 'listVehicles', 'listPlugins', 'listTariffs', 'listLedgerAccounts']

test('lists hold nothing of other sites', async () => {
  const lists = hub.contract.operations.filter(
    ({ id, method, path }) => method === 'GET' && id.startsWith('list') && !path.includes('{'),
  )
  expect(lists.length).toBeGreaterThan(20)
  for (const { id, path } of lists) {
    const all = await hub.call('GET', `http://hub.test${path}`)
    const limited = await hub.call('GET', `http://hub.test${path}`, { key })
    expect([id, limited.status]).toEqual([id, 200])
    const text = JSON.stringify(limited.body)
    expect([id, text.includes(theirs.siteId)]).toEqual([id, false])
    if (!siteless.includes(id))
      expect([id, limited.body.items.length < Math.max(1, all.body.items.length)]).toEqual([id, true])
  }
})

/** Theirs is an account of the organization; what hangs on it by site is limited in the lists. */
const ofAccount = [
  ...['getAccount', 'updateAccount', 'archiveAccount', 'resetPassback'],
  ...['setAccountTerms', 'getAccountStatement', 'listAccountDeposits', 'recordAccountDeposit'],
]

test('records of other sites are not there, for reading and for changing', async () => {
  const inside = hub.contract.operations.filter(
    ({ path, scope }) =>
      path.includes('{') &&
      scope !== 'public' &&
      [...path.matchAll(/\{(\w+)\}/g)].every((match) => foreign[match[1] ?? '']),
  )
  expect(inside.length).toBeGreaterThan(35)
  const wrong: unknown[][] = []
  for (const operation of inside) {
    // An account belongs to no site.
    if (ofAccount.includes(operation.id)) continue
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => foreign[name] ?? '')
    const item = (hub.contract.document.paths as Json)[operation.path][operation.method.toLowerCase()]
    const body = item.requestBody?.content['application/json'].example
    const answer = await hub.call(operation.method, `http://hub.test${path}`, {
      key,
      ...(operation.hasBody ? { body } : {}),
    })
    wrong.push(...(answer.status === 404 ? [] : [[operation.id, answer.status]]))
  }
  expect(wrong).toEqual([])
})

test('references to other sites lead nowhere', async () => {
  const refused = async (path: string, body: Json) =>
    expect((await hub.call('POST', path, { key, body })).status).toBe(422)
  await refused('/bays', { siteId: theirs.siteId, code: 'N' })
  await refused('/stations', { siteId: theirs.siteId, code: 'N' })
  await refused('/evses', { stationId: foreign.stationId, number: 2 })
  await refused('/circuits', { siteId: theirs.siteId, code: 'N', limitA: 1 })
  await refused('/circuit-evses', { circuitId: foreign.circuitId, evseId: foreign.evseId, maxA: 6, failsafeA: 6 })
  await refused('/groups', { code: 'N', siteIds: [theirs.siteId] })
  await refused('/readers', { siteId: theirs.siteId, name: 'N', kind: 'card' })
  await refused('/card-pairings', { firstReaderId: foreign.readerId, secondStationId: foreign.stationId })
  await refused('/api-keys', { name: 'N', role: 'viewer', siteIds: [theirs.siteId] })
})

test('a limited key gives nobody more than it has', async () => {
  for (const [path, body] of [
    ['/groups', { code: 'N' }],
    ['/credentials', { kind: 'card', presentations: [{ value: '04112233445566' }] }],
    ['/api-keys', { name: 'N', role: 'viewer' }],
    ['/sites', { code: 'N', timeZone: 'Europe/Berlin', currency: 'EUR' }],
  ] as const) {
    expect(await hub.call('POST', path, { key, body })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  }
  const viewer = (await hub.call('POST', '/api-keys', { body: { name: 'k', scopes: ['admin'] } })).body.key
  expect((await hub.call('GET', '/sites', { key: viewer })).status).toBe(200)
})

test('what is valid everywhere is seen, not changed', async () => {
  const group = (await hub.call('POST', '/groups', { body: { code: 'everyone' } })).body
  expect((await hub.call('GET', `/groups/${group.groupId}`, { key })).status).toBe(200)
  expect((await hub.call('PATCH', `/groups/${group.groupId}`, { key, body: { name: 'x' } })).status).toBe(403)
  expect((await hub.call('PUT', `/groups/${group.groupId}/members/${foreign.accountId}`, { key })).status).toBe(403)
})
