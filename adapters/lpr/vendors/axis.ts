// Owns the pushes of Axis License Plate Verifier, and those of the publisher app that sends {topic, device, plate, …}.
// Must not let an update stand as another car: both carry the car's number, which is the arrival.
import { confidence } from '../read/confidence.ts'
import { originOf } from '../read/country.ts'
import { type Field, field, items, path, raw, text } from '../read/fields.ts'
import { kindOfName } from '../read/images.ts'
import { isoPatterns } from '../read/read-time.ts'
import { aliveOnly, epochTime, outcomeOf, type Sight, type SightTime, vehicleOf, writtenTime } from '../read/sight.ts'
import type { Message, Movement, Outcome, Settings, Vendor } from '../vendor.ts'

const movements: Readonly<Record<string, Movement>> = { in: 'in', out: 'out' }

export const axis: Vendor<object> = {
  id: 'axis',
  title: 'Axis License Plate Verifier',
  proofs: ['key', 'basic', 'bearer', 'header'],
  zone: 'useful',
  traits: {
    events: 'webhook',
    corrections: 'sameId',
    delivery: 'atMostOnce',
    clock: 'utc, local',
    docStatus: 'public',
  },
  read(message, settings): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const serial = text(path(document, 'camera_info', 'SerialNumber')) ?? text(field(document, 'sensorProviderID'))
    const verifier = field(document, 'plateText', 'plateUTF8', 'carID', 'carState')
    if (verifier.value !== undefined)
      return outcomeOf([verified(document, serial, message, settings)], message, settings)
    const device = text(field(document, 'device')) ?? serial
    if (field(document, 'plate').value === undefined) return aliveOnly(message, device)
    return outcomeOf([published(document, device, message, settings)], message, settings)
  },
}

function verified(document: Field, serial: string | undefined, message: Message, settings: Settings): Sight {
  const ascii = text(field(document, 'plateText'))
  const written = text(field(document, 'plateUTF8', 'plateUnicode'))
  const car = text(field(document, 'carID'))
  const state = text(field(document, 'carState'))?.toLowerCase()
  const time = timeOf(field(document, 'capture_ts'), field(document, 'datetime'), message, settings)
  const arrivalId = serial && car ? `${serial}/${car}` : undefined
  return {
    // The count of cars begins anew with the camera, so the moment belongs to the name.
    id: arrivalId && time.kind === 'found' ? `${arrivalId}/${state ?? 'new'}/${time.written}` : undefined,
    reader: serial,
    time,
    plate: field(document, 'plateText', 'plateUTF8', 'plateUnicode'),
    movement: { word: text(field(document, 'carMoveDirection')), words: movements },
    images: [
      ...items(field(document, 'ImageArray')).map((image) => ({
        kind: kindOfName(text(field(image, 'ImageType')) ?? ''),
        base64: raw(field(image, 'BinaryImage')),
      })),
      ...message.images.map((part) => ({ kind: kindOfName(part.name), part })),
    ],
    details: {
      ...originOf(text(field(document, 'plateCountry')), undefined),
      original: written === ascii ? undefined : written,
      arrivalId,
      confidence: confidence(text(field(document, 'plateConfidence')), 'detect'),
      vehicle: vehicleOf({
        make: text(path(document, 'vehicle_info', 'make')),
        model: text(path(document, 'vehicle_info', 'model')),
        color: text(path(document, 'vehicle_info', 'color')),
        kind: text(path(document, 'vehicle_info', 'type')),
      }),
    },
  }
}

/** Milliseconds since 1970, or seconds; beside it a text that may lack its offset. */
function timeOf(stamp: Field, written: Field, message: Message, settings: Settings): SightTime {
  const digits = text(stamp)
  if (digits !== undefined && /^\d+(\.\d+)?$/.test(digits))
    return epochTime(stamp, Number(digits) > 1e11 ? 1_000 : 1, message)
  return writtenTime(
    digits === undefined ? written : stamp,
    ['yyyyMMdd HHmmss', ...isoPatterns],
    message,
    settings.zone,
  )
}

function published(document: Field, device: string | undefined, message: Message, settings: Settings): Sight {
  const stamp = field(document, 'timestamp')
  return {
    reader: device,
    time:
      stamp.value === undefined
        ? writtenTime(field(document, 'localTime'), isoPatterns, message, settings.zone)
        : epochTime(stamp, 1_000, message),
    plate: field(document, 'plate'),
    images: [{ kind: 'scene', base64: raw(field(document, 'image')) }],
    details: {},
  }
}
