// Owns the plugin "free-flow-autopay": Autopay's entries, ends and cancellations come in; claims and products go out.
// Must not hold a rule of its own; ../README.md says what Autopay can do and what it cannot.
import {
  AuthFailed,
  definePlugin,
  type ParkingBook as HubBook,
  NotReady,
  type ParcsSink,
} from '../../../core/plugin/index.ts'
import { callersOf } from '../callers.ts'
import { keepDays } from '../keep-days.ts'
import { messageBook, messageMigration } from '../message-book.ts'
import { receive } from '../receive.ts'
import { api } from './api.ts'
import { type AutopayConfig, configSchema, defaults } from './config.ts'
import { type MessageDeps, readCancelled, readEnded, readEntry } from './messages.ts'
import { zoneWatch } from './occupancy.ts'
import { parkingBook, parkingMigration } from './parking-book.ts'
import { act, askOutcome, type TellDeps, tellWaiting } from './tell.ts'

/** Doing either twice is the same as once: a product is put, and a claim is sent once whatever is asked. */
const repeatable = { repeatable: true }

const waysOf = ({ user }: Pick<AutopayConfig, 'user'>) => ({ user, headers: ['x-api-key', 'authorization'] })

export default definePlugin<Partial<AutopayConfig> & Pick<AutopayConfig, 'clientId'>, 'parcs'>({
  id: 'free-flow-autopay',
  title: 'Autopay (free-flow)',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: [
    'inbound',
    'db',
    'secret:inbound',
    'secret:clientSecret',
    'net:config:/baseUrl',
    'net:config:/tokenUrl',
  ],
  traits: {
    authorisation: 'none',
    pricing: 'parcs',
    chargePush: 'product, confirm',
    events: 'webhook, poll',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate',
    decodeProfiles: 'as printed',
    offlineBackfill: 'yes',
    clock: 'utc, offset',
    docStatus: 'public',
  },
  config: configSchema,
  migrations: [messageMigration, parkingMigration],
  async check(given, { fetch, secret, signal }) {
    const config: AutopayConfig = { ...defaults, ...given }
    callersOf(await secret('inbound'), waysOf(config))
    const { call } = api({ config, fetch, clock: stillClock, secret: () => secret('clientSecret') })
    // Any zone will do: what it says of the zone tells that the credentials were taken.
    const zone = config.occupancyZones[0] ?? config.zones[0] ?? '0'
    const called = await call('GET', `status/v1/zone/${encodeURIComponent(zone)}`, undefined, signal)
    if (called.kind === 'no_token') throw called.refused ? new AuthFailed(called.reason) : new NotReady(called.reason)
    if (called.kind !== 'answered') throw new NotReady(`Autopay could not be asked: ${called.reason}`)
    if (called.status === 401) throw new AuthFailed('Autopay takes no token of ours.')
    if (called.status >= 500) throw new NotReady(`Autopay answered ${called.status}.`)
  },
  async setup(ctx) {
    const config: AutopayConfig = { ...defaults, ...ctx.config }
    const proofs = async () => callersOf(await ctx.secret('inbound'), waysOf(config))
    await proofs()
    // A missing secret is found at once, and not by the first claim.
    await ctx.secret('clientSecret')
    const autopay = api({ config, fetch: ctx.fetch, clock: ctx.clock, secret: () => ctx.secret('clientSecret') })
    const book = messageBook(ctx.db, ctx.connection.id)
    const parkings = parkingBook(ctx.db, ctx.connection.id)
    const telling: TellDeps = { api: autopay, parkings, config, newId: ctx.newId, log: ctx.log }
    const watch = zoneWatch(autopay, config.occupancyZones, () => ctx.clock.now())
    let doors: { sink: ParcsSink; hub: HubBook } | undefined
    let troubles: { tell: string | null; zones: string | null } = { tell: null, zones: null }
    let running: Promise<void> | undefined
    let again = false

    /** One at a time; what comes meanwhile is told in another round. */
    const tell = (): Promise<void> => {
      again = true
      running ??= (async () => {
        while (again && !ctx.signal.aborted) {
          again = false
          troubles = { ...troubles, tell: await tellWaiting(telling, ctx.signal) }
        }
      })().finally(() => {
        running = undefined
      })
      return running
    }
    const wake = () =>
      void tell().catch((error: unknown) => ctx.log.error({ err: error }, 'Autopay could not be told now; it will be'))
    const open = () => {
      if (!doors || ctx.signal.aborted) throw new NotReady('the connection is not running')
      return doors
    }

    ctx.provide('parcs', {
      async connect(sink, hub) {
        doors = { sink, hub }
        return {
          features: ['backfill'],
          actions: { 'stay.product': repeatable, 'stay.confirm': repeatable },
          act: (action, signal) => act(telling, action, signal),
          askOutcome: (action) => askOutcome(telling, action),
          async stop() {
            doors = undefined
            await running?.catch(() => undefined)
          },
          async health() {
            const reason = troubles.tell ?? troubles.zones
            return reason === null ? { state: 'ok' } : { state: 'degraded', reason }
          },
        }
      },
    })

    const messages: MessageDeps = { config, parkings, hub: () => open().hub, now: () => ctx.clock.now(), wake }
    ctx.inbound(
      receive({
        routes: {
          entry: (json) => readEntry(messages, json),
          ended: (json) => readEnded(messages, json),
          cancelled: (json) => readCancelled(messages, json),
        },
        proofs,
        sink: () => (ctx.signal.aborted ? undefined : doors?.sink),
        book,
        clock: ctx.clock,
        log: ctx.log,
        repeatStatus: 200,
      }),
    )

    const stayOf = async (stayId: string) => (await open().hub.stays({ stayIds: [stayId] })).items[0]
    ctx.on('link.linked', async ({ data }) => {
      const stay = await stayOf(data.stayId)
      if (stay?.stayRef === undefined) return
      if (config.claim === 'charging') await parkings.wantClaim(stay.stayRef)
      if (config.chargingProduct !== '' && stay.state === 'open')
        await parkings.wantProduct(stay.stayRef, config.chargingProduct)
      wake()
    })
    ctx.on('link.removed', async ({ data }) => {
      if (config.usualProduct === '') return
      const stay = await stayOf(data.stayId)
      if (stay?.stayRef === undefined || stay.state !== 'open' || stay.charging.length > 0) return
      await parkings.wantProduct(stay.stayRef, config.usualProduct)
      wake()
    })
    ctx.every('* * * * *', 'tell', async (signal) => {
      await tell()
      if (doors) troubles = { ...troubles, zones: await watch.look(doors.sink, signal) }
    })
    ctx.every('23 3 * * *', 'forget', async () => {
      const before = keepDays(ctx.clock.now())
      await book.forget(before)
      await parkings.forget(before)
    })
  },
})

/** A check asks for one token and is over before it ends. */
const stillClock = { now: () => new Date(0), after: () => () => undefined }
