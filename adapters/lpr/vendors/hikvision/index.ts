// Owns the ANPR alerts of Hikvision cameras and recorders (ISAPI httpHosts): XML or JSON, alone or in a multipart with pictures.
// Must not say which way "forward" is: that depends on how the camera hangs; the operator may map the word.
import { charConfidence, confidence } from '../../read/confidence.ts'
import { countryOf } from '../../read/country.ts'
import { type Field, field, flag, path, text } from '../../read/fields.ts'
import { kindOfName } from '../../read/images.ts'
import { isoPatterns } from '../../read/read-time.ts'
import { aliveOnly, outcomeOf, vehicleOf, writtenTime } from '../../read/sight.ts'
import type { Message, Outcome, Settings, Vendor } from '../../vendor.ts'
import { checkDevice, type HikvisionConfig } from './check-device.ts'
import { countries } from './countries.ts'

export const hikvision: Vendor<HikvisionConfig> = {
  id: 'hikvision',
  title: 'Hikvision ANPR (ISAPI)',
  proofs: ['digest', 'key', 'basic'],
  zone: 'useful',
  traits: { events: 'webhook', corrections: 'sameId', delivery: 'atLeastOnce', clock: 'offset', docStatus: 'observed' },
  properties: {
    cameraUrl: {
      type: 'string',
      title: 'Address of the camera',
      description: 'Only for the connection test, which reads the model from it: http://10.0.0.5',
      pattern: '^https?://',
    },
    cameraUser: { type: 'string', title: 'User on the camera', minLength: 1, maxLength: 64 },
  },
  permissions: ['net:config:/cameraUrl', 'secret:camera'],
  check: checkDevice,
  read(message, settings): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    // JSON alerts have the same fields without the wrapping tag.
    const wrapped = field(document, 'EventNotificationAlert')
    const alert = wrapped.value === undefined ? document : wrapped
    const anpr = field(alert, 'ANPR')
    const kind = text(field(alert, 'eventType'))
    // Motion, video loss and the heartbeat come over the same line.
    const told = anpr.value !== undefined || (kind !== undefined && kind.toUpperCase() === 'ANPR')
    return told ? plateAlert(alert, anpr, message, settings) : aliveOnly(message, cameraOf(alert))
  },
}

/** A recorder sends for many cameras: the channel belongs to the name. */
function cameraOf(alert: Field): string | undefined {
  const device = text(field(alert, 'deviceUUID', 'macAddress', 'deviceID', 'ipAddress'))
  const channel = text(field(alert, 'channelID', 'dynChannelID'))
  return device === undefined ? channel : channel === undefined ? device : `${device}/${channel}`
}

function plateAlert(alert: Field, anpr: Field, message: Message, settings: Settings): Outcome {
  const info = anpr.value === undefined ? alert : anpr
  // Old firmware has only one of the later names.
  const plate = field(info, 'licensePlate', 'plateNumber', 'plate', 'originalLicensePlate')
  const read = text(plate)
  const original = text(field(info, 'originalLicensePlate'))
  const country = text(field(info, 'country'))
  const vehicle = field(info, 'vehicleInfo', 'vehicelInfo')
  return outcomeOf(
    [
      {
        id: text(field(alert, 'UUID')),
        // The plate may come first and the whole record later, under the same name.
        revision: flag(
          field(info, 'hasMoreData').value === undefined ? field(alert, 'hasMoreData') : field(info, 'hasMoreData'),
        )
          ? 1
          : 2,
        reader: cameraOf(alert),
        time: writtenTime(field(alert, 'dateTime'), isoPatterns, message, settings.zone),
        plate,
        movement: { word: text(field(info, 'direction')), words: {} },
        images: message.images.map((part) => ({ kind: kindOfName(part.name), part })),
        details: {
          original: original === read ? undefined : original,
          confidence: confidence(text(field(info, 'confidenceLevel')), '100'),
          charConfidence: charConfidence(text(field(info, 'plateCharBelieve')), read ?? ''),
          country: country === undefined ? undefined : (countries.get(country) ?? countryOf(country)),
          backfilled: flag(field(alert, 'isDataRetransmission')) || undefined,
          vehicle: vehicleOf({
            // Makes and models are numbers of a list that nobody published; a number says nothing to a person.
            make: undefined,
            model: undefined,
            color: text(field(vehicle, 'color')),
            kind: text(field(info, 'vehicleType')) ?? text(path(vehicle, 'vehicleType')),
          }),
        },
      },
    ],
    message,
    settings,
  )
}
