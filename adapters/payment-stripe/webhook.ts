// Owns the calls of Stripe's side: the signature is proved, and what it tells is taken as a hint to look at the payment itself.
// Must not believe the content of a call: amounts and states are read from Stripe.
import type Stripe from 'stripe'
import {
  type Clock,
  type PaymentSink,
  problem,
  problemResponse,
  readBody,
  signedBytes,
} from '../../core/plugin/index.ts'
import { paymentOf } from './payment-of.ts'

const largest = 1_000_000
const toleranceSeconds = 300

interface Deps {
  stripe: Stripe
  secret: string
  sink: PaymentSink
  clock: Pick<Clock, 'now'>
  signal: AbortSignal
}

export async function webhook(deps: Deps, request: Request, path: string): Promise<Response> {
  if (path.replace(/^\/+|\/+$/g, '') !== 'webhook')
    return problemResponse(problem(404, 'not_found', 'No such call', 'Stripe calls /webhook here.'))
  if (request.method !== 'POST')
    return problemResponse(problem(405, 'method_not_allowed', 'Only POST', 'Stripe posts its events.'), {
      allow: 'POST',
    })
  const body = await readBody(request, largest)
  if (body.kind !== 'ok')
    return problemResponse(
      problem(body.kind === 'cut' ? 400 : 413, 'body', 'Unreadable', 'The body was cut or is too large.'),
    )
  const signature = request.headers.get('stripe-signature') ?? ''
  const text = Buffer.from(signedBytes(body.value)).toString('utf8')
  let event: Stripe.Event
  try {
    event = await deps.stripe.webhooks.constructEventAsync(
      text,
      signature,
      deps.secret,
      toleranceSeconds,
      undefined,
      deps.clock.now().getTime(),
    )
  } catch {
    return problemResponse(problem(401, 'unauthorized', 'Not signed', 'The signature is not that of this endpoint.'))
  }
  const object = event.data.object as unknown as Loose
  const orderId =
    textAt(object.metadata, 'hub_order') ??
    (object.object === 'checkout.session' ? textAt(object, 'client_reference_id') : null)
  if (orderId === null) return new Response(null, { status: 204 })
  const sessionId = await sessionOf(deps.stripe, object)
  if (sessionId === null) return new Response(null, { status: 204 })
  const payment = await paymentOf(deps.stripe, sessionId, deps.signal)
  await deps.sink.report([{ id: event.id, orderId, payment, at: new Date(event.created * 1_000) }])
  return new Response(null, { status: 204 })
}

type Loose = Readonly<Record<string, unknown>>

function textAt(value: unknown, name: string): string | null {
  const text = typeof value === 'object' && value !== null ? (value as Loose)[name] : undefined
  return typeof text === 'string' && text !== '' ? text : null
}

async function sessionOf(stripe: Stripe, object: Loose): Promise<string | null> {
  if (object.object === 'checkout.session') return textAt(object, 'id')
  const intent = object.object === 'payment_intent' ? textAt(object, 'id') : textAt(object, 'payment_intent')
  if (intent === null) return null
  const { data } = await stripe.checkout.sessions.list({ payment_intent: intent, limit: 1 })
  return data[0]?.id ?? null
}
