// Owns the proof of a vendor that is described by a profile: every way to prove a call, every way to page, and what a bad vendor does.
// Must not test what a stay means.
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Paging, Profile } from '../../../adapters/parcs-template/profile.ts'
import { majorText, minor, type ParkingAction } from '../../../core/plugin/index.ts'
import { staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { gzipBomb, type SimulatedVendor, simulatedVendor, type VendorProof } from '../../sim/parcs-template/vendor.ts'
import { type OpenTemplate, openTemplate, webhookSecret } from './open-template.ts'
import { hmacOut, movementFacts, someProfile } from './some-profile.ts'

let database: TestDatabase
let vendor: SimulatedVendor
let opened: OpenTemplate | undefined

beforeEach(async () => {
  database = await createTestDatabase()
  vendor = await simulatedVendor()
})
afterEach(async () => {
  await opened?.stop()
  opened = undefined
  await vendor.close()
  await database.drop()
})

async function open(profile: Profile = someProfile, config: object = {}): Promise<OpenTemplate> {
  opened = await openTemplate(database, { document: profile, baseUrl: vendor.url, ...config })
  return opened
}

/** The garage's clock stands at 2019-03-10. */
const movement = (no: number, more: object = {}) => ({
  id: `m${no}`,
  seq: no,
  kind: 'IN',
  at: `2019-03-10T06:${String(no).padStart(2, '0')}:00`,
  changedAt: `2019-03-10T05:${String(no).padStart(2, '0')}:00.000Z`,
  ticket: `T-${no}`,
  gate: 'north:in-1',
  plate: `b-ay ${no}`,
  ...more,
})
const refs = async (on: OpenTemplate) => (await staysOf(on.garage)).map(({ stay_ref }) => stay_ref).sort()
const facts = (on: OpenTemplate) =>
  database.db
    .selectFrom('parking_fact')
    .selectAll()
    .where('connection_id', '=', on.garage.connectionId)
    .orderBy('vendor_event_id')
    .orderBy('revision')
    .execute()
const pages = (on: SimulatedVendor) => on.asked.filter((each) => each.includes('/v1/movements')).length

describe('a call proves itself', () => {
  const auths: [VendorProof, Profile['auth']][] = [
    ['none', { kind: 'none' }],
    ['bearer', { kind: 'bearer' }],
    ['basic', { kind: 'basic' }],
    ['digest-md5', { kind: 'digest' }],
    ['digest-sha256', { kind: 'digest' }],
    ['oauth2', { kind: 'oauth2' }],
    ['hmac', hmacOut],
    ['header', { kind: 'header', name: 'x-api-key', prefix: 'key ' }],
    ['query', { kind: 'query', name: 'token' }],
  ]
  test.each(auths)('by %s', async (proof, auth) => {
    vendor.proof = proof
    vendor.movements = [1, 2, 3].map((no) => movement(no))
    const on = await open({ ...someProfile, ...(auth ? { auth } : {}) })
    await on.poll()
    expect(await on.link().health?.()).toEqual({ state: 'ok' })
    expect(await refs(on)).toEqual(['T-1', 'T-2', 'T-3'])
    // One challenge or none: nonces and tokens are used again.
    expect(vendor.refused).toBe(proof.startsWith('digest') ? 1 : 0)
  })

  test('and a refused one says so, and is asked again later and later', async () => {
    vendor.proof = 'bearer'
    const on = await open({ ...someProfile, auth: { kind: 'basic' } })
    await on.poll()
    expect((await on.link().health?.())?.reason).toBe('movements: the vendor refuses our credentials (401)')
    await on.poll()
    expect(vendor.refused).toBe(1)
    on.garage.clock.advance(60_000)
    await on.poll()
    on.garage.clock.advance(60_000)
    await on.poll()
    expect(vendor.refused).toBe(2)
  })

  test('with a token that the vendor has forgotten, once more with a new one', async () => {
    vendor.proof = 'oauth2'
    const on = await open({ ...someProfile, auth: { kind: 'oauth2' } })
    await on.poll()
    await fetch(`${vendor.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'hub', client_secret: 'a secret of the vendor' }).toString(),
    })
    vendor.movements = [movement(1)]
    on.garage.clock.advance(60_000)
    await on.poll()
    expect(await refs(on)).toEqual(['T-1'])
    expect(vendor.refused).toBe(1)
  })
})

describe('a list is read', () => {
  const paging: [string, Paging, object?][] = [
    ['page', { kind: 'page', param: 'page', sizeParam: 'size', size: 2 }],
    ['offset', { kind: 'offset', param: 'offset', sizeParam: 'size', size: 2 }],
    ['cursor', { kind: 'cursor', param: 'cursor', next: '/next' }],
    ['link', { kind: 'link' }],
    ['since', { kind: 'since', size: 2 }, { kind: 'number', path: '/seq', param: 'after' }],
  ]
  test.each(paging)('by %s, to its end', async (_, how, cursor) => {
    vendor.movements = [1, 2, 3, 4, 5].map((no) => movement(no))
    const [first] = someProfile.polls
    const polls = [{ ...first, paging: how, cursor: cursor ?? first?.cursor }] as Profile['polls']
    const on = await open({ ...someProfile, ...(polls ? { polls } : {}) })
    await on.poll()
    expect(await on.link().health?.()).toEqual({ state: 'ok' })
    expect(await refs(on)).toEqual(['T-1', 'T-2', 'T-3', 'T-4', 'T-5'])
  })

  test('from where the last look ended, with an overlap, also after a restart', async () => {
    vendor.movements = [1, 2, 3].map((no) => movement(no))
    const on = await open()
    await on.poll()
    vendor.movements.push(movement(9))
    on.garage.clock.advance(60_000)
    vendor.asked.length = 0
    await on.poll()
    expect(vendor.asked[0]).toContain(`since=${encodeURIComponent('2019-03-10T05:02:00.000Z')}`)
    expect(await refs(on)).toEqual(['T-1', 'T-2', 'T-3', 'T-9'])
    expect((await facts(on)).map(({ revision }) => revision)).toEqual([1, 1, 1, 1])
  })

  test('and the cursor stays where it is while the hub cannot read the list to its end', async () => {
    vendor.movements = [1, 2, 3].map((no) => movement(no))
    vendor.answer = (_, response, url) => {
      if (url.searchParams.get('page') !== '2') return false
      response.writeHead(500).end('{}')
      return true
    }
    const on = await open()
    await on.poll()
    expect(await refs(on)).toEqual(['T-1', 'T-2'])
    const [firstAsk] = vendor.asked
    vendor.answer = undefined
    vendor.asked.length = 0
    on.garage.clock.advance(60_000)
    await on.poll()
    expect(vendor.asked[0]?.replace(/since=[^&]+/, '')).toBe(firstAsk?.replace(/since=[^&]+/, ''))
    expect(await refs(on)).toEqual(['T-1', 'T-2', 'T-3'])
    expect(await on.link().health?.()).toEqual({ state: 'ok' })
  })

  test('a correction without a number of its own is the next revision; what came before stays what it was', async () => {
    vendor.movements = [movement(1)]
    const on = await open()
    await on.poll()
    vendor.movements = [movement(1, { plate: 'B-AY 11' })]
    on.garage.clock.advance(60_000)
    await on.poll()
    vendor.movements = [movement(1)]
    on.garage.clock.advance(60_000)
    await on.poll()
    expect((await facts(on)).map(({ revision }) => revision)).toEqual([1, 2])
    const [stay] = await staysOf(on.garage)
    expect(stay?.plate).toBe('BAY11')
  })

  test('one bad record does not hold up the others, and is told by its place', async () => {
    vendor.movements = [
      movement(1, { kind: 'OUT', price: 'NaN' }),
      movement(2, { at: 'yesterday' }),
      movement(3, { id: undefined }),
      movement(4, {
        payments: [
          { no: 1, sum: '12,50', at: '2019-03-10T06:10:00' },
          { no: 2, sum: 1.005, at: '2019-03-10T06:10:00' },
        ],
      }),
    ]
    const on = await open()
    await on.poll()
    expect((await on.link().health?.())?.reason).toMatch(/^4 things/)
    const refused = on.hub.lines
      .filter(({ message }) => message.startsWith('something the vendor told'))
      .map(({ fields }) => fields.pointer)
    expect(refused).toEqual(['/data/0/price', '/data/1/at', '/data/0/id', '/data/1/payments/1/sum'])
    expect((await facts(on)).map(({ vendor_event_id: id }) => id).sort()).toEqual([
      'pass:m1',
      'pass:m4',
      'payment:m4:1',
    ])
  })
})

describe('a vendor that misbehaves', () => {
  const bad: [string, Partial<Profile>, NonNullable<SimulatedVendor['answer']>, RegExp][] = [
    [
      'pages without end',
      { limits: { mostPages: 7 } },
      (_, response, url) => {
        response.end(JSON.stringify({ data: [1, 2].map((no) => movement(no, { page: url.search })) }))
        return true
      },
      /did not end after 7 pages/,
    ],
    [
      'a page behind itself',
      { polls: [{ ...someProfile.polls[0], paging: { kind: 'cursor', param: 'cursor', next: '/next' } }] as never },
      (_, response, url) => {
        response.end(JSON.stringify({ data: [], next: url.searchParams.get('cursor') === 'a' ? 'b' : 'a' }))
        return true
      },
      /round in a circle/,
    ],
    [
      'a next page at another place',
      { polls: [{ ...someProfile.polls[0], paging: { kind: 'link', next: '/next' } }] as never },
      (_, response) => {
        response.end(JSON.stringify({ data: [], next: 'http://127.0.0.1:1/inside' }))
        return true
      },
      /another place \(http:\/\/127\.0\.0\.1:1\)/,
    ],
    [
      'a redirect to an inside address',
      {},
      (_, response) => {
        response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
        return true
      },
      /redirects are not followed/,
    ],
    [
      'a page of HTML',
      {},
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Login</html>')
        return true
      },
      /could not be read/,
    ],
    [
      'a small body that becomes a large one',
      { limits: { largestAnswerKilobytes: 64 } },
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipBomb(64))
        return true
      },
      /too large/,
    ],
    [
      'no list',
      {},
      (_, response) => {
        response.end('{"data": {"0": 1}}')
        return true
      },
      /no list at \/data/,
    ],
    [
      'a body that breaks off',
      {},
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"data": [')
        response.destroy()
        return true
      },
      /could not be asked/,
    ],
    [
      'items that are none',
      {},
      (_, response) => {
        response.end('{"data": [null]}')
        return true
      },
      /^$/,
    ],
  ]
  test.each(bad)('%s', async (_, change, answer, reason) => {
    vendor.answer = answer
    const on = await open({ ...someProfile, ...change })
    await on.poll()
    const { reason: told = '' } = (await on.link().health?.()) ?? {}
    expect(told).toMatch(reason)
    // And it is well again as soon as the vendor is.
    vendor.answer = undefined
    vendor.movements = [movement(1)]
    on.garage.clock.advance(60_000)
    await on.poll()
    expect(await refs(on)).toContain('T-1')
    expect(await on.link().health?.()).toEqual({ state: 'ok' })
  })

  test.each(['seconds', 'date'])('a pause that the vendor asks for is kept: %s', async (form) => {
    const on = await open()
    const date = new Date(on.garage.clock.now().getTime() + 600_000).toUTCString()
    vendor.answer = (_, response) => {
      response.writeHead(429, { 'retry-after': form === 'date' ? date : '600' }).end()
      return true
    }
    await on.poll()
    vendor.answer = undefined
    const asked = vendor.asked.length
    on.garage.clock.advance(540_000)
    await on.poll()
    expect(vendor.asked.length).toBe(asked)
    on.garage.clock.advance(60_000)
    await on.poll()
    expect(vendor.asked.length).toBe(asked + 1)
  })

  test('no more calls in a minute than it allows', async () => {
    vendor.movements = [1, 2, 3, 4, 5].map((no) => movement(no))
    const on = await open({ ...someProfile, limits: { perMinute: 2 } })
    const reading = on.poll()
    await expect.poll(() => pages(vendor)).toBe(2)
    await expect.poll(() => on.garage.clock.waiting).toBeGreaterThan(0)
    on.garage.clock.advance(60_000)
    await reading
    expect(await refs(on)).toHaveLength(5)
  })
})

describe('a call of the vendor', () => {
  const send = (on: OpenTemplate, body: string, more: { at?: number; secret?: string; path?: string } = {}) => {
    const stamp = String(Math.floor(on.garage.clock.now().getTime() / 1_000) + (more.at ?? 0))
    const signature = createHmac('sha256', more.secret ?? webhookSecret)
      .update(`${stamp}.${body}`)
      .digest('hex')
    const headers = { 'x-signature': `t=${stamp},v1=${signature}` }
    return fetch(`${on.url}/${more.path ?? 'events'}`, { method: 'POST', body, headers })
  }
  const events = (...list: object[]) => JSON.stringify({ events: list })

  test('is stored before it is answered, once for all times it comes', async () => {
    const on = await open()
    for (let time = 0; time < 3; time++) expect((await send(on, events(movement(1)))).status).toBe(200)
    // The same event in another call, and by the poll.
    expect((await send(on, events(movement(1), movement(2)))).status).toBe(200)
    vendor.movements = [movement(1), movement(2)]
    await on.poll()
    expect(await on.link().health?.()).toEqual({ state: 'ok' })
    expect((await facts(on)).map(({ vendor_event_id: id, revision }) => `${id} ${revision}`)).toEqual([
      'pass:m1 1',
      'pass:m2 1',
    ])
  })

  test('is refused without the right signature, and when it is too old', async () => {
    const on = await open()
    const body = events(movement(1))
    const wrong = [
      await send(on, body, { secret: 'another' }),
      await send(on, body, { at: -121 }),
      await send(on, body, { at: 121 }),
      await fetch(`${on.url}/events`, { method: 'POST', body }),
      await fetch(`${on.url}/events`, { method: 'POST', body, headers: { 'x-signature': 't=,v1=' } }),
      await fetch(`${on.url}/plain`, { method: 'POST', body, headers: { authorization: 'Bearer guess' } }),
    ]
    expect(wrong.map(({ status }) => status)).toEqual(wrong.map(() => 401))
    expect(await facts(on)).toEqual([])
    expect((await send(on, body, { at: -119 })).status).toBe(200)
  })

  test('that is malformed gets a place and leaves nothing', async () => {
    const on = await open()
    const tell = async (body: string) => {
      const response = await send(on, body)
      const { errors } = (await response.json()) as { errors?: { pointer: string }[] }
      return [response.status, errors?.[0]?.pointer]
    }
    expect(await tell('{"events": [')).toEqual([400, undefined])
    expect(await tell('[1]')).toEqual([400, '/events'])
    expect(await tell('{"events": {}}')).toEqual([400, '/events'])
    expect(await tell(events(movement(1, { at: '32.13.2019' })))).toEqual([422, '/events/0/at'])
    expect(await tell(`{"events": ${'['.repeat(40)}${']'.repeat(40)}}`)).toEqual([400, undefined])
    expect((await send(on, events(movement(1)), { path: 'other' })).status).toBe(404)
    expect((await fetch(`${on.url}/events`)).status).toBe(405)
    expect(await facts(on)).toEqual([])
  })

  test('may be a form', async () => {
    const on = await open()
    const response = await fetch(`${on.url}/plain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${webhookSecret}` },
      body: new URLSearchParams(movement(1) as unknown as Record<string, string>).toString(),
    })
    expect(response.status).toBe(200)
    expect(await refs(on)).toEqual(['T-1'])
  })
})

describe('an action', () => {
  const signal = new AbortController().signal
  const confirm = (amountMinor: number, id = 'a-1'): ParkingAction => ({
    id,
    kind: 'stay.confirm',
    attempt: 1,
    askedAt: new Date('2019-03-10T08:00:00Z'),
    data: {
      stayId: 's',
      stayRef: 'T/1',
      credentials: [],
      enteredAt: null,
      exitedAt: null,
      amountMinor,
      currency: 'EUR',
      paidAt: new Date('2019-03-10T07:59:30Z'),
      authorisation: 'B-1',
      priceRef: 'm1',
    },
  })

  test('is sent as the profile writes it, and its answer is understood', async () => {
    const on = await open()
    expect(await on.link().act?.(confirm(1_250), signal)).toEqual({ kind: 'done', reference: 'R-a-1' })
    expect(vendor.done.get('a-1')).toEqual({
      times: 1,
      body: {
        ticket: 'T/1',
        amount: majorText(minor(1_250), 'EUR'),
        bill: 'B-1',
        paid: '2019-03-10T08:59:30',
        price: 'm1',
      },
    })
    expect(await on.link().act?.(confirm(0), signal)).toEqual({
      kind: 'refused',
      reason: 'Nothing to confirm',
      code: '200',
    })
  })

  test('whose answer never came is asked after, and not repeated', async () => {
    const on = await open()
    vendor.mute = true
    expect(await on.link().act?.(confirm(1_250), AbortSignal.timeout(300))).toMatchObject({ kind: 'unknown' })
    vendor.mute = false
    expect(await on.link().askOutcome?.(confirm(1_250), signal)).toEqual({ kind: 'done' })
    expect(await on.link().askOutcome?.(confirm(1_250, 'a-2'), signal)).toEqual({ kind: 'not_done' })
    expect(vendor.done.get('a-1')?.times).toBe(1)
    vendor.answer = (_, response) => {
      response.writeHead(500).end()
      return true
    }
    expect(await on.link().askOutcome?.(confirm(1_250), signal)).toMatchObject({ kind: 'unknown' })
    expect(await on.link().act?.(confirm(1_250, 'a-3'), signal)).toMatchObject({ kind: 'unknown' })
  })

  test('that cannot be written is refused before anything is sent', async () => {
    const on = await open()
    const validate = {
      ...confirm(0),
      kind: 'stay.validate',
      data: { ...confirm(0).data, stayRef: '..', reason: 'EV' },
    } as ParkingAction
    expect(await on.link().act?.(validate, signal)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('{ticket}'),
    })
    expect(vendor.asked).toEqual([])
    await vendor.close()
    expect(await on.link().act?.(confirm(1), signal)).toMatchObject({ kind: 'later' })
    vendor = await simulatedVendor()
  })

  test('brings credentials to the vendor and takes them away', async () => {
    const on = await open()
    const data = {
      credentialId: 'c1',
      accountNumber: null,
      holder: null,
      parkerKind: 'contract',
      presentations: [],
      plates: [
        { text: 'BAY1', country: 'DE' },
        { text: 'BAY2', country: null },
      ],
      groups: ['staff'],
      validFrom: null,
      validUntil: null,
      maxInside: null,
      allowPassback: false,
    }
    const put = { ...confirm(0), kind: 'credential.put', data } as ParkingAction
    for (let time = 0; time < 2; time++) expect(await on.link().act?.(put, signal)).toEqual({ kind: 'done' })
    expect(vendor.done.get('c1')?.body).toEqual({ plates: ['BAY1', 'BAY2'], group: 'staff' })
    const remove = {
      ...put,
      kind: 'credential.remove',
      data: { credentialId: 'c1', reason: 'left', presentations: [] },
    } as ParkingAction
    expect(await on.link().act?.(remove, signal)).toEqual({ kind: 'done' })
    expect(vendor.done.has('c1')).toBe(false)
  })
})

test('an empty profile starts nothing and says what to ask', async () => {
  const on = await openTemplate(database, { profile: 'tiba' })
  opened = on
  const { state, reason, pointer } = await on.hub.state(on.garage.connectionId)
  expect({ state, pointer }).toEqual({ state: 'misconfigured', pointer: '/profile' })
  expect(reason).toMatch(/TIBA.*not filled in yet.*Ask the vendor: Is there an interface/)
})

test('a profile with a fault is refused at its place', async () => {
  const polls = [
    {
      name: 'x',
      request: { method: 'GET', path: '/x' },
      facts: [{ ...movementFacts[0], data: { direction: { path: '/k', steps: [{ do: 'lookup', table: 'none' }] } } }],
    },
  ]
  const on = await open({ ...someProfile, polls } as unknown as Profile)
  expect(await on.hub.state(on.garage.connectionId)).toMatchObject({
    state: 'misconfigured',
    pointer: '/document/polls/0/facts/0/data/direction/steps/0/table',
  })
})
