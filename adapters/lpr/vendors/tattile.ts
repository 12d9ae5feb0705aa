// Owns the XML of Tattile cameras, posted by the camera or by a bridge from its TCP line.
// Must not open a socket of its own: plugins have no permission for one.
import { confidence, type ScoreScale, scoreScales } from '../read/confidence.ts'
import { countryOf } from '../read/country.ts'
import { type Field, field, raw, text } from '../read/fields.ts'
import { aliveOnly, outcomeOf, writtenTime } from '../read/sight.ts'
import type { Movement, Outcome, Vendor } from '../vendor.ts'

export interface TattileConfig {
  scoreScale?: ScoreScale
}

const patterns = ['yyyy-MM-dd HH-mm-ss-S', 'yyyy-MM-dd HH:mm:ss.S', 'yyyy-MM-dd HH:mm:ss', 'yyyy-MM-dd HH-mm-ss']
const movements: Readonly<Record<string, Movement>> = { goaway: 'away', approach: 'towards' }

export const tattile: Vendor<TattileConfig> = {
  id: 'tattile',
  title: 'Tattile',
  proofs: ['key', 'basic', 'bearer', 'header'],
  zone: 'needed',
  traits: { events: 'webhook', corrections: 'none', delivery: 'atLeastOnce', clock: 'local', docStatus: 'observed' },
  properties: {
    scoreScale: {
      type: 'string',
      title: 'Scale of OCRSCORE',
      description: 'What stands for certain; "detect" leaves out numbers that may mean two things.',
      enum: [...scoreScales],
      default: 'detect',
    },
  },
  read(message, settings, config): Outcome {
    const root = rootOf({ value: message.document, pointer: '' })
    const serial = text(field(root, 'DEVICE_SN'))
    const plate = field(root, 'PLATE_STRING')
    if (plate.value === undefined) return aliveOnly(message, serial)
    const lane = text(field(root, 'LANE_ID')) ?? ''
    const [day, hour] = [text(field(root, 'DATE')), text(field(root, 'TIME'))]
    const written = day === undefined || hour === undefined ? undefined : `${day} ${hour}`
    return outcomeOf(
      [
        {
          // With the lane: some firmware writes whole seconds, and a camera may see two lanes.
          id: serial && written ? `${serial}/${lane}/${written}` : undefined,
          reader: serial,
          time: writtenTime({ value: written, pointer: field(root, 'DATE').pointer }, patterns, message, settings.zone),
          plate,
          movement: { word: text(field(root, 'DIRECTION')), words: movements },
          images: [
            { kind: 'plate', base64: raw(field(root, 'IMAGE_OCR')) },
            { kind: 'scene', base64: raw(field(root, 'IMAGE_CTX')) },
          ],
          details: {
            confidence: confidence(text(field(root, 'OCRSCORE')), config.scoreScale ?? 'detect'),
            country: countryOf(text(field(root, 'PLATE_COUNTRY_CODE', 'PLATE_COUNTRY'))),
          },
        },
      ],
      message,
      settings,
    )
  },
}

/** The wrapping tag differs between models. */
function rootOf(document: Field): Field {
  const { value } = document
  if (typeof value !== 'object' || value === null || field(document, 'PLATE_STRING', 'DEVICE_SN').value !== undefined)
    return document
  const [root] = Object.keys(value).filter((name) => !name.startsWith('?'))
  return root === undefined ? document : field(document, root)
}
