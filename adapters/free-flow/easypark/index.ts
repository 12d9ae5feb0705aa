// Owns the plugin "free-flow-easypark": EasyPark tells of each paid parking when it is over, and of corrections.
// Must not hold a rule of its own; ../README.md says what EasyPark has and what it has not.
import { definePlugin, type ParcsSink } from '../../../core/plugin/index.ts'
import { callersOf } from '../callers.ts'
import { keepDays } from '../keep-days.ts'
import { messageBook, messageMigration } from '../message-book.ts'
import { receive } from '../receive.ts'
import { configSchema, defaults, type EasyParkConfig } from './config.ts'
import { readTransaction } from './transaction.ts'

const waysOf = ({ user, keyHeader }: EasyParkConfig) => ({ user, headers: [keyHeader] })

export default definePlugin<Partial<EasyParkConfig>, 'parcs'>({
  id: 'free-flow-easypark',
  title: 'EasyPark CameraPark (free-flow)',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'db', 'secret:inbound'],
  traits: {
    authorisation: 'none',
    pricing: 'parcs',
    chargePush: 'none',
    events: 'webhook',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    credentialTypes: 'plate',
    decodeProfiles: 'as printed',
    offlineBackfill: 'yes',
    clock: 'offset',
    docStatus: 'public',
  },
  config: configSchema,
  migrations: [messageMigration],
  async check(config, { secret }) {
    callersOf(await secret('inbound'), waysOf({ ...defaults, ...config }))
  },
  async setup(ctx) {
    const config: EasyParkConfig = { ...defaults, ...ctx.config }
    const proofs = async () => callersOf(await ctx.secret('inbound'), waysOf(config))
    await proofs()
    const book = messageBook(ctx.db, ctx.connection.id)
    let sink: ParcsSink | undefined
    ctx.provide('parcs', {
      async connect(given) {
        sink = given
        return {
          features: ['backfill'],
          async stop() {
            sink = undefined
          },
        }
      },
    })
    ctx.inbound(
      receive({
        routes: { transactions: (json) => readTransaction(json, config, ctx.clock.now()) },
        proofs,
        sink: () => (ctx.signal.aborted ? undefined : sink),
        book,
        clock: ctx.clock,
        log: ctx.log,
        // EasyPark takes 409 for "delivered", and repeats every other refusal hourly.
        repeatStatus: 409,
      }),
    )
    ctx.every('23 3 * * *', 'forget', () => book.forget(keepDays(ctx.clock.now())))
  },
})
