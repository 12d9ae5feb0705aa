// Owns the posts of Dahua cameras (ITSAPI): TollgateInfo, KeepAlive and DeviceInfo, as JSON or XML.
// Must not leave a post unanswered that it cannot read: the camera repeats it for ever, and the next cars wait behind it.
import { confidence, type ScoreScale, scoreScales } from '../read/confidence.ts'
import { countryOf } from '../read/country.ts'
import { type Field, field, flag, path, raw, text } from '../read/fields.ts'
import { isoPatterns } from '../read/read-time.ts'
import { aliveOnly, outcomeOf, vehicleOf, writtenTime } from '../read/sight.ts'
import type { Message, Outcome, Settings, Vendor } from '../vendor.ts'

export interface DahuaConfig {
  scoreScale?: ScoreScale
}

export const dahua: Vendor<DahuaConfig> = {
  id: 'dahua',
  title: 'Dahua ANPR (ITSAPI)',
  proofs: ['digest', 'key', 'basic'],
  zone: 'useful',
  traits: { events: 'webhook', corrections: 'none', delivery: 'atLeastOnce', clock: 'local', docStatus: 'observed' },
  properties: {
    scoreScale: {
      type: 'string',
      title: 'Scale of the confidence',
      description: 'What stands for certain; "detect" leaves out numbers that may mean two things.',
      enum: [...scoreScales],
      default: 'detect',
    },
  },
  laxDigest: true,
  acknowledgeUnreadable: true,
  // As text, as the receivers that are known to work answer.
  acknowledge: () => Response.json({ result: 'true', message: 'received' }),
  read(message, settings, config): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const picture = pictureOf(document)
    const snap = field(picture, 'SnapInfo')
    const device =
      text(field(snap, 'DeviceID')) ??
      text(field(document, 'DeviceID')) ??
      text(path(document, 'DeviceInfo', 'DeviceID'))
    const plate = field(picture, 'Plate')
    if (plate.value === undefined) return aliveOnly(message, device)
    return tollgate(picture, plate, snap, device, message, settings, config)
  },
}

/** XML firmware wraps the same names in one tag. */
function pictureOf(document: Field): Field {
  const direct = field(document, 'Picture')
  if (direct.value !== undefined || typeof document.value !== 'object' || document.value === null) return direct
  const [root] = Object.keys(document.value).filter((name) => !name.startsWith('?'))
  return root === undefined ? direct : path(document, root, 'Picture')
}

/** "+08:00" or "GMT+8:00"; a bare number may be hours or a place in a list. */
function offsetOf(given: string | undefined): string {
  const [, sign, hours, minutes] = /^(?:gmt|utc)?([+-])(\d{1,2}):?(\d\d)$/i.exec(given ?? '') ?? []
  return sign === undefined ? '' : `${sign}${hours?.padStart(2, '0')}:${minutes}`
}

function tollgate(
  picture: Field,
  plate: Field,
  snap: Field,
  device: string | undefined,
  message: Message,
  settings: Settings,
  config: DahuaConfig,
): Outcome {
  const accurate = field(snap, 'AccurateTime', 'SnapTime')
  const written = text(accurate)
  // The zone knows summer time; the camera's own offset is the next best.
  const timed =
    written !== undefined && settings.zone === undefined
      ? { ...accurate, value: `${written}${offsetOf(text(field(snap, 'TimeZone')))}` }
      : accurate
  const channel = text(field(plate, 'Channel'))
  // The life signs name the device alone: only a second channel needs its number.
  const reader = device === undefined || channel === undefined || channel === '0' ? device : `${device}/${channel}`
  const vehicle = field(picture, 'Vehicle')
  const number = text(field(plate, 'UploadNum'))
  return outcomeOf(
    [
      {
        // Number and moment; the plate is not part of it, since the camera may have thought better of it.
        id: device && written && number ? `${device}/${written}/${number}` : undefined,
        reader,
        time: writtenTime(timed, isoPatterns, message, settings.zone),
        plate:
          flag(field(plate, 'IsExist')) === false
            ? { value: undefined, pointer: plate.pointer }
            : field(plate, 'PlateNumber'),
        movement: { word: text(field(snap, 'Direction')), words: {} },
        images: [
          { kind: 'scene', base64: raw(path(picture, 'NormalPic', 'Content')) },
          { kind: 'plate', base64: raw(path(picture, 'CutoutPic', 'Content')) },
          { kind: 'vehicle', base64: raw(path(picture, 'VehiclePic', 'Content')) },
        ],
        details: {
          confidence: confidence(text(field(plate, 'Confidence')), config.scoreScale ?? 'detect'),
          country: countryOf(text(field(plate, 'Region', 'Country'))),
          vehicle: vehicleOf({
            make: text(field(vehicle, 'VehicleSign')),
            model: text(field(vehicle, 'VehicleSeries')),
            color: text(field(vehicle, 'VehicleColor')),
            kind: text(field(vehicle, 'VehicleType')),
          }),
        },
      },
    ],
    message,
    settings,
  )
}
