// Owns the proof of the hub as the follower of an APDS service: what changed is told once and whole, whatever the service does.
// Must not test what a session means; server.test.ts does, through the same door.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import apdsClient from '../../../adapters/apds/client/index.ts'
import type { AnyPlugin, ParcsLink, ParkingAction } from '../../../core/plugin/index.ts'
import { staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openPartnerService, type PartnerService, partnerSecret } from '../../sim/apds/partner-service.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'
import { faultsOf } from './apds-facts.ts'

let database: TestDatabase
let apds: OpenConnection
let partner: PartnerService
let link: ParcsLink
const notifyToken = 'a token for wake-ups'
/** The plugin as it ships, with its link held fast for the questions that the hub's actions ask. */
const held: AnyPlugin = {
  ...(apdsClient as AnyPlugin),
  setup: (ctx) =>
    apdsClient.setup({
      ...ctx,
      get db() {
        return ctx.db
      },
      provide: (name: 'parcs', given: { connect(...doors: never[]): Promise<ParcsLink> }) =>
        ctx.provide(name, {
          ...given,
          connect: async (...doors: never[]) => {
            link = await given.connect(...doors)
            return link
          },
        } as never),
    } as never),
}

beforeEach(async () => {
  database = await createTestDatabase()
  partner = await openPartnerService()
  apds = await openConnection(database, held, {
    config: (origin) => ({
      baseUrl: partner.url,
      clientId: 'hub',
      publicUrl: origin,
      rightSpecId: 'permit',
      backfillHours: 48,
    }),
    secrets: { clientSecret: partnerSecret, notifyToken },
  })
  partner.now = Math.floor(apds.garage.clock.now().getTime() / 1_000)
})
afterEach(async () => {
  // Whatever the hub sent is as the public document has it.
  expect(partner.received.flatMap((one) => faultsOf('assignedRight', one))).toEqual([])
  expect(partner.subscriptions.flatMap((one) => faultsOf('subscription', one))).toEqual([])
  await apds.stop()
  await partner.close()
  await database.drop()
})

const session = (id: string, version = 1, more: object = {}) => ({
  id,
  version,
  actualStart: '2019-03-10T10:00:00Z',
  initiator: { id: 'x', version: 1 },
  identifiedCredentials: [{ type: 'vehicleplate', identifier: { id, className: 'Plate' } }],
  segments: [
    {
      id: `${id}.1`,
      version: 1,
      actualStart: '2019-03-10T10:00:00Z',
      assignedRight: { id: `R-${id}`, version: 1 },
      validationType: ['vehicleplate'],
    },
  ],
  ...more,
})
/** A wake-up, as the partner would send it; 200 when everything was read. */
const wake = async () =>
  (await fetch(`${apds.url}/notify/${encodeURIComponent(notifyToken)}`, { method: 'POST', body: '{}' })).status
const plates = async () =>
  (await staysOf(apds.garage))
    .filter(({ state }) => state !== 'voided')
    .map(({ stay_ref }) => stay_ref)
    .sort()

describe('the follower', () => {
  test('reads what changed once, takes corrections and deletions, and subscribes', async () => {
    partner.put('sessions', session('S1'))
    partner.put('sessions', session('S2'))
    partner.put('places', {
      id: 'level-1',
      version: 1,
      hierarchyElementReference: {
        demandTable: [{ demandType: [{ count: 9, recordDateTime: '2019-03-10T11:00:00Z' }] }],
      },
    })
    for (let time = 0; time < 2; time++) expect(await wake()).toBe(200)
    expect(await plates()).toEqual(['S1', 'S2'])
    expect(partner.subscriptions).toEqual([
      {
        endpoint: `${apds.url}/notify/${encodeURIComponent(notifyToken)}`,
        topics: expect.arrayContaining(['SessionDeleted']),
      },
    ])
    expect(await apds.garage.db.selectFrom('occupancy').select(['counter', 'occupied']).execute()).toEqual([
      { counter: 'level-1', occupied: 9 },
    ])
    partner.now += 600
    partner.put('sessions', session('S1', 2, { actualEnd: '2019-03-10T11:30:00Z' }))
    partner.remove('sessions', 'S2')
    expect(await wake()).toBe(200)
    expect(await staysOf(apds.garage)).toMatchObject([
      { stay_ref: 'S1', state: 'closed' },
      { stay_ref: 'S2', state: 'voided' },
    ])
    const { rows } = await database.pool.query(
      'select vendor_event_id, count(*)::int as n from parking_fact group by 1, revision having count(*) > 1',
    )
    expect(rows).toEqual([])
  })

  test('a stranger cannot wake it', async () => {
    for (const path of ['notify/x', 'notify', '', 'notify/a%20token'])
      expect((await fetch(`${apds.url}/${path}`, { method: 'POST' })).status).toBe(404)
    expect(partner.calls).toEqual([])
  })

  test('an older version that comes after a newer one changes nothing', async () => {
    partner.put('sessions', session('S1', 3, { actualStart: '2019-03-10T09:00:00Z' }))
    await wake()
    partner.put('sessions', session('S1', 2, { actualEnd: '2019-03-10T11:00:00Z' }))
    await wake()
    expect(await staysOf(apds.garage)).toMatchObject([{ state: 'open', entered_at: new Date('2019-03-10T09:00:00Z') }])
  })

  test('reads again where items slip between pages', async () => {
    partner.pageSize = 2
    partner.movingInstant = true
    for (let i = 0; i < 7; i++) partner.put('sessions', session(`S${i}`))
    let pages = 0
    partner.betweenPages = () => {
      if (++pages === 3) partner.remove('sessions', 'S0')
    }
    await wake()
    partner.betweenPages = undefined
    await wake()
    expect(await plates()).toEqual(['S1', 'S2', 'S3', 'S4', 'S5', 'S6'])
  })

  test('a token that is no longer taken is renewed, a partner that is busy is left alone', async () => {
    await wake()
    partner.tokens.clear()
    partner.put('sessions', session('S1'))
    expect(await wake()).toBe(200)
    expect(partner.tokensGiven).toBe(2)
    partner.fail.push({ status: 429, headers: { 'retry-after': '300' } })
    expect(await wake()).toBe(503)
    const calls = partner.calls.length
    expect(await wake()).toBe(503)
    expect(partner.calls.length).toBe(calls)
    expect(await link.health?.()).toMatchObject({ state: 'degraded' })
    apds.garage.clock.advance(301_000)
    expect(await wake()).toBe(200)
    expect(await link.health?.()).toEqual({ state: 'ok' })
  })

  test('an outage loses nothing, and a clock of another year moves nothing', async () => {
    await wake()
    const year = 365 * 86_400
    partner.now -= year
    partner.put('sessions', session('S1'))
    for (const fault of [
      { status: 503 },
      { status: 500 },
      { status: 200, body: 'no json' },
      { status: 200, body: '{"data": 7}' },
    ]) {
      partner.fail.push(fault, fault, fault)
      expect(await wake()).toBe(503)
      partner.fail.length = 0
    }
    partner.now += year
    partner.put('sessions', session('S1'))
    expect(await wake()).toBe(200)
    expect(await plates()).toEqual(['S1'])
  })

  test('an item that is not as APDS has it is left out alone', async () => {
    partner.put('sessions', { id: 'bad', version: 1, actualStart: 'yesterday' })
    partner.put('sessions', session('S1'))
    expect(await wake()).toBe(503)
    expect(await plates()).toEqual(['S1'])
    expect(await link.health?.()).toMatchObject({ reason: expect.stringContaining('1 of 2') })
  })
})

describe('pushed credentials', () => {
  const signal = new AbortController().signal
  const put = (value: string): ParkingAction => ({
    id: 'a1',
    kind: 'credential.put',
    attempt: 1,
    askedAt: new Date('2019-03-10T12:00:00Z'),
    data: {
      credentialId: 'c1',
      accountNumber: null,
      holder: null,
      parkerKind: 'contract',
      presentations: [{ kind: 'card', key: value, value }],
      plates: [{ text: 'AB 1', country: null }],
      groups: [],
      validFrom: new Date('2019-03-01T00:00:00Z'),
      validUntil: null,
      maxInside: null,
      allowPassback: false,
    },
  })
  const removal: ParkingAction = {
    id: 'a2',
    kind: 'credential.remove',
    attempt: 1,
    askedAt: new Date('2019-03-10T12:00:00Z'),
    data: { credentialId: 'c1', reason: 'left', presentations: [] },
  }
  const wrote = () => partner.calls.filter((each) => !each.startsWith('GET'))

  test('are made, changed and removed, and nothing is sent that stands', async () => {
    expect(await link.act?.(put('04A3'), signal)).toEqual({ kind: 'done', reference: 'hub-c1' })
    expect(partner.rights.get('hub-c1')?.item).toMatchObject({
      version: 1,
      rightSpecification: { id: 'permit' },
      rightHolder: { credentials: [{ type: 'rfid' }, { type: 'licensePlate' }] },
    })
    await link.act?.(put('04A3'), signal)
    expect(wrote()).toEqual(['POST rights/assigned'])
    await link.act?.(put('04A4'), signal)
    expect(partner.rights.get('hub-c1')?.item.version).toBe(2)
    expect(await link.act?.(removal, signal)).toMatchObject({ kind: 'done' })
    expect(await link.act?.(removal, signal)).toMatchObject({ kind: 'done' })
    expect(wrote()).toEqual(['POST rights/assigned', 'PUT rights/assigned/hub-c1', 'DELETE rights/assigned/hub-c1'])
  })

  test('a lost answer is unknown, and asking tells', async () => {
    partner.fail.push({ status: 404 })
    await link.act?.(removal, signal)
    partner.fail.push({ status: 404 }, { status: 0, after: true })
    expect(await link.act?.(put('04A3'), signal)).toMatchObject({ kind: 'unknown' })
    expect(await link.askOutcome?.(put('04A3'), signal)).toEqual({ kind: 'done', reference: 'hub-c1' })
    expect(await link.askOutcome?.(put('04A4'), signal)).toEqual({ kind: 'not_done' })
    expect(await link.askOutcome?.(removal, signal)).toEqual({ kind: 'not_done' })
    partner.fail.push({ status: 500 })
    expect(await link.askOutcome?.(put('04A3'), signal)).toMatchObject({ kind: 'unknown' })
  })

  test('a partner that is busy is asked later, one that refuses is believed', async () => {
    partner.fail.push({ status: 503, headers: { 'retry-after': '60' } })
    expect(await link.act?.(put('04A3'), signal)).toMatchObject({ kind: 'later', retryAfterSeconds: 60 })
    partner.fail.push({ status: 404 }, { status: 400, body: '{"message":"no such specification"}' })
    expect(await link.act?.(put('04A3'), signal)).toEqual({
      kind: 'refused',
      reason: 'no such specification',
      code: '400',
    })
    partner.fail.push({ status: 404 }, { status: 409 })
    expect(await link.act?.(put('04A3'), signal)).toMatchObject({ kind: 'later' })
  })
})
