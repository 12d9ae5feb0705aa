// Owns a camera as its vendor built it: posts over a real socket, proves itself in its vendor's way, repeats until it is content.
// Must not share code with the adapter.
import { createHash } from 'node:crypto'
import { request } from 'node:http'

export interface Reply {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: string
}

export interface Post {
  url: string
  bytes: Uint8Array
  contentType: string
  headers?: Record<string, string>
}

export function post({ url, bytes, contentType, headers = {} }: Post): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', headers: { 'content-type': contentType, 'content-length': String(bytes.length), ...headers } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Asks, is challenged, answers: RFC 7616 with qop=auth. `algorithm` is the one this firmware knows. */
export async function postWithDigest(
  message: Post,
  user: string,
  password: string,
  algorithm: 'MD5' | 'SHA-256' = 'MD5',
): Promise<Reply> {
  const first = await post(message)
  if (first.status !== 401) return first
  const given = first.headers['www-authenticate']
  const challenges = (Array.isArray(given) ? given.join(', ') : (given ?? '')).split(/,\s*(?=Digest )/)
  const challenge = challenges.find((each) => each.includes(`algorithm=${algorithm}`)) ?? ''
  const value = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(challenge)?.[1] ?? ''
  const hash = algorithm === 'MD5' ? md5 : sha256
  const uri = new URL(message.url).pathname
  const [realm, nonce, nc, cnonce] = [value('realm'), value('nonce'), '00000001', 'c0ffee']
  const response = hash(
    [hash(`${user}:${realm}:${password}`), nonce, nc, cnonce, 'auth', hash(`POST:${uri}`)].join(':'),
  )
  const authorization =
    `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, ` +
    `qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}"`
  return post({ ...message, headers: { ...message.headers, authorization } })
}

/** As Dahua firmware was seen to: realm, nonce and qop are there and empty. */
export function emptyDigest(url: string, user: string, password: string): string {
  const uri = new URL(url).pathname
  const response = md5(`${md5(`${user}::${password}`)}::${md5(`POST:${uri}`)}`)
  return `Digest username="${user}", realm="", nonce="", uri="${uri}", qop="", nc="", cnonce="", response="${response}"`
}

/** Repeats until the reply is what this camera takes for a yes; how often it had to. */
export async function postUntil(message: Post, content: (reply: Reply) => boolean, most = 20): Promise<number> {
  for (let times = 1; times <= most; times++) if (content(await post(message))) return times
  throw new Error(`the camera is still not content after ${most} posts`)
}

export const dahuaIsContent = ({ status, body }: Reply): boolean => {
  if (status !== 200) return false
  const { result } = JSON.parse(body) as { result?: unknown }
  return result === 'true' || result === true
}

export const accepted = ({ status }: Reply): boolean => status >= 200 && status < 300
