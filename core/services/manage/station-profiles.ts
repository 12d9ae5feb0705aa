// Owns what an operator sees and sets of a station's profile, and the report of departures by model.
// Must not know a flag: the charger adapters' model books do.
import { pointerTo } from '../../domain/json-pointer.ts'
import type { DeviationWords, EffectiveFlag, ModelBook, ModelProfile } from '../../domain/station-model.ts'
import {
  countsOfStation,
  deviationsByModel,
  type ModelCode,
  type ModelDeviations,
} from '../../store/deviations-read.ts'
import type { Page, Place } from '../../store/keyset.ts'
import { getRecord } from '../../store/record-table.ts'
import { type Station, stations } from '../../store/stations.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { overrideFlags } from './manage-stations.ts'
import { type Access, notFound, type Outcome, ok } from './outcome.ts'

type Deps = ServiceDeps & { books: readonly ModelBook[] }

export async function listProfiles(books: readonly ModelBook[]): Promise<ModelProfile[]> {
  return (await Promise.all(books.map((book) => book.profiles()))).flat()
}

export async function deviationCodes(books: readonly ModelBook[]): Promise<DeviationWords[]> {
  return (await Promise.all(books.map((book) => book.deviations()))).flat()
}

export interface StationProfileView extends Pick<Station, 'stationId' | 'vendor' | 'model' | 'firmware' | 'version'> {
  flags: (EffectiveFlag & { uses: number; lastUsedAt: Date | null })[]
}

export function getStationProfile({ db, books }: Deps) {
  return async (access: Access, stationId: string): Promise<Outcome<StationProfileView>> => {
    const station = await getRecord(db, stations, access, stationId)
    if (!station) return notFound
    return ok(await viewOf(db, books, access, station))
  }
}

async function viewOf(
  db: ServiceDeps['db'],
  books: readonly ModelBook[],
  access: Access,
  station: Station,
): Promise<StationProfileView> {
  const counts = await countsOfStation(db, access.organizationId, station.stationId)
  const { stationId, vendor, model, firmware, version } = station
  const flags = (await Promise.all(books.map((book) => book.describe(station)))).flat()
  return {
    stationId,
    vendor,
    model,
    firmware,
    version,
    flags: flags.map((flag) => {
      const uses = counts.get(`flag:${flag.name}`)
      return { ...flag, uses: uses?.count ?? 0, lastUsedAt: uses?.lastAt ?? null }
    }),
  }
}

/** The whole of what the operator says: flags left out are the model's again. */
export function setProfileOverrides(deps: Deps) {
  return async (
    access: Access,
    stationId: string,
    flags: Readonly<Record<string, unknown>>,
    version?: number,
  ): Promise<Outcome<StationProfileView>> => {
    if (!(await getRecord(deps.db, stations, access, stationId))) return notFound
    const [book] = deps.books
    if (book === undefined) {
      return { kind: 'conflict', message: 'No charger adapter that knows station profiles is at work.' }
    }
    const wrong = await book.check(flags)
    if (wrong.length > 0) {
      return {
        kind: 'invalid',
        problems: wrong.map(({ name, message }) => ({ pointer: pointerTo('flags', name), message })),
      }
    }
    const known = (await book.describe({ vendor: null, model: null, firmware: null, settings: {} })).map((f) => f.name)
    const changed = await overrideFlags(deps, known)(access, stationId, flags, version)
    return changed.kind === 'ok' ? ok(await viewOf(deps.db, deps.books, access, changed.value)) : changed
  }
}

export interface CodeInWords extends ModelCode {
  kind: 'deviation' | 'flag'
  title: string
  handling: string
}

export interface ModelReport extends Omit<ModelDeviations, 'codes'> {
  codes: CodeInWords[]
}

export function reportByModel({ db, books }: Pick<Deps, 'db' | 'books'>) {
  return async (
    access: Access,
    { vendor, limit = 50, after }: { vendor?: string | undefined; limit?: number; after: Place | undefined },
  ): Promise<Page<ModelReport>> => {
    const words = new Map((await deviationCodes(books)).map((each) => [each.code, each]))
    const { items, next } = await deviationsByModel(db, access, { vendor, limit, place: after })
    const inWords = (each: ModelCode): CodeInWords => {
      const { title = each.code, handling = '' } = words.get(each.code) ?? {}
      return { ...each, kind: each.code.startsWith('flag:') ? 'flag' : 'deviation', title, handling }
    }
    return { items: items.map(({ codes, ...model }) => ({ ...model, codes: codes.map(inWords) })), next }
  }
}

const csvColumns = [
  'vendor',
  'model',
  'firmwares',
  'code',
  'title',
  'handling',
  'count',
  'stations',
  'first_at',
  'last_at',
  'sample',
]

/** RFC 4180. A station may name its model as it likes: what a spreadsheet would run as a formula is made text. */
function csvField(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The whole report, a line for each model and code. */
export async function reportAsCsv(read: (after: Place | undefined) => Promise<Page<ModelReport>>): Promise<string> {
  const lines: (string | number)[][] = [csvColumns]
  let place: Place | undefined
  do {
    const { items, next } = await read(place)
    for (const { vendor, model, firmwares, codes } of items) {
      for (const { code, title, handling, count, stations: of, firstAt, lastAt, sample } of codes) {
        const times = [firstAt.toISOString(), lastAt.toISOString()]
        lines.push([vendor, model, firmwares.join(' '), code, title, handling, count, of, ...times, sample ?? ''])
      }
    }
    place = next ?? undefined
  } while (place !== undefined)
  return lines.map((line) => `${line.map(csvField).join(',')}\r\n`).join('')
}
