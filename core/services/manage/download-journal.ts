// Owns the download of a station's message journal: what the station is, then every frame in order, one JSON object a line.
// Must not hold more than a page of frames in memory.
import type { ModelBook } from '../../domain/station-model.ts'
import { lastProtocol } from '../../store/deviations-read.ts'
import type { Place } from '../../store/keyset.ts'
import { getRecord, listRecords } from '../../store/record-table.ts'
import { evses, stationMessages, stations } from '../../store/stations.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Access, notFound, type Outcome, ok } from './outcome.ts'

const framesAtOnce = 500

export interface Journal {
  code: string
  /** Lines of JSON, each with its end, some hundred at a time. */
  pages: AsyncGenerator<string, void, void>
}

/** The form is documented in README.md ("The message journal"); test/sim/journal-file.ts reads it. */
export function downloadJournal({ db, clock, books }: ServiceDeps & { books: readonly ModelBook[] }) {
  return async (
    access: Access,
    stationId: string,
    range: { from?: string; to?: string },
  ): Promise<Outcome<Journal>> => {
    const station = await getRecord(db, stations, access, stationId)
    if (!station) return notFound
    const { code, vendor, model, firmware, maxPowerW } = station
    const protocol = await lastProtocol(db, access.organizationId, stationId)
    const places = await listRecords(db, evses, access, { stationId, limit: 200 })
    const described = (await Promise.all(books.map((book) => book.describe(station)))).flat()
    const own = described.filter(({ origin }) => origin === 'operator').map(({ name, value }) => [name, value])
    const header = {
      type: 'journal',
      version: 1,
      station: code,
      vendor,
      model,
      firmware,
      protocol,
      maxPowerW,
      evses: places.items.map((evse) => ({ number: evse.number, maxPowerW: evse.maxPowerW })),
      flags: Object.fromEntries(own),
      from: range.from ?? null,
      to: range.to ?? null,
      madeAt: clock.now(),
    }
    async function* pages(): Journal['pages'] {
      yield `${JSON.stringify(header)}\n`
      let after: Place | undefined
      let frames = 0
      do {
        const query = { ...range, stationId, sort: 'receivedAt', limit: framesAtOnce, after }
        const { items, next } = await listRecords(db, stationMessages, access, query)
        frames += items.length
        after = next ?? undefined
        const lines = items.map(({ receivedAt, direction, epoch, action, frame }) =>
          JSON.stringify({ type: 'frame', at: receivedAt, direction, epoch, action, frame }),
        )
        if (lines.length > 0) yield `${lines.join('\n')}\n`
      } while (after !== undefined)
      yield `${JSON.stringify({ type: 'end', frames })}\n`
    }
    return ok({ code, pages: pages() })
  }
}
