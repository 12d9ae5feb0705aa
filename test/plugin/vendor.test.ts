// Owns the proof of what adapters share: who calls, what a call's answer means, tokens, amounts. Vendors are real HTTP servers here.
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { instantsOfWallTime } from '../../core/domain/local-time.ts'
import {
  type CallerProof,
  callVendor,
  clientCredentials,
  failedOutcome,
  provesCaller,
  succeeded,
  vendorAmount,
} from '../../core/plugin/index.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})

async function vendor(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => answer(request, response, body))
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe('who calls', () => {
  const body = Buffer.from('{"a":1}')
  const signed = createHmac('sha256', 's3cret').update(body).digest()
  const cases: [string, CallerProof, Record<string, string>, boolean][] = [
    ['a bearer token', { kind: 'bearer', token: 't' }, { authorization: 'Bearer t' }, true],
    ['a bearer token in odd case', { kind: 'bearer', token: 't' }, { authorization: 'bEARER  t' }, true],
    ['another token', { kind: 'bearer', token: 't' }, { authorization: 'Bearer T' }, false],
    ['no token where none is set', { kind: 'bearer', token: '' }, { authorization: 'Bearer ' }, false],
    ['no header at all', { kind: 'header', name: 'x-key', value: '' }, {}, false],
    [
      'a user and password',
      { kind: 'basic', user: 'u', password: 'p:q' },
      { authorization: `Basic ${btoa('u:p:q')}` },
      true,
    ],
    [
      'a basic header as bearer',
      { kind: 'bearer', token: btoa('u:p') },
      { authorization: `Basic ${btoa('u:p')}` },
      false,
    ],
    ['a key in a header', { kind: 'header', name: 'X-Key', value: 'k' }, { 'x-key': 'k' }, true],
    [
      'an HMAC in hex',
      { kind: 'hmac', name: 'x-sig', secret: 's3cret' },
      { 'x-sig': signed.toString('hex').toUpperCase() },
      true,
    ],
    [
      'an HMAC in base64',
      { kind: 'hmac', name: 'x-sig', secret: 's3cret' },
      { 'x-sig': signed.toString('base64') },
      true,
    ],
    [
      'a prefixed HMAC',
      { kind: 'hmac', name: 'x-sig', secret: 's3cret', prefix: 'sha256=' },
      { 'x-sig': `sha256=${signed.toString('hex')}` },
      true,
    ],
    [
      'an HMAC without its prefix',
      { kind: 'hmac', name: 'x-sig', secret: 's3cret', prefix: 'sha256=' },
      { 'x-sig': signed.toString('hex') },
      false,
    ],
    [
      'an HMAC of another body',
      { kind: 'hmac', name: 'x-sig', secret: 'other' },
      { 'x-sig': signed.toString('hex') },
      false,
    ],
  ]
  test.each(cases)('%s', (_, proof, headers, expected) => {
    expect(provesCaller(new Headers(headers), body, [proof])).toBe(expected)
  })

  test('one of several ways is enough, none is not', () => {
    const headers = new Headers({ authorization: 'Bearer new' })
    expect(
      provesCaller(headers, body, [
        { kind: 'bearer', token: 'old' },
        { kind: 'bearer', token: 'new' },
      ]),
    ).toBe(true)
    expect(provesCaller(headers, body, [])).toBe(false)
  })
})

describe('what the answer of a vendor means', () => {
  const ask = async (url: string) => {
    const answer = await callVendor({ fetch, method: 'POST', url, json: { a: 1 } })
    return { answer, outcome: succeeded(answer) ? 'success' : failedOutcome(answer).kind }
  }
  test.each([
    [200, '{"ok":true}', 'success'],
    [204, '', 'success'],
    [200, '<html>', 'unknown'],
    [302, '', 'unknown'],
    [400, '{"error":"x"}', 'refused'],
    [404, '<html>', 'refused'],
    [401, '', 'later'],
    [408, '', 'unknown'],
    [429, '', 'later'],
    [500, '<html>', 'unknown'],
    [503, '', 'later'],
  ])('%i %s: %s', async (status, text, kind) => {
    const url = await vendor((_, response) => response.writeHead(status).end(text))
    expect((await ask(url)).outcome).toBe(kind)
  })

  test('nobody listens: surely not done', async () => {
    const url = await vendor(() => undefined)
    for (const server of servers.splice(0)) server.close()
    expect((await ask(url)).outcome).toBe('later')
  })

  test('the line is cut before or inside the answer: nobody knows', async () => {
    const before = await vendor((request) => request.socket.destroy())
    expect((await ask(before)).answer.kind).toBe('silent')
    const inside = await vendor((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"a"')
      setImmediate(() => request.socket.destroy())
    })
    expect((await ask(inside)).answer.kind).toBe('silent')
  })

  test('a retry-after is passed on', async () => {
    const url = await vendor((_, response) => response.writeHead(429, { 'retry-after': '7' }).end())
    expect(failedOutcome((await ask(url)).answer)).toMatchObject({ kind: 'later', retryAfterSeconds: 7 })
  })
})

describe('an access token', () => {
  const setUp = async (answer: (count: number, response: ServerResponse) => void) => {
    const asked: string[] = []
    const tokenUrl = await vendor((_, response, body) => {
      asked.push(body)
      answer(asked.length, response)
    })
    const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
    const source = clientCredentials({
      fetch,
      clock,
      tokenUrl,
      clientId: 'c',
      clientSecret: async () => 's',
      scope: 'po',
    })
    return { asked, clock, source }
  }
  const give = (count: number, response: ServerResponse) =>
    response.end(JSON.stringify({ access_token: `t${count}`, expires_in: 100 }))

  test('is asked for once, shared, and renewed before it ends or when it was refused', async () => {
    const { asked, clock, source } = await setUp(give)
    expect(await Promise.all([source.token(), source.token()])).toEqual(['t1', 't1'])
    expect(asked).toEqual(['grant_type=client_credentials&scope=po&client_id=c&client_secret=s'])
    clock.advance(69_000)
    expect(await source.token()).toBe('t1')
    clock.advance(2_000)
    expect(await source.token()).toBe('t2')
    source.refused('t1')
    expect(await source.token()).toBe('t2')
    source.refused('t2')
    expect(await source.token()).toBe('t3')
  })

  test('says whose fault it is when there is none, and asks again', async () => {
    const { source } = await setUp((count, response) =>
      count === 1 ? response.writeHead(401).end() : count === 2 ? response.writeHead(500).end() : give(count, response),
    )
    await expect(source.token()).rejects.toMatchObject({ code: 'auth_failed' })
    await expect(source.token()).rejects.toMatchObject({ code: 'not_ready' })
    expect(await source.token()).toBe('t3')
  })
})

describe('an amount', () => {
  test.each([
    ['12.50', 'EUR', 1250],
    [12.5, 'EUR', 1250],
    ['1.234,50', 'EUR', 123450],
    ['1,234.50', 'USD', 123450],
    ['$ 3.00', 'USD', 300],
    ['3,00 EUR', 'EUR', 300],
    ['-4,00', 'EUR', -400],
    [7, 'JPY', 7],
    ['1.234', 'KWD', 1234],
    ['1.234', 'EUR', null],
    ['1.005', 'EUR', null],
    ['1,2,3', 'EUR', null],
    ['1e5', 'EUR', null],
    ['', 'EUR', null],
    ['12 Euro', 'EUR', null],
    [Number.NaN, 'EUR', null],
    [null, 'EUR', null],
  ])('%s %s is %s', (text, currency, expected) => {
    expect(vendorAmount(text, currency)).toBe(expected)
  })

  test('written by anybody in two digits comes back exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e11, max: 1e11 }), (cents) => {
        const sign = cents < 0 ? '-' : ''
        const digits = String(Math.abs(cents)).padStart(3, '0')
        const text = `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
        expect(vendorAmount(text, 'EUR')).toBe(cents === 0 ? 0 : cents)
        expect(vendorAmount(text.replace('.', ','), 'EUR')).toBe(cents === 0 ? 0 : cents)
      }),
    )
  })
})

describe('a time on the wall', () => {
  test('comes once, twice or never', () => {
    const at = (text: string) => instantsOfWallTime(text, 'Europe/Berlin').map((each) => each.toISOString())
    expect(at('2019-06-01T12:00:00.250')).toEqual(['2019-06-01T10:00:00.250Z'])
    expect(at('2019-10-27T02:30:00')).toEqual(['2019-10-27T00:30:00.000Z', '2019-10-27T01:30:00.000Z'])
    expect(at('2019-03-31T02:30:00')).toEqual([])
    expect(at('2019-02-29T12:00:00')).toEqual([])
    expect(at('yesterday')).toEqual([])
  })
})
