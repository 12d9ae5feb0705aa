// Owns a plugin's WebSockets to its vendor: only to granted hosts, one message at a time, pinged, ended when the other side is silent.
// Must not understand a message, nor open a socket again; the plugin decides that.
import { WebSocket } from 'ws'
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'
import type { VendorSocket, VendorSocketOptions } from '../plugin/index.ts'
import { type AddressGrant, addressGuard } from './address-grant.ts'

export interface SocketGrant extends AddressGrant {
  /** Aborted when the connection stops. */
  signal: AbortSignal
  clock: Clock
  handshakeMs?: number
}

/** A refused handshake may answer with a page; nobody reads more of it. */
const failed = (message: string, cause?: unknown) =>
  new HubError('socket_failed', message, { level: 'warn', status: 502, cause })

export function guardedSocket(grant: SocketGrant) {
  const { signal, clock, handshakeMs = 30_000 } = grant
  const allow = addressGuard(grant, ['ws:', 'wss:'])
  return async (url: string | URL, options: VendorSocketOptions): Promise<VendorSocket> => {
    const target = new URL(url)
    allow(target)
    signal.throwIfAborted()
    const { headers = {}, largestMessageBytes = 1_048_576 } = options
    const socket = new WebSocket(target, {
      headers,
      handshakeTimeout: handshakeMs,
      maxPayload: largestMessageBytes,
      followRedirects: false,
      // Inflating costs memory that the limit of a message does not bound.
      perMessageDeflate: false,
    })
    // Before it is open as well: a message may follow the handshake in the same packet.
    const running = run(socket, options, clock)
    const abort = () => socket.terminate()
    signal.addEventListener('abort', abort, { once: true })
    void running.ended.then(() => signal.removeEventListener('abort', abort))
    await opened(socket, target)
    return running
  }
}

function opened(socket: WebSocket, { host }: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve)
    // The address may carry a key: only the host is told.
    socket.once('error', (error) => reject(failed(`No WebSocket at ${host}: ${error.message}`, error)))
    socket.once('close', () => reject(failed(`No WebSocket at ${host}: it was closed at once`)))
  })
}

function run(socket: WebSocket, options: VendorSocketOptions, clock: Clock): VendorSocket {
  const { onMessage, silenceMs } = options
  let why = ''
  let heardAt = clock.now().getTime()
  let cancel = () => {}
  const end = (reason: string) => {
    why ||= reason
    socket.terminate()
  }
  const watch = () => {
    cancel = clock.after(silenceMs / 3, () => {
      if (clock.now().getTime() - heardAt >= silenceMs) return end(`nothing was heard for ${silenceMs / 1_000} s`)
      // A paused socket hears nothing by our own doing.
      if (waiting.length > 0) heardAt = clock.now().getTime()
      else if (socket.readyState === WebSocket.OPEN) socket.ping()
      watch()
    })
  }
  const heard = () => {
    heardAt = clock.now().getTime()
  }
  const waiting: string[] = []
  let working = false
  const work = async () => {
    working = true
    try {
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        await onMessage(next)
        waiting.shift()
      }
    } catch (error) {
      // What was not taken is not passed by: the rest falls with it, and the other side hears of it by the end of the socket.
      waiting.length = 0
      end(`a message could not be taken: ${error instanceof Error ? error.message : String(error)}`)
    }
    working = false
    socket.resume()
  }
  const ended = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      cancel()
      resolve({ code, reason: why || reason.toString() || `closed with ${code}` })
    })
  })
  socket.on('error', (error) => {
    why ||= error.message
  })
  socket.on('open', () => {
    heard()
    watch()
  })
  socket.on('ping', heard)
  socket.on('pong', heard)
  socket.on('message', (data, isBinary) => {
    heard()
    if (isBinary) return end('a binary message came, and this plugin speaks text')
    if (why !== '') return
    // ws hands over what one packet held even when paused; the list is no longer than that.
    waiting.push(data.toString())
    socket.pause()
    if (!working) void work()
  })
  return {
    send: (text) =>
      new Promise((resolve, reject) =>
        socket.send(text, (error) => (error ? reject(failed('The WebSocket is closed.', error)) : resolve())),
      ),
    close: () => socket.close(1000),
    ended,
  }
}
