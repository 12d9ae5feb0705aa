// Owns the plugin "skidata-reporting": the views of a Parking.Logic reporting database, read and never written.
// Must not hold a rule of its own; ../README.md says which views are read and what they cannot tell.
import { definePlugin, NotReady } from '../../../core/plugin/index.ts'
import { configSchema, defaults, type ReportingConfig } from './config.ts'
import { type Follower, follower } from './follow.ts'
import { sqlServer } from './row-source.ts'
import { findSchema } from './schema-check.ts'
import { reportingMigration, reportingTables } from './tables.ts'

type GivenConfig = Partial<ReportingConfig> & Pick<ReportingConfig, 'address' | 'user'>

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'skidata-reporting',
  title: 'SKIDATA reporting database',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['db', 'secret:password', 'net:config:/address'],
  traits: {
    authorisation: 'none',
    pricing: 'parcs',
    chargePush: 'none',
    events: 'poll',
    corrections: 'sameId',
    delivery: 'replay',
    credentialTypes: 'plate, card, ticket',
    decodeProfiles: 'CardNo, SerialNo, UserIdTag',
    offlineBackfill: 'yes',
    clock: 'local',
    docStatus: 'observed',
  },
  config: configSchema,
  migrations: [reportingMigration],
  async check(config, { secret, signal }) {
    const complete: ReportingConfig = { ...defaults, ...config }
    const source = sqlServer(complete, () => secret('password'))
    try {
      const { missing } = await findSchema(source, complete.schema, signal)
      if (missing.length > 0) throw new NotReady(missing.join(' '))
    } finally {
      await source.close()
    }
  },
  async setup(ctx) {
    const config: ReportingConfig = { ...defaults, ...ctx.config }
    await ctx.secret('password')
    const source = sqlServer(config, () => ctx.secret('password'))
    let following: Follower | undefined
    ctx.provide('parcs', {
      async connect(sink, book) {
        const made = follower({
          ...config,
          db: reportingTables(ctx.db),
          connectionId: ctx.connection.id,
          sink,
          source,
          site: () => book.site(),
          clock: ctx.clock,
          log: ctx.log,
        })
        following = made
        return {
          features: ['backfill'],
          async stop() {
            following = undefined
            await source.close()
          },
          async health() {
            const reason = made.trouble()
            return reason === null ? { state: 'ok' } : { state: 'degraded', reason }
          },
        }
      },
    })
    ctx.every('* * * * *', 'follow', async (signal) => following?.follow(false, signal))
    ctx.every('17 * * * *', 'late', async (signal) => following?.follow(true, signal))
    return () => source.close()
  },
})
