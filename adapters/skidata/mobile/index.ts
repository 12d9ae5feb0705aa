// Owns the plugin "skidata-mobile": APT SKIDATA's MobileAPI with its event socket, the price of a stay, and the bill's way back.
// Must not hold a rule of its own; ../README.md says what is mapped and what the interface does not say.
import { AuthFailed, definePlugin, NotReady } from '../../../core/plugin/index.ts'
import { abilities, act, askOutcome, quote } from './actions.ts'
import { mobileApi, refusalOf } from './api.ts'
import { configSchema, defaults, type MobileConfig } from './config.ts'
import { type Intake, intake } from './intake.ts'
import { monitor } from './monitor.ts'
import { lostVisits, sweep } from './sweep.ts'
import { mobileMigration, mobileTables } from './tables.ts'

type GivenConfig = Partial<MobileConfig> & Pick<MobileConfig, 'baseUrl' | 'facilityNo'>

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'skidata-mobile',
  title: 'SKIDATA MobileAPI',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['db', 'secret:apiKey', 'net:config:/baseUrl'],
  traits: {
    authorisation: 'preload',
    pricing: 'parcs, hub',
    chargePush: 'confirm, validation, promotion',
    events: 'socket, poll',
    corrections: 'none',
    delivery: 'atLeastOnce, replay',
    credentialTypes: 'plate, ticket, qr',
    decodeProfiles: 'as printed',
    offlineBackfill: 'yes',
    clock: 'utc',
    docStatus: 'public',
  },
  config: configSchema,
  migrations: [mobileMigration],
  async check(config, { fetch, secret, signal }) {
    const api = mobileApi({ baseUrl: config.baseUrl, fetch, apiKey: () => secret('apiKey') })
    const answer = await api('GetValidationProviders', { FacilityNo: config.facilityNo }, signal)
    if (answer.kind !== 'answered') throw new NotReady(`The service could not be asked: ${answer.reason}`)
    if (answer.status >= 200 && answer.status < 300) return
    const said = refusalOf(answer.json) ?? ''
    if (answer.status === 401 || answer.status === 403)
      throw new AuthFailed(`The service refuses the API key. ${said}`.trim())
    if (answer.status === 404)
      throw new NotReady('There is no MobileAPI at this address: /api/GetValidationProviders is not there.')
    throw new NotReady(`The service answered ${answer.status} to GetValidationProviders. ${said}`.trim())
  },
  async setup(ctx) {
    const config: MobileConfig = { ...defaults, ...ctx.config }
    const connectionId = ctx.connection.id
    // A missing key is found at once, and not by the first call.
    await ctx.secret('apiKey')
    const api = mobileApi({ baseUrl: config.baseUrl, fetch: ctx.fetch, apiKey: () => ctx.secret('apiKey') })
    let taking: Intake | undefined
    let sweeping: ((signal?: AbortSignal) => Promise<void>) | undefined

    ctx.provide('parcs', {
      async connect(sink, book) {
        const db = mobileTables(ctx.db)
        const site = () => book.site()
        const about = { db, connectionId, clock: ctx.clock }
        const made = intake({ ...about, ...config, sink, site, log: ctx.log })
        const deps = { ...about, ...config, api, site }
        let underWay: Promise<void> | undefined
        // One at a time: whoever wants another while one runs is served by that.
        sweeping = (signal) => {
          underWay ??= sweep({ ...deps, sink, alone: made.alone }, signal).finally(() => {
            underWay = undefined
          })
          return underWay
        }
        taking = made
        const listening = monitor({
          ...config,
          silenceMs: config.silenceSeconds * 1_000,
          apiKey: () => ctx.secret('apiKey'),
          webSocket: ctx.webSocket,
          intake: made,
          opened: () =>
            void sweeping?.(ctx.signal).catch((error: unknown) =>
              ctx.log.warn({ err: error }, 'gaps could not be asked after'),
            ),
          signal: ctx.signal,
          clock: ctx.clock,
          log: ctx.log,
        })
        return {
          features: ['quote', 'backfill'],
          actions: abilities(config.productId),
          act: (action, signal) => act(deps, action, signal),
          askOutcome: (action, signal) => askOutcome(deps, action, signal),
          quote: (stay, signal) => quote(deps, stay, signal),
          async stop() {
            taking = undefined
            sweeping = undefined
            listening.stop()
          },
          async health() {
            const deaf = listening.trouble()
            if (deaf !== null) return { state: 'degraded', reason: deaf }
            const troubles = [await made.trouble(), await lostVisits(about)]
            const reason = troubles.filter((one) => one !== null).join(' ')
            return reason === '' ? { state: 'ok' } : { state: 'degraded', reason }
          },
        }
      },
    })
    // What was kept while the hub could not be told, and what a killed hub left.
    ctx.every('* * * * *', 'tell', async () => taking?.tell())
    ctx.every('*/5 * * * *', 'sweep', async (signal) => sweeping?.(signal))
  },
})
