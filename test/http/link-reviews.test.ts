// Owns the behaviour of the queue of doubtful links through the API: side by side, undo, many at once, and how good linking is.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { learnConfusions } from '../../core/services/linking/learn-confusions.ts'
import { recordParkingFacts } from '../../core/services/parking/record-parking-facts.ts'
import { entry, fact, plate } from '../domain/stay/fact-maker.ts'
import { addSession, linking } from '../services/linking/sessions.ts'
import { addAccount, addBay, addCredential, addSite, addVehicle } from '../services/parking/garage.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

async function open() {
  const garage = await addSite(hub.database.db, hub.organizationId)
  return { garage, record: recordParkingFacts(garage.deps)(garage), ...linking(hub.database, garage) }
}

/** One session of an account with two cars inside: a question with two candidates. */
async function question(energyWh = 0) {
  const opened = await open()
  const { garage, record, evaluate, runJobs } = opened
  const ada = await addAccount(garage)
  for (const one of ['ADA 111', 'ADA 777']) await addVehicle(garage, one, ada)
  const images = [{ kind: 'plate', url: 'https://camera.example/7.jpg' }]
  await record([
    entry('1', 0, [{ ...plate('ADA111'), images } as never], { stayRef: 'A' }),
    entry('2', 1, [plate('ADA777')], { stayRef: 'B' }),
  ])
  await runJobs()
  const sessionId = await addSession(garage, { token: '04AA11BB', accountId: ada, plugged: 5 })
  await garage.db
    .updateTable('charging_session')
    .set({ energy_wh: energyWh })
    .where('session_id', '=', sessionId)
    .execute()
  await evaluate({ sessionId })
  const queue = async (more = ''): Promise<Json[]> =>
    (await hub.call('GET', `/link-reviews?siteId=${garage.siteId}${more}`)).body.items
  return { ...opened, sessionId, queue, ada }
}

test('a question shows stay and session side by side, with pictures, distances and what competes', async () => {
  const { queue, sessionId, garage } = await question(14_000)
  const [one] = await queue()
  expect(one).toMatchObject({
    siteId: garage.siteId,
    outcome: 'review',
    reason: 'near-tie',
    session: { sessionId, energyWh: 14_000, idToken: '04AA11BB', accountPlates: ['ADA 111', 'ADA 777'], images: [] },
    openSince: expect.any(String),
  })
  expect(one.candidates.map(({ stay }: Json) => stay.stayRef).sort()).toEqual(['A', 'B'])
  const a = one.candidates.find(({ stay }: Json) => stay.stayRef === 'A')
  expect(a).toMatchObject({
    link: { state: 'review', decidedBy: 'hub' },
    plateDistance: 0,
    excluded: null,
    stay: { plate: 'ADA111', images: [{ lane: 'in', image: { kind: 'plate', url: 'https://camera.example/7.jpg' } }] },
  })
  // Two that fit alike share what is likely.
  expect(a.score).toBeGreaterThan(0.3)
  expect(a.score).toBeLessThan(0.7)
  expect(await queue('&method=ticket')).toEqual([])
  expect(await queue('&minEnergyWh=14001')).toEqual([])
  expect(await queue('&openBefore=2000-01-01T00:00:00Z')).toEqual([])
})

test('the queue has the most energy first, or what waits longest, in pages', async () => {
  const [small, large] = [await question(1_000), await question(90_000)]
  const mine = new Set([small.sessionId, large.sessionId])
  const walk = async (sort: string) => {
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body }: Json = await hub.call('GET', `/link-reviews?limit=1&sort=${sort}${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.items.map(({ session }: Json) => session.sessionId))
      cursor = body.nextCursor
    }
    return seen.filter((id) => mine.has(id))
  }
  expect(await walk('-energy')).toEqual([large.sessionId, small.sessionId])
  expect((await walk('openSince')).toSorted()).toEqual([...mine].toSorted())
})

test('undo puts the question back as it was, and is written down', async () => {
  const { queue, runJobs, sessionId } = await question()
  const linkId = (await queue())[0].candidates[0].link.linkId
  const before = (await queue())[0].candidates.map(({ link }: Json) => link.state)
  expect((await hub.call('POST', `/links/${linkId}/undo`, { body: {} })).status).toBe(409)
  expect((await hub.call('POST', `/links/${linkId}/accept`, { body: {} })).body.state).toBe('linked')
  await runJobs()
  expect(await queue()).toEqual([])
  const undone = await hub.call('POST', `/links/${linkId}/undo`, { body: { reason: 'wrong car' } })
  expect(undone).toMatchObject({ status: 200, body: { state: 'review', decidedBy: 'hub' } })
  expect(undone.body.history.at(-1)).toMatchObject({ toState: 'review', reason: 'Decision undone. wrong car' })
  await runJobs()
  expect((await queue())[0].candidates.map(({ link }: Json) => link.state)).toEqual(before)
  const { body } = await hub.call('GET', `/audit-log?subjectId=${linkId}`)
  expect(body.items.map(({ action }: Json) => action)).toEqual(['link.undone', 'link.linked'])
  // A decision over a decision: undone, the first one holds again; undone once more, the question is open.
  await hub.call('POST', `/links/${linkId}/accept`, { body: {} })
  await hub.call('POST', `/links/${linkId}/unlink`, { body: {} })
  expect((await hub.call('POST', `/links/${linkId}/undo`, { body: {} })).body.state).toBe('linked')
  expect((await hub.call('POST', `/links/${linkId}/undo`, { body: {} })).body.state).toBe('review')
  expect((await hub.call('GET', `/charging-sessions/${sessionId}/link-candidates`)).body.outcome).toBe('review')
})

test('many are rejected at once, each by itself', async () => {
  const { queue, runJobs } = await question()
  const ids = (await queue())[0].candidates.map(({ link }: Json) => link.linkId)
  const nowhere = '01900000-0000-7000-8000-00000000000f'
  const { status, body } = await hub.call('POST', '/link-reviews/reject', { body: { linkIds: [...ids, nowhere] } })
  expect(status).toBe(200)
  expect(body.items).toEqual([
    ...ids.map((linkId: string) => ({ linkId, outcome: 'rejected', message: null })),
    { linkId: nowhere, outcome: 'refused', message: 'No such link.' },
  ])
  await runJobs()
  expect(await queue()).toEqual([])
  expect((await hub.call('POST', '/link-reviews/reject', { body: { linkIds: [] } })).status).toBe(422)
})

test('why not linked: for a session and for a stay, with what rules each out', async () => {
  const { garage, record, runJobs, evaluate } = await open()
  await record([entry('1', 60, [plate('ZED 900')], { stayRef: 'late' })])
  const zed = await addAccount(garage)
  await addVehicle(garage, 'ZED 900', zed)
  await runJobs()
  const sessionId = await addSession(garage, { token: null, accountId: zed, plugged: 55 })
  await evaluate({ sessionId })
  const { body } = await hub.call('GET', `/charging-sessions/${sessionId}/link-candidates`)
  expect(body).toMatchObject({ outcome: 'linked', candidates: [{ stay: { stayRef: 'late' }, excluded: null }] })
  const early = await addSession(garage, { token: null, accountId: zed, plugged: 52, evse: 2 })
  await hub.call('PATCH', `/sites/${garage.siteId}`, { body: { settings: { link_skew_minutes: 6 } } })
  const why = await hub.call('GET', `/charging-sessions/${early}/link-candidates`)
  expect(why.body).toMatchObject({ outcome: 'none', candidates: [] })
  const stayId = body.candidates[0].stay.stayId
  const ofStay = await hub.call('GET', `/stays/${stayId}/link-candidates`)
  expect(ofStay.body.items).toMatchObject([{ session: { sessionId }, candidates: [{ stay: { stayId } }] }])
  expect((await hub.call('GET', `/stays/${sessionId}/link-candidates`)).status).toBe(404)
})

test('every number of the policy is the site’s, within its range and in order', async () => {
  const { garage } = await open()
  const set = (settings: Json) => hub.call('PATCH', `/sites/${garage.siteId}`, { body: { settings } })
  expect(await set({ link_margin: 0 })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/settings/link_margin' }] },
  })
  expect(await set({ link_fuzzy_auto_distance: 0.5, link_fuzzy_review_distance: 0.25 })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/settings/link_fuzzy_auto_distance' }] },
  })
  expect((await set({ link_margin: 5, link_plate_confidence: 0.95, link_usual_open_stays: 3000 })).status).toBe(200)
})

test('quality is told from what people did with links', async () => {
  const { garage, record, runJobs, evaluate } = await open()
  await record([
    entry('1', 0, [plate('QQQ 111')], { stayRef: 'A' }),
    entry('2', 1, [plate('RRR 222')], { stayRef: 'B' }),
  ])
  const sessions: string[] = []
  for (const [i, text] of ['QQQ 111', 'RRR 222'].entries()) {
    const account = await addAccount(garage)
    await addVehicle(garage, text, account)
    await runJobs()
    const id = await addSession(garage, { token: null, accountId: account, plugged: 5 + i, evse: i + 1 })
    await evaluate({ sessionId: id })
    sessions.push(id)
  }
  // The garage lives in March 2019, the people who decide seven years later.
  const quality = async (year: number, more = '') => {
    const answer = await hub.call(
      'GET',
      `/link-quality?siteId=${garage.siteId}&from=${year}-03-01T00:00:00Z&to=${year}-04-01T00:00:00Z${more}`,
    )
    expect(hub.errors).toEqual([])
    expect(answer.status).toBe(200)
    return answer.body
  }
  expect((await quality(2019)).items).toMatchObject([
    { method: 'plate', period: null, automatic: 2, wrong: 0, precision: 1, coverage: 1 },
  ])
  const { body } = await hub.call('GET', `/links?sessionId=${sessions[0]}`)
  await hub.call('POST', `/links/${body.items[0].linkId}/unlink`, { body: {} })
  expect((await quality(2019, '&by=month')).items).toMatchObject([
    { period: '2019-03-01', automatic: 2, wrong: 1, precision: 0.5 },
  ])
  const other = (await hub.call('GET', `/stays?siteId=${garage.siteId}`)).body.items.find(
    ({ stayRef }: Json) => stayRef === 'B',
  )
  const joined = await hub.call('POST', '/links', { body: { stayId: other.stayId, sessionId: sessions[0] } })
  expect(joined.status).toBe(201)
  const items: Json[] = (await quality(2026)).items
  expect(items.reduce((sum, one) => sum + one.joined, 0)).toBe(1)
  const backwards = await hub.call('GET', '/link-quality?from=2026-04-01T00:00:00Z&to=2026-03-01T00:00:00Z')
  expect(backwards).toMatchObject({ status: 422, body: { errors: [{ pointer: '/to' }] } })
})

test('a ticket held to the charger’s scanner, and a car that tells its own address, find their stays', async () => {
  const { garage, record, runJobs, evaluate, rematch } = await open()
  const bayId = await addBay(garage, 'B4')
  const car = await addVehicle(garage, 'CAR 400', await addAccount(garage))
  await addCredential(garage, 'mac', '02:AA:BB:CC:DD:EE', { vehicleId: car })
  await record([
    entry('1', 0, [{ kind: 'ticket', value: 'T-900-4711' }], { stayRef: 'ticket' }),
    entry('2', 1, [plate('CAR 400')], { stayRef: 'car' }),
  ])
  await rematch()
  const scanned = await addSession(garage, { token: null, bayId, plugged: 5 })
  const own = await addSession(garage, {
    token: '02AABBCCDDEE',
    tokenKind: 'MacAddress',
    vehicleId: car,
    plugged: 6,
    evse: 2,
  })
  await record([
    fact('credential.observed', 'scan', 7, {
      role: 'charger',
      bay: 'B4',
      credentials: [{ kind: 'qr', value: 'T-900-4711' }],
    }),
  ])
  await runJobs()
  await evaluate({ sessionId: own })
  const linkOf = async (id: string) => (await hub.call('GET', `/links?sessionId=${id}`)).body.items
  expect(await linkOf(scanned)).toMatchObject([{ state: 'linked', method: 'ticket' }])
  const [found] = await linkOf(own)
  expect(found).toMatchObject({ state: 'linked' })
  expect(found.evidence.map(({ detail }: Json) => detail).join(' ')).toContain('The car told the charger who it is')
})

test('what people confirm teaches a camera, as a version that later links are made under', async () => {
  const { garage, record, runJobs, evaluate } = await open()
  const learn = learnConfusions(garage.deps)
  const visit = async (i: number, read: string, is: string) => {
    const account = await addAccount(garage)
    await addVehicle(garage, is, account)
    await record([entry(`e${i}`, i * 3, [plate(read)], { stayRef: `V${i}`, lane: 'E7' })])
    await runJobs()
    const sessionId = await addSession(garage, { token: null, accountId: account, plugged: i * 3 + 2, evse: i + 1 })
    await evaluate({ sessionId })
    return sessionId
  }
  const models = () =>
    garage.db
      .selectFrom('plate_model')
      .select(['version', 'links', 'readers'])
      .where('site_id', '=', garage.siteId)
      .execute()
  const stayOf = async (i: number) =>
    (await hub.call('GET', `/stays?siteId=${garage.siteId}&limit=100`)).body.items.find(
      ({ stayRef }: Json) => stayRef === `V${i}`,
    ).stayId
  // Lane E7 takes K for N: no class has that, so people join these.
  for (let i = 0; i < 6; i++) {
    const sessionId = await visit(i, `NAB${i}1${i}4`, `KAB${i}1${i}4`)
    const joined = await hub.call('POST', '/links', { body: { stayId: await stayOf(i), sessionId } })
    expect(joined.status).toBe(201)
  }
  expect(await learn(garage)).toBe(1)
  expect(await models()).toMatchObject([{ version: 1, links: 6, readers: { E7: { swaps: { KN: 6 } } } }])
  expect(await learn(garage)).toBe(0)
  const next = await visit(9, 'NXW5678', 'KXW5678')
  expect((await hub.call('GET', `/links?sessionId=${next}`)).body.items).toMatchObject([
    { state: 'linked', method: 'plate-fuzzy' },
  ])
  const row = await garage.db.selectFrom('link').select('made_with').where('session_id', '=', next).executeTakeFirst()
  expect(row?.made_with).toMatchObject({ model: 1, policy: { margin: 3 } })
})
