// Owns the plugin "apds-server": the hub as an APDS 4.0 service for one partner, which reads the site, reports stays and is told of changes.
// Must not hold a rule of its own; ../README.md says what is served and what APDS cannot say.
import type { BookedStay, HubEvent, ParcsSink, ParkingBook } from '../../../core/plugin/index.ts'
import { ConfigInvalid, definePlugin, NotReady } from '../../../core/plugin/index.ts'
import { documentMigration, documents } from '../documents.ts'
import { type Intake, intake } from '../intake.ts'
import type { Topic } from '../objects.ts'
import { configSchema, defaults, type ServerConfig } from './config.ts'
import { lists } from './lists.ts'
import { pager } from './pager.ts'
import { router } from './router.ts'
import { subscriptionMigration, subscriptions } from './subscriptions.ts'
import { giveToken, scopesOf, type TokenDeps } from './token.ts'

const shortestSecret = 16

export default definePlugin<Partial<ServerConfig>, 'parcs'>({
  id: 'apds-server',
  title: 'APDS 4.0 for a partner',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'db', 'secret:clientSecret', 'net:config:/notifyUrl'],
  traits: {
    authorisation: 'preload',
    pricing: 'hub',
    chargePush: 'none',
    events: 'webhook',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate, card, ticket, qr, app, emaid, phone',
    decodeProfiles: 'as printed',
    offlineBackfill: 'yes',
    clock: 'offset',
    docStatus: 'public',
  },
  config: configSchema,
  migrations: [documentMigration, subscriptionMigration],
  async setup(ctx) {
    const config: ServerConfig = { ...defaults, ...ctx.config }
    const secret = () => ctx.secret('clientSecret')
    if ((await secret()).length < shortestSecret)
      throw new ConfigInvalid('', `The secret "clientSecret" needs at least ${shortestSecret} characters.`)
    const connectionId = ctx.connection.id
    const now = () => ctx.clock.now()
    const kept = documents(ctx.db, connectionId)
    let doors: { sink: ParcsSink; book: ParkingBook } | undefined
    const open = () => {
      if (!doors || ctx.signal.aborted) throw new NotReady('the connection is not running')
      return doors
    }
    const book: ParkingBook = {
      site: () => open().book.site(),
      counters: () => open().book.counters(),
      stays: (query) => open().book.stays(query),
      charging: (query) => open().book.charging(query),
      rights: (query) => open().book.rights(query),
      tariffs: () => open().book.tariffs(),
    }
    ctx.provide('parcs', {
      async connect(sink, given) {
        doors = { sink, book: given }
        return {
          features: ['backfill'],
          async stop() {
            doors = undefined
          },
        }
      },
    })
    const taking: Intake = intake({
      documents: kept,
      sink: { record: (facts) => open().sink.record(facts) },
      book,
      energyIdCodes: config.energyIdCodes,
      backfilled: false,
      log: ctx.log,
      now,
    })
    const { clientId, scopes, tokenMinutes: minutes } = config
    const tokens: TokenDeps = { connectionId, clientId, scopes, minutes, clock: ctx.clock, secret }
    const told = subscriptions({ db: ctx.db, connectionId, notifyUrl: config.notifyUrl, fetch: ctx.fetch, now })
    const sources = lists({ book, documents: kept, config, now })
    ctx.inbound(
      router({
        sources,
        pager: pager(ctx.clock, config.pageSize),
        intake: taking,
        subscribe: (json) => told.add(json),
        token: (request) => giveToken(tokens, request),
        scopesOf: (request) => scopesOf(tokens, request),
        log: ctx.log,
      }),
    )

    const isHere = ({ siteId }: HubEvent) => siteId === null || siteId === ctx.connection.siteId
    const tell = async (event: HubEvent, type: Topic, className: string, id: string, version: number | null) => {
      if (!isHere(event)) return
      const reference = { id, version: Math.max(1, version ?? 1), className }
      await told.tell({ id: event.id, timestamp: event.occurredAt.toISOString(), type, reference })
    }
    /** Null for a stay that the partner told of itself: it would be told its own news. */
    const stayOf = async (stayId: string): Promise<BookedStay | null> => {
      const [stay] = (await book.stays({ stayIds: [stayId] })).items
      return stay && stay.stayRef === undefined ? stay : null
    }
    const changes = {
      'stay.opened': 'SessionCreated',
      'stay.corrected': 'SessionUpdated',
      'stay.closed': 'SessionUpdated',
      'stay.voided': 'SessionDeleted',
    } as const
    for (const [type, topic] of Object.entries(changes) as [keyof typeof changes, Topic][])
      ctx.on(type, async (event) => {
        if (!isHere(event) || (await told.subscribed(topic)).length === 0) return
        const stay = await stayOf(event.data.stayId)
        if (stay) await tell(event, topic, 'Session', stay.stayId, stay.version)
      })
    ctx.on('credential.changed', async (event) => {
      const gone = event.data.status !== 'active'
      await tell(
        event,
        gone ? 'AssignedRightDeleted' : 'AssignedRightUpdated',
        'AssignedRight',
        event.data.credentialId,
        event.subject.version,
      )
    })
    ctx.on('equipment.changed', async (event) => {
      if (!isHere(event)) return
      const { state, text } = event.data
      const at = event.occurredAt.toISOString()
      await told.tell({
        id: event.id,
        timestamp: at,
        type: 'SystemEvents',
        // The alert of the public example: its own type says whether it begins or ends.
        alert: {
          id: event.id,
          timestamp: at,
          start: at,
          type: state === 'ok' ? 'resolved' : 'triggered',
          metric: 'equipment.state',
          condition: state,
          description: text ?? `Equipment is ${state}.`,
          impact: ['equipment'],
        },
      })
    })
  },
})
