// Owns the operations on station profiles, departures by model and the message journal's download.
// Must not know a flag or a code; the charger adapters bring them.
import { downloadJournal } from '../../services/manage/download-journal.ts'
import {
  deviationCodes,
  getStationProfile,
  listProfiles,
  reportAsCsv,
  reportByModel,
  type StationProfileView,
  setProfileOverrides,
} from '../../services/manage/station-profiles.ts'
import type { ChargerPorts, HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { found, listed, mapped, shown } from '../replies.ts'

type Ids =
  | 'listStationProfiles'
  | 'getStationProfile'
  | 'setStationProfileOverrides'
  | 'listDeviationsByModel'
  | 'listDeviationCodes'
  | 'downloadStationMessages'

export interface StationProfilesDeps {
  host: Pick<HostPorts, 'capability'>
  chargers: Pick<ChargerPorts, 'refresh'>
}

const encoder = new TextEncoder()

export function stationProfiles({ host, chargers }: StationProfilesDeps): Part<Ids> {
  const booksOf = ({ access: { organizationId } }: CallContext) =>
    host.capability('charger', { organizationId }).flatMap(({ implementation: { models } }) => models ?? [])
  const withBooks = (context: CallContext) => ({ ...context.deps, books: booksOf(context) })

  return {
    async listStationProfiles(_call, context) {
      const items = await listProfiles(booksOf(context))
      return {
        status: 200,
        body: {
          items: items.map(({ match, flags, ...profile }) => ({
            ...profile,
            match: { vendor: match.vendor ?? null, model: match.model ?? null, firmware: match.firmware ?? null },
            flags: { ...flags },
          })),
          nextCursor: null,
        },
      }
    },
    getStationProfile: async ({ path }, context) =>
      shown(await mapped(getStationProfile(withBooks(context))(context.access, path.stationId), asShown)),
    async setStationProfileOverrides({ path, body, version }, context) {
      const set = setProfileOverrides(withBooks(context))
      const outcome = await set(context.access, path.stationId, body.flags, version)
      // The open socket comes back under the new terms.
      if (outcome.kind === 'ok') context.afterCommit(() => chargers.refresh(path.stationId))
      return found(await mapped(outcome, asShown))
    },

    async listDeviationsByModel({ query, request }, context) {
      const report = reportByModel(withBooks(context))
      const { vendor, limit, after } = listQuery(query)
      const csv = (request.headers.get('accept') ?? '').split(',').some((range) => range.trim().startsWith('text/csv'))
      if (!csv)
        return listed(await report(context.access, { vendor, after, ...(limit === undefined ? {} : { limit }) }))
      const text = await reportAsCsv((place) => report(context.access, { vendor, limit: 200, after: place }))
      return new Response(text, {
        headers: {
          'Content-Type': 'text/csv; charset=utf-8',
          'Content-Disposition': 'attachment; filename="protocol-deviations.csv"',
          'Cache-Control': 'no-store',
        },
      })
    },
    async listDeviationCodes(_call, context) {
      return { status: 200, body: { items: await deviationCodes(booksOf(context)), nextCursor: null } }
    },

    async downloadStationMessages({ path, query }, context) {
      const journal = await downloadJournal(withBooks(context))(context.access, path.stationId, query)
      if (journal.kind !== 'ok') return refused(journal)
      const { code, pages } = journal.value
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { value, done } = await pages.next()
            if (done === true) controller.close()
            else controller.enqueue(encoder.encode(value))
          },
          async cancel() {
            await pages.return()
          },
        },
        { highWaterMark: 1 },
      )
      return new Response(body, {
        headers: {
          'Content-Type': 'application/x-ndjson',
          'Content-Disposition': `attachment; filename="${code.replace(/[^A-Za-z0-9._-]/g, '_')}.ndjson"`,
          'Cache-Control': 'no-store',
        },
      })
    },
  }
}

/** Lists of the adapter are its own; the answer gets copies. */
function asShown(profile: StationProfileView) {
  return { ...profile, flags: profile.flags.map((flag) => ({ ...flag })) }
}
