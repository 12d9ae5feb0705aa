// Owns the proof that every command can be asked for through the API, arrives as the row it means, and is refused with a pointer.
// Must not speak to a station; the adapter's tests do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandName } from '../../core/domain/station-command.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let stationId: string
const sessionId = '0195f3b2-6c00-7000-8000-0000000000aa'

beforeAll(async () => {
  hub = await startHubApi()
  const site = await hub.call('POST', '/sites', { body: { code: 'C1', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  const { siteId } = site.body
  stationId = (await hub.call('POST', '/stations', { body: { siteId, code: 'CMD-1' } })).body.stationId
  const at = '2026-03-10T07:00:00Z'
  await hub.database.pool.query(
    `insert into charging_session (organization_id, site_id, session_id, station_id, evse_number, state, plugged_at, started_at, facts_at, created_at, updated_at)
     values ($1, $2, $3, $4, 1, 'active', $5, $5, $5, $5, $5)`,
    [hub.organizationId, siteId, sessionId, stationId, at],
  )
  await hub.database.pool.query(
    `insert into ocpp_transaction (organization_id, site_id, station_id, transaction_id, session_id, protocol, station_ref, start_key, evse_number, connector_number, state, started_at, start_received_at)
     values ($1, $2, $3, $4, $5, 'ocpp2.1', 'tx-1', 'k', 1, 1, 'open', $6, $6)`,
    [hub.organizationId, siteId, stationId, hub.service.newId(), sessionId, at],
  )
})
afterAll(() => hub.close())

const tell = (body: Json) => hub.call('POST', `/stations/${stationId}/commands`, { body })

const token = { value: '04A1', kind: 'iso14443' }
const transaction = { ref: 'tx-1' }
const number = expect.any(Number)
const until = '2026-03-10T18:00:00Z'
const profile = {
  profileId: 7,
  stackLevel: 1,
  purpose: 'default',
  kind: 'absolute',
  schedules: [{ unit: 'A', startAt: until, periods: [{ startSeconds: 0, limit: 16, phases: 3 }] }],
}
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' }
const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const checksum = '0123456789abcdef0123456789abcdef'
const tariff = { tariffId: 'T-1', currency: 'EUR', energy: { prices: [{ priceKwh: 0.4 }] } }
const withNumber = { requestId: number }

type Row = readonly [asked: Json, args: Json]
/** One valid body for every command, and the arguments its row has then. */
const rows: { readonly [N in CommandName]: Row } = {
  start: [
    { evse: 1, token, groupToken: token, profile },
    { evse: 1, token, groupToken: token, profile, remoteStartId: number },
  ],
  stop: [{ sessionId }, { transaction }],
  unlock: [{ evse: 1 }, { evse: 1, connector: 1 }],
  transaction_status: [{ sessionId }, { transaction }],
  update_cost: [
    { sessionId, totalMinor: 1234 },
    { transaction, totalCost: '12.34' },
  ],
  reset: [
    { mode: 'immediate', evse: 1 },
    { mode: 'immediate', evse: 1 },
  ],
  availability: [
    { operative: false, evse: 1, connector: 1 },
    { operative: false, evse: 1, connector: 1 },
  ],
  trigger: [{ message: 'log_status' }, { message: 'log_status' }],
  clear_cache: [{}, {}],
  data_transfer: [
    { vendorId: 'v', messageId: 'm', data: { a: [1] } },
    { vendorId: 'v', messageId: 'm', data: { a: [1] } },
  ],
  read_settings: [{ keys: ['HeartbeatInterval'] }, { keys: ['HeartbeatInterval'] }],
  write_setting: [
    { key: 'k', value: 'v' },
    { key: 'k', value: 'v' },
  ],
  write_settings: [{ settings: [{ key: 'k', value: '' }] }, { settings: [{ key: 'k', value: '' }] }],
  read_report: [{ base: 'full' }, { base: 'full', ...withNumber }],
  set_network_profile: [
    {
      slot: 1,
      profile: {
        url: 'wss://h/ocpp',
        interface: 'wired0',
        version: 'ocpp2.0.1',
        messageTimeoutSeconds: 30,
        securityProfile: 2,
      },
    },
    {
      slot: 1,
      profile: {
        url: 'wss://h/ocpp',
        interface: 'wired0',
        version: 'ocpp2.0.1',
        messageTimeoutSeconds: 30,
        securityProfile: 2,
      },
    },
  ],
  read_list_version: [{}, {}],
  send_list: [
    { mode: 'differential', version: 3, entries: [{ token }, { token, authorization: { status: 'blocked' } }] },
    { mode: 'differential', version: 3, entries: [{ token }, { token, authorization: { status: 'blocked' } }] },
  ],
  reserve: [
    { token, until, evse: 1 },
    { token, until, evse: 1, reservationId: number },
  ],
  cancel_reservation: [{ reservationId: 4 }, { reservationId: 4 }],
  limit: [
    { evse: 1, amps: 16, until },
    { evse: 1, amps: 16, until },
  ],
  unlimit: [{}, {}],
  set_profile: [
    { sessionId, profile: { ...profile, purpose: 'transaction' } },
    { evse: 1, transaction, profile: { ...profile, purpose: 'transaction' } },
  ],
  clear_profiles: [
    { purpose: 'default', evse: 0 },
    { purpose: 'default', evse: 0 },
  ],
  read_profiles: [{ profileIds: [7] }, { profileIds: [7], ...withNumber }],
  read_schedule: [{ durationSeconds: 3600 }, { durationSeconds: 3600 }],
  update_firmware: [
    { url: 'https://f.example/a.bin', retrieveAt: until },
    { url: 'https://f.example/a.bin', retrieveAt: until, ...withNumber },
  ],
  publish_firmware: [
    { url: 'https://f.example/a.bin', checksum },
    { url: 'https://f.example/a.bin', checksum, ...withNumber },
  ],
  unpublish_firmware: [{ checksum }, { checksum }],
  get_log: [
    { url: 'https://f.example/up', log: 'security' },
    { url: 'https://f.example/up', log: 'security', ...withNumber },
  ],
  install_certificate: [
    { use: 'central_root', pem },
    { use: 'central_root', pem },
  ],
  delete_certificate: [{ hash }, { hash }],
  list_certificates: [{ uses: ['v2g_chain'] }, { uses: ['v2g_chain'] }],
  send_certificate: [
    { use: 'station', chain: pem },
    { use: 'station', chain: pem },
  ],
  set_monitoring_base: [{ base: 'all' }, { base: 'all' }],
  set_monitoring_level: [{ severity: 4 }, { severity: 4 }],
  set_monitors: [
    {
      monitors: [{ target: { component: 'EVSE', variable: 'Power', evse: 1 }, kind: 'delta', value: 10, severity: 5 }],
    },
    {
      monitors: [{ target: { component: 'EVSE', variable: 'Power', evse: 1 }, kind: 'delta', value: 10, severity: 5 }],
    },
  ],
  clear_monitors: [{ monitorIds: [1] }, { monitorIds: [1] }],
  read_monitors: [{ criteria: ['delta'] }, { criteria: ['delta'], ...withNumber }],
  customer_information: [
    { report: true, clear: false, token },
    { report: true, clear: false, token, ...withNumber },
  ],
  show_message: [
    { message: { messageId: 1, priority: 'in_front', format: 'utf8', content: 'Hello', sessionId } },
    { message: { messageId: 1, priority: 'in_front', format: 'utf8', content: 'Hello', transaction } },
  ],
  clear_message: [{ messageId: 1 }, { messageId: 1 }],
  read_messages: [{ priority: 'in_front' }, { priority: 'in_front', ...withNumber }],
  set_default_tariff: [
    { evse: 0, tariff },
    { evse: 0, tariff },
  ],
  change_tariff: [
    { sessionId, tariff },
    { transaction, tariff },
  ],
  read_tariffs: [{ evse: 0 }, { evse: 0 }],
  clear_tariffs: [{ tariffIds: ['T-1'] }, { tariffIds: ['T-1'] }],
  web_payment_started: [
    { evse: 1, timeoutSeconds: 60 },
    { evse: 1, timeoutSeconds: 60 },
  ],
  set_der_control: [
    { controlId: 'd', controlType: 'FreqDroop', settings: { priority: 1 } },
    { controlId: 'd', isDefault: false, controlType: 'FreqDroop', settings: { priority: 1 } },
  ],
  read_der_controls: [{ isDefault: true }, { isDefault: true, ...withNumber }],
  clear_der_controls: [{ controlId: 'd' }, { controlId: 'd', isDefault: false }],
  update_schedule: [
    { profileId: 7, limits: { limit: 11_000 } },
    { profileId: 7, limits: { limit: 11_000 } },
  ],
  allow_energy_transfer: [
    { sessionId, modes: ['DC_BPT'] },
    { transaction, modes: ['DC_BPT'] },
  ],
  afrr_signal: [
    { at: until, signal: -3 },
    { at: until, signal: -3 },
  ],
  priority_charging: [
    { sessionId, activate: true },
    { transaction, activate: true },
  ],
  battery_swap: [{ token }, { token, ...withNumber }],
  adjust_stream: [
    { streamId: 1, intervalSeconds: 5 },
    { streamId: 1, intervalSeconds: 5 },
  ],
  read_streams: [{}, {}],
}

describe('every command', () => {
  test.each(Object.entries(rows))('%s arrives as the row it means', async (name, [asked, args]) => {
    const queued = await tell({ name, ...asked })
    expect(queued).toMatchObject({ status: 202, body: { name, state: 'queued' } })
    expect(queued.body.args).toEqual(args)
    expect(queued.body.requestId).toBe(queued.body.args.requestId ?? null)
  })

  test('refuses a field that is not its own', async () => {
    for (const [name, [asked]] of Object.entries(rows)) {
      const refused = await tell({ name, ...asked, surprise: 1 })
      expect([name, refused.status, refused.body.errors?.[0]?.pointer]).toEqual([name, 422, '/surprise'])
    }
  })

  test.each<[why: string, body: Json, pointer: string]>([
    ['amps and watts at once', { name: 'limit', amps: 6, watts: 1000 }, '/watts'],
    ['neither amps nor watts', { name: 'limit' }, '/amps'],
    [
      'a transaction profile without its session',
      { name: 'set_profile', profile: { ...profile, purpose: 'transaction' } },
      '/sessionId',
    ],
    ['a session for a profile that binds all', { name: 'set_profile', sessionId, profile }, '/sessionId'],
    [
      'a removal in a full list',
      { name: 'send_list', mode: 'full', version: 1, entries: [{ token }] },
      '/entries/0/authorization',
    ],
    ['two customers', { name: 'customer_information', report: true, clear: false, token, customer: 'c' }, '/customer'],
    ['no purpose of a question', { name: 'customer_information', report: false, clear: false, token }, '/report'],
    ['half a signature', { name: 'update_firmware', url: 'https://f.example/a', signature: 'c2ln' }, '/signature'],
    ['a password among settings', { name: 'write_setting', key: 'AuthorizationKey', value: 'x' }, '/key'],
    [
      'a password among many settings',
      {
        name: 'write_settings',
        settings: [
          { key: 'a', value: '' },
          { key: 'SecurityCtrlr.BasicAuthPassword', value: 'x' },
        ],
      },
      '/settings/1/key',
    ],
    ['no file and no address', { name: 'update_firmware' }, '/fileId'],
    ['a file and an address', { name: 'update_firmware', url: 'https://f.example/a', fileId: sessionId }, '/fileId'],
    ['an address that is none', { name: 'get_log', url: 'not an address' }, '/url'],
    ['an EVSE that is not there', { name: 'limit', evse: 9, amps: 6 }, '/evse'],
    [
      'a period of no phases',
      {
        name: 'set_profile',
        profile: { ...profile, schedules: [{ unit: 'A', periods: [{ startSeconds: 0, phases: 4 }] }] },
      },
      '/profile/schedules/0/periods/0/phases',
    ],
  ])('with %s is refused', async (_why, body, pointer) => {
    const refused = await tell(body)
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
  })
})

test('a log without an address is sent to a place of the hub', async () => {
  const { body } = await tell({ name: 'get_log' })
  expect(body.args).toEqual({
    log: 'diagnostics',
    url: expect.stringMatching(/^http:\/\/hub\.test\/files\/./),
    requestId: number,
  })
})

describe('a command somebody waits for', () => {
  test('is answered as soon as it has ended', async () => {
    const { commandId } = (await tell({ name: 'reset' })).body
    const waiting = hub.call('GET', `/commands/${commandId}?waitSeconds=30`)
    await hub.database.pool.query(`update command set state = 'answered', outcome = 'accepted' where command_id = $1`, [
      commandId,
    ])
    expect(await waiting).toMatchObject({ status: 200, body: { outcome: 'accepted' } })
  })

  test('is shown as it is when it takes too long', async () => {
    const { commandId } = (await tell({ name: 'reset' })).body
    expect(await hub.call('GET', `/commands/${commandId}?waitSeconds=1`)).toMatchObject({ body: { state: 'queued' } })
  })
})
