// Owns the proof of a plugin's own WebSockets: where they may go, in which order messages come, and when a socket is over.
// Must not test what a plugin makes of messages.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { guardedSocket } from '../../core/host/guarded-socket.ts'
import { type ManualClock, manualClock } from '../../core/testing/manual-clock.ts'
import { eventually } from '../setup/eventually.ts'

let http: Server
let server: WebSocketServer
let url: string
let clock: ManualClock
let ending: AbortController
let seen: string[]
let other: WebSocket | undefined

beforeEach(async () => {
  http = createServer()
  server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/events')
      server.handleUpgrade(request, socket, head, (made) => server.emit('connection', made))
    else socket.end('HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n')
  })
  server.on('connection', (socket) => {
    other = socket
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/events`
  clock = manualClock(new Date('2019-03-10T12:00:00Z'))
  ending = new AbortController()
  seen = []
  other = undefined
})
afterEach(async () => {
  ending.abort()
  for (const client of server.clients) client.terminate()
  http.close()
  http.closeAllConnections()
})

const take = async (message: string) => void seen.push(message)
const opener = (permissions = ['net:127.0.0.1'], config: unknown = {}) =>
  guardedSocket({ permissions, config, signal: ending.signal, clock })
const open = (options: Partial<Parameters<ReturnType<typeof guardedSocket>>[1]> = {}) =>
  opener()(url, { onMessage: take, silenceMs: 90_000, ...options })

describe('a WebSocket of a plugin', () => {
  test('goes to granted hosts only, as fetch does, and speaks nothing else', async () => {
    const options = { onMessage: take, silenceMs: 90_000 }
    const refused = { code: 'fetch_refused' }
    await expect(opener([])(url, options)).rejects.toMatchObject(refused)
    await expect(opener(['net:127.0.0.1:1'])(url, options)).rejects.toMatchObject(refused)
    await expect(opener()(url.replace('ws:', 'http:'), options)).rejects.toMatchObject(refused)
    const base = url.replace('ws:', 'http:')
    await expect(opener(['net:config:/base'], { base: 'http://vendor.example' })(url, options)).rejects.toMatchObject(
      refused,
    )
    const socket = await opener(['net:config:/base'], { base })(url, options)
    socket.close()
    expect(await socket.ended).toMatchObject({ code: 1000 })
  })

  test('is not led away by a redirect, and a refusal tells no query of the address', async () => {
    const failed = await opener()(`${url.replace('/events', '/else')}?key=hidden`, {
      onMessage: take,
      silenceMs: 90_000,
    }).catch((error: Error) => error)
    expect(failed).toMatchObject({ code: 'socket_failed', message: expect.stringContaining('302') })
    expect(String(failed)).not.toContain('hidden')
  })

  test('hands over one message after the other, each when the one before was taken', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const socket = await open({
      async onMessage(message) {
        if (message === '0') await held
        seen.push(message)
      },
    })
    for (let i = 0; i < 200; i++) other?.send(String(i))
    await socket.send('hello')
    await once(other as WebSocket, 'message')
    expect(seen).toEqual([])
    release()
    await eventually(() => seen.length === 200, 'all messages')
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => String(i)))
  })

  test('ends with the message that could not be taken, and passes none by', async () => {
    const socket = await open({
      async onMessage(message) {
        if (message === '1') throw new Error('the database is away')
        seen.push(message)
      },
    })
    for (let i = 0; i < 5; i++) other?.send(String(i))
    expect(await socket.ended).toMatchObject({ reason: expect.stringContaining('the database is away') })
    expect(seen).toEqual(['0'])
    await expect(socket.send('late')).rejects.toMatchObject({ code: 'socket_failed' })
    expect(clock.waiting).toBe(0)
  })

  test('ends at a message that is too long, or binary', async () => {
    const long = await open({ largestMessageBytes: 100 })
    other?.send('x'.repeat(101))
    expect(await long.ended).toMatchObject({ reason: expect.stringMatching(/payload/i) })
    const binary = await open()
    other?.send(Buffer.from([1, 2]))
    expect(await binary.ended).toMatchObject({ reason: expect.stringContaining('binary') })
    expect(seen).toEqual([])
  })

  test('pings a quiet other side, and ends when it does not answer', async () => {
    const socket = await open({ silenceMs: 90_000 })
    for (let i = 1; i <= 5; i++) {
      const pinged = once(other as WebSocket, 'ping')
      clock.advance(30_000)
      await pinged
      // Comes after the answer to the ping.
      other?.send('here')
      await eventually(() => seen.length === i, 'the message')
    }
    other?.pause()
    clock.advance(90_000)
    expect(await socket.ended).toMatchObject({ code: 1006, reason: 'nothing was heard for 90 s' })
    expect(clock.waiting).toBe(0)
  })

  test('ends with its connection', async () => {
    const socket = await open()
    ending.abort()
    expect(await socket.ended).toMatchObject({ code: 1006 })
    await expect(open()).rejects.toThrow()
  })
})
