// Owns the plugin "parcs-http": the vendor-neutral interface that a parking system, or a small bridge beside one, posts to.
// Must not know any vendor; see README.md for the contract.
import { ConfigInvalid, definePlugin, type ParcsSink } from '../../core/plugin/index.ts'
import { configSchema, defaultConfig, type ParcsHttpConfig } from './config-schema.ts'
import { inbound } from './inbound.ts'
import { signingKeys } from './signature.ts'

/** Held by both sides. During a change of secret it may hold two, separated by a space. */
const secretName = 'signing'
/** A wrong signature may mean a changed secret; a stranger's stream of wrong ones must not mean a stream of look-ups. */
const rereadMs = 1_000

export default definePlugin<Partial<ParcsHttpConfig>, 'parcs'>({
  id: 'parcs-http',
  title: 'Parking system over HTTP',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', `secret:${secretName}`],
  traits: {
    authorisation: 'callout',
    pricing: 'hub',
    chargePush: 'none',
    events: 'webhook',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate, card, ticket, qr, app, emaid, phone',
    decodeProfiles: 'named by the sender',
    offlineBackfill: 'yes',
    clock: 'offset',
    docStatus: 'public',
  },
  config: configSchema,
  async setup(ctx) {
    const config: ParcsHttpConfig = { ...defaultConfig, ...ctx.config }
    const read = async () => {
      const keys = signingKeys(await ctx.secret(secretName))
      if (keys) return keys
      throw new ConfigInvalid('', 'The secret "signing" has to be "whsec_" and at least 24 bytes in base64.')
    }
    let keys = await read()
    let readAt = ctx.clock.now().getTime()
    let sink: ParcsSink | undefined
    ctx.provide('parcs', {
      async connect(given) {
        sink = given
        return {
          features: ['decide', 'backfill'],
          async stop() {
            sink = undefined
          },
        }
      },
    })
    ctx.inbound(
      inbound({
        name: ctx.connection.name,
        config,
        clock: ctx.clock,
        log: ctx.log,
        sink: () => (ctx.signal.aborted ? undefined : sink),
        async keys(again) {
          const now = ctx.clock.now().getTime()
          if (!again || now - readAt < rereadMs) return keys
          readAt = now
          // A secret that cannot be read now is no reason to forget the one that worked.
          keys = await read().catch((error: unknown) => {
            ctx.log.error({ err: error }, 'the signing secret could not be read again')
            return keys
          })
          return keys
        },
      }),
    )
  },
})
