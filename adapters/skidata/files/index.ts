// Owns the plugin "skidata-files": card, user and customer files of a SKIDATA system brought in, and the hub's own written to fetch.
// Must not hold the layout of a file; layouts.ts has it, and ../README.md says what becomes of a record.
import type { Kysely } from 'kysely'
import {
  definePlugin,
  localDate,
  type ParcsSink,
  type ParkingBook,
  problem,
  problemResponse,
} from '../../../core/plugin/index.ts'
import { complete, configSchema, type GivenConfig } from './config.ts'
import { outgoing } from './outgoing.ts'
import { peopleList } from './people-list.ts'
import { serve } from './serve.ts'
import { type FilesTables, migrations } from './tables.ts'

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'skidata-files',
  title: 'SKIDATA card and customer files',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'db', 'secret:exchange'],
  traits: {
    authorisation: 'preload',
    pricing: 'parcs',
    chargePush: 'none',
    events: 'file',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'card, ticket, qr',
    decodeProfiles: 'ticketNumber, serialNo',
    offlineBackfill: 'no',
    clock: 'local',
    docStatus: 'observed',
  },
  config: configSchema,
  migrations,
  async setup(ctx) {
    const deps = { db: ctx.db as Kysely<FilesTables>, connectionId: ctx.connection.id, config: complete(ctx.config) }
    const token = await ctx.secret('exchange')
    const out = outgoing(deps)
    let doors: { sink: ParcsSink; book: ParkingBook } | undefined
    ctx.provide('parcs', {
      async connect(sink, book) {
        doors = { sink, book }
        return {
          features: [],
          actions: { 'credential.put': { repeatable: true }, 'credential.remove': { repeatable: true } },
          act: async (action) => out.act(action, (await book.site()).zone, ctx.clock.now()),
          async stop() {
            doors = undefined
          },
        }
      },
    })
    ctx.inbound(serve({ ...deps, token, outgoing: out, now: () => ctx.clock.now(), doors: () => doors }))
    ctx.route(fragment, async () => {
      if (!doors) return problemResponse(problem(503, 'not_ready', 'Not ready', 'The connection is not running.'))
      const { zone } = await doors.book.site()
      const text = await peopleList(deps, deps.config, { zone, today: localDate(ctx.clock.now(), zone) })
      return new Response(text, { headers: { 'content-type': 'text/csv; charset=utf-8' } })
    })
  },
})

const summary = 'The system’s own users and their cards as a list of people that the hub can import'
const fragment = {
  paths: {
    '/people.csv': {
      get: {
        operationId: 'exportSkidataPeople',
        summary,
        responses: { 200: { description: summary, content: { 'text/csv': { schema: { type: 'string' } } } } },
      },
    },
  },
}
