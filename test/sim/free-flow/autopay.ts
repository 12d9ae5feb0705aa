// Owns a simulated Autopay over a real socket: tokens, product changes, claims, zone status, its webhooks with their repeats, and its faults.
// Must not share a line with the adapter: it is written from developer.autopay.io's descriptions alone.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const autopaySecret = 'a client secret of Autopay'
export const inboundSecret = 'what-Autopay-presents'

export interface AutopayParking {
  parkingId: string
  sessionId: string
  plate: string
  product: string
  /** The reference of the payment provider that has claimed it. */
  claimedBy: string | null
  active: boolean
}

export interface Autopay {
  url: string
  parkings: Map<string, AutopayParking>
  products: Set<string>
  status: { available_spaces: number; short_term_sessions: number; permit_sessions: number; reserved_spaces: number }
  now: string
  /** "METHOD path", tokens aside. */
  calls: string[]
  tokensGiven: number
  /** Answers the next calls so; `after` does what was asked and loses the answer. */
  faults: ({ status: number; body?: string } | 'after' | 'before')[]
  /** Tokens that were given are no longer taken. */
  forgetTokens(): void
  add(parkingId: string, plate: string): AutopayParking
  entry(parking: AutopayParking, more?: object): object
  ended(parking: AutopayParking, gross: string, more?: object): object
  /** One delivery. */
  tell(url: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** As the vendor does: again until it is taken (2xx, or 404 for callbacks). @returns how often it was sent */
  deliver(url: string, body: unknown, most?: number): Promise<number>
  close(): Promise<void>
}

export async function openAutopay(): Promise<Autopay> {
  const tokens = new Set<string>()
  const autopay: Autopay = {
    url: '',
    parkings: new Map(),
    products: new Set(['usual', 'charging']),
    status: { available_spaces: 40, short_term_sessions: 8, permit_sessions: 2, reserved_spaces: 0 },
    now: '2019-03-10T12:00:00.000Z',
    calls: [],
    tokensGiven: 0,
    faults: [],
    forgetTokens: () => tokens.clear(),
    add(parkingId, plate) {
      const parking = { parkingId, sessionId: `s-${parkingId}`, plate, product: 'usual', claimedBy: null, active: true }
      autopay.parkings.set(parkingId, parking)
      return parking
    },
    entry: ({ parkingId, sessionId, plate }, more = {}) => ({
      event_id: `e-${parkingId}`,
      parking_id: parkingId,
      parking_session_id: sessionId,
      time_in_utc: '2019-03-10T11:00:00+0000',
      operator_id: '7',
      landlord: { landlord_id: '3', name: 'Landlord' },
      zone: { code: 'Z1', name: 'Zone 1' },
      facility: { code: 'F1', name: 'Facility', time_zone: 'Europe/Oslo' },
      plate: { plate_number: plate, country_alpha2_code: 'NO', subdivision: null },
      ...more,
    }),
    ended(parking, gross, more = {}) {
      parking.active = false
      const net = (Number(gross) * 0.8).toFixed(2)
      const cost = {
        currency: 'USD',
        vat_percent: 25,
        net_amount: Number(net),
        vat_amount: Number((Number(gross) - Number(net)).toFixed(2)),
        gross_amount: Number(gross),
      }
      return {
        parking_id: parking.parkingId,
        reference: parking.claimedBy ?? 'none',
        end_time: '2019-03-10T11:55:00Z',
        cost,
        ...more,
      }
    },
    tell: (url, body, headers = {}) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${inboundSecret}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async deliver(url, body, most = 50) {
      for (let times = 1; times <= most; times++) {
        const answer = await autopay.tell(url, body).catch(() => undefined)
        await answer?.arrayBuffer()
        if (answer && (answer.ok || answer.status === 404)) return times
      }
      return most
    },
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  }

  const send = (response: ServerResponse, status: number, body: unknown): unknown =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  const refuse = (response: ServerResponse, status: number, error_id: string, message: string): unknown =>
    send(response, status, { error_id, message })

  const server = createServer((request, response) => void serve(request, response))
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    let text = ''
    for await (const part of request) text += part
    const path = new URL(request.url ?? '/', 'http://autopay').pathname
    if (path === '/oauth/token') {
      const asked = JSON.parse(text) as Record<string, string>
      const right =
        asked.client_id === 'hub' &&
        asked.client_secret === autopaySecret &&
        asked.audience === 'https://api.autopay.io' &&
        asked.grant_type === 'client_credentials'
      if (!right) return send(response, 401, { error: 'access_denied', error_description: 'Unauthorized' })
      const token = randomBytes(8).toString('hex')
      tokens.add(token)
      autopay.tokensGiven += 1
      return send(response, 200, { access_token: token, expires_in: 86_400, token_type: 'Bearer' })
    }
    autopay.calls.push(`${request.method} ${path}`)
    const fault = autopay.faults.shift()
    if (fault === 'before') return response.destroy()
    if (fault !== undefined && fault !== 'after') return send(response, fault.status, fault.body ?? {})
    if (!tokens.has((request.headers.authorization ?? '').slice('Bearer '.length)))
      return refuse(response, 401, 'authentication_error', 'No access token present in header!')
    const lost = { writeHead: () => lost, end: () => response.destroy() } as unknown as ServerResponse
    return answer(request.method ?? '', path, text, fault === 'after' ? lost : response)
  }

  function answer(method: string, path: string, text: string, response: ServerResponse): unknown {
    const zone = /^\/status\/v1\/zone\/(.+)$/.exec(path)
    if (method === 'GET' && zone) return send(response, 200, { timestamp: autopay.now, ...autopay.status })
    const product = /^\/parking\/product\/(.+)$/.exec(path)
    if (method === 'PUT' && product) {
      const asked = JSON.parse(text) as { facility_code: string; zone_code: string; product: string }
      const parking = [...autopay.parkings.values()].find(({ sessionId }) => sessionId === product[1])
      if (!parking) return refuse(response, 400, 'invalid_parking_session', 'The parking session does not exist')
      if (asked.facility_code !== 'F1' || asked.zone_code !== 'Z1')
        return refuse(response, 400, 'facility_or_zone_not_found', 'Facility or zone in request is invalid')
      if (!autopay.products.has(asked.product)) return refuse(response, 400, 'product_not_found', 'No such product')
      parking.product = asked.product
      return send(response, 200, {})
    }
    if (method === 'POST' && path === '/payment/v1/connect_parking') {
      const asked = JSON.parse(text) as Record<string, string>
      const parking = [...autopay.parkings.values()].find(({ plate, active }) => plate === asked.vehicle_reg && active)
      if (asked.parking_area_code !== 'area1' || asked.plate_issuer !== 'NOR' || !asked.reference)
        return refuse(response, 400, 'missing_property', 'A required property is missing')
      if (!parking) return refuse(response, 400, 'argument_type_mismatch', 'No active parking')
      if (parking.claimedBy !== null)
        return refuse(response, 400, 'server_communication_error', 'Payment provider already registered')
      parking.claimedBy = asked.reference
      return send(response, 200, {
        parking_id: parking.parkingId,
        reference: asked.reference,
        start_time: '2019-03-10T11:00:00Z',
      })
    }
    return refuse(response, 400, 'method_not_supported', 'Used REST method not supported')
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  autopay.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return autopay
}
