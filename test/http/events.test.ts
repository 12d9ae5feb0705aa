// Owns the behaviour of events through the API: as a list to poll, and as a stream that is taken up where it broke off.

import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventStream } from '../../core/http/event-stream.ts'
import { startServer } from '../../core/http/server.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { eventually } from '../setup/eventually.ts'
import { silent } from '../setup/silent-log.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
beforeAll(async () => {
  hub = await startHubApi()
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
})
afterAll(() => hub.close())

async function happen(type: string, site: string | null = siteId): Promise<string> {
  const id = hub.service.newId()
  await hub.database.pool.query(
    `insert into event (organization_id, site_id, event_id, type, subject_type, subject_id, occurred_at, recorded_at, data)
     values ($1, $2, $3::uuid, $4, 'stay', $3::uuid, now(), now(), '{"x": 1}')`,
    [hub.organizationId, site, id, type],
  )
  // The stream waits for every transaction that runs on the server, those of other tests' databases included.
  await eventually(async () => (await hub.call('GET', `/events?subjectId=${id}`)).body.items.length > 0, 'the event')
  return id
}

interface Message {
  id?: string
  event?: string
  data?: Json
}

/** Reads messages until `enough` says so; then leaves. */
async function listen(
  query: string,
  after: string | null,
  enough: (seen: Message[]) => boolean,
  key = hub.owner,
): Promise<Message[]> {
  const leaving = new AbortController()
  const response = await hub.app.request(`/api/v1/events/stream${query}`, {
    headers: { Authorization: `Bearer ${key}`, ...(after === null ? {} : { 'Last-Event-ID': after }) },
    signal: leaving.signal,
  })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const seen: Message[] = []
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const message: Message = {}
      for (const line of block.split('\n')) {
        const [name, value = ''] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]
        if (name === 'id' || name === 'event') message[name] = value
        if (name === 'data') message.data = JSON.parse(value)
      }
      seen.push(message)
    }
    if (enough(seen)) {
      leaving.abort()
      break
    }
  }
  return seen
}

const told = (seen: readonly Message[]) => seen.flatMap((one) => (one.data ? [one.data.id] : []))

test('a list is read to its end and asked again for what came since', async () => {
  const first = [await happen('stay.opened'), await happen('stay.closed'), await happen('bay.changed')]
  const page = (await hub.call('GET', '/events?limit=2')).body
  expect(page.items.map((one: Json) => one.id)).toEqual(first.slice(0, 2))
  expect(page.items[0]).toMatchObject({
    type: 'stay.opened',
    siteId,
    subject: { type: 'stay', version: null },
    data: { x: 1 },
  })
  const rest = (await hub.call('GET', `/events?cursor=${page.nextCursor}`)).body
  expect(rest.items.map((one: Json) => one.id)).toEqual(first.slice(2))
  expect((await hub.call('GET', `/events?cursor=${rest.nextCursor}`)).body.items).toEqual([])
  const late = await happen('stay.opened')
  expect((await hub.call('GET', `/events?cursor=${rest.nextCursor}`)).body.items.map((one: Json) => one.id)).toEqual([
    late,
  ])
})

test('types are named one by one or by family', async () => {
  const types = async (filter: string) =>
    (await hub.call('GET', `/events?type=${filter}`)).body.items.map((one: Json) => one.type)
  expect(new Set(await types('stay.*'))).toEqual(new Set(['stay.opened', 'stay.closed']))
  expect(await types('bay.changed,command.queued')).toEqual(['bay.changed'])
  const wrong = await hub.call('GET', '/events?type=stay.exploded')
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ in: 'query', pointer: '/type' }] } })
  expect(await hub.call('GET', '/events?cursor=AAAA')).toMatchObject({ status: 422, body: { code: 'invalid_cursor' } })
})

test('a stream begins now, and misses nothing when it is taken up again', async () => {
  // Its first message says where it begins; what happens after that is told.
  const before = (await hub.call('GET', '/events?limit=200')).body.items.length
  let begun = () => {}
  const beginning = new Promise<void>((resolve) => {
    begun = resolve
  })
  const listening = listen('', null, (seen) => {
    begun()
    return told(seen).length >= 2
  })
  await beginning
  const since = [await happen('stay.opened'), await happen('stay.closed')]
  const seen = await listening
  expect([before > 0, told(seen)]).toEqual([true, since])
  const missed = [await happen('link.linked'), await happen('bay.changed'), await happen('stay.opened')]
  const last = seen.at(-1)?.id ?? ''
  expect(told(await listen('', last, (again) => told(again).length >= 3))).toEqual(missed)
  expect(told(await listen('?type=bay.*', last, (again) => told(again).length >= 1))).toEqual([missed[1]])
})

test('a stream tells its place even when nothing of its kind happens', async () => {
  const [first] = await listen('?type=tariff.*', null, (seen) => seen.length >= 1)
  expect(first).toMatchObject({ id: expect.stringMatching(/^[\w-]+$/) })
  expect(first?.data).toBeUndefined()
  const beats = listen('?type=tariff.*', first?.id ?? '', (seen) => seen.length >= 2)
  const clockwork = setInterval(() => hub.realClock.advance(15_000), 5)
  expect((await beats).every((one) => one.data === undefined && one.id)).toBe(true)
  clearInterval(clockwork)
})

test('a key limited to sites hears of them alone', async () => {
  const other = (await hub.call('POST', '/sites', { body: { code: 'P2', timeZone: 'Europe/Berlin', currency: 'EUR' } }))
    .body.siteId
  const { key } = (
    await hub.call('POST', '/api-keys', { body: { name: 'limited', scopes: ['events:read'], siteIds: [siteId] } })
  ).body
  const begin = (await hub.call('GET', '/events?limit=200')).body.nextCursor
  await happen('stay.opened', other)
  await happen('stay.opened', null)
  const mine = await happen('stay.closed')
  expect(told(await listen('', begin, (seen) => told(seen).length >= 1, key))).toEqual([mine])
  expect((await hub.call('GET', `/events?cursor=${begin}&siteId=${other}`, { key })).body.items).toEqual([])
})

test('a client that leaves while the hub waits for news is no failure', async () => {
  const failures: unknown[] = []
  const hubStays = new AbortController()
  const events: Parameters<typeof eventStream>[0]['events'] = {
    read: async () => ({ events: [], cursor: '', more: false }),
    // The first page comes at once; news never comes, and the wait ends with the client.
    tail: async function* ({ signal }) {
      yield { events: [], cursor: '', more: false }
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
  }
  const response = await eventStream({
    events,
    filter: { organizationId: 'o' },
    now: () => new Date(),
    signal: hubStays.signal,
    failed: (error) => failures.push(error),
    over: () => undefined,
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  await turn()
  await response.body?.cancel()
  await turn()
  expect(failures).toEqual([])
})

test('a stream that cannot begin is refused', async () => {
  expect(await hub.call('GET', '/events/stream', { headers: { 'Last-Event-ID': 'no cursor!' } })).toMatchObject({
    status: 422,
  })
  // Well formed, and still nothing that the hub ever gave: an empty stream would make the client come back for ever.
  expect(await hub.call('GET', '/events/stream', { headers: { 'Last-Event-ID': 'abcdef' } })).toMatchObject({
    status: 422,
    body: { code: 'invalid_cursor', errors: [{ in: 'header', pointer: '/last-event-id' }] },
  })
  expect(await hub.call('GET', '/events?cursor=abcdef')).toMatchObject({
    status: 422,
    body: { code: 'invalid_cursor', errors: [{ in: 'query', pointer: '/cursor' }] },
  })
  expect((await hub.call('GET', '/events/stream?type=nothing.*')).status).toBe(422)
})

test('a caller may hold a hundred streams, and another when one has ended', async () => {
  const { key } = (await hub.call('POST', '/api-keys', { body: { name: 'greedy', scopes: ['events:read'] } })).body
  const open = async () => {
    const leaving = new AbortController()
    const headers = { Authorization: `Bearer ${key}` }
    return { leaving, response: await hub.app.request('/api/v1/events/stream', { headers, signal: leaving.signal }) }
  }
  const held: Awaited<ReturnType<typeof open>>[] = []
  for (let i = 0; i < 100; i++) held.push(await open())
  expect(held.map(({ response }) => response.status)).toEqual(held.map(() => 200))
  const more = await open()
  expect([more.response.status, (await more.response.json()) as object]).toMatchObject([
    429,
    { code: 'too_many_streams' },
  ])
  expect((await hub.call('GET', '/events', { key })).status).toBe(200)
  held[0]?.leaving.abort()
  expect((await open()).response.status).toBe(200)
  for (const { leaving } of held) leaving.abort()
})

test('over a socket: a client that goes ends its stream, and a hub that goes ends them all', async () => {
  const closing = new AbortController()
  const streaming = await startHubApi({ app: { closing: closing.signal } })
  const server = await startServer({
    app: streaming.app,
    host: '127.0.0.1',
    port: 0,
    handleUpgrade: () => 'unknown',
    pace: systemClock,
    log: silent,
    drainMs: 5_000,
  })
  try {
    let ended = 0
    const open = () => {
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write(
          `GET /api/v1/events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${streaming.owner}\r\n\r\n`,
        ),
      )
      let heard = ''
      socket.on('data', (data) => {
        heard += data
      })
      socket.on('close', () => ended++)
      return { socket, begun: () => eventually(() => heard.includes('retry: 3000'), 'the stream') }
    }
    const [leaver, stayer] = [open(), open()]
    await Promise.all([leaver.begun(), stayer.begun()])
    leaver.socket.destroy()
    const health = await fetch(`http://127.0.0.1:${server.port}/readyz`)
    expect(health.status).toBe(200)
    closing.abort()
    expect((await fetch(`http://127.0.0.1:${server.port}/readyz`, { headers: { Connection: 'close' } })).status).toBe(
      503,
    )
    await server.close()
    await eventually(() => ended === 2, 'both streams to end')
  } finally {
    await streaming.close()
  }
}, 60_000)
