// Owns the proof of the question at the gate over a real socket: answered by the hub's rules, in any mapped shape, and always in time.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import plugin from '../../../adapters/scheidt-bachmann/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { createPluginTester, manualClock } from '../../../core/testing/index.ts'
import { hostile, question, xmlMap, xmlQuestion } from '../../fixtures/scheidt-bachmann/bodies.ts'
import { addAccount, addCredential } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'

const secret = 'a secret of the eConnect tenant'
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const open = (config: object = {}) =>
  openConnection(database, plugin as AnyPlugin, { config, secrets: { inbound: secret } })
const ask = (to: OpenConnection, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${to.url}/authorize`, {
    method: 'POST',
    body: body as Uint8Array<ArrayBuffer>,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
  })
/** The hub's own budget is 200 ms of real time, which a busy machine may miss: then it is asked again. */
const decided = async (to: OpenConnection, body: string | Uint8Array, headers: Record<string, string> = {}) => {
  for (let time = 0; ; time++) {
    const response = await ask(to, body, headers)
    const text = await response.text()
    if (time === 20 || !text.includes('Please ask for help.')) return { headers: response.headers, text }
  }
}
const tell = async (to: OpenConnection, body: unknown) => {
  const response = await fetch(`${to.url}/events`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${secret}` },
  })
  return { status: response.status, body: (await response.json()) as { results: { status: string }[] } }
}

describe('a question', () => {
  let hub: OpenConnection
  beforeAll(async () => {
    hub = await open()
    const accountId = await addAccount(hub.garage)
    await addCredential(hub.garage, 'plate', 'KAB1234', { accountId })
    await addCredential(hub.garage, 'plate', 'KAB9999', { accountId, status: 'blocked' })
  })
  afterAll(() => hub.stop())

  test('is answered by the hub’s ordinary rules', async () => {
    expect(JSON.parse((await decided(hub, JSON.stringify(question))).text)).toEqual({
      result: 'GRANTED',
      requestId: 'Q-1',
      displayText: 'Welcome.',
    })
    const other = async (value: string) =>
      JSON.parse((await decided(hub, JSON.stringify({ ...question, medium: { ...question.medium, value } }))).text)
    expect(await other('KAB9999')).toMatchObject({ result: 'DECLINED', displayText: 'Blocked. Please ask for help.' })
    expect(await other('KXY777')).toMatchObject({ result: 'NOTFOUND' })
  })

  test('the same question twice is answered twice alike', async () => {
    const body = JSON.stringify({ ...question, requestId: 'Q-twice' })
    const [first, second] = await Promise.all([decided(hub, body), decided(hub, body)])
    expect(first.text).toContain('GRANTED')
    expect(second.text).toBe(first.text)
  })

  test('of a stranger is refused without a look', async () => {
    for (const authorization of ['Bearer wrong', 'Basic eDp5', ''])
      expect((await ask(hub, JSON.stringify(question), { authorization })).status).toBe(401)
    expect((await fetch(`${hub.url}/authorize`)).status).toBe(405)
    expect((await fetch(`${hub.url}/nothing`, { method: 'POST' })).status).toBe(404)
  })

  test.each(hostile)('of a hostile kind is refused: $name', async ({ body, status, code }) => {
    const response = await ask(hub, body)
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { code } })
    // And the next one is answered as if nothing had been.
    expect((await ask(hub, JSON.stringify(question))).status).toBe(200)
  })

  test('that does not fit the map is told what paths the message has, and nothing that stands there', async () => {
    const response = await ask(hub, JSON.stringify({ licence: { plate: 'KAB1234' } }))
    const { errors } = (await response.json()) as { errors: { pointer: string; message: string }[] }
    expect(errors).toEqual([{ pointer: '/medium/value', message: 'holds no medium. The message has /licence/plate' }])
    expect(JSON.stringify(errors)).not.toContain('KAB1234')
  })
})

test('a tenant that speaks XML with its own names and words', async () => {
  const hub = await open({ map: xmlMap })
  try {
    await addCredential(hub.garage, 'plate', 'MÜX7', { accountId: await addAccount(hub.garage) })
    const answer = await decided(hub, Buffer.from(xmlQuestion, 'latin1'), { 'content-type': 'application/xml' })
    expect(answer.headers.get('content-type')).toContain('application/xml')
    expect(answer.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><authorizationResponse id="Q-2"><decision>OK</decision><sign>Welcome.</sign></authorizationResponse>',
    )
  } finally {
    await hub.stop()
  }
})

describe('when the answer takes too long', () => {
  const clock = manualClock(new Date('2019-03-10T12:00:00Z'))
  const started = async (decide: () => Promise<never>, config: object = {}) => {
    const tester = createPluginTester(plugin as AnyPlugin, {
      config,
      secrets: { inbound: secret },
      at: clock.now(),
      siteId: '00000000-0000-7000-8000-0000000000aa',
      decide,
    })
    await tester.start()
    return tester
  }
  const request = (body: string | ReadableStream) =>
    new Request('http://hub/in/x/authorize', {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${secret}` },
      duplex: 'half',
    } as RequestInit)

  test.each([
    ['notFound', 'NOTFOUND'],
    ['declined', 'DECLINED'],
  ])('the fallback %s is given at the deadline, not before', async (lateAnswer, result) => {
    let asked = () => {}
    const reached = new Promise<void>((resolve) => {
      asked = resolve
    })
    const tester = await started(
      () => {
        asked()
        return new Promise(() => {})
      },
      { lateAnswer, answerWithinMs: 800 },
    )
    let done = false
    const answering = tester.inbound(request(JSON.stringify(question)), 'authorize').then((response) => {
      done = true
      return response.json()
    })
    await reached
    tester.clock.advance(799)
    await new Promise(setImmediate)
    expect(done).toBe(false)
    tester.clock.advance(1)
    expect(await answering).toEqual({ result, requestId: 'Q-1', displayText: 'Please ask for help.' })
    await tester.stop()
  })

  test('a body that never ends is answered at the deadline, too', async () => {
    const tester = await started(() => new Promise(() => {}))
    const endless = new ReadableStream({ pull: () => new Promise(() => {}) })
    const answering = tester.inbound(request(endless), 'authorize')
    await new Promise(setImmediate)
    tester.clock.advance(1_000)
    expect(await (await answering).json()).toEqual({ result: 'NOTFOUND', displayText: 'Please ask for help.' })
    await tester.stop()
  })

  test('a message that does not fit the map shows on the connection until one fits', async () => {
    const tester = await started(async () => {
      throw new Error('gone')
    })
    const post = async (body: object) => (await tester.inbound(request(JSON.stringify(body)), 'authorize')).status
    expect(await post({ plate: 'KAB1234' })).toBe(422)
    expect(await tester.health()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('/plate') })
    expect(await post(question)).toBe(200)
    expect(await tester.health()).toEqual({ state: 'ok' })
    await tester.stop()
  })

  test('a hub that fails gives the fallback at once', async () => {
    const tester = await started(async () => {
      throw new Error('gone')
    })
    const response = await tester.inbound(request(JSON.stringify(question)), 'authorize')
    expect(await response.json()).toMatchObject({ result: 'NOTFOUND', requestId: 'Q-1' })
    await tester.stop()
  })
})

test('events of an unknown kind or shape are told one by one', async () => {
  const hub = await open()
  try {
    const good = { id: 'g', type: 'ENTRY', timestamp: '2019-03-10 04:00:00', transactionId: 'T-9' }
    const { status, body } = await tell(hub, {
      events: [
        { ...good, type: 'DANCE' },
        { ...good, timestamp: '2019-02-30T10:00:00Z' },
        { id: 'm', type: 'PAYMENT', timestamp: '2019-03-10T11:00:00Z', amount: '4,505' },
        good,
      ],
    })
    expect(status).toBe(200)
    expect(body.results).toMatchObject([
      { status: 'rejected', errors: [{ pointer: '/0/type' }] },
      { status: 'rejected', errors: [{ pointer: '/1/timestamp' }] },
      { status: 'rejected', errors: [{ pointer: '/2/amount', message: 'is no exact amount of USD' }] },
      { status: 'stored' },
    ])
    // A wall time of the site's own zone.
    expect(
      await hub.garage.db.selectFrom('parking_fact').select('occurred_at').where('type', '=', 'gate.passed').execute(),
    ).toEqual([{ occurred_at: new Date('2019-03-10T11:00:00Z') }])
  } finally {
    await hub.stop()
  }
})
