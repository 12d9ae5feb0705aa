// Owns the behaviour of circuits through the API: the tree, what hangs on it, faults named by field, meters, the load as it is shown.
// Must not let anybody charge; test/services/load and the acceptance cases do.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let stationId: string
let evseIds: string[]
let count = 0
beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

const post = async (path: string, body: object): Promise<Json> => {
  const answer = await hub.call('POST', path, { body })
  expect([path, answer.status, answer.body.errors]).toEqual([path, 201, undefined])
  return answer.body
}

beforeEach(async () => {
  const code = `L${++count}`
  siteId = (await post('/sites', { code, timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId
  const evses = [1, 2, 3].map((number) => ({ number, code: `${code}-${number}` }))
  stationId = (await post('/stations', { siteId, code, evses })).stationId
  const { items } = (await hub.call('GET', `/evses?stationId=${stationId}`)).body
  evseIds = items.map((one: Json) => one.evseId)
})

const circuit = (more: object = {}) => post('/circuits', { siteId, code: `C${++count}`, limitA: 40, ...more })
const hang = (circuitId: string, evse: number, more: object = {}) =>
  post('/circuit-evses', { circuitId, evseId: evseIds[evse], maxA: 32, failsafeA: 6, ...more })
const building = { reserveA: 20, riseA: 5, staleAfterSeconds: 300 }

describe('a circuit', () => {
  test('is made, listed by site, changed at a version, logged, and taken out', async () => {
    const made = await hub.call('POST', '/circuits', { body: { siteId, code: 'P1', limitA: 63 } })
    expect(made).toMatchObject({
      status: 201,
      body: { siteId, parentId: null, code: 'P1', name: 'P1', limitA: 63, otherLoad: null, version: 1 },
    })
    const at = `/circuits/${made.body.circuitId}`
    expect(made.headers.get('location')).toBe(`/api/v1${at}`)
    expect((await hub.call('GET', `/circuits?siteId=${siteId}`)).body.items).toEqual([made.body])
    const stale = await hub.call('PATCH', at, { body: { limitA: 50 }, headers: { 'If-Match': '"v9"' } })
    expect(stale.status).toBe(412)
    const changed = await hub.call('PATCH', at, {
      body: { limitA: 50, otherLoad: building },
      headers: { 'If-Match': made.headers.get('etag') ?? '' },
    })
    expect(changed).toMatchObject({ status: 200, body: { limitA: 50, otherLoad: building, version: 2 } })
    expect(await hub.call('PATCH', at, { body: { otherLoad: null } })).toMatchObject({ body: { otherLoad: null } })
    expect((await hub.call('DELETE', at)).status).toBe(204)
    expect((await hub.call('GET', `/circuits?siteId=${siteId}`)).body.items).toEqual([])
    const { body } = await hub.call('GET', `/audit-log?subjectId=${made.body.circuitId}`)
    expect(body.items.map((one: Json) => one.action)).toEqual([
      'circuit.archived',
      'circuit.updated',
      'circuit.updated',
      'circuit.created',
    ])
  })

  test('is not taken out while something hangs on it', async () => {
    const root = await circuit()
    const below = await circuit({ parentId: root.circuitId })
    expect((await hub.call('DELETE', `/circuits/${root.circuitId}`)).status).toBe(409)
    const placed = await hang(below.circuitId, 0)
    expect((await hub.call('DELETE', `/circuits/${below.circuitId}`)).status).toBe(409)
    expect((await hub.call('DELETE', `/circuit-evses/${placed.circuitEvseId}`)).status).toBe(204)
    expect((await hub.call('DELETE', `/circuits/${below.circuitId}`)).status).toBe(204)
    expect((await hub.call('DELETE', `/circuits/${root.circuitId}`)).status).toBe(204)
    const back = { body: { archived: false } }
    expect(await hub.call('PATCH', `/circuit-evses/${placed.circuitEvseId}`, back)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/circuitId' }] },
    })
  })

  test.each<[string, object, string]>([
    ['no limit', { limitA: undefined }, '/limitA'],
    ['a limit of nothing', { limitA: 0 }, '/limitA'],
    ['a limit that is no number', { limitA: '63' }, '/limitA'],
    ['no code', { code: '' }, '/code'],
    ['another site', { siteId: '01900000-0000-7000-8000-000000000000' }, '/siteId'],
    ['a parent that is not there', { parentId: '01900000-0000-7000-8000-000000000000' }, '/parentId'],
    ['half a load', { otherLoad: { reserveA: 3 } }, '/otherLoad'],
    [
      'a reading that is stale at once',
      { otherLoad: { ...building, staleAfterSeconds: 5 } },
      '/otherLoad/staleAfterSeconds',
    ],
    ['a reserve below nothing', { otherLoad: { ...building, reserveA: -1 } }, '/otherLoad/reserveA'],
    ['a reserve that does not fit', { otherLoad: { ...building, reserveA: 41 } }, '/otherLoad/reserveA'],
    ['a field that it has not', { colour: 'red' }, '/colour'],
  ])('%s is refused by its name', async (_what, wrong, pointer) => {
    const body = { siteId, code: 'X', limitA: 40, ...wrong }
    const answer = await hub.call('POST', '/circuits', { body })
    expect(answer.status).toBe(422)
    expect(answer.body.errors[0].pointer.startsWith(pointer)).toBe(true)
  })

  test('does not hang on itself', async () => {
    const root = await circuit()
    const below = await circuit({ parentId: root.circuitId })
    const body = { parentId: below.circuitId }
    expect(await hub.call('PATCH', `/circuits/${root.circuitId}`, { body })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/parentId' }] },
    })
  })
})

describe('an EVSE on a circuit', () => {
  test('hangs on one only, and its station is to have the failsafe share', async () => {
    const { circuitId } = await circuit()
    const made = await hub.call('POST', '/circuit-evses', {
      body: { circuitId, evseId: evseIds[1], phases: 1, phase: 2, maxA: 16, failsafeA: 8 },
    })
    expect(made).toMatchObject({
      status: 201,
      body: {
        siteId,
        stationId,
        evseNumber: 2,
        phases: 1,
        phase: 2,
        minA: 6,
        maxA: 16,
        failsafeA: 8,
        ignoringSince: null,
      },
    })
    const wanted = async () => (await hub.call('GET', `/desired-items?stationId=${stationId}`)).body.items
    const profile = { profileId: 29_002, purpose: 'default', stackLevel: 0 }
    const schedule = { unit: 'A', periods: [{ startSeconds: 0, limit: 8, phases: 1 }] }
    expect(await wanted()).toMatchObject([
      { kind: 'profile', value: { evse: 2, failsafe: true, profile: { ...profile, schedules: [schedule] } } },
    ])
    const again = await hub.call('POST', '/circuit-evses', {
      body: { circuitId, evseId: evseIds[1], maxA: 16, failsafeA: 8 },
    })
    expect(again.status).toBe(409)
    const at = `/circuit-evses/${made.body.circuitEvseId}`
    expect(await hub.call('PATCH', at, { body: { failsafeA: 0 } })).toMatchObject({ status: 200, body: { version: 2 } })
    expect((await wanted())[0].value.profile.schedules[0].periods[0].limit).toBe(0)
    expect((await hub.call('DELETE', at)).status).toBe(204)
    expect(await wanted()).toEqual([])
    expect((await hub.call('GET', `/circuit-evses?circuitId=${circuitId}`)).body.items).toEqual([])
  })

  test.each<[string, object, string]>([
    ['a share between nothing and the minimum', { failsafeA: 4 }, '/failsafeA'],
    ['a share above the hardware', { failsafeA: 33 }, '/failsafeA'],
    ['a share that is no number', { failsafeA: '6' }, '/failsafeA'],
    ['hardware below the minimum', { maxA: 5, failsafeA: 0 }, '/maxA'],
    ['a phase of three', { phase: 1 }, '/phase'],
    ['two phases', { phases: 2 }, '/phases'],
    ['no such EVSE', { evseId: '01900000-0000-7000-8000-000000000000' }, '/evseId'],
    ['no such circuit', { circuitId: '01900000-0000-7000-8000-000000000000' }, '/circuitId'],
  ])('%s is refused by its name', async (_what, wrong, pointer) => {
    const { circuitId } = await circuit()
    const body = { circuitId, evseId: evseIds[0], maxA: 32, failsafeA: 6, ...wrong }
    expect(await hub.call('POST', '/circuit-evses', { body })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer }] },
    })
  })

  test('all failsafe shares and reserves have room at once, on every circuit above', async () => {
    const root = await circuit({ code: 'root', limitA: 32, otherLoad: building })
    const { circuitId } = await circuit({ parentId: root.circuitId })
    await hang(circuitId, 0)
    const full = await hang(circuitId, 1)
    const third = await hub.call('POST', '/circuit-evses', {
      body: { circuitId, evseId: evseIds[2], maxA: 32, failsafeA: 6 },
    })
    expect(third).toMatchObject({ status: 422, body: { errors: [{ pointer: '/failsafeA' }] } })
    expect(third.body.errors[0].message).toContain('circuit root would come to 38 A, and its limit is 32 A')
    const refused = async (path: string, body: object, pointer: string) =>
      expect(await hub.call('PATCH', path, { body })).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
    await refused(`/circuits/${root.circuitId}`, { limitA: 31 }, '/limitA')
    await refused(`/circuits/${root.circuitId}`, { otherLoad: { ...building, reserveA: 21 } }, '/otherLoad/reserveA')
    await refused(`/circuit-evses/${full.circuitEvseId}`, { failsafeA: 7 }, '/failsafeA')
    const lone = await circuit({ limitA: 6 })
    await refused(
      `/circuits/${lone.circuitId}`,
      { parentId: circuitId, limitA: 6, otherLoad: { ...building, reserveA: 1 } },
      '/otherLoad/reserveA',
    )
    // Phases that are known count on theirs only.
    await hub.call('PATCH', `/circuit-evses/${full.circuitEvseId}`, { body: { phases: 1, phase: 1 } })
    await hang(circuitId, 2, { phases: 1, phase: 2 })
  })

  test('gets its limits from the guard alone', async () => {
    const { circuitId } = await circuit()
    await hang(circuitId, 0)
    const ask = async (body: object) => (await hub.call('POST', `/stations/${stationId}/commands`, { body })).status
    expect(await ask({ name: 'limit', evse: 2, amps: 32 })).toBe(409)
    expect(await ask({ name: 'unlimit', evse: 1 })).toBe(409)
    expect(await ask({ name: 'clear_profiles' })).toBe(409)
    expect(await ask({ name: 'trigger', message: 'meter' })).toBe(202)
  })
})

describe('the meter of a circuit', () => {
  const tell = (circuitId: string, amps: number, readAt: string, key?: string) =>
    hub.call('POST', `/circuits/${circuitId}/meter`, { body: { amps, readAt }, ...(key ? { key } : {}) })

  test('tells readings, late and doubled ones too', async () => {
    const { circuitId } = await circuit({ otherLoad: building })
    const load = async () => (await hub.call('GET', `/circuits/${circuitId}/load`)).body
    expect(await load()).toMatchObject({ meter: 'none', otherA: 20, measuredA: null })
    expect(await tell(circuitId, 10.5, '2026-03-10T07:59:00Z')).toMatchObject({ status: 200, body: { amps: 10.5 } })
    expect(await tell(circuitId, 10.5, '2026-03-10T07:59:00Z')).toMatchObject({ status: 200, body: { amps: 10.5 } })
    expect(await tell(circuitId, 3, '2026-03-10T07:58:00Z')).toMatchObject({ status: 200, body: { amps: 10.5 } })
    expect(await load()).toMatchObject({ meter: 'fresh', otherA: 15.5, reservedA: 15.5, measuredA: 10.5, alarms: [] })
    hub.clock.advance(300_000)
    expect(await load()).toMatchObject({ meter: 'stale', otherA: 20, alarms: [{ kind: 'meter_stale', circuitId }] })
    await tell(circuitId, 45, hub.clock.now().toISOString())
    const over = (await load()).alarms.map((one: Json) => one.kind)
    expect(over).toEqual(['over_limit', 'reserve_exceeded'])
  })

  test('is refused by the name of what is wrong, and needs its scope', async () => {
    const { circuitId } = await circuit({ otherLoad: building })
    const now = hub.clock.now().getTime()
    expect(await tell(circuitId, -1, new Date(now).toISOString())).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/amps' }] },
    })
    expect(await tell(circuitId, 1, 'now')).toMatchObject({ status: 422, body: { errors: [{ pointer: '/readAt' }] } })
    expect(await tell(circuitId, 1, new Date(now + 120_000).toISOString())).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/readAt' }] },
    })
    const bare = await circuit()
    expect((await tell(bare.circuitId, 1, new Date(now).toISOString())).status).toBe(409)
    const { key } = await post('/api-keys', { name: 'viewer', role: 'viewer' })
    expect((await tell(circuitId, 1, new Date(now).toISOString(), key)).status).toBe(403)
    expect((await hub.call('GET', `/circuits/${circuitId}/load`, { key })).status).toBe(200)
    expect((await hub.call('POST', '/circuits', { key, body: { siteId, code: 'N', limitA: 1 } })).status).toBe(403)
  })
})

test('the load of a circuit counts what hangs below it', async () => {
  const root = await circuit({ limitA: 100 })
  const { circuitId } = await circuit({ parentId: root.circuitId, limitA: 50 })
  await hang(circuitId, 0)
  const { circuitEvseId } = await hang(root.circuitId, 1, { phases: 1, phase: 3 })
  const shown = async (id: string) => (await hub.call('GET', `/circuits/${id}/load`)).body
  // No failsafe profile is known to stand at the station: its hardware maximum counts.
  expect(await shown(root.circuitId)).toMatchObject({
    limitA: 100,
    reservedA: 64,
    over: false,
    evses: [
      { circuitId, evseNumber: 1, shareA: 32, reservedA: 32, why: 'no_failsafe', measuredA: null },
      { circuitId: root.circuitId, evseNumber: 2 },
    ],
    alarms: [{ kind: 'no_failsafe' }, { kind: 'no_failsafe' }],
  })
  expect(await shown(circuitId)).toMatchObject({ limitA: 50, reservedA: 32, evses: [{ evseNumber: 1 }] })
  expect((await hub.call('POST', `/circuit-evses/${circuitEvseId}/trust`)).status).toBe(409)
})
