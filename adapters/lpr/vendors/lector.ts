// Owns the JSON of Lector Vision cameras.
// Must not take Fiability for a known scale: it was seen, not documented.
import { confidence } from '../read/confidence.ts'
import { countryOf } from '../read/country.ts'
import { type Field, field, raw, text } from '../read/fields.ts'
import { aliveOnly, outcomeOf, writtenTime } from '../read/sight.ts'
import type { Movement, Outcome, Vendor } from '../vendor.ts'

const patterns = ['yyyy/MM/dd HH:mm:ss.S', 'yyyy/MM/dd HH:mm:ss', 'yyyy-MM-dd HH:mm:ss.S']
const movements: Readonly<Record<string, Movement>> = { goaway: 'away', approach: 'towards' }

export const lector: Vendor<object> = {
  id: 'lector',
  title: 'Lector Vision',
  proofs: ['key', 'basic', 'bearer', 'header'],
  zone: 'needed',
  traits: { events: 'webhook', corrections: 'none', delivery: 'atLeastOnce', clock: 'local', docStatus: 'observed' },
  read(message, settings): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const device = text(field(document, 'SerialNumber', 'IdDevice'))
    const plate = field(document, 'Plate')
    if (plate.value === undefined) return aliveOnly(message, device)
    return outcomeOf(
      [
        {
          reader: device,
          time: writtenTime(field(document, 'TimeStamp'), patterns, message, settings.zone),
          plate,
          movement: { word: text(field(document, 'Direction')), words: movements },
          images: [
            { kind: 'plate', base64: raw(field(document, 'ImageOcr')) },
            { kind: 'scene', base64: raw(field(document, 'ImageCtx')) },
          ],
          details: {
            confidence: confidence(text(field(document, 'Fiability')), 'detect'),
            country: countryOf(text(field(document, 'Country'))),
          },
        },
      ],
      message,
      settings,
    )
  },
}
