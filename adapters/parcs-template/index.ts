// Owns the plugin "parcs-template": a parking system over HTTP that is described by a profile, and not by code.
// Must not know any vendor; profiles do. README.md says how one is written and tried.
import {
  AuthFailed,
  ConfigInvalid,
  definePlugin,
  NotReady,
  type ParcsLink,
  type ParkingActionKind,
  succeeded,
} from '../../core/plugin/index.ts'
import { act, askOutcome } from './act.ts'
import { buildRequest } from './build-request.ts'
import { checkProfile } from './check-profile.ts'
import { configSchema, ownProfile, type TemplateConfig, tokenUrlOf } from './config-schema.ts'
import { hear } from './hear.ts'
import { memory, memoryMigration } from './memory.ts'
import { type Polled, poll, saidBy } from './poll.ts'
import type { Profile } from './profile.ts'
import { shippedProfile } from './shipped-profiles.ts'
import { takeIn } from './take-in.ts'
import { vendorLine } from './vendor-line.ts'

const toldDays = 400
const dayMs = 86_400_000

export default definePlugin<TemplateConfig, 'parcs'>({
  id: 'parcs-template',
  title: 'Parking system by a vendor profile',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'db', 'secret:vendor', 'secret:webhook', 'net:config:/baseUrl', 'net:config:/tokenUrl'],
  traits: {
    authorisation: 'preload',
    pricing: 'parcs, hub',
    chargePush: 'validation, promotion, product, prepaid, confirm',
    events: 'webhook, poll',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate, card, ticket, qr, app, emaid, phone',
    decodeProfiles: 'named in the profile',
    offlineBackfill: 'yes',
    clock: 'utc, offset, local',
    docStatus: 'unknown',
  },
  config: configSchema,
  migrations: [memoryMigration],
  async check(config, { fetch, secret, signal, clock }) {
    const profile = profileOf(config)
    if (!profile.check) return
    const line = vendorLine({
      profile,
      user: config.user ?? '',
      tokenUrl: tokenUrlOf(config),
      fetch,
      clock,
      newId: () => String(clock.now().getTime()),
      secret: () => secret('vendor'),
    })
    const terms = { lookups: {}, zone: profile.zone ?? 'UTC', currency: profile.currency ?? 'EUR', near: clock.now() }
    const built = buildRequest(profile.check, baseUrlOf(config), {}, terms)
    if (built.kind === 'wrong')
      throw new ConfigInvalid('/document/check', `The request cannot be made: ${built.reason}.`)
    const answer = await line.call(built.request, signal)
    if (answer.kind === 'answered' && (answer.status === 401 || answer.status === 403))
      throw new AuthFailed(`The vendor refuses our credentials (${answer.status}). Is the secret "vendor" right?`)
    if (!succeeded(answer)) throw new NotReady(`${saidBy(answer)}.`)
  },
  async setup(ctx) {
    const { config } = ctx
    const profile = profileOf(config)
    const { polls = [], webhooks = [], actions = {} } = profile
    const user = config.user ?? ''
    // A missing secret is found at once, and not by the first poll.
    if ((profile.auth?.kind ?? 'none') !== 'none') await ctx.secret('vendor')
    if (webhooks.length > 0) await ctx.secret('webhook')
    const baseUrl = polls.length > 0 || Object.keys(actions).length > 0 ? baseUrlOf(config) : ''
    const remembered = memory(ctx.db, ctx.connection.id)
    const line = vendorLine({
      profile,
      user,
      tokenUrl: tokenUrlOf(config),
      fetch: ctx.fetch,
      clock: ctx.clock,
      newId: ctx.newId,
      secret: () => ctx.secret('vendor'),
    })
    /** What each poll ended with. */
    const last = new Map<string, Polled>()
    let refusedCalls = 0
    const dueAt = new Map<string, number>()
    let look: ((signal: AbortSignal) => Promise<void>) | undefined
    let looking: Promise<void> | undefined

    ctx.provide('parcs', {
      async connect(sink, book) {
        const deps = { profile, memory: remembered, sink, clock: ctx.clock, log: ctx.log, site: () => book.site() }
        const acting = { profile, baseUrl, line, site: () => book.site() }
        look = async (signal) => {
          for (const each of polls) {
            const now = ctx.clock.now().getTime()
            if (signal.aborted || line.holdMs() > 0) return
            // A minute's schedule fires a little early or late; half a minute is as good as due.
            if ((dueAt.get(each.name) ?? 0) > now + 30_000) continue
            dueAt.set(each.name, now + (each.everyMinutes ?? 1) * 60_000)
            const polled = await poll({ ...deps, baseUrl, line }, each, signal)
            last.set(each.name, polled)
            if (polled.trouble !== null) ctx.log.warn({ trouble: polled.trouble }, 'the vendor could not be read fully')
          }
        }
        ctx.inbound(
          hear({
            profile,
            user: config.webhookUser ?? '',
            clock: ctx.clock,
            log: ctx.log,
            memory: remembered,
            secret: () => ctx.secret('webhook'),
            async take(webhook, message, records) {
              const took = await takeIn(deps, webhook.facts, message, records, {
                name: webhook.path,
                backfilled: false,
              })
              refusedCalls = took.refused.length
              return took
            },
          }),
        )
        const kinds = Object.keys(actions) as ParkingActionKind[]
        const link: ParcsLink = {
          features: polls.length > 0 ? ['backfill'] : [],
          actions: Object.fromEntries(kinds.map((kind) => [kind, { repeatable: actions[kind]?.repeatable === true }])),
          act: (action, signal) => act(acting, action, signal),
          askOutcome: (action, signal) => askOutcome(acting, action, signal),
          async stop() {
            look = undefined
          },
          async health() {
            const troubles = [...last.values()].flatMap(({ trouble, refused }) =>
              trouble !== null ? [trouble] : refused > 0 ? [`${refused} things the vendor told could not be read`] : [],
            )
            if (refusedCalls > 0) troubles.push(`the last call held ${refusedCalls} things that could not be read`)
            return troubles.length > 0 ? { state: 'degraded', reason: troubles.join('; ') } : { state: 'ok' }
          },
        }
        return link
      },
    })
    if (polls.length > 0)
      ctx.every('* * * * *', 'poll', async (signal) => {
        looking ??= (look?.(AbortSignal.any([signal, ctx.signal])) ?? Promise.resolve()).finally(() => {
          looking = undefined
        })
        await looking
      })
    ctx.every('17 4 * * *', 'forget', async () => {
      const now = ctx.clock.now().getTime()
      const longest = Math.max(0, ...webhooks.map(({ auth }) => (auth.kind === 'hmac' ? (auth.replaySeconds ?? 0) : 0)))
      await remembered.forget(new Date(now - toldDays * dayMs), new Date(now - longest * 1_000))
    })
  },
})

/** @throws ConfigInvalid for a profile that is wrong, or that has questions nobody has answered */
function profileOf(config: TemplateConfig): Profile {
  const own = config.profile === undefined || config.profile === ownProfile
  if (own && config.document === undefined)
    throw new ConfigInvalid(
      '/document',
      'Put the vendor profile here, or name one that ships with the hub in "profile".',
    )
  const checked = checkProfile(own ? config.document : shippedProfile(config.profile ?? ''))
  if (checked.kind === 'wrong') {
    const [{ pointer, message } = { pointer: '', message: 'is wrong' }] = checked.errors
    throw new ConfigInvalid(`/document${pointer}`, `The profile at ${pointer || 'its root'} ${message}.`)
  }
  const { profile } = checked
  if (profile.ask?.length)
    throw new ConfigInvalid(
      own ? '/document/ask' : '/profile',
      `The profile "${profile.title}" is not filled in yet: its vendor publishes no documentation. Ask the vendor: ${profile.ask.join(' ')}`,
    )
  return profile
}

function baseUrlOf({ baseUrl }: TemplateConfig): string {
  if (!baseUrl) throw new ConfigInvalid('/baseUrl', 'The profile calls the vendor; say at which address.')
  return baseUrl
}
