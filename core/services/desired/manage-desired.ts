// Owns the rules of what may be wanted where, and has the stations concerned looked at when it changes.
// Must not tell a station anything.
import { checkDesired, type DesiredKind, type DesiredScope } from '../../domain/desired/index.ts'
import { type DesiredRecord, desiredItems } from '../../store/desired-items.ts'
import { addJobs } from '../../store/event-log.ts'
import { getRecord } from '../../store/record-table.ts'
import { stations } from '../../store/stations.ts'
import { type Change, columns, type Making, manage } from '../manage/manage-record.ts'
import { type Access, type FieldProblem, invalid, type Refusal } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import { readCertificate } from './certificate-hashes.ts'

export interface DesiredFields {
  value?: Record<string, unknown>
  enabled?: boolean
}
export type DesiredCreate = Pick<DesiredScope, 'scope'> &
  Partial<{ siteId: string; vendor: string; model: string; firmwarePrefix: string; stationId: string }> & {
    kind: DesiredKind
    key: string
    value: Record<string, unknown>
    enabled?: boolean
  }

export const manageDesiredItems = manage<DesiredRecord, DesiredCreate, DesiredFields>({
  table: desiredItems,
  idOf: (item) => item.desiredItemId,
  siteOf: (item) => item.siteId,
  async create(making, input) {
    const where = await placeOf(making, input)
    if (where.kind !== 'columns') return where
    const wrong = faults(input.kind, input.key, input.value)
    if (wrong) return wrong
    const { kind, key, value, enabled } = input
    return columns({ ...where.columns, kind, key, value, enabled: enabled ?? true })
  },
  async update({ access }, before, input) {
    const wrong =
      tooWide(access, before.scope) ??
      (input.value === undefined ? undefined : faults(before.kind, before.key, input.value))
    if (wrong) return wrong
    return columns({
      ...(input.value === undefined ? {} : { value: input.value }),
      ...(input.enabled === undefined ? {} : { enabled: input.enabled }),
    })
  },
  async changed({ trx, access }, before, after) {
    // Archiving asks for no columns of ours, so the limit is held here, too.
    const wrong = tooWide(access, after.scope)
    if (wrong) return wrong
    if (before === null && !after.enabled) return undefined
    const { organizationId } = access
    const { scope, siteId, vendor, model, firmwarePrefix, stationId } = after
    const places = [{ scope, siteId, vendor, model, firmwarePrefix, stationId }]
    await addJobs(trx, [{ task: 'desired.changed', payload: { organizationId, places } }])
    return undefined
  },
})

function tooWide({ siteIds }: Access, scope: DesiredScope['scope']): Refusal | undefined {
  return siteIds !== null && (scope === 'organization' || scope === 'model')
    ? { kind: 'forbidden', message: 'This holds on sites that the key does not reach.' }
    : undefined
}

function faults(kind: DesiredKind, key: string, value: unknown): Refusal | undefined {
  const problems: FieldProblem[] = checkDesired(kind, key, value)
  if (problems.length > 0) return { kind: 'invalid', problems }
  if (kind === 'root_certificate' && readCertificate((value as { pem: string }).pem) === null)
    return invalid('/value/pem', 'is no certificate in PEM')
  return undefined
}

const ofScope = {
  organization: [],
  site: ['siteId'],
  model: ['vendor', 'model', 'firmwarePrefix'],
  station: ['stationId'],
} as const satisfies Record<DesiredScope['scope'], readonly (keyof DesiredCreate)[]>
const places = ['siteId', 'vendor', 'model', 'firmwarePrefix', 'stationId'] as const

/** The columns of the scope; a field of another scope would be a misunderstanding. */
async function placeOf({ trx, access }: Making, input: DesiredCreate): Promise<Change> {
  const wide = tooWide(access, input.scope)
  if (wide) return wide
  const mine: readonly string[] = ofScope[input.scope]
  const odd = places.find((field) => input[field] !== undefined && !mine.includes(field))
  if (odd !== undefined) return invalid(`/${odd}`, `does not go with the scope ${input.scope}`)
  const needed = ofScope[input.scope][0]
  if (needed !== undefined && input[needed] === undefined)
    return invalid(`/${needed}`, `is needed for the scope ${input.scope}`)
  switch (input.scope) {
    case 'organization':
      return columns({ scope: 'organization', place: 'organization' })
    case 'site': {
      const wrong = await broken(trx, access, [theSite(input.siteId)])
      return wrong ?? columns({ scope: 'site', site_id: input.siteId, place: `site:${input.siteId}` })
    }
    case 'model': {
      const { vendor = '', model = null, firmwarePrefix = null } = input
      const place = `model:${JSON.stringify([vendor, model, firmwarePrefix]).toLowerCase()}`
      return columns({ scope: 'model', vendor, model, firmware_prefix: firmwarePrefix, place })
    }
    case 'station': {
      const station = await getRecord(trx, stations, access, input.stationId ?? '')
      if (!station || station.archivedAt !== null) return invalid('/stationId', 'no such station')
      if (station.siteId === null) return invalid('/stationId', 'the station stands at no site yet')
      const { stationId, siteId } = station
      return columns({ scope: 'station', site_id: siteId, station_id: stationId, place: `station:${stationId}` })
    }
  }
}
