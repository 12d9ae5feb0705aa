// Owns the proof that no plugin is handed a card number: refused in what an operator sends, masked in what a vendor pushes.
// Must not test which digits are a card number; test/domain/card-number.test.ts does.
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { maskingCardNumbers } from '../../core/host/screened-body.ts'
import { type Ctx, provesCaller, readBody } from '../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

let database: TestDatabase
let hub: TestHub | undefined
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
afterEach(async () => {
  await hub?.stop()
  await forgetConnections(database)
})

const card = '4242 4242 4242 4242'
const mask = '**** **** **** 4242'

async function echo() {
  const got: string[] = []
  const plugin = testPlugin({
    permissions: ['inbound'],
    setup: (async (ctx: Ctx<unknown, never>) => {
      const take = async (request: Request) => {
        const body = await readBody(request, 1_000_000)
        if (body.kind !== 'ok') return new Response(body.kind, { status: 400 })
        got.push(Buffer.from(body.value).toString('utf8'))
        const proven = provesCaller(request.headers, body.value, [{ kind: 'hmac', name: 'x-sign', secret: 'geheim' }])
        return new Response(String(proven))
      }
      ctx.inbound(take)
      ctx.route({ paths: { '/things': { post: { operationId: 'things' } } } }, take)
    }) as never,
  })
  const made = await testHub(database, [plugin])
  hub = made
  const connectionId = await made.connect(plugin)
  const post = (body: string, headers: Record<string, string>) =>
    new Request('http://hub/x', { method: 'POST', body, headers })
  return {
    got,
    inbound: (body: string, headers: Record<string, string> = {}) =>
      made.host.inbound(connectionId, post(body, headers), '/x'),
    route: (body: string, type: string) =>
      made.host.route({
        pluginId: 'tester',
        organizationId: made.organizationId,
        siteIds: null,
        path: '/things',
        request: post(body, { 'content-type': type }),
      }),
  }
}

test("an operator's JSON and XML are refused with the field, and the plugin gets none of it", async () => {
  const { route, got } = await echo()
  const json = JSON.stringify({ lines: [{ note: 'ok' }, { note: `paid by ${card}` }] })
  expect(await route(json, 'application/json')).toEqual({ kind: 'card_number', pointer: '/lines/1/note' })
  expect(await route(`{"note": "${card}", oops`, 'application/vnd.x+json; charset=utf-8')).toEqual({
    kind: 'card_number',
    pointer: '',
  })
  const xml = `<order><guest><remark>${card}</remark></guest></order>`
  expect(await route(xml, 'text/xml')).toEqual({ kind: 'card_number', pointer: '/order/guest/remark' })
  expect(got).toEqual([])
  const harmless = JSON.stringify({ credential: { value: '4242424242424242' }, note: 'ok' })
  expect((await route(harmless, 'application/json')).kind).toBe('answered')
  expect((await route(`plate,remark\nB-X 1,${card}\n`, 'text/csv')).kind).toBe('answered')
  expect(got).toEqual([harmless, `plate,remark\nB-X 1,${mask}\n`])
})

test("a vendor's push is taken with the digits masked, and its signature still fits what was sent", async () => {
  const { inbound, got } = await echo()
  const body = JSON.stringify({ text: `Karte ${card}`, pan: 4242424242424242, rfid: '4242424242424242' })
  const sign = createHmac('sha256', 'geheim').update(body).digest('hex')
  const answer = await inbound(body, { 'content-type': 'application/json', 'x-sign': sign })
  expect(answer.kind === 'answered' && (await answer.response.text())).toBe('true')
  expect(got.map((one) => JSON.parse(one))).toEqual([
    { text: `Karte ${mask}`, pan: 9999999999994242, rfid: '4242424242424242' },
  ])
  const forged = await inbound(body.replace('Karte', 'Kerte'), { 'x-sign': sign })
  expect(forged.kind === 'answered' && (await forged.response.text())).toBe('false')
})

test('however the body is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(card, 'x'.repeat(70), ', ', '1234567890', 'é', ' 9'), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      async (parts, sizes) => {
        const sent = Buffer.from(parts.join(''))
        const chunks: Uint8Array[] = []
        for (let at = 0, i = 0; at < sent.length; i++) {
          const size = sizes[i % sizes.length] as number
          chunks.push(Uint8Array.from(sent.subarray(at, at + size)))
          at += size
        }
        const whole = (body: ReadableStream<Uint8Array> | Buffer) =>
          new Request('http://hub/', { method: 'POST', body, duplex: 'half' } as RequestInit)
        const read = async (request: Request) => Buffer.from(await maskingCardNumbers(request).arrayBuffer()).toString()
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const chunk of chunks) controller.enqueue(chunk)
            controller.close()
          },
        })
        expect(await read(whole(stream))).toBe(await read(whole(sent)))
      },
    ),
  )
})
