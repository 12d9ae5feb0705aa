// Owns the HTTP posts of Milesight cameras: a plate, or the state of a parking space.
// Must not rely on more than the plate being there: the rest was seen in some firmware only.
import type { ReaderReport } from '../../../core/plugin/index.ts'
import { bad } from '../body/body-problem.ts'
import { confidence } from '../read/confidence.ts'
import { originOf } from '../read/country.ts'
import { defined, type Field, field, flag, raw, text } from '../read/fields.ts'
import { readImages } from '../read/images.ts'
import { plateText } from '../read/plate.ts'
import { minuteOf, readId } from '../read/read-id.ts'
import { isoPatterns } from '../read/read-time.ts'
import { aliveOnly, epochTime, outcomeOf, readerOf, type SightTime, vehicleOf, writtenTime } from '../read/sight.ts'
import type { Message, Movement, Outcome, Settings, Vendor } from '../vendor.ts'

const patterns = [...isoPatterns, 'yyyy/MM/dd HH:mm:ss.S', 'yyyy/MM/dd HH:mm:ss']
const movements: Readonly<Record<string, Movement>> = { approach: 'towards', away: 'away', in: 'in', out: 'out' }

export const milesight: Vendor<object> = {
  id: 'milesight',
  title: 'Milesight LPR and parking cameras',
  proofs: ['key', 'digest', 'basic', 'header'],
  zone: 'needed',
  traits: { events: 'webhook', corrections: 'none', delivery: 'atMostOnce', clock: 'local', docStatus: 'observed' },
  read(message, settings): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const device = text(field(document, 'device', 'device_id', 'device_name', 'deviceName'))
    const plate = field(document, 'plate', 'license_plate', 'plate_number')
    const stamp = field(document, 'time', 'timestamp')
    const time = /^\d{10,13}$/.test(text(stamp) ?? '')
      ? epochTime(stamp, String(stamp.value).length > 10 ? 1_000 : 1, message)
      : writtenTime(stamp, patterns, message, settings.zone)
    const occupancy = field(document, 'occupancy')
    if (occupancy.value !== undefined) return space(document, occupancy, device, time, message, settings)
    if (plate.value === undefined) return aliveOnly(message, device)
    return outcomeOf(
      [
        {
          reader: device,
          time,
          plate,
          movement: { word: text(field(document, 'direction')), words: movements },
          images: [
            { kind: 'plate', base64: raw(field(document, 'plate_image')) },
            { kind: 'scene', base64: raw(field(document, 'full_image', 'snapshot')) },
            ...message.images.map((part) => ({ kind: 'scene' as const, part })),
          ],
          details: {
            ...originOf(text(field(document, 'region', 'country')), settings.homeCountry),
            confidence: confidence(text(field(document, 'confidence')), 'detect'),
            vehicle: vehicleOf({
              make: text(field(document, 'vehicle_brand')),
              model: undefined,
              color: text(field(document, 'vehicle_color')),
              kind: text(field(document, 'vehicle_type')),
            }),
          },
        },
      ],
      message,
      settings,
    )
  },
}

/** The shape that a parking-space camera of unnamed make was seen to send (parcs section 3.1, SPACE-CAM). */
function space(
  document: Field,
  occupancy: Field,
  device: string | undefined,
  time: SightTime,
  message: Message,
  settings: Settings,
): Outcome {
  const occupied = flag(occupancy)
  if (occupied === undefined) return bad(occupancy.pointer, 'is neither occupied nor free')
  if (time.kind === 'wrong') return { kind: 'problem', problem: time.problem }
  const area = text(field(document, 'parking_area'))
  const index = text(field(document, 'index_number'))
  const name = [area, index].filter((part) => part !== undefined).join('/')
  if (name === '') return bad('/index_number', 'is missing: nobody can tell which space it is')
  const reader = readerOf(message, device)
  const read = plateText(text(field(document, 'plate')))
  const report: ReaderReport = defined<Extract<ReaderReport, { type: 'space' }>>({
    type: 'space',
    id: readId(reader, name, time.kind === 'found' ? time.written : minuteOf(message.receivedAt), String(occupied)),
    revision: 1,
    reader,
    takenAt: time.kind === 'found' ? time.takenAt : message.receivedAt,
    space: name,
    occupied,
    plate: read.kind === 'plate' ? { text: read.plate } : undefined,
    images: readImages([{ kind: 'scene', base64: raw(field(document, 'snapshot')) }], settings.images),
  })
  const notes = time.kind === 'found' && time.note !== undefined ? [time.note] : []
  return { kind: 'read', reports: [report], alive: [], notes }
}
