// Owns the one port as clients meet it: requests, handshakes that need mending, silence, and going down.
// Must not test any operation.
import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterEach, expect, it } from 'vitest'
import { type HttpServer, startServer } from '../../core/http/server.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { silent } from '../setup/silent-log.ts'

let server: HttpServer | undefined
afterEach(() => server?.close())

async function start(
  upgrades: (string | undefined)[] = [],
  patience: NonNullable<Parameters<typeof startServer>[0]['patience']> = {},
  work: () => Promise<void> = async () => {},
): Promise<HttpServer> {
  const app = new Hono()
  app.get('/work', async (context) => {
    await work()
    return context.text('done')
  })
  app.get('/hello', (context) => context.text('hello'))
  app.post('/echo', async (context) => context.text(await context.req.text().catch(() => 'cut')))
  app.get('/much', (context) => context.body('x'.repeat(50_000_000)))
  server = await startServer({
    app,
    host: '127.0.0.1',
    port: 0,
    pace: systemClock,
    log: silent,
    drainMs: 500,
    patience,
    handleUpgrade(request, socket) {
      if (request.url === '/nowhere') return 'unknown'
      if (request.url === '/later') return 'unavailable'
      upgrades.push(request.headers.connection)
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      return 'taken'
    },
  })
  return server
}

function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let heard = ''
    socket.on('data', (data) => (heard += data))
    socket.on('close', () => resolve(heard))
    socket.on('error', reject)
  })
}

const handshake = (connection: string) =>
  `GET /ocpp/CP HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n${connection}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

it('answers requests, several on one connection', async () => {
  const { port } = await start()
  expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toBe('hello')
  const request = 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'
  const heard = await exchange(port, request + request.replace('Host', 'Connection: close\r\nHost'))
  expect(heard.match(/200 OK/g)).toHaveLength(2)
})

it('W3 takes a handshake without Connection: Upgrade, and one that says keep-alive', async () => {
  const seen: (string | undefined)[] = []
  const { port } = await start(seen)
  expect(await exchange(port, handshake(''))).toContain('101')
  expect(await exchange(port, handshake('Connection: keep-alive\r\n'))).toContain('101')
  expect(await exchange(port, handshake('Connection: Upgrade\r\n'))).toContain('101')
  expect(seen).toEqual(['Upgrade, repaired', 'Upgrade, repaired', 'Upgrade'])
})

it('goes down although somebody holds a connection without a word', async () => {
  const { port, close } = await start()
  const mute = connect(port, '127.0.0.1')
  const ended = new Promise((resolve) => mute.once('close', resolve))
  await new Promise((resolve) => mute.once('connect', resolve))
  await close()
  await ended
  server = undefined
})

it.each([
  ['once its work has ended', true],
  ['without it, where it takes too long', false],
])('a client leaves in the middle of a request: goes down %s', async (_, ends) => {
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  let end = () => {}
  const work = new Promise<void>((resolve) => {
    end = resolve
  })
  const { port, close } = await start([], {}, async () => {
    begin()
    await work
  })
  const leaver = connect(port, '127.0.0.1', () => leaver.write('GET /work HTTP/1.1\r\nHost: x\r\n\r\n'))
  await begun
  leaver.destroy()
  const order: string[] = []
  const down = close().then(() => order.push('down'))
  server = undefined
  // The socket's end is heard long before.
  await new Promise((resolve) => setTimeout(resolve, 100))
  order.push('work')
  if (ends) end()
  await down
  expect(order).toEqual(['work', 'down'])
  end()
})

const problemIn = (heard: string) => {
  const [head = '', body = ''] = heard.split('\r\n\r\n')
  expect(head.toLowerCase()).toContain('content-type: application/problem+json')
  const { code, status } = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1))
  expect(head.split(' ')[1]).toBe(String(status))
  return `${status} ${code}`
}

it.each([
  ['no HTTP at all', 'hello\r\n\r\n', '400 malformed_request'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', '400 malformed_request'],
  ['no Host', 'GET /hello HTTP/1.1\r\n\r\n', '400 malformed_request'],
  ['two Hosts', 'GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', '400 malformed_request'],
  ['a Host that is none', 'GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n', '400 malformed_request'],
  ['a backslash in the path', 'GET /\\hello HTTP/1.1\r\nHost: x\r\n\r\n', '400 malformed_request'],
  ['a long address', `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431 headers_too_large'],
  ['another expectation', 'GET /hello HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', '417 expectation_failed'],
  ['a proxy\u2019s request', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n', '405 method_not_allowed'],
  [
    'a broken chunk',
    'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    '400 malformed_request',
  ],
])('refuses %s with a problem', async (_what, text, expected) => {
  const { port } = await start()
  expect(problemIn(await exchange(port, text))).toBe(expected)
})

it('answers a load balancer that asks in HTTP/1.0 without a Host', async () => {
  const { port } = await start()
  expect(await exchange(port, 'GET /hello HTTP/1.0\r\n\r\n')).toMatch(/200 OK[\s\S]*hello$/)
})

it('serves a request that also offers HTTP/2, with its body and what comes behind it', async () => {
  const { port } = await start()
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
  const post = `POST /echo HTTP/1.1\r\nHost: x\r\n${offer}Content-Length: 4\r\n\r\nbody`
  const get = 'GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  expect(await exchange(port, post + get)).toMatch(/200 OK[\s\S]*body[\s\S]*200 OK[\s\S]*hello$/)
})

it('turns sockets away with a problem where nobody takes them', async () => {
  const { port } = await start()
  expect(problemIn(await exchange(port, handshake('').replace('/ocpp/CP', '/nowhere')))).toBe('404 not_found')
  const later = await exchange(port, handshake('').replace('/ocpp/CP', '/later'))
  expect([problemIn(later), later]).toEqual(['503 unavailable', expect.stringContaining('Retry-After: 5')])
})

it('lets nobody take for ever: to speak, to finish a request, to take its answer', async () => {
  const patience = { headersMs: 200, requestMs: 400, stillMs: 700, checkEveryMs: 50 }
  const { port } = await start([], patience)
  const silent = exchange(port, '')
  const halfHead = exchange(port, 'GET /hello HTTP/1.1\r\nHost:')
  const halfBody = exchange(port, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc')
  const deaf = connect(port, '127.0.0.1')
  deaf.on('error', () => undefined)
  const deafEnded = new Promise((resolve) => deaf.once('close', resolve))
  deaf.write('GET /much HTTP/1.1\r\nHost: x\r\n\r\n')
  deaf.pause()
  expect(await silent).toBe('')
  expect(problemIn(await halfHead)).toBe('408 request_timeout')
  expect(problemIn(await halfBody)).toBe('408 request_timeout')
  // Node counts a write that still moved as a sign of life, so it may take twice as long.
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  let heard = 0
  deaf.on('data', (data) => (heard += data.length))
  deaf.resume()
  await deafEnded
  expect(heard).toBeLessThan(50_000_000)
})

it('answers what came whole before the rubbish, then refuses the rubbish', async () => {
  const { port } = await start()
  const heard = await exchange(port, `${'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20)}rubbish\r\n\r\n`)
  expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual([...Array.from({ length: 20 }, () => 'HTTP/1.1 200'), 'HTTP/1.1 400'])
})
