// Owns Genetec AutoVu: the template export of a SharpV (JSON, XML or form), and Read and Hit files of Security Center.
// Must not take a hit for another car: it is a read that matched a list, and the list is not the hub's.
import { confidence } from '../read/confidence.ts'
import { countryOf, originOf } from '../read/country.ts'
import { type Field, field, items, raw, text } from '../read/fields.ts'
import { isoPatterns } from '../read/read-time.ts'
import { aliveOnly, outcomeOf, type Sight, type SightTime, vehicleOf, writtenTime } from '../read/sight.ts'
import type { Message, Outcome, Settings, Vendor } from '../vendor.ts'

/** Dates are written in the order of the template or of the server's language; only year first is not ambiguous. */
const dates = ['yyyy-MM-dd', 'yyyy/MM/dd', 'yyyyMMdd'] as const
const times = ['HH:mm:ss.S', 'HH:mm:ss', 'HHmmss'] as const
const patterns = [...isoPatterns, ...dates.flatMap((date) => times.map((time) => `${date} ${time}`))]

export const genetec: Vendor<object> = {
  id: 'genetec',
  title: 'Genetec AutoVu (SharpV and Security Center export)',
  proofs: ['basic', 'key', 'bearer', 'header'],
  zone: 'useful',
  traits: {
    events: 'webhook',
    corrections: 'sameId',
    delivery: 'atLeastOnce',
    clock: 'utc, local',
    docStatus: 'public',
  },
  read(message, settings): Outcome {
    const root: Field = { value: message.document, pointer: '' }
    const found = readsIn(root)
    if (found.length === 0) return aliveOnly(message, text(field(root, 'CameraName', 'SourceName')))
    return outcomeOf(
      found.map((read) => sightOf(read, message, settings)),
      message,
      settings,
    )
  },
}

const wrappers = ['AutoVuExport', 'Export', 'Reads', 'Hits', 'Read', 'Hit', 'LicensePlateRead', 'Event'] as const

/** Down through the wrapping tags of an export to whatever has a plate; a file may hold several reads. */
function readsIn(from: Field, depth = 0): Field[] {
  if (field(from, 'Plate', 'PlateNumber', 'LicensePlate').value !== undefined && !holdsReads(from)) return [from]
  if (depth > 4) return []
  const inner = wrappers.flatMap((name) => items(field(from, name)))
  if (inner.length > 0) return inner.flatMap((each) => readsIn(each, depth + 1))
  // The root of a template export has the name that its author gave it.
  const { value } = from
  if (depth > 0 || typeof value !== 'object' || value === null) return []
  const names = Object.keys(value).filter((name) => !name.startsWith('?'))
  return names.length === 1 && names[0] !== undefined ? readsIn(field(from, names[0]), depth + 1) : []
}

function holdsReads(from: Field): boolean {
  const inner = field(from, 'Read').value
  return typeof inner === 'object' && inner !== null
}

function sightOf(read: Field, message: Message, settings: Settings): Sight {
  const extra = attributesOf(read)
  const said = (...names: string[]) =>
    text(field(read, ...names)) ?? names.map((name) => extra.get(plain(name))).find((one) => one !== undefined)
  const plate = field(read, 'Plate', 'PlateNumber', 'LicensePlate')
  // "Context" of an export is the state on the plate; a template calls it State.
  const place = said('State', 'Context', 'PlateState')
  const origin = originOf(place, settings.homeCountry)
  return {
    id: said('Guid', 'ReadID', 'HitID', 'ID'),
    reader: said('CameraName', 'SourceName', 'PatrollerName'),
    time: timeOf(read, message, settings),
    plate,
    movement: { word: said('Relative Motion', 'RelativeMotion'), words: {} },
    images: [
      { kind: 'scene', base64: raw(field(read, 'ContextImage')) },
      { kind: 'plate', base64: raw(field(read, 'PlateImage', 'LPRImage')) },
      ...message.images.map((part) => ({
        kind: /plate|lpr/i.test(part.name) ? ('plate' as const) : ('scene' as const),
        part,
      })),
    ],
    details: {
      ...origin,
      country: origin.country ?? countryOf(said('Country')),
      confidence: confidence(said('ConfidenceScore', 'Confidence Score')?.replace(/\s*%$/, ''), '100'),
      vehicle: vehicleOf({
        make: said('VehicleMake', 'Vehicle Make'),
        model: said('VehicleModel', 'Vehicle Model'),
        color: said('VehicleColor', 'Vehicle Color'),
        kind: said('VehicleType', 'Vehicle Type'),
      }),
    },
  }
}

const plain = (name: string) => name.toLowerCase().replace(/[\s_]/g, '')

/** The attribute list of an export: name and value as tags or as XML attributes. */
function attributesOf(read: Field): ReadonlyMap<string, string> {
  const list = field(read, 'Attributes', 'AttributeList')
  const each = items(field(list, 'Attribute').value === undefined ? list : field(list, 'Attribute'))
  return new Map(
    each.flatMap((one): [string, string][] => {
      const name = text(field(one, 'Name', '@Name', 'Key'))
      const value = text(field(one, 'Value', '@Value')) ?? text(one)
      return name === undefined || value === undefined ? [] : [[plain(name), value]]
    }),
  )
}

/** UTC where it is told, else the local time in the zone of the connection. */
function timeOf(read: Field, message: Message, settings: Settings): SightTime {
  const joined = (date: Field, time: Field): Field => {
    const [day, hour] = [text(date), text(time)]
    return { value: day === undefined || hour === undefined ? (day ?? hour) : `${day} ${hour}`, pointer: date.pointer }
  }
  const utc = joined(field(read, 'UTCDate', 'DateUTC', 'UtcDate'), field(read, 'UTCTime', 'TimeUTC', 'UtcTime'))
  if (utc.value !== undefined) return writtenTime(utc, patterns, message, 'UTC')
  const stamp = field(read, 'TimestampUTC', 'UtcTimestamp')
  if (stamp.value !== undefined) return writtenTime(stamp, patterns, message, 'UTC')
  const local = joined(field(read, 'LocalDate', 'DateLocal', 'Date'), field(read, 'LocalTime', 'TimeLocal', 'Time'))
  return writtenTime(local, patterns, message, settings.zone)
}
