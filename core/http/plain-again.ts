// Owns requests that offer another protocol than WebSocket: they are served as the plain requests that they also are.
// Must not know a path.
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** Hop-by-hop headers that belong to the offer (RFC 7540 3.2: `Upgrade: h2c`). */
const offer = new Set(['upgrade', 'http2-settings'])

/**
 * RFC 9110 7.8: a server may ignore an Upgrade. Java's HttpClient offers h2c with every first request on a plain connection, and
 * Node (20) calls each such request an upgrade as soon as anybody listens for upgrades, so that it would get no answer otherwise.
 * Node has let go of the socket by now: the head is written again without the offer and put before what is still unread.
 */
export function servePlain(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (offer.has(name.toLowerCase())) continue
    const kept = name.toLowerCase() === 'connection' ? withoutOffer(value) : value
    if (kept !== '') lines.push(`${name}: ${kept}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]))
  server.emit('connection', socket)
}

function withoutOffer(connection: string): string {
  return connection
    .split(',')
    .map((token) => token.trim())
    .filter((token) => !offer.has(token.toLowerCase()))
    .join(', ')
}
