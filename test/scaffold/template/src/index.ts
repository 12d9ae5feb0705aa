// Owns the manifest of this plugin and its life: what it needs, what it can do, when it looks.
// Must not know the vendor's words; read-record.ts does.
import { AuthFailed, definePlugin, NotReady } from 'baywatt/plugin'
import { type Config, configSchema } from './config.ts'
import { type Feed, feed } from './feed.ts'

export default definePlugin<Config, 'parcs'>({
  id: 'acme-parking',
  title: 'Acme Parking',
  version: '0.1.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['secret:vendor', 'net:config:/baseUrl'],
  traits: {
    authorisation: 'none',
    pricing: 'hub',
    chargePush: 'none',
    events: 'poll',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate, ticket',
    decodeProfiles: 'as printed',
    offlineBackfill: 'yes',
    clock: 'utc',
    docStatus: 'unknown',
  },
  config: configSchema,
  async check(config, { fetch, secret, signal }) {
    const answer = await fetch(new URL('status', `${config.baseUrl}/`), {
      headers: { authorization: `Bearer ${await secret('vendor')}` },
      redirect: 'manual',
      signal,
    }).catch((cause: unknown) => {
      throw new NotReady('The parking system does not answer at its address.', cause)
    })
    await answer.body?.cancel()
    if (answer.status === 401) throw new AuthFailed('The parking system refuses the secret "vendor".')
    if (!answer.ok) throw new NotReady(`The parking system answered ${answer.status}.`)
  },
  async setup(ctx) {
    // A missing secret is found at once, and not by the first look.
    await ctx.secret('vendor')
    let reading: Feed | undefined
    let trouble: string | null = null
    ctx.provide('parcs', {
      async connect(sink) {
        reading = feed({
          baseUrl: ctx.config.baseUrl,
          fetch: ctx.fetch,
          log: ctx.log,
          sink,
          secret: () => ctx.secret('vendor'),
        })
        return {
          features: ['backfill'],
          async stop() {
            reading = undefined
          },
          async health() {
            return trouble === null ? { state: 'ok' } : { state: 'degraded', reason: trouble }
          },
        }
      },
    })
    ctx.every('* * * * *', 'feed', async (signal) => {
      trouble = (await reading?.look(signal)) ?? null
    })
  },
})
