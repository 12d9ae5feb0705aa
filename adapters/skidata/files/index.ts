// Owns the plugin "skidata-files": card files of a SKIDATA system brought in, and the hub's credentials written as one to fetch.
// Must not hold the layout of the file; card-file.ts has it, and ../README.md says what becomes of a card.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import {
  definePlugin,
  localDate,
  type ParcsSink,
  type ParkingBook,
  type ParkingFact,
  type PluginMigration,
  type PreloadedCredential,
  problem,
  problemResponse,
  provesCaller,
  readBody,
  startOfLocalDate,
} from '../../../core/plugin/index.ts'
import { type CardRow, emptyCard, readCardFile, unfitFields, writeCardFile } from './card-file.ts'

interface FilesConfig {
  facilityNo: number
  articleNo: number
  articleOfGroup: Readonly<Record<string, number>>
}

interface Tables {
  /** Cards of the system as its files had them last. */
  card: { connection_id: string; ticket_number: string; hash: string; revision: number }
  /** The hub's credentials as rows of the next file. */
  outgoing: { connection_id: string; credential_id: string; row: string }
}

const migration: PluginMigration = {
  name: '0001-files',
  async up(db) {
    await db.schema
      .createTable('card')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('ticket_number', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('card_key', ['connection_id', 'ticket_number'])
      .execute()
    await db.schema
      .createTable('outgoing')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('credential_id', 'text', (column) => column.notNull())
      .addColumn('row', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('outgoing_key', ['connection_id', 'credential_id'])
      .execute()
  },
}

const defaults = { articleNo: 2, articleOfGroup: {} }
const article = { type: 'integer', minimum: 0, maximum: 999 } as const
const largestFile = 33_554_432
const lot = 200
/** As far ahead as the hub believes a time. */
const furthestMs = 360 * 86_400_000

export default definePlugin<Partial<FilesConfig> & Pick<FilesConfig, 'facilityNo'>, 'parcs'>({
  id: 'skidata-files',
  title: 'SKIDATA card files',
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
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['facilityNo'],
    properties: {
      facilityNo: { type: 'integer', minimum: 0, maximum: 9_999_999, title: 'Facility number' },
      articleNo: {
        ...article,
        title: 'Article of the hub’s cards',
        description: 'Above 1: contract parking.',
        default: defaults.articleNo,
      },
      articleOfGroup: {
        type: 'object',
        title: 'Other articles by group code',
        additionalProperties: article,
        default: defaults.articleOfGroup,
      },
    },
  },
  migrations: [migration],
  async setup(ctx) {
    const config: FilesConfig = { ...defaults, ...ctx.config }
    const token = await ctx.secret('exchange')
    const connectionId = ctx.connection.id
    const db = ctx.db as Kysely<Tables>
    let doors: { sink: ParcsSink; book: ParkingBook } | undefined
    const put = async (credentialId: string, row: CardRow) => {
      const values = { connection_id: connectionId, credential_id: credentialId, row: JSON.stringify(row) }
      await db
        .insertInto('outgoing')
        .values(values)
        .onConflict((conflict) => conflict.columns(['connection_id', 'credential_id']).doUpdateSet({ row: values.row }))
        .execute()
    }
    const outgoing = async () =>
      db.selectFrom('outgoing').selectAll().where('connection_id', '=', connectionId).orderBy('credential_id').execute()

    ctx.provide('parcs', {
      async connect(sink, book) {
        doors = { sink, book }
        return {
          features: [],
          actions: { 'credential.put': { repeatable: true }, 'credential.remove': { repeatable: true } },
          async act(action) {
            if (action.kind !== 'credential.put' && action.kind !== 'credential.remove')
              return { kind: 'refused', reason: 'A card file has no such row.' }
            const { credentialId } = action.data
            const { zone } = await book.site()
            if (action.kind === 'credential.put') {
              const row = rowOf(config, action.data, zone)
              const [unfit] =
                row.ticketNumber === '' ? [{ field: 'ticketNumber', message: 'is empty' }] : unfitFields(row)
              if (unfit)
                return { kind: 'refused', reason: `The card file cannot carry it: ${unfit.field} ${unfit.message}.` }
              await put(credentialId, row)
              return { kind: 'done', reference: String(row.ticketNumber) }
            }
            const known = (await outgoing()).find(({ credential_id }) => credential_id === credentialId)
            if (!known) return { kind: 'done' }
            // It stays in the file: a card that is merely absent from one stays valid at the gate.
            const row = JSON.parse(known.row) as CardRow
            await put(credentialId, { ...row, blocked: true, blockedDate: localDate(ctx.clock.now(), zone) })
            return { kind: 'done', reference: String(row.ticketNumber) }
          },
          async stop() {
            doors = undefined
          },
        }
      },
    })

    ctx.inbound(async (request, path) => {
      if (!provesCaller(request.headers, new Uint8Array(), [{ kind: 'bearer', token }]))
        return problemResponse(
          problem(401, 'unauthorised', 'Not let in', 'Send the secret "exchange" as a bearer token.'),
        )
      if (path.replace(/^\//, '') !== 'cards')
        return problemResponse(problem(404, 'not_found', 'Not found', 'There is /cards alone.'))
      if (!doors) return problemResponse(problem(503, 'not_ready', 'Not ready', 'The connection is not running.'))
      const { sink, book } = doors
      const { zone, currency } = await book.site()
      if (request.method === 'GET') {
        const rows = (await outgoing()).map(({ row }) => JSON.parse(row) as CardRow)
        const date = localDate(ctx.clock.now(), zone)
        return new Response(writeCardFile({ facility: config.facilityNo, date, currency }, rows), {
          headers: { 'content-type': 'text/csv; charset=us-ascii' },
        })
      }
      if (request.method !== 'PUT') return new Response(null, { status: 405, headers: { allow: 'GET, PUT' } })
      const body = await readBody(request, largestFile)
      if (body.kind !== 'ok')
        return problemResponse(problem(413, body.kind, 'File not read', 'It is larger than 32 MB, or broke off.'))
      // Whether files are UTF-8 or of Windows is not documented: what is no UTF-8 is the latter.
      const file = readCardFile(decoded(body.value))
      if (file.kind === 'refused')
        return Response.json({ stored: 0, unchanged: 0, rejects: file.rejects }, { status: 422 })
      if (file.header.facility !== config.facilityNo) {
        const message = `is ${file.header.facility}, and this connection is for ${config.facilityNo}`
        return Response.json(
          { stored: 0, unchanged: 0, rejects: [{ line: 1, field: 'facility', message }] },
          { status: 422 },
        )
      }
      const rejects = [...file.rejects]
      let stored = 0
      let unchanged = 0
      const date = String(file.header.date)
      for (let from = 0; from < file.cards.length; from += lot) {
        const some = file.cards.slice(from, from + lot)
        const known = await db
          .selectFrom('card')
          .selectAll()
          .where('connection_id', '=', connectionId)
          .where(
            'ticket_number',
            'in',
            some.map(({ card }) => String(card.ticketNumber)),
          )
          .execute()
        const before = new Map(known.map((one) => [one.ticket_number, one]))
        const fresh = some.flatMap(({ line, card }) => {
          const number = String(card.ticketNumber)
          const hash = createHash('sha256').update(JSON.stringify(card)).digest('hex')
          const last = before.get(number)
          if (last?.hash === hash) return []
          const revision = (last?.revision ?? 0) + 1
          return [
            { line, number, hash, revision, fact: cardFact(card, { revision, date, zone, now: ctx.clock.now() }) },
          ]
        })
        unchanged += some.length - fresh.length
        const results = fresh.length > 0 ? await sink.record(fresh.map(({ fact }) => fact)) : []
        for (const [index, { line, number, hash, revision }] of fresh.entries()) {
          const result = results[index]
          if (result?.status === 'rejected') {
            rejects.push({ line, field: result.pointer ?? '', message: `is not kept by the hub: ${result.reason}` })
            continue
          }
          stored += 1
          await db
            .insertInto('card')
            .values({ connection_id: connectionId, ticket_number: number, hash, revision })
            .onConflict((conflict) =>
              conflict.columns(['connection_id', 'ticket_number']).doUpdateSet({ hash, revision }),
            )
            .execute()
        }
      }
      return Response.json({ stored, unchanged, rejects })
    })
  },
})

function decoded(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return new TextDecoder('windows-1252').decode(body)
  }
}

/** A standing right of the parking system, told as its booking: who may come from when until when. The same file says the same. */
function cardFact(
  card: CardRow,
  { revision, date, zone, now }: { revision: number; date: string; zone: string; now: Date },
): ParkingFact {
  const day = (value: unknown) => (typeof value === 'string' ? startOfLocalDate(value, zone) : null)
  const from = day(card.validFrom)
  // The day it expires is its last.
  const until = typeof card.expires === 'string' ? dayAfter(card.expires, zone) : null
  const serial = String(card.serialNo)
  const believed = (at: Date | null) =>
    at !== null && at.getTime() - now.getTime() < furthestMs && at.getUTCFullYear() > 2000
  return {
    id: `card/${card.ticketNumber}`,
    revision,
    type: 'reservation.changed',
    occurredAt: startOfLocalDate(date, zone),
    backfilled: true,
    data: {
      reservationRef: `card/${card.ticketNumber}`,
      state:
        card.blocked === true
          ? 'cancelled'
          : typeof card.expires === 'string' && card.expires < date
            ? 'expired'
            : 'booked',
      ...(believed(from) ? { from: from?.toISOString() ?? '' } : {}),
      ...(believed(until) ? { until: until?.toISOString() ?? '' } : {}),
      ...(card.articleNumber === null ? {} : { product: String(card.articleNumber) }),
      credentials: [
        { kind: 'card', value: String(card.ticketNumber) },
        ...(serial === '' || serial === card.ticketNumber ? [] : [{ kind: 'card' as const, value: serial }]),
      ],
    },
  }
}

const dayAfter = (date: string, zone: string) =>
  startOfLocalDate(new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10), zone)

function rowOf(
  { facilityNo, articleNo, articleOfGroup }: FilesConfig,
  credential: PreloadedCredential,
  zone: string,
): CardRow {
  const { presentations, groups, validFrom, validUntil, allowPassback } = credential
  const of = (...kinds: string[]) => presentations.find(({ kind }) => kinds.includes(kind))?.value ?? ''
  const group = groups.find((code) => articleOfGroup[code] !== undefined)
  return {
    ...emptyCard,
    ticketNumber: of('ticket', 'qr') || of('card'),
    serialNo: of('card'),
    articleNumber: (group === undefined ? undefined : articleOfGroup[group]) ?? articleNo,
    validFrom: validFrom ? localDate(validFrom, zone) : null,
    // The last instant before it ends: an end at midnight belongs to the day before.
    expires: validUntil ? localDate(new Date(validUntil.getTime() - 1), zone) : null,
    isNeutral: allowPassback,
    productionFacilityNumber: facilityNo,
  }
}
