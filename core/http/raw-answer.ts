// Owns answers to what never became a request: the same problems as everywhere else, written straight onto the socket.
// Must not be used once a response has begun there.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ProblemReply, problemText } from './problem.ts'

/** Writes the problem and lets go of the socket once it is out. */
export function answerRaw(socket: Duplex, reply: ProblemReply): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = problemText(reply)
  const headers = {
    ...reply.headers,
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  // Nobody waits for a peer that neither reads nor hangs up.
  socket.end(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  )
}
