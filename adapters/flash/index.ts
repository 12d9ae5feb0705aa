// Owns the plugin "flash": the hub's parkers as monthly accounts, vehicles and contacts of one Flash location.
// Must not offer what needs a contract: validations are named in the traits alone; README.md says what is public.
import { AuthFailed, ConfigInvalid, definePlugin, NotReady, type ParkingBook } from '../../core/plugin/index.ts'
import { flashApi } from './api.ts'
import { configSchema, defaults, type FlashConfig, type GivenConfig } from './config.ts'
import { actOnAccount, askAccount, type LifecycleDeps } from './lifecycle.ts'
import { numberMigration, numbers } from './numbers.ts'
import { listAccounts, review } from './review.ts'

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'flash',
  title: 'Flash monthly accounts',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['db', 'secret:securityToken', 'net:config:/baseUrl'],
  traits: {
    authorisation: 'preload',
    pricing: 'parcs',
    chargePush: 'none',
    events: 'none',
    corrections: 'none',
    delivery: 'none',
    credentialTypes: 'plate, card, ticket, qr, phone',
    decodeProfiles: 'one free text field',
    offlineBackfill: 'no',
    clock: 'local',
    docStatus: 'public',
    validations: 'contract needed',
  },
  config: configSchema,
  migrations: [numberMigration],
  async check(given, { fetch, secret, signal }) {
    const config: FlashConfig = { ...defaults, ...given }
    const api = flashApi({ config, fetch, securityToken: () => secret('securityToken') })
    const query = { locationId: config.locationId, AccountNumberType: config.accountNumberType, AccountNumber: 'BW-0' }
    const called = await api.get('GetMonthlyAccount1', query, signal)
    switch (called.kind) {
      case 'success':
      case 'not_found':
        return
      case 'refused_us':
        if (called.code === 'InvalidLocation') throw new ConfigInvalid('/locationId', called.reason)
        throw new AuthFailed(called.reason)
      case 'failure':
        throw new NotReady(`Flash answered: ${called.reason}`)
      case 'other':
        throw new NotReady(called.outcome.kind === 'done' ? 'Flash gave no answer.' : called.outcome.reason)
    }
  },
  async setup(ctx) {
    const config: FlashConfig = { ...defaults, ...ctx.config }
    // A missing token is found at once, and not by the first parker.
    await ctx.secret('securityToken')
    const api = flashApi({ config, fetch: ctx.fetch, securityToken: () => ctx.secret('securityToken') })
    let running: { deps: LifecycleDeps; book: ParkingBook } | undefined
    let trouble: string | null = null
    ctx.provide('parcs', {
      async connect(_, book) {
        const { zone } = await book.site()
        const deps: LifecycleDeps = { api, config, zone, numbers: numbers(ctx.db, ctx.connection.id) }
        running = { deps, book }
        const once = { repeatable: false }
        return {
          features: [],
          actions: { 'credential.put': once, 'credential.remove': once },
          act: (action, signal) => actOnAccount(deps, action, signal),
          askOutcome: (action, signal) => askAccount(deps, action, signal),
          async stop() {
            running = undefined
          },
          async health() {
            return trouble === null ? { state: 'ok' } : { state: 'degraded', reason: trouble }
          },
        }
      },
    })
    ctx.every('41 3 * * *', 'review', async (signal) => {
      if (!running) return
      const reviewed = await review(running.deps, running.book, signal)
      if (reviewed.suspended > 0)
        ctx.log.warn({ suspended: reviewed.suspended }, 'accounts of revoked credentials were active at Flash')
      trouble =
        reviewed.trouble ??
        (reviewed.missing > 0
          ? `${reviewed.missing} accounts that the hub made are no longer at Flash. Reconcile the preload.`
          : null)
    })
    ctx.route(
      {
        paths: {
          '/accounts': {
            get: {
              operationId: 'listFlashAccounts',
              summary: 'The hub’s accounts and what Flash says about each',
              parameters: [{ name: 'after', in: 'query', schema: { type: 'string', format: 'uuid' } }],
              responses: {
                200: { description: 'A page', content: { 'application/json': { schema: { type: 'object' } } } },
              },
            },
          },
        },
      },
      async (request) =>
        running
          ? Response.json(await listAccounts(running.deps, new URL(request.url), AbortSignal.timeout(60_000)))
          : new Response(null, { status: 503 }),
    )
  },
})
