// Owns the plugin "scheidt-bachmann": eConnect asks the hub at the gate, tells it events and counters, and knows its credentials.
// Must not hold a rule of its own; README.md says what is public of the interface and what the operator maps.
import {
  AuthFailed,
  type CallerProof,
  ConfigInvalid,
  definePlugin,
  type FieldError,
  type ParcsLink,
  type ParcsSink,
  type ParkingBook,
} from '../../core/plugin/index.ts'
import { type Api, econnect } from './api.ts'
import { check } from './check.ts'
import { completed, configSchema, type EconnectConfig, examine, type GivenConfig } from './config.ts'
import { actOnConsumer, listConsumers } from './consumers.ts'
import { counterReader } from './counters.ts'
import { inbound } from './inbound.ts'
import { compare, peopleList, toldConsumer } from './people.ts'

const shortestSecret = 16

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'scheidt-bachmann',
  title: 'Scheidt & Bachmann eConnect',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'secret:inbound', 'secret:clientSecret', 'net:config:/baseUrl', 'net:config:/tokenUrl'],
  traits: {
    authorisation: 'callout, preload',
    pricing: 'parcs',
    chargePush: 'none',
    events: 'webhook, poll',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate, qr, card',
    decodeProfiles: 'as printed',
    offlineBackfill: 'no',
    clock: 'offset, local',
    docStatus: 'public',
  },
  config: configSchema,
  check,
  async setup(ctx) {
    const config = completed(ctx.config)
    examine(config)
    const proofs = async (): Promise<readonly CallerProof[]> => [proofOf(config, await ctx.secret('inbound'))]
    if ((await ctx.secret('inbound')).length < shortestSecret)
      throw new ConfigInvalid('', `The secret "inbound" needs at least ${shortestSecret} characters.`)
    let api: Api | undefined
    if (config.baseUrl !== '') {
      await ctx.secret('clientSecret')
      const secret = () => ctx.secret('clientSecret')
      api = econnect({ config, fetch: ctx.fetch, clock: ctx.clock, secret })
    }
    const consumers = api && config.customer !== '' ? { api, config } : undefined
    const counters = api && config.locationId !== '' ? counterReader(api, config) : undefined
    let door: { sink: ParcsSink; book: ParkingBook; zone: string; currency: string } | undefined
    const troubles = new Map<string, string>()
    const note = (topic: string, trouble: string | null) => {
      if (trouble === null) troubles.delete(topic)
      else troubles.set(topic, trouble)
    }
    const tried = async (topic: string, run: () => Promise<string | null>) => {
      try {
        note(topic, await run())
      } catch (error) {
        if (ctx.signal.aborted) return
        const reason = error instanceof Error ? error.message : String(error)
        note(topic, reason)
        ctx.log.warn({ err: error, refused: error instanceof AuthFailed }, `eConnect: ${topic} could not be read`)
      }
    }

    ctx.provide('parcs', {
      async connect(sink, book) {
        const { zone, currency } = await book.site()
        door = { sink, book, zone, currency }
        const link: ParcsLink = {
          features: ['decide'],
          async stop() {
            door = undefined
          },
          async health() {
            return troubles.size === 0
              ? { state: 'ok' }
              : { state: 'degraded', reason: [...troubles.values()].join(' ').slice(0, 1_000) }
          },
        }
        if (!consumers) return link
        const upsert = { repeatable: true }
        return {
          ...link,
          actions: { 'credential.put': upsert, 'credential.remove': upsert },
          act: (action, signal) => actOnConsumer(consumers, action, signal),
        }
      },
    })
    ctx.inbound(
      inbound({
        config,
        clock: ctx.clock,
        log: ctx.log,
        newId: ctx.newId,
        proofs,
        door: () => (ctx.signal.aborted ? undefined : door),
        unfit: (call, errors) => note(call, errors === null ? null : unfitReason(call, errors)),
      }),
    )
    if (counters)
      ctx.every('* * * * *', 'counters', (signal) =>
        tried('counters', async () => {
          if (!door) return null
          const { facts, told } = await counters.read(ctx.clock.now(), signal)
          if (facts.length > 0) await door.sink.record(facts)
          told()
          return null
        }),
      )
    if (!consumers) return
    ctx.every('23 3 * * *', 'compare', (signal) =>
      tried('consumers', async () => {
        if (!door) return null
        const { left, removed } = await compare(consumers, door.book, signal)
        if (removed > 0)
          ctx.log.warn({ removed }, 'consumers of revoked credentials stood at eConnect and were emptied')
        return left === 0 ? null : `${left} revoked credentials still stand at eConnect and could not be taken away.`
      }),
    )
    ctx.route(consumersFragment, async () => {
      const list = await listConsumers(consumers, AbortSignal.timeout(60_000))
      return Response.json({ items: list.map(toldConsumer) })
    })
    ctx.route(peopleFragment, async () => {
      const list = await listConsumers(consumers, AbortSignal.timeout(60_000))
      return new Response(peopleList(list, config), { headers: { 'content-type': 'text/csv; charset=utf-8' } })
    })
  },
})

function proofOf({ callerProof, callerUser, callerHeader }: EconnectConfig, secret: string): CallerProof {
  if (callerProof === 'bearer') return { kind: 'bearer', token: secret }
  if (callerProof === 'basic') return { kind: 'basic', user: callerUser, password: secret }
  return { kind: 'header', name: callerHeader, value: secret }
}

function unfitReason(call: string, errors: readonly FieldError[]): string {
  const [first] = errors
  return `The last message to ${call} does not fit the field map: ${first?.pointer} ${first?.message}.`
}

const operation = (operationId: string, summary: string, contentType: string, schema: object) => ({
  get: { operationId, summary, responses: { 200: { description: summary, content: { [contentType]: { schema } } } } },
})
const consumersFragment = {
  paths: {
    '/consumers': operation(
      'listEconnectConsumers',
      'The consumers that eConnect has, and who wrote each',
      'application/json',
      { type: 'object' },
    ),
  },
}
const peopleFragment = {
  paths: {
    '/people.csv': operation(
      'exportEconnectPeople',
      'The vendor’s own consumers as a list of people that the hub can import',
      'text/csv',
      { type: 'string' },
    ),
  },
}
