// Owns HTTP as no library would speak it: bytes onto a socket, and what came back read as answers.
// Must not judge an answer.
import { connect, type Socket } from 'node:net'
import { patienceMs } from '../kill/hub-process.ts'

export interface RawAnswer {
  status: number
  headers: ReadonlyMap<string, string>
  body: string
}

export interface RawExchange {
  answers: RawAnswer[]
  /** What could not be read as an answer. */
  rest: string
  ended: 'closed' | 'reset'
}

export function dial(hubUrl: string): Socket {
  const { hostname, port } = new URL(hubUrl)
  const socket = connect({ port: Number(port), host: hostname, noDelay: true })
  socket.on('error', () => undefined)
  return socket
}

/**
 * Sends the parts and listens until the hub hangs up; fails when it never does.
 * @param hangUp closes our side once everything is sent
 */
export function exchange(
  hubUrl: string,
  parts: string | Buffer | readonly (string | Buffer)[],
  { hangUp = false } = {},
): Promise<RawExchange> {
  const socket = dial(hubUrl)
  const all = Array.isArray(parts) ? parts : [parts]
  for (const part of all) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
  if (hangUp) socket.end()
  return heard(socket, () => String(all[0]).slice(0, 300))
}

/** Everything that is said on the socket until it ends. */
export function heard(socket: Socket, what: () => string): Promise<RawExchange> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let ended: RawExchange['ended'] = 'closed'
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end after ${Buffer.concat(chunks).toString('latin1').slice(0, 500)} to ${what()}`))
    }, patienceMs)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {
      ended = 'reset'
    })
    socket.once('close', () => {
      clearTimeout(late)
      resolve({ ...answersIn(Buffer.concat(chunks).toString('latin1')), ended })
    })
  })
}

/** Answers one after the other; interim ones (100) have no body. */
function answersIn(text: string): { answers: RawAnswer[]; rest: string } {
  const answers: RawAnswer[] = []
  let rest = text
  for (;;) {
    const head = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest)
    if (head === null) return { answers, rest }
    const status = Number(head[1])
    const headers = new Map(
      (head[2] ?? '').split('\r\n').flatMap((line): [string, string][] => {
        const colon = line.indexOf(':')
        return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]]
      }),
    )
    rest = rest.slice(head[0].length)
    let body = ''
    if (headers.get('transfer-encoding') === 'chunked') {
      for (let size = /^([0-9a-f]+)\r\n/i.exec(rest); size !== null; size = /^([0-9a-f]+)\r\n/i.exec(rest)) {
        const length = Number.parseInt(size[1] ?? '0', 16)
        body += rest.slice(size[0].length, size[0].length + length)
        rest = rest.slice(size[0].length + length + 2)
        if (length === 0) break
      }
    } else if (status >= 200) {
      const length = Number(headers.get('content-length') ?? rest.length)
      body = rest.slice(0, length)
      rest = rest.slice(length)
    }
    answers.push({ status, headers, body })
  }
}
