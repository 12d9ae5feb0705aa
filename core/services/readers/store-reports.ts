// Owns one transaction of reports: kept as they came, and everything that follows from them where their readers stand.
// Must not talk to the outside, nor keep anything between two calls: it may run more than once.
import { contentText } from '../../domain/content-text.ts'
import type { ParkingFact } from '../../domain/parking-fact.ts'
import type { ReaderReport, ReportResult } from '../../domain/reader.ts'
import { jsonText } from '../../store/json-text.ts'
import { lockSiteParking, type ParkingSource } from '../../store/parking-facts.ts'
import {
  addUnknownReaders,
  arrivalsAround,
  insertReports,
  type PlacedReader,
  placedReaders,
  type ReportRow,
  reportsOfVendor,
  writeMeanings,
} from '../../store/readers.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { storeFacts } from '../parking/store-facts.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Asking, type Interpreted, interpretReports, longestArrivalMs, type Told } from './interpret-reports.ts'
import type { KeptPicture } from './keep-pictures.ts'
import type { ReaderConnection } from './reader-deps.ts'

export interface PicturedReport {
  report: ReaderReport
  pictures: readonly KeptPicture[]
}

export interface StoredReports {
  results: ReportResult[]
  /** What the gate is newly asked, by arrival. */
  asked: { reader: PlacedReader; fact: Extract<ParkingFact, { type: 'gate.requested' }>; ask: Asking }[]
  heard: { readerId: string; at: Date }[]
}

/** Readers of one connection that nobody has placed; a sender that makes up names fills no table. */
export const mostUnbound = 500

export function storeReports(deps: ServiceDeps) {
  return (connection: ReaderConnection, reports: readonly PicturedReport[]): Promise<StoredReports> =>
    transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const { organizationId, connectionId } = connection
      const readers = await theReaders(deps, trx, connection, reports)
      await lockSites(trx, organizationId, connectionId, [...readers.values()])
      const stored = await reportsOfVendor(trx, connection, [...new Set(reports.map(({ report }) => report.id))])
      const fresh: { row: Told & { data: object }; given: PicturedReport }[] = []
      const results = reports.map((given): ReportResult => {
        const { id, revision, reader: name } = given.report
        const reader = readers.get(name)
        if (!reader) return { id, revision, status: 'rejected', reason: 'too_many_unknown_readers', pointer: '/reader' }
        const data = contentOf(given.report)
        const same = [...stored, ...fresh.map(({ row }) => row)].find(
          (one) => one.vendor_id === id && one.revision === revision,
        )
        if (same) {
          if (contentText(same.data) === contentText(data)) return { id, revision, status: 'duplicate' }
          return { id, revision, status: 'rejected', reason: 'revision_conflict', pointer: '/revision' }
        }
        const row = {
          report_id: deps.newId(),
          reader_id: reader.reader_id,
          vendor_id: id,
          revision,
          kind: given.report.type,
          taken_at: given.report.takenAt,
          backfilled: 'backfilled' in given.report && given.report.backfilled === true,
          plate: null,
          arrival_id: null,
          state: 'unbound',
          data,
        }
        fresh.push({ row, given })
        return { id, revision, status: 'stored' }
      })
      if (fresh.length === 0) return { results, asked: [], heard: [] }
      const byId = new Map([...readers.values()].map((reader) => [reader.reader_id, reader]))
      const rows = fresh.map(({ row }) => row)
      const around = await storedAround(trx, organizationId, byId, rows, stored)
      const meant = interpretReports(byId, rows, around)
      const meaningOf = new Map(meant.meanings.map((meaning) => [meaning.reportId, meaning]))
      await insertReports(
        trx,
        rows.map((row) => ({
          ...row,
          organization_id: organizationId,
          connection_id: connectionId,
          received_at: now,
          site_id: byId.get(row.reader_id)?.site_id ?? null,
          data: jsonText(row.data),
        })),
        fresh.flatMap(({ row, given }) => {
          const days = byId.get(row.reader_id)?.image_days ?? 0
          return given.pictures.map((picture) => ({
            ...picture,
            organization_id: organizationId,
            report_id: row.report_id,
            expires_at: new Date(now.getTime() + days * 86_400_000),
          }))
        }),
      )
      await writeMeanings(trx, organizationId, meant.meanings)
      await storeReadFacts(deps, trx, organizationId, meant)
      const states = new Map(
        rows.map((row) => [`${row.vendor_id} ${row.revision}`, meaningOf.get(row.report_id)?.state]),
      )
      return {
        results: results.map((result) => {
          if (result.status !== 'stored') return result
          const state = states.get(`${result.id} ${result.revision}`)
          return state === 'repeat' || state === 'superseded' || state === 'unbound'
            ? { id: result.id, revision: result.revision, status: state }
            : result
        }),
        asked: meant.facts.flatMap(({ reader, fact, ask }) =>
          fact.type === 'gate.requested' && ask !== undefined ? [{ reader, fact, ask }] : [],
        ),
        heard: rows.map(({ reader_id: readerId }) => ({ readerId, at: now })),
      }
    })
}

/** By the names the vendor uses; those never heard of are added, without a place. */
export async function theReaders(
  { newId, clock }: Pick<ServiceDeps, 'newId' | 'clock'>,
  trx: Db,
  connection: ReaderConnection,
  reports: readonly { report: Pick<ReaderReport, 'reader' | 'type'> }[],
): Promise<Map<string, PlacedReader>> {
  const { organizationId, connectionId, siteId } = connection
  const kinds = new Map(reports.map(({ report }) => [report.reader, report.type]))
  const names = [...kinds.keys()].sort()
  const look = () => placedReaders(trx, organizationId, { connectionId, names })
  let found = await look()
  const known = new Set(found.map(({ name }) => name))
  const unknown = names.filter((name) => !known.has(name))
  if (unknown.length > 0) {
    const now = clock.now()
    const rows = unknown.map((name) => ({
      organization_id: organizationId,
      site_id: siteId,
      reader_id: newId(),
      connection_id: connectionId,
      name,
      label: name,
      kind: kinds.get(name) ?? 'plate',
      created_at: now,
      updated_at: now,
    }))
    await addUnknownReaders(trx, rows, connection, mostUnbound)
    found = await look()
  }
  return new Map(found.map((reader) => [reader.name, reader]))
}

/** Reports of one place are taken one transaction after the other: two at once would each make an arrival of one car. */
export async function lockSites(
  trx: Db,
  organizationId: string,
  connectionId: string,
  readers: readonly PlacedReader[],
): Promise<void> {
  for (const siteId of [...new Set(readers.flatMap(({ site_id }) => site_id ?? []))].sort())
    await lockSiteParking(trx, { organizationId, siteId, connectionId })
}

export async function storedAround(
  trx: Db,
  organizationId: string,
  readers: ReadonlyMap<string, PlacedReader>,
  rows: readonly Told[],
  more: readonly ReportRow[],
): Promise<Told[]> {
  const near = await arrivalsAround(
    trx,
    organizationId,
    rows.flatMap(({ reader_id: readerId, taken_at, kind }) => {
      const reader = readers.get(readerId)
      if (!reader || reader.role === null || kind === 'space') return []
      const reach = Math.max(reader.repeat_seconds * 1_000, longestArrivalMs)
      return [{ readerId, from: new Date(taken_at.getTime() - reach), to: new Date(taken_at.getTime() + reach) }]
    }),
  )
  const own = new Set(rows.map(({ report_id }) => report_id))
  return [...new Map([...more, ...near].map((row) => [row.report_id, row])).values()].filter(
    ({ report_id }) => !own.has(report_id),
  )
}

/** The facts, under the connection whose stays they make; in the transaction that is given. */
export async function storeReadFacts(
  deps: ServiceDeps,
  trx: Db,
  organizationId: string,
  { facts }: Interpreted,
): Promise<void> {
  const bySource = new Map<string, { source: ParkingSource; facts: ParkingFact[] }>()
  for (const { reader, fact } of facts) {
    const connectionId = reader.stays_connection_id ?? reader.connection_id
    if (reader.site_id === null || connectionId === null) continue
    const source = { organizationId, siteId: reader.site_id, connectionId }
    const name = `${source.siteId} ${connectionId}`
    const group = bySource.get(name) ?? { source, facts: [] }
    group.facts.push(fact)
    bySource.set(name, group)
  }
  for (const { source, facts: some } of bySource.values()) await storeFacts({ ...deps, db: trx })(source, some)
}

/** As it came; its pictures are kept apart. */
function contentOf(report: ReaderReport): object {
  const {
    images: _,
    id: _id,
    revision: _revision,
    backfilled: _late,
    ...content
  } = report as ReaderReport & {
    images?: unknown
    backfilled?: unknown
  }
  return { ...content, takenAt: content.takenAt.toISOString() }
}
