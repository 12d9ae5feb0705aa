// Owns a simulated MobileAPI over a real socket: tickets with a price, identifiers, the event socket with its queue, and faults.
// Must not share a line with the adapter: it is written from the public description alone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export const mobileKey = 'a key of the simulated MobileAPI'

export interface SimTicket {
  FacilityNo: number
  TicketNo: string
  TicketType: number
  EntryTime: string
  Price: number
  PaidUntil: string
  RateEndTime: string
}

export interface MobileService {
  url: string
  /** Inside now, by ticket number. */
  inside: Map<string, SimTicket>
  /** EventIDs that were finalised, each as often as it was. */
  finalised: { EventID: string; Amount: number; AuthorisationCode: string }[]
  identifiers: Record<string, unknown>[]
  calls: { path: string; body: Record<string, unknown> }[]
  /** Answers the next call of that name so: before it is done, or `after` it, or not at all (`cut`). */
  fail: { call: string; status?: number; body?: string; after?: boolean; cut?: boolean }[]
  /** The header in which the socket's key has to come; undefined for the query. */
  keyHeader: string | undefined
  sockets: number
  /** Whether the event socket is taken. */
  listening: boolean
  /** Handed over when a subscriber is there, queued otherwise. */
  tell(event: object): void
  /** Says something on the socket as it is, to whoever listens. */
  say(text: string): void
  drop(): void
  queue: object[]
  close(): Promise<void>
}

export async function openMobileService(): Promise<MobileService> {
  let subscriber: WebSocket | undefined
  const events = new WebSocketServer({ noServer: true })
  const server = createServer((request, response) => void serve(request, response))
  const service: MobileService = {
    url: '',
    inside: new Map(),
    finalised: [],
    identifiers: [],
    calls: [],
    fail: [],
    keyHeader: undefined,
    sockets: 0,
    listening: true,
    queue: [],
    tell(event) {
      if (subscriber) subscriber.send(JSON.stringify(event))
      else service.queue.push(event)
    },
    say: (text) => subscriber?.send(text),
    drop() {
      subscriber?.terminate()
      subscriber = undefined
    },
    close: () =>
      new Promise((resolve) => {
        subscriber?.terminate()
        server.close(() => resolve()).closeAllConnections()
      }),
  }
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://mobile')
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`)
    if (url.pathname !== '/api/TransactionMonitor') return refuse('404 Not Found')
    const given = service.keyHeader === undefined ? url.searchParams.get('APIKey') : request.headers[service.keyHeader]
    if (given !== mobileKey) return refuse('401 Unauthorized')
    if (!service.listening) return refuse('503 Service Unavailable')
    events.handleUpgrade(request, socket, head, (made) => {
      service.sockets += 1
      subscriber = made
      made.on('close', () => {
        if (subscriber === made) subscriber = undefined
      })
      for (const event of service.queue.splice(0)) made.send(JSON.stringify(event))
    })
  })

  const send = (response: ServerResponse, status: number, body: unknown) =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const part of request) text += part
    const path = (request.url ?? '').replace(/^\/api\//, '')
    const body = JSON.parse(text || '{}') as Record<string, unknown>
    const { APIKey, ...rest } = body
    if (APIKey !== mobileKey) return void send(response, 401, { Message: 'Authorization has been denied.' })
    service.calls.push({ path, body: rest })
    const at = service.fail.findIndex(({ call }) => call === path)
    const [fault] = at >= 0 ? service.fail.splice(at, 1) : []
    if (fault && !fault.after && !fault.cut) return void send(response, fault.status ?? 500, fault.body ?? '')
    const [status, answer] = answerTo(path, rest)
    if (fault?.cut) return void request.socket.destroy()
    if (fault) return void send(response, fault.status ?? 500, fault.body ?? '')
    send(response, status, answer)
  }

  function answerTo(path: string, body: Record<string, unknown>): [number, unknown] {
    const ticket = service.inside.get(String(body.TicketNo))
    const unknown: [number, unknown] = [404, { Message: 'Ticket not found' }]
    switch (path) {
      case 'GetValidationProviders':
        return [200, [{ ValidationProviderNo: 5, Name: 'Cinema' }]]
      case 'CalculateRate':
        return ticket
          ? [200, { CarparkNo: 2, Plate: '', RateNo: 7, GracePeriod: 0, ParkingDuration: 1, ...ticket }]
          : unknown
      case 'ApplyPayment':
      case 'FinalizeTransaction': {
        if (path === 'FinalizeTransaction')
          service.finalised.push(body as unknown as MobileService['finalised'][number])
        else if (!ticket) return unknown
        if (ticket) Object.assign(ticket, { Price: 0, PaidUntil: body.PaymentTime })
        return [200, body]
      }
      case 'ApplyValidation':
      case 'ApplyPromotion':
        if (!ticket) return unknown
        ticket.Price =
          path === 'ApplyValidation' ? 0 : Math.round((ticket.Price - Number(body.PromotionValue)) * 100) / 100
        return [200, { CarparkNo: 2, ...body }]
      case 'CreateMultipleUseIdentifier':
        service.identifiers.push(body)
        return [200, body]
      default:
        return [404, { Message: `No HTTP resource was found that matches the request URI '${path}'.` }]
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return service
}
