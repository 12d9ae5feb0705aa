// Owns the plugin "apds-client": the hub follows an APDS 4.0 service of a parking system, and gives it the hub's credentials.
// Must not hold a rule of its own; ../README.md says what is followed and what APDS cannot say.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { AuthFailed, definePlugin, NotReady, type ParcsLink } from '../../../core/plugin/index.ts'
import { documentMigration, documents } from '../documents.ts'
import { intake } from '../intake.ts'
import { api } from './api.ts'
import { type ClientConfig, configSchema, defaults } from './config.ts'
import { cursorMigration, type Followed, type Follower, follower } from './follow.ts'
import { askRight, pushRight } from './push-right.ts'

type GivenConfig = Partial<ClientConfig> & Pick<ClientConfig, 'baseUrl' | 'clientId'>

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'apds-client',
  title: 'APDS 4.0 service of a parking system',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: [
    'inbound',
    'db',
    'secret:clientSecret',
    'secret:notifyToken',
    'net:config:/baseUrl',
    'net:config:/tokenUrl',
  ],
  traits: {
    authorisation: 'preload',
    pricing: 'parcs',
    chargePush: 'none',
    events: 'poll, webhook',
    corrections: 'sameId',
    delivery: 'replay',
    credentialTypes: 'plate, card, ticket, qr, app, emaid, phone',
    decodeProfiles: 'as printed',
    offlineBackfill: 'yes',
    clock: 'offset',
    docStatus: 'public',
  },
  config: configSchema,
  migrations: [documentMigration, cursorMigration],
  async check(config, { fetch, secret, signal }) {
    const complete = { ...defaults, ...config }
    const { call } = api({
      ...complete,
      tokenUrl: tokenUrlOf(complete),
      fetch,
      secret: () => secret('clientSecret'),
      clock: stillClock,
    })
    const answer = await call('GET', 'places?page=1', { signal })
    if (answer.kind === 'not_done' && answer.refusedUs)
      throw new AuthFailed(`The partner refuses our credentials: ${answer.reason}.`)
    if (answer.kind !== 'answer') throw new NotReady(answer.reason)
    if (answer.status !== 200) throw new NotReady(`GET /places: the partner answered ${answer.status}.`)
  },
  async setup(ctx) {
    const config: ClientConfig = { ...defaults, ...ctx.config }
    const connectionId = ctx.connection.id
    // A missing secret is found at once, and not by the first poll.
    await ctx.secret('clientSecret')
    const notifyToken = config.publicUrl === '' ? null : await ctx.secret('notifyToken')
    const partner = api({
      ...config,
      tokenUrl: tokenUrlOf(config),
      fetch: ctx.fetch,
      secret: () => ctx.secret('clientSecret'),
      clock: ctx.clock,
    })
    let following: Follower | undefined
    let last: Followed = { trouble: null, refusedUs: false }
    let subscribed = false

    const look = async (signal: AbortSignal) => {
      if (!following) return
      last = await following.follow(signal)
      if (last.trouble) ctx.log.warn({ trouble: last.trouble }, 'the APDS partner could not be followed fully')
      if (notifyToken !== null && !subscribed && !last.refusedUs) subscribed = await subscribe(notifyToken)
    }
    const subscribe = async (token: string): Promise<boolean> => {
      const endpoint = `${config.publicUrl.replace(/\/+$/, '')}/in/${connectionId}/notify/${encodeURIComponent(token)}`
      const topics = [
        'SessionCreated',
        'SessionUpdated',
        'SessionDeleted',
        'AssignedRightCreated',
        'AssignedRightUpdated',
        'AssignedRightDeleted',
      ]
      const called = await partner.call('POST', 'webhooks', { body: { endpoint, topics }, signal: ctx.signal })
      const taken = called.kind === 'answer' && called.status >= 200 && called.status < 300
      if (!taken) ctx.log.info({}, 'the APDS partner takes no subscription now; it is polled')
      // One that refuses is not asked every minute; the next start asks again.
      return taken || (called.kind === 'answer' && called.status < 500)
    }

    ctx.provide('parcs', {
      async connect(sink, book) {
        const taking = intake({
          documents: documents(ctx.db, connectionId),
          sink,
          book,
          energyIdCodes: config.energyIdCodes,
          backfilled: true,
          log: ctx.log,
          now: () => ctx.clock.now(),
        })
        following = follower({
          db: ctx.db,
          connectionId,
          api: partner,
          intake: taking,
          backfillHours: config.backfillHours,
          clock: ctx.clock,
          log: ctx.log,
        })
        const push = { api: partner, rightSpec: { id: config.rightSpecId, version: config.rightSpecVersion } }
        const link: ParcsLink = {
          features: ['backfill'],
          async stop() {
            following = undefined
          },
          async health() {
            if (last.refusedUs) return { state: 'degraded', reason: 'The partner refuses our credentials.' }
            return last.trouble ? { state: 'degraded', reason: last.trouble } : { state: 'ok' }
          },
        }
        if (config.rightSpecId === '') return link
        return {
          ...link,
          actions: { 'credential.put': { repeatable: false }, 'credential.remove': { repeatable: false } },
          act: (action, signal) => pushRight(push, action, signal),
          askOutcome: (action, signal) => askRight(push, action, signal),
        }
      },
    })
    ctx.every('* * * * *', 'follow', look)
    // A notification is a wake-up and nothing more: whoever forges one makes the hub look, which it would do anyway.
    ctx.inbound(async (request, path) => {
      const [, given] = /^\/?notify\/([^/]+)$/.exec(path) ?? []
      if (notifyToken === null || given === undefined || !same(given, encodeURIComponent(notifyToken)))
        return new Response(null, { status: 404 })
      if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
      await look(ctx.signal)
      return new Response(null, { status: last.trouble ? 503 : 200 })
    })
  },
})

/** A check asks for one token and is over before it ends. */
const stillClock = { now: () => new Date(0), after: () => () => undefined }

function tokenUrlOf({ tokenUrl, baseUrl }: Pick<ClientConfig, 'tokenUrl' | 'baseUrl'>): string {
  return tokenUrl === '' ? `${baseUrl.replace(/\/+$/, '')}/auth` : tokenUrl
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
