// Owns WebSocket handshakes that no library would send: missing headers, odd paths, two sockets at once.
// Must not speak OCPP.
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface RawUpgrade {
  /** The first line of the answer, for example "HTTP/1.1 101 Switching Protocols". */
  statusLine: string
  headers: ReadonlyMap<string, string>
  socket: Socket
}

/**
 * Sends a handshake as written.
 * @param headers replaces the usual header of that name; null leaves it out
 */
export function rawUpgrade(
  url: string,
  path: string,
  headers: Readonly<Record<string, string | null>> = {},
): Promise<RawUpgrade> {
  const { hostname, port } = new URL(url)
  const all: Record<string, string | null> = {
    Host: `${hostname}:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]))
  const socket = connect(Number(port), hostname)
  return new Promise((resolve, reject) => {
    let received = ''
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`closed after: ${received}`)))
    socket.on('data', function read(chunk) {
      received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', read)
      const [statusLine = '', ...rest] = received.slice(0, end).split('\r\n')
      const found = rest.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      })
      resolve({ statusLine, headers: new Map(found), socket })
    })
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  })
}
