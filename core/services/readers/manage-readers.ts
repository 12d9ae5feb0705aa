// Owns the rules of readers and of decode profiles: where a reader may stand, and that a change of how cards are written is followed.
// Must not interpret reports; the job does once a reader is placed.
import type { DecodeProfile } from '../../domain/credential/index.ts'
import { pointerTo } from '../../domain/json-pointer.ts'
import { connectionRecords } from '../../store/connections.ts'
import { type ModelProfile, modelProfiles } from '../../store/decode-profiles.ts'
import { areas, bays, lanes } from '../../store/places.ts'
import { type Reader, readers } from '../../store/readers.ts'
import { stations } from '../../store/stations.ts'
import { columns, columnsOf, type Making, manage } from '../manage/manage-record.ts'
import { type Access, invalid, type Refusal } from '../manage/outcome.ts'
import { broken, sameSite, theSite } from '../manage/references.ts'
import { brokenProfile } from './check-profile.ts'
import { tellBound } from './replay-reader.ts'
import { tellReread } from './reread-cards.ts'

export type ReaderFields = Partial<
  Pick<
    Reader,
    | 'label'
    | 'kind'
    | 'model'
    | 'role'
    | 'laneId'
    | 'areaId'
    | 'bayId'
    | 'spaces'
    | 'reversed'
    | 'passage'
    | 'staysConnectionId'
    | 'repeatSeconds'
    | 'decodeProfile'
    | 'imageDays'
    | 'heartbeatSeconds'
  >
> & { siteId?: string }
export type ReaderCreate = ReaderFields &
  Pick<Reader, 'name' | 'kind'> & { siteId: string; connectionId?: string | null }

type Placed = Pick<Reader, 'siteId' | 'role' | 'laneId' | 'bayId' | 'kind' | 'spaces'>

/** Where a reader of this role has to stand for its reads to mean something. */
function brokenPlace({ siteId, role, laneId, bayId, kind, spaces }: Placed): Refusal | undefined {
  if (role === null) return undefined
  if (siteId === null) return invalid('/siteId', 'is needed before a reader can have a role')
  const gate = role === 'entry' || role === 'exit' || role === 'both'
  if (gate && laneId === null) return invalid('/laneId', `is needed for the role ${role}`)
  if (role === 'bay' && bayId === null && Object.keys(spaces).length === 0)
    return invalid(kind === 'space' ? '/spaces' : '/bayId', 'says which bay it watches')
  return undefined
}

async function brokenParts(
  { trx, access }: Making,
  siteId: string | null,
  input: ReaderFields & { connectionId?: string | null },
): Promise<Refusal | undefined> {
  const here = sameSite(siteId)
  const parts = [
    theSite(input.siteId),
    { pointer: '/laneId', table: lanes, id: input.laneId, fits: here },
    { pointer: '/areaId', table: areas, id: input.areaId, fits: here },
    { pointer: '/bayId', table: bays, id: input.bayId, fits: here },
    ...Object.entries(input.spaces ?? {}).map(([space, id]) => ({
      pointer: pointerTo('spaces', space),
      table: bays,
      id,
      fits: here,
    })),
    { pointer: '/connectionId', table: connectionRecords, id: input.connectionId, fits: ofSite(siteId) },
    { pointer: '/staysConnectionId', table: connectionRecords, id: input.staysConnectionId, fits: ofSite(siteId) },
  ]
  return (await broken(trx, access, parts)) ?? brokenProfile(input.decodeProfile, '/decodeProfile')
}

const ofSite = (siteId: string | null) => (connection: { siteId: string | null }) =>
  connection.siteId === null || connection.siteId === siteId ? null : 'is of another site'

const fresh = { role: null, laneId: null, bayId: null, spaces: {} }

export const manageReaders = manage<Reader, ReaderCreate, ReaderFields>({
  table: readers,
  idOf: (reader) => reader.readerId,
  siteOf: (reader) => reader.siteId,
  create: async (making, input) =>
    brokenPlace({ ...fresh, ...input } as Placed) ??
    (await brokenParts(making, input.siteId, input)) ??
    columns(columnsOf(readers, { ...input, label: input.label ?? input.name })),
  async update(making, before, input) {
    if (input.siteId !== undefined && before.siteId !== null && input.siteId !== before.siteId)
      return invalid('/siteId', 'cannot change; add the reader anew at the other site')
    const siteId = input.siteId ?? before.siteId
    return (
      brokenPlace({ ...before, ...defined(input), siteId } as Placed) ??
      (await brokenParts(making, siteId, input)) ??
      columns(columnsOf(readers, input))
    )
  },
  async changed({ trx, access }, before, after) {
    const placed = (one: Reader | null) => JSON.stringify([one?.role ?? null, one?.spaces, one?.bayId])
    if (after.role !== null && placed(before) !== placed(after))
      await tellBound(trx, access.organizationId, after.readerId)
    const written = (one: Reader | null) =>
      JSON.stringify([
        one?.decodeProfile ?? null,
        one?.decodeProfile ? null : (one?.model ?? null),
        one?.archivedAt === null,
      ])
    if (before !== null && written(before) !== written(after))
      await tellReread(trx, { organizationId: access.organizationId, readerId: after.readerId })
    return undefined
  },
})

function defined<T extends object>(input: T): Partial<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<T>
}

export interface ProfileCreate {
  scope: ModelProfile['scope']
  stationId?: string
  vendor?: string
  model?: string
  profile: DecodeProfile
}

function brokenSubject({ scope, stationId, vendor, model }: ProfileCreate): Refusal | undefined {
  if (scope === 'station')
    return stationId === undefined ? invalid('/stationId', 'is needed for one station') : undefined
  if (stationId !== undefined) return invalid('/stationId', 'is for one station only')
  if (model === undefined) return invalid('/model', 'is needed for a model')
  return scope === 'station_model' && vendor === undefined
    ? invalid('/vendor', 'is needed for a station model')
    : undefined
}

export const manageProfiles = manage<ModelProfile, ProfileCreate, { profile?: DecodeProfile }>({
  table: modelProfiles,
  idOf: ({ profileId }) => profileId,
  siteOf: () => null,
  create: async ({ trx, access }, input) =>
    limited(access) ??
    brokenSubject(input) ??
    (await broken(trx, access, [{ pointer: '/stationId', table: stations, id: input.stationId }])) ??
    brokenProfile(input.profile, '/profile') ??
    columns(columnsOf(modelProfiles, input)),
  update: async ({ access }, _before, input) =>
    limited(access) ?? brokenProfile(input.profile, '/profile') ?? columns(columnsOf(modelProfiles, input)),
  async changed({ trx, access }, before, after) {
    const { scope, stationId, vendor, model } = after
    const said = (one: ModelProfile | null) => JSON.stringify([one?.profile, one?.archivedAt == null])
    if (said(before) !== said(after))
      await tellReread(trx, { organizationId: access.organizationId, scope, stationId, vendor, model })
    return undefined
  },
})

/** A model stands at every site. */
function limited(access: Access): Refusal | undefined {
  return access.siteIds === null
    ? undefined
    : { kind: 'forbidden', message: 'A key limited to sites cannot say how a model writes cards.' }
}
