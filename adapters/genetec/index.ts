// Owns the plugin "genetec-permits": the hub as the permit provider of AutoVu Pay-by-Plate Sync, where charging is a permit.
// Must not hear plates: reads of Genetec cameras come through "lpr-genetec". README.md says what is a permit and what is not.
import { type CallerProof, ConfigInvalid, definePlugin, NotReady, type ParkingBook } from '../../core/plugin/index.ts'
import { configSchema, defaults, type GenetecConfig } from './config.ts'
import { permitBook, permitMigration } from './permit-book.ts'
import type { PermitDeps } from './permits.ts'
import { serve } from './serve.ts'

const shortestKey = 16
/** An ended permit has been told long before, unless Genetec was away for as long. */
const keepDays = 90

export default definePlugin<Partial<GenetecConfig>, 'parcs'>({
  id: 'genetec-permits',
  title: 'Genetec AutoVu Pay-by-Plate Sync (permits)',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'db', 'secret:apiKey'],
  traits: {
    authorisation: 'callout, preload',
    pricing: 'hub',
    chargePush: 'none',
    events: 'none',
    corrections: 'none',
    delivery: 'none',
    credentialTypes: 'plate',
    decodeProfiles: 'as printed',
    offlineBackfill: 'no',
    clock: 'utc',
    docStatus: 'public',
  },
  config: configSchema,
  migrations: [permitMigration],
  async check(config, { secret }) {
    proofsOf(await secret('apiKey'), { ...defaults, ...config })
    distinct({ ...defaults, ...config })
  },
  async setup(ctx) {
    const config: GenetecConfig = { ...defaults, ...ctx.config }
    distinct(config)
    const proofs = async () => proofsOf(await ctx.secret('apiKey'), config)
    await proofs()
    const permitRows = permitBook(ctx.db, ctx.connection.id)
    let book: ParkingBook | undefined
    ctx.provide('parcs', {
      async connect(_, given) {
        book = given
        return {
          features: [],
          async stop() {
            book = undefined
          },
        }
      },
    })
    ctx.inbound(
      serve({
        connectionId: ctx.connection.id,
        config,
        proofs,
        permits(): PermitDeps {
          if (!book || ctx.signal.aborted) throw new NotReady('the connection is not running')
          return { book, config, now: () => ctx.clock.now() }
        },
        book: permitRows,
        log: ctx.log,
      }),
    )
    ctx.every('41 3 * * *', 'forget', () =>
      permitRows.forget(new Date(ctx.clock.now().getTime() - keepDays * 86_400_000)),
    )
  },
})

/** While the key is changed, the old and the new one may stand beside each other, separated by a blank. */
function proofsOf(secret: string, { keyHeader }: GenetecConfig): CallerProof[] {
  const keys = secret.trim().split(/\s+/)
  if (keys.some((key) => key.length < shortestKey))
    throw new ConfigInvalid('', `The secret "apiKey" needs at least ${shortestKey} characters and holds no blanks.`)
  return keys.flatMap((key): CallerProof[] => [
    { kind: 'bearer', token: key },
    { kind: 'header', name: 'authorization', value: key },
    { kind: 'header', name: keyHeader, value: key },
  ])
}

function distinct({ zones }: GenetecConfig): void {
  const twice = zones.findIndex(({ id }, index) => zones.findIndex((one) => one.id === id) < index)
  if (twice >= 0) throw new ConfigInvalid(`/zones/${twice}/id`, 'Two zones have this id.')
}
