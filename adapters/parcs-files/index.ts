// Owns the plugin "parcs-files": a parking system that speaks in files, read by a mapping and written to by a template.
// Must not hold a vendor's format; mapping/ and out/ do, as data.
import { definePlugin, type ParcsSink, type ParkingBook } from '../../core/plugin/index.ts'
import { fragment } from './api/describe.ts'
import { type ServeDeps, serveApi, serveVendor } from './api/serve.ts'
import { checkConfig, complete, configSchema, type FilesConfig, type GivenConfig } from './config-schema.ts'
import { type Look, lookAtPlace, takeUploads } from './intake/look.ts'
import { type FileDb, fileMigration } from './intake/tables.ts'
import { uploads } from './intake/uploads.ts'
import { writeOut } from './out/write-out.ts'
import type { FileSource } from './source/file-source.ts'
import { folderSource } from './source/folder.ts'
import { sftpSource } from './source/sftp.ts'

type Secret = (name: string) => Promise<string>

async function openSource(
  config: FilesConfig,
  connectionId: string | null,
  secret: Secret,
  signal: AbortSignal,
): Promise<FileSource> {
  if (config.source === 'folder') return folderSource(config.folder, connectionId)
  const login =
    config.login === 'password' ? { password: await secret('password') } : { privateKey: await secret('privateKey') }
  return sftpSource({ ...config, ...login }, signal)
}

export default definePlugin<GivenConfig, 'parcs'>({
  id: 'parcs-files',
  title: 'Parking system by files',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'db', 'secret:password', 'secret:privateKey', 'secret:uploadToken'],
  traits: {
    authorisation: 'preload',
    pricing: 'parcs',
    chargePush: 'validation, prepaid',
    events: 'file',
    corrections: 'sameId',
    delivery: 'replay',
    credentialTypes: 'plate, card, ticket, qr, app, emaid, phone',
    decodeProfiles: 'as written in the file',
    offlineBackfill: 'yes',
    clock: 'utc, offset, local',
    docStatus: 'observed',
  },
  config: configSchema,
  migrations: [fileMigration],
  async check(given, { secret, signal }) {
    const config = complete(given)
    checkConfig(config)
    if (config.source === 'upload') return
    const source = await openSource(config, null, secret, signal)
    try {
      await source.list()
    } finally {
      await source.close()
    }
  },
  async setup(ctx) {
    const config = complete(ctx.config)
    checkConfig(config)
    const connectionId = ctx.connection.id
    const db = ctx.db as FileDb
    const posted = uploads(db, connectionId, ctx)
    const open = (signal: AbortSignal) => openSource(config, connectionId, ctx.secret, signal)
    // What only a person can put right is found at once, and not by the first look.
    if (config.source === 'sftp') await ctx.secret(config.login === 'password' ? 'password' : 'privateKey')
    if (config.source === 'folder') await (await open(ctx.signal)).close()

    let doors: { sink: ParcsSink; book: ParkingBook } | undefined
    let trouble: string | null = null
    let looking: Promise<void> | undefined
    let again = false

    const place = async () => {
      const site = await doors?.book.site()
      return site ? { zone: site.zone, currency: site.currency } : null
    }
    const lookOnce = async () => {
      const { mapping } = config
      const here = await place()
      if (!mapping || !here || !doors) return
      const deps = { ...ctx, config: { ...config, mapping }, db, connectionId, sink: doors.sink, place: here }
      const looks: Look[] = [await takeUploads(deps, posted)]
      if (config.source !== 'upload') {
        const source = await open(ctx.signal)
        try {
          looks.push(await lookAtPlace(deps, source))
        } finally {
          await source.close()
        }
      }
      trouble = looks.find((one) => one.trouble !== null)?.trouble ?? null
    }
    /** One at a time; a call meanwhile makes for one more look behind it. */
    const look = (): Promise<void> => {
      if (looking) {
        again = true
        return looking
      }
      looking = (async () => {
        do {
          again = false
          try {
            await lookOnce()
          } catch (error) {
            trouble = error instanceof Error ? error.message : String(error)
            ctx.log.warn({ err: error }, 'files could not be taken')
          }
        } while (again && !ctx.signal.aborted)
        looking = undefined
      })()
      return looking
    }

    ctx.provide('parcs', {
      async connect(sink, book) {
        doors = { sink, book }
        const { zone } = await book.site()
        // What was posted before a stop or a kill does not wait for the next minute.
        if (config.source === 'upload') void look()
        return {
          features: ['backfill'],
          ...writeOut({ out: config.out, zone, open }),
          async stop() {
            await looking
            doors = undefined
          },
          async health() {
            if (!config.mapping)
              return {
                state: 'degraded',
                reason: 'There is no mapping yet: files wait until their columns are mapped.',
              }
            return trouble === null ? { state: 'ok' } : { state: 'degraded', reason: trouble }
          },
        }
      },
    })
    const serve: ServeDeps = {
      db,
      connectionId,
      config,
      posted,
      open: config.source === 'upload' ? null : () => open(ctx.signal),
      place,
      trouble: () => trouble,
      token: () => ctx.secret('uploadToken'),
      wake: () => void look(),
    }
    ctx.route(fragment, serveApi(serve))
    ctx.inbound(serveVendor(serve))
    ctx.every('* * * * *', 'look', look)
  },
})
