// Owns a simulated Stripe API over a real socket: checkout sessions, payment intents, refunds, idempotency keys, signed webhooks, faults.
// Must not share a line with the adapter: it is written from Stripe's public reference alone.
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Thing = Record<string, unknown> & { id: string }
type Params = Record<string, unknown>

export interface Fault {
  /** Part of "POST /v1/refunds". */
  at: string
  /** `lost`: done, and the line breaks. `error_after`: done, and 500. `error`: not done, 500. `cut`: not done, the line breaks. `limit`: 429. */
  how: 'lost' | 'error_after' | 'error' | 'cut' | 'limit'
  /** Runs before the line breaks or the answer, such as it is, leaves. */
  meanwhile?: () => Promise<void>
}

export async function openStripe(options: { apiKey: string; webhookSecret: string; now(): Date }) {
  const sessions = new Map<string, Thing>()
  const intents = new Map<string, Thing>()
  const charges = new Map<string, Thing>()
  const refunds = new Map<string, Thing>()
  const answers = new Map<string, { print: string; status: number; body: unknown }>()
  const faults: Fault[] = []
  const calls: { call: string; key: string | undefined; version: string | undefined }[] = []
  let n = 0
  const id = (prefix: string) => `${prefix}_${String(++n).padStart(6, '0')}`
  const seconds = () => Math.floor(options.now().getTime() / 1_000)
  const fail = (status: number, type: string, message: string, code?: string) => ({
    status,
    body: { error: { type, message, code } },
  })
  const ok = (body: unknown) => ({ status: 200, body })
  const listed = (data: unknown[]) => ok({ object: 'list', data, has_more: false, url: '/' })

  const shown = (session: Thing, expanded: boolean) => {
    const intent = intents.get(String(session.payment_intent))
    if (!intent || !expanded) return session
    return {
      ...session,
      payment_intent: { ...intent, latest_charge: charges.get(String(intent.latest_charge)) ?? null },
    }
  }
  const take = (intent: Thing, amount: number) => {
    const charge = charges.get(String(intent.latest_charge)) as Thing
    Object.assign(intent, { status: 'succeeded', amount_received: amount, amount_capturable: 0 })
    Object.assign(charge, { captured: true, amount_captured: amount })
  }

  function answer(method: string, path: string, given: Params): { status: number; body: unknown } {
    const [, , a = '', b, c, d] = path.split('/')
    const call = `${method} ${a}`
    if (path === '/v1/balance') return ok({ object: 'balance', available: [] })
    if (a === 'checkout') return checkout(method, c, d, given)
    if (call === 'GET refunds')
      return listed([...refunds.values()].filter((one) => one.payment_intent === given.payment_intent))
    if (call === 'POST refunds') return refund(given)
    const intent = intents.get(b ?? '')
    if (a !== 'payment_intents' || !intent)
      return fail(404, 'invalid_request_error', 'No such thing', 'resource_missing')
    if (method === 'GET') return ok(intent)
    if (c === 'cancel') {
      if (intent.status === 'succeeded' || intent.status === 'canceled')
        return fail(400, 'invalid_request_error', `It is ${intent.status}.`, 'payment_intent_unexpected_state')
      intent.status = 'canceled'
      return ok(intent)
    }
    if (intent.status !== 'requires_capture')
      return fail(400, 'invalid_request_error', `It is ${intent.status}.`, 'payment_intent_unexpected_state')
    const amount = Number(given.amount_to_capture ?? intent.amount)
    if (amount > Number(intent.amount)) return fail(400, 'invalid_request_error', 'Too much.', 'amount_too_large')
    take(intent, amount)
    return ok(intent)
  }

  function checkout(method: string, sessionId: string | undefined, what: string | undefined, given: Params) {
    if (sessionId === undefined && method === 'GET') {
      const gte = Number((given.created as Params | undefined)?.gte ?? 0)
      const of = given.payment_intent
      return listed(
        [...sessions.values()].filter(
          (one) => Number(one.created) >= gte && (of === undefined || one.payment_intent === of),
        ),
      )
    }
    if (sessionId === undefined) {
      const [item] = Object.values(given.line_items as Params) as { price_data: Params; quantity: string }[]
      const price = item?.price_data as { currency: string; unit_amount: string }
      const left = Number(given.expires_at) - seconds()
      if (left < 1_800 || left > 86_400)
        return fail(400, 'invalid_request_error', 'expires_at: 30 minutes to 24 hours.', 'parameter_invalid')
      const made: Thing = {
        id: id('cs_test'),
        object: 'checkout.session',
        status: 'open',
        payment_status: 'unpaid',
        payment_intent: null,
        amount_total: Number(price.unit_amount) * Number(item?.quantity),
        currency: price.currency,
        created: seconds(),
        client_reference_id: given.client_reference_id,
        metadata: given.metadata,
        expires_at: Number(given.expires_at),
        hidden: given.payment_intent_data,
      }
      made.url = `${sim.url}/pay/${made.id}`
      sessions.set(made.id, made)
      return ok(made)
    }
    const session = sessions.get(sessionId)
    if (!session) return fail(404, 'invalid_request_error', 'No such session', 'resource_missing')
    if (what !== 'expire') return ok(shown(session, JSON.stringify(given.expand ?? '').includes('payment_intent')))
    if (session.status !== 'open') return fail(400, 'invalid_request_error', `It is ${session.status}.`)
    Object.assign(session, { status: 'expired', url: null })
    return ok(session)
  }

  function refund(given: Params) {
    const intent = intents.get(String(given.payment_intent))
    if (intent?.status !== 'succeeded')
      return fail(400, 'invalid_request_error', 'Nothing to refund.', 'charge_not_captured')
    const back = [...refunds.values()].filter((one) => one.payment_intent === intent.id && one.status !== 'failed')
    const amount = Number(given.amount)
    if (back.reduce((all, one) => all + Number(one.amount), amount) > Number(intent.amount_received))
      return fail(
        400,
        'invalid_request_error',
        'Refund amount is greater than unrefunded amount.',
        'charge_already_refunded',
      )
    const made: Thing = {
      id: id('re'),
      object: 'refund',
      amount,
      currency: intent.currency,
      created: seconds(),
      status: 'succeeded',
      payment_intent: intent.id,
      charge: intent.latest_charge,
      metadata: given.metadata ?? {},
    }
    refunds.set(made.id, made)
    return ok(made)
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const part of request) text += part
    const url = new URL(request.url ?? '/', 'http://stripe')
    const method = request.method ?? 'GET'
    const key = request.headers['idempotency-key']?.toString()
    const call = `${method} ${url.pathname}`
    calls.push({ call, key, version: request.headers['stripe-version']?.toString() })
    const send = (status: number, body: unknown, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'request-id': id('req'), ...headers })
        .end(JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${options.apiKey}`)
      return void send(401, {
        error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_****' },
      })
    const at = faults.findIndex((one) => call.includes(one.at))
    const [fault] = at === -1 ? [] : faults.splice(at, 1)
    if (fault?.how === 'cut') {
      await fault.meanwhile?.()
      return void response.destroy()
    }
    if (fault?.how === 'error')
      return void send(500, { error: { type: 'api_error', message: 'Stripe is having trouble.' } })
    if (fault?.how === 'limit')
      return void send(429, { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many.' } })
    const given = formOf(method === 'GET' ? url.searchParams : new URLSearchParams(text))
    const known = key === undefined ? undefined : answers.get(key)
    if (known && known.print !== call + text)
      return void send(400, {
        error: {
          type: 'idempotency_error',
          message: 'Keys for idempotent requests can only be used with the same parameters.',
        },
      })
    const result = known ?? answer(method, url.pathname, given)
    if (key !== undefined && !known) answers.set(key, { print: call + text, ...structuredClone(result) })
    await fault?.meanwhile?.()
    if (fault?.how === 'lost') return void response.destroy()
    if (fault?.how === 'error_after')
      return void send(500, { error: { type: 'api_error', message: 'Stripe is having trouble.' } })
    send(result.status, result.body, known ? { 'idempotent-replayed': 'true' } : {})
  }

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sim = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    intents,
    refunds,
    faults,
    calls,
    /** The driver pays on the page (or their bank takes it otherwise than asked: `amount`). */
    pay(sessionId: string, { amount }: { amount?: number } = {}) {
      const session = sessions.get(sessionId)
      if (session?.status !== 'open') throw new Error(`the page is ${session?.status}`)
      const data = session.hidden as { capture_method: string; metadata: Params }
      const charge: Thing = {
        id: id('ch'),
        object: 'charge',
        created: seconds(),
        captured: false,
        metadata: data.metadata,
        payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242' } },
      }
      charges.set(charge.id, charge)
      const due = amount ?? Number(session.amount_total)
      const intent: Thing = {
        id: id('pi'),
        object: 'payment_intent',
        status: 'requires_capture',
        amount: due,
        amount_capturable: due,
        amount_received: 0,
        currency: session.currency,
        metadata: data.metadata,
        latest_charge: charge.id,
        last_payment_error: null,
      }
      intents.set(intent.id, intent)
      if (data.capture_method !== 'manual') take(intent, due)
      Object.assign(session, { status: 'complete', payment_intent: intent.id, url: null })
      return intent.id
    },
    /** Somebody refunds at Stripe's own desk. */
    deskRefund: (intentId: string, amount: number) => refund({ payment_intent: intentId, amount: String(amount) }),
    /** A webhook as Stripe sends it. */
    event(
      type: string,
      object: object,
      { eventId = id('evt'), secret = options.webhookSecret, at = seconds() } = {},
    ): { body: string; headers: Record<string, string> } {
      const body = JSON.stringify({
        id: eventId,
        object: 'event',
        type,
        created: at,
        api_version: '2026-10-28.endive',
        data: { object },
      })
      const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')
      return { body, headers: { 'stripe-signature': `t=${at},v1=${signature}`, 'content-type': 'application/json' } }
    },
    close: () => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()),
  }
  return sim
}

export type StripeSim = Awaited<ReturnType<typeof openStripe>>

/** `a[b][0]=c` as nested objects. */
function formOf(params: URLSearchParams): Params {
  const root: Params = {}
  for (const [name, value] of params) {
    const path = name.split('[').map((part) => part.replace(/\]$/, ''))
    let at = root
    for (const [i, part] of path.entries()) {
      if (i === path.length - 1) at[part] = value
      else {
        at[part] ??= {}
        at = at[part] as Params
      }
    }
  }
  return root
}
