// Owns the LPR webhook of Verkada.
// Must not fetch the picture: the address is short-lived and belongs to the operator's account.
import { confidence } from '../read/confidence.ts'
import { originOf } from '../read/country.ts'
import { type Field, field, text } from '../read/fields.ts'
import { aliveOnly, epochTime, outcomeOf } from '../read/sight.ts'
import type { Outcome, Vendor } from '../vendor.ts'

export const verkada: Vendor<object> = {
  id: 'verkada',
  title: 'Verkada LPR',
  proofs: ['key', 'header', 'bearer'],
  zone: 'none',
  traits: { events: 'webhook', corrections: 'none', delivery: 'atLeastOnce', clock: 'utc', docStatus: 'public' },
  read(message, settings): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const data = field(document, 'data')
    const camera = text(field(data, 'camera_id'))
    const plate = field(data, 'license_plate_number')
    // One webhook may carry other kinds of events.
    if (text(field(document, 'webhook_type'))?.toLowerCase() !== 'lpr' && plate.value === undefined)
      return aliveOnly(message, camera)
    const detected = field(data, 'detected')
    return outcomeOf(
      [
        {
          // No id of the vendor's: webhook_id may name the subscription instead of the event, and would hide every read but one.
          reader: camera,
          // `detected` came later, in milliseconds; before there was only the second.
          time:
            detected.value === undefined
              ? epochTime(field(data, 'created'), 1, message)
              : epochTime(detected, 1_000, message),
          plate,
          images: [{ kind: 'scene', url: text(field(data, 'image_url'), 2_001) }],
          details: {
            ...originOf(text(field(data, 'license_plate_state')), settings.homeCountry),
            confidence: confidence(text(field(data, 'confidence')), '1'),
          },
        },
      ],
      message,
      settings,
    )
  },
}
