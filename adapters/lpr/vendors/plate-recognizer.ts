// Owns the webhook of Plate Recognizer Stream: JSON, alone or in the field "json" of a form with the picture beside it.
// Must not take its direction for one: it is a heading in degrees (parcs section 3.1).
import { parseJson } from '../body/parse-json.ts'
import { confidence } from '../read/confidence.ts'
import { originOf } from '../read/country.ts'
import { type Field, field, items, path, text } from '../read/fields.ts'
import { kindOfName } from '../read/images.ts'
import { isoPatterns } from '../read/read-time.ts'
import { aliveOnly, candidatesOf, outcomeOf, type Sight, vehicleOf, writtenTime } from '../read/sight.ts'
import type { Message, Movement, Outcome, Settings, Vendor } from '../vendor.ts'

/** Which end of the car the camera sees. */
const ends: Readonly<Record<string, Movement>> = { front: 'towards', rear: 'away' }
const sureOfEnd = 0.8

export const plateRecognizer: Vendor<object> = {
  id: 'plate-recognizer',
  title: 'Plate Recognizer Stream',
  proofs: ['header', 'key', 'basic', 'bearer'],
  zone: 'none',
  traits: { events: 'webhook', corrections: 'none', delivery: 'atLeastOnce', clock: 'utc', docStatus: 'public' },
  read(message, settings): Outcome {
    const unpacked = documentOf(message)
    if (unpacked.kind === 'problem') return unpacked
    const data = field(unpacked.document, 'data')
    const camera = text(field(data, 'camera_id'))
    const results = items(field(data, 'results'))
    // A heartbeat, a dwell event, or a picture in which nothing was found.
    if (results.length === 0) return aliveOnly(message, camera ?? text(field(data, 'camera')))
    return outcomeOf(
      results.map((result) => sightOf(result, data, camera, message, settings)),
      message,
      settings,
    )
  },
}

function documentOf(message: Message): { kind: 'ok'; document: Field } | Extract<Outcome, { kind: 'problem' }> {
  const document: Field = { value: message.document, pointer: '' }
  const packed = field(document, 'json')
  if (typeof packed.value !== 'string') return { kind: 'ok', document }
  const parsed = parseJson(packed.value)
  if (parsed.kind === 'problem') return { kind: 'problem', problem: { ...parsed.problem, pointer: packed.pointer } }
  return { kind: 'ok', document: { value: parsed.value, pointer: packed.pointer } }
}

function sightOf(result: Field, data: Field, camera: string | undefined, message: Message, settings: Settings): Sight {
  const plate = field(result, 'plate')
  const [orientation] = items(field(result, 'orientation'))
  const seen = orientation ?? result
  const sure = (confidence(text(field(seen, 'score')), '1') ?? 0) >= sureOfEnd
  const [make] = items(field(result, 'model_make'))
  const [color] = items(field(result, 'color'))
  const score = (from: Field) => confidence(text(field(from, 'score')), '1')
  return {
    reader: camera,
    // The local time has an offset and names the same instant; some versions send only that.
    time: writtenTime(field(data, 'timestamp', 'timestamp_local'), isoPatterns, message, 'UTC'),
    plate,
    movement: { word: sure ? text(field(seen, 'orientation')) : undefined, words: ends },
    images: message.images.map((part) => ({ kind: kindOfName(part.name), part })),
    details: {
      ...originOf(text(path(result, 'region', 'code')), settings.homeCountry),
      confidence: score(result),
      candidates: candidatesOf(
        items(field(result, 'candidates')).map((guess) => ({
          plate: text(field(guess, 'plate')),
          confidence: score(guess),
        })),
        text(plate),
      ),
      vehicle: vehicleOf({
        make: make && text(field(make, 'make')),
        model: make && text(field(make, 'model')),
        color: color && text(field(color, 'color')),
        kind: text(path(result, 'vehicle', 'type')),
      }),
    },
  }
}
