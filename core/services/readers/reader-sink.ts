// Owns the door that one reader connection is given: reports in, signs of life in.
// Must not be kept open longer than the connection runs.
import type { GateDecision, GateQuestion } from '../../domain/parking-fact.ts'
import type { ReaderReport, ReaderSink, ReportResult } from '../../domain/reader.ts'
import { violation } from '../../store/constraint.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import { writeDecision } from '../../store/readers.ts'
import { checkReport } from './check-report.ts'
import { keepPictures } from './keep-pictures.ts'
import type { ReaderConnection, ReaderDeps } from './reader-deps.ts'
import type { SeenReaders } from './seen-readers.ts'
import { type PicturedReport, type StoredReports, storeReports } from './store-reports.ts'

export interface ReaderSinkDeps extends ReaderDeps {
  seen: SeenReaders
  /** The gate's answer, from the same rules as everywhere; it keeps the decision. */
  decide(source: ParkingSource, question: GateQuestion): Promise<GateDecision>
}

/** Reports per commit. */
const largestChunk = 200
/** A car that was seen longer ago has gone or has been let in by other means. */
const askWithinMs = 60_000

/**
 * @example
 * const openSink = readerSink({ db, clock, newId, log, disk, seen, decide })
 * const sink = openSink({ organizationId, siteId, connectionId })
 */
export function readerSink(deps: ReaderSinkDeps): (connection: ReaderConnection) => ReaderSink {
  const store = storeReports(deps)
  return (connection) => {
    /** Splits a chunk that the database refuses until the one report at fault stands alone. */
    const settle = async (chunk: readonly PicturedReport[]): Promise<ReportResult[]> => {
      try {
        const stored = await store(connection, chunk)
        for (const { readerId, at } of stored.heard) deps.seen.heard(connection.organizationId, readerId, at)
        await ask(deps, connection, stored)
        return stored.results
      } catch (error) {
        if (violation(error)?.kind !== 'value') throw error
        const [only] = chunk
        if (chunk.length === 1 && only) {
          const { id, revision } = only.report
          deps.log.error({ err: error, ...connection, reportId: id }, 'a report cannot be stored')
          return [{ id, revision, status: 'rejected', reason: 'not_storable' }]
        }
        const half = Math.ceil(chunk.length / 2)
        return [...(await settle(chunk.slice(0, half))), ...(await settle(chunk.slice(half)))]
      }
    }

    return {
      async report(reports: readonly ReaderReport[]) {
        const now = deps.clock.now()
        const results: (ReportResult | undefined)[] = []
        const good: { at: number; given: PicturedReport }[] = []
        for (const [at, report] of reports.entries()) {
          const problem = checkReport(report, now)
          if (problem) results[at] = { id: report?.id, revision: report?.revision, status: 'rejected', ...problem }
          else {
            const images = 'images' in report ? (report.images ?? []) : []
            good.push({ at, given: { report, pictures: await keepPictures(deps, images) } })
          }
        }
        for (let i = 0; i < good.length; i += largestChunk) {
          const chunk = good.slice(i, i + largestChunk)
          const settled = await settle(chunk.map(({ given }) => given))
          for (const [j, { at }] of chunk.entries()) results[at] = settled[j]
        }
        return results.map((result) => {
          if (!result) throw new Error('a report was left without a result')
          return result
        })
      },
      alive(reader, at) {
        deps.seen.alive(connection, reader, at)
      },
    }
  }
}

/** Asked once the read is stored: whatever becomes of the answer, the car was there. */
async function ask(deps: ReaderSinkDeps, connection: ReaderConnection, { asked }: StoredReports): Promise<void> {
  const now = deps.clock.now().getTime()
  for (const {
    reader,
    fact,
    ask: { instead },
  } of asked) {
    const { site_id: siteId, stays_connection_id, connection_id } = reader
    const connectionId = stays_connection_id ?? connection_id
    const isFresh = !fact.backfilled && now - fact.occurredAt.getTime() <= askWithinMs
    if (!isFresh || siteId === null || connectionId === null) continue
    const { organizationId } = connection
    const { direction, credentials, requestId = fact.id } = fact.data
    const again = instead === undefined ? {} : { instead }
    const { decision, reasonCode, message } = await deps.decide(
      { organizationId, siteId, connectionId },
      { requestId, lane: fact.lane ?? reader.name, direction, credentials, occurredAt: fact.occurredAt, ...again },
    )
    const answer = { decision, reasonCode, message, ...again }
    await writeDecision(deps.db, organizationId, requestId.replace(/^read:/, ''), answer)
  }
}
