// Owns a made-up parking system over a real socket that proves its callers in every way a profile can name, and can misbehave.
// Must not share anything with the adapter that speaks to it.
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

export type VendorProof =
  | 'none'
  | 'bearer'
  | 'basic'
  | 'digest-md5'
  | 'digest-sha256'
  | 'oauth2'
  | 'hmac'
  | 'header'
  | 'query'

export interface SimulatedVendor {
  url: string
  proof: VendorProof
  /** What it tells, oldest first. */
  movements: Record<string, unknown>[]
  /** Every request that was let in: "GET /v1/movements?page=1". */
  asked: string[]
  refused: number
  bodies: unknown[]
  /** Taken instead of its own answer while it gives one. */
  answer: ((request: IncomingMessage, response: ServerResponse, url: URL) => boolean) | undefined
  /** What it did, by the key of the action. */
  done: Map<string, { times: number; body: unknown }>
  /** The next actions are done, and their answer never comes. */
  mute: boolean
  /** So many of the next actions are done, and the line breaks before their answer. */
  breaks: number
  close(): Promise<void>
}

export const vendorUser = 'hub'
export const vendorSecret = 'a secret of the vendor'

export async function simulatedVendor(proof: VendorProof = 'none'): Promise<SimulatedVendor> {
  const nonces = new Map<string, number>()
  const tokens = new Set<string>()
  const seen = new Set<string>()

  function digestHolds(request: IncomingMessage, algorithm: string): boolean {
    const given = request.headers.authorization ?? ''
    const field = (name: string) => new RegExp(`[ ,]${name}="?([^",]+)"?`).exec(given)?.[1] ?? ''
    const hash = (text: string) => createHash(algorithm).update(text).digest('hex')
    const count = Number.parseInt(field('nc'), 16)
    const last = nonces.get(field('nonce'))
    if (last === undefined || !(count > last)) return false
    const a1 = hash(`${vendorUser}:gates, north:${vendorSecret}`)
    const a2 = hash(`${request.method}:${request.url}`)
    const right = hash([a1, field('nonce'), field('nc'), field('cnonce'), 'auth', a2].join(':'))
    if (field('uri') !== request.url || field('response') !== right) return false
    nonces.set(field('nonce'), count)
    return true
  }

  function letsIn(request: IncomingMessage, body: string, url: URL): boolean {
    const authorization = request.headers.authorization ?? ''
    switch (vendor.proof) {
      case 'none':
        return true
      case 'bearer':
        return authorization === `Bearer ${vendorSecret}`
      case 'basic':
        return authorization === `Basic ${btoa(`${vendorUser}:${vendorSecret}`)}`
      case 'header':
        return request.headers['x-api-key'] === `key ${vendorSecret}`
      case 'query':
        return url.searchParams.get('token') === vendorSecret
      case 'oauth2':
        return tokens.has(authorization.replace('Bearer ', ''))
      case 'digest-md5':
        return digestHolds(request, 'md5')
      case 'digest-sha256':
        return digestHolds(request, 'sha256')
      case 'hmac': {
        const [, stamp = '', nonce = '', signature] =
          /^HUB hub:(\d+):([^:]+):(.+)$/.exec(String(request.headers['x-auth'])) ?? []
        const hash = createHash('sha512').update(body).digest('base64')
        const text = [request.method, url.pathname, url.search.slice(1), stamp, nonce, hash].join('\n')
        if (seen.has(nonce)) return false
        seen.add(nonce)
        return signature === createHmac('sha512', vendorSecret).update(text).digest('base64')
      }
    }
  }

  function challenge(response: ServerResponse): void {
    const nonce = randomBytes(8).toString('hex')
    nonces.set(nonce, 0)
    const common = `realm="gates, north", nonce="${nonce}", qop="auth,auth-int", opaque="o"`
    if (vendor.proof === 'digest-md5') response.setHeader('www-authenticate', [`Basic realm="x"`, `Digest ${common}`])
    if (vendor.proof === 'digest-sha256')
      response.setHeader('www-authenticate', [`Digest ${common}, algorithm=MD5`, `Digest ${common}, algorithm=SHA-256`])
  }

  function serve(request: IncomingMessage, response: ServerResponse, url: URL, body: string): void {
    const json = (status: number, value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    const { pathname, searchParams } = url
    if (pathname === '/v1/status') return void json(200, { up: true })
    if (pathname.startsWith('/v1/movements')) {
      const from = searchParams.get('since')
      const after = Number(searchParams.get('after') ?? -1)
      const list = vendor.movements.filter(
        (each) => (from === null || String(each.changedAt) >= from) && Number(each.seq ?? 0) > after,
      )
      const size = Number(searchParams.get('size') ?? 2)
      const start =
        Number(searchParams.get('offset') ?? 0) ||
        (Number(searchParams.get('page') ?? 1) - 1) * size ||
        Number((searchParams.get('cursor') ?? 'c0').slice(1))
      const page = list.slice(start, start + size)
      const more = start + size < list.length
      const next = new URL(url)
      next.searchParams.set('cursor', `c${start + size}`)
      const link = more ? { link: `<${next.pathname}${next.search}>; rel="next"` } : {}
      return void json(200, { data: page, next: more ? `c${start + size}` : null, token: `t${list.length}` }, link)
    }
    const [, kind = '', key = ''] =
      /^\/v1\/(confirmations|validations|products|prepaid|permits)\/([^/]+)$/.exec(pathname) ?? []
    if (kind === '') return void json(404, { message: 'no such thing' })
    const known = vendor.done.get(key)
    if (request.method === 'GET')
      return void json(known ? 200 : 404, known ? { state: 'OK', times: known.times } : { state: 'NONE' })
    if (request.method === 'DELETE') {
      vendor.done.delete(key)
      return void json(200, {})
    }
    const parsed: unknown = JSON.parse(body)
    if ((parsed as { amount?: string }).amount === '0.00')
      return void json(200, { state: 'NO', text: 'Nothing to confirm' })
    vendor.done.set(key, { times: (known?.times ?? 0) + 1, body: parsed })
    if (vendor.mute) return
    if (vendor.breaks > 0) {
      vendor.breaks -= 1
      return void response.destroy()
    }
    json(200, { state: 'OK', receipt: `R-${key}` })
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', vendor.url)
    if (url.pathname === '/oauth/token') {
      const form = new URLSearchParams(body)
      if (form.get('client_secret') !== vendorSecret || form.get('client_id') !== vendorUser)
        return void response.writeHead(401).end()
      const token = randomBytes(8).toString('hex')
      tokens.clear()
      tokens.add(token)
      return void response.end(JSON.stringify({ access_token: token, expires_in: 3_600 }))
    }
    if (!letsIn(request, body, url)) {
      vendor.refused += 1
      challenge(response)
      return void response.writeHead(401).end()
    }
    vendor.asked.push(`${request.method} ${request.url}`)
    if (body !== '') vendor.bodies.push(body)
    if (vendor.answer?.(request, response, url)) return
    serve(request, response, url, body)
  })
  const vendor: SimulatedVendor = {
    url: '',
    proof,
    movements: [],
    asked: [],
    refused: 0,
    bodies: [],
    answer: undefined,
    done: new Map(),
    mute: false,
    breaks: 0,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vendor.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return vendor
}

/** A small body that becomes a very large one. */
export function gzipBomb(megabytes: number): Buffer {
  return gzipSync(Buffer.alloc(megabytes * 1_048_576, 0x20))
}
