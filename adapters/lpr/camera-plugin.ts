// Owns making a plugin of a vendor: set-up, secret, health and connection test are the same for all cameras.
// Must not know any vendor.
import { type AnyPlugin, ConfigInvalid, definePlugin, type Health, type ReaderSink } from '../../core/plugin/index.ts'
import type { BodyProblem } from './body/body-problem.ts'
import { type CameraConfig, cameraRules, cameraSchema } from './camera-config.ts'
import { serve } from './serve.ts'
import type { Vendor } from './vendor.ts'

/** Held by both sides: password, token or signing key. */
const secretName = 'inbound'
const shortestSecret = 8
/** A stranger's stream of wrong secrets must not mean a stream of look-ups. */
const rereadMs = 1_000

export function cameraPlugin<C extends object>(vendor: Vendor<C>): AnyPlugin {
  return definePlugin<CameraConfig & C, 'reader'>({
    id: `lpr-${vendor.id}`,
    title: vendor.title,
    version: '1.0.0',
    apiVersion: 1,
    hub: '^0.1',
    capabilities: ['reader'],
    permissions: ['inbound', `secret:${secretName}`, ...(vendor.permissions ?? [])],
    traits: { ...vendor.traits, credentialTypes: 'plate', proofs: vendor.proofs.join(', ') },
    config: cameraSchema(vendor),
    async check(config, options) {
      cameraRules(vendor, config)
      usable(await options.secret(secretName))
      await vendor.check?.(config, options)
    },
    async setup(ctx) {
      const { settings, proof, largestBody } = cameraRules(vendor, ctx.config)
      let secret = usable(await ctx.secret(secretName))
      let readAt = ctx.clock.now().getTime()
      let sink: ReaderSink | undefined
      let trouble: BodyProblem | null = null
      ctx.provide('reader', {
        async connect(given) {
          sink = given
          return {
            async stop() {
              sink = undefined
            },
            async health(): Promise<Health> {
              if (trouble === null) return { state: 'ok' }
              return {
                state: 'degraded',
                reason: `The last message could not be read: ${trouble.pointer || 'it'} ${trouble.message}.`,
              }
            },
          }
        },
      })
      ctx.inbound(
        serve({
          vendor,
          config: ctx.config,
          settings,
          proof,
          largestBody,
          clock: ctx.clock,
          log: ctx.log,
          sink: () => (ctx.signal.aborted ? undefined : sink),
          told(problem) {
            trouble = problem
          },
          async secret(again) {
            const now = ctx.clock.now().getTime()
            if (!again || now - readAt < rereadMs) return secret
            readAt = now
            // A secret that cannot be read now is no reason to forget the one that worked.
            secret = await ctx
              .secret(secretName)
              .then(usable)
              .catch((error: unknown) => {
                ctx.log.error({ err: error }, 'the secret of the camera could not be read again')
                return secret
              })
            return secret
          },
        }),
      )
    },
  })
}

function usable(secret: string): string {
  if (secret.length >= shortestSecret) return secret
  throw new ConfigInvalid('', `The secret "${secretName}" needs at least ${shortestSecret} characters.`)
}
