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

async function start(upgrades: (string | undefined)[] = []): Promise<HttpServer> {
  const app = new Hono()
  app.get('/hello', (context) => context.text('hello'))
  server = await startServer({
    app,
    host: '127.0.0.1',
    port: 0,
    pace: systemClock,
    log: silent,
    drainMs: 500,
    handleUpgrade(request, socket) {
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
