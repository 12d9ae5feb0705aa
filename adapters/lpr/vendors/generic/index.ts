// Owns reading the messages of any camera by the operator's map.
// Must not know a vendor; a camera that many have deserves a file of its own.
import { pointerParts, type ReaderReport } from '../../../../core/plugin/index.ts'
import { bad } from '../../body/body-problem.ts'
import { confidence } from '../../read/confidence.ts'
import { countryOf, originOf } from '../../read/country.ts'
import { defined, type Field, field, flag, items, raw, text } from '../../read/fields.ts'
import { type ImageSource, kindOfName, readImages } from '../../read/images.ts'
import { minuteOf, readId } from '../../read/read-id.ts'
import { isoPatterns } from '../../read/read-time.ts'
import {
  aliveOnly,
  candidatesOf,
  epochTime,
  outcomeOf,
  readerOf,
  type Sight,
  type SightTime,
  vehicleOf,
  writtenTime,
} from '../../read/sight.ts'
import type { Message, Movement, Outcome, Settings, Vendor } from '../../vendor.ts'
import { examineFieldMap, type FieldName, fieldMapProperties, type GenericConfig } from './field-map.ts'

const movements: Readonly<Record<string, Movement>> = {
  in: 'in',
  out: 'out',
  entry: 'in',
  exit: 'out',
  towards: 'towards',
  away: 'away',
}

export const generic: Vendor<GenericConfig> = {
  id: 'generic',
  title: 'Any camera, by a map of its fields',
  proofs: ['key', 'basic', 'digest', 'bearer', 'header', 'hmac'],
  zone: 'useful',
  traits: {
    events: 'webhook',
    corrections: 'none',
    delivery: 'atLeastOnce',
    clock: 'utc, offset, local',
    docStatus: 'unknown',
  },
  properties: fieldMapProperties,
  required: ['fields'],
  examine: examineFieldMap,
  read(message, settings, config): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const wanted = (config.only ?? []).every(({ path, equals }) => text(at(document, path)) === equals)
    const found = config.each === undefined ? [document] : items(at(document, config.each))
    if (!wanted || found.length === 0) return aliveOnly(message, text(at(document, config.fields.camera)))
    const readings = found.map((item) => reading(item, document, message, settings, config))
    if (config.report === 'space') return spaces(readings, message, settings, config)
    return outcomeOf(
      readings.map((one) => sightOf(one, message, settings, config)),
      message,
      settings,
    )
  },
}

/** What the map says about one item: a field inside it, or for all items beside the list. */
interface Reading {
  get(name: FieldName): Field
  item: Field
  time: SightTime
}

function at(from: Field, pointer: string | undefined): Field {
  if (pointer === undefined) return { value: undefined, pointer: from.pointer }
  return pointerParts(pointer).reduce((node: Field, step) => {
    const { value } = node
    if (!Array.isArray(value)) return field(node, step)
    return {
      value: /^\d{1,4}$/.test(step) ? (value as unknown[])[Number(step)] : undefined,
      pointer: `${node.pointer}/${step}`,
    }
  }, from)
}

function reading(item: Field, document: Field, message: Message, settings: Settings, config: GenericConfig): Reading {
  const get = (name: FieldName): Field => {
    const inside = at(item, config.fields[name])
    return inside.value === undefined && config.each !== undefined ? at(document, config.fields[name]) : inside
  }
  return { get, item, time: timeOf(get, message, settings, config) }
}

const perSecond = { seconds: 1, milliseconds: 1_000, microseconds: 1_000_000 } as const

function timeOf(get: Reading['get'], message: Message, settings: Settings, config: GenericConfig): SightTime {
  const time = get('time')
  const { timeForm = 'text', timePattern } = config
  if (timeForm !== 'text') return epochTime(time, perSecond[timeForm], message)
  const [day, hour] = [text(get('date')), text(time)]
  const written = day !== undefined && hour !== undefined ? `${day} ${hour}` : hour
  const patterns = timePattern === undefined ? isoPatterns : [timePattern]
  return writtenTime({ value: written, pointer: time.pointer }, patterns, message, settings.zone)
}

function picturesOf({ item }: Reading, message: Message, config: GenericConfig): ImageSource[] {
  return [
    ...(config.images ?? []).map(({ path, kind, as }): ImageSource => {
      const found = raw(at(item, path))
      return as === 'url' ? { kind, url: found } : { kind, base64: found }
    }),
    ...message.images.map((part): ImageSource => ({ kind: kindOfName(part.name), part })),
  ]
}

function sightOf(one: Reading, message: Message, settings: Settings, config: GenericConfig): Sight {
  const said = (name: FieldName) => text(one.get(name))
  const { scoreScale = 'detect', candidates } = config
  const plate = one.get('plate')
  const region = said('region')
  const country = countryOf(said('country'))
  return {
    id: said('id'),
    reader: said('camera'),
    time: one.time,
    plate,
    noPlateWords: config.noPlateWords ?? [],
    movement: { word: said('movement'), words: movements },
    images: picturesOf(one, message, config),
    details: {
      ...originOf(region ?? said('country'), region === undefined ? undefined : (country ?? settings.homeCountry)),
      original: said('original'),
      arrivalId: said('arrival'),
      confidence: confidence(said('confidence'), scoreScale),
      candidates:
        candidates &&
        candidatesOf(
          items(at(one.item, candidates.list)).map((guess) => ({
            plate: text(at(guess, candidates.plate)),
            confidence: confidence(text(at(guess, candidates.confidence)), scoreScale),
          })),
          text(plate),
        ),
      vehicle: vehicleOf({ make: said('make'), model: said('model'), color: said('color'), kind: said('kind') }),
    },
  }
}

function spaces(readings: readonly Reading[], message: Message, settings: Settings, config: GenericConfig): Outcome {
  const reports: ReaderReport[] = []
  const notes: string[] = []
  for (const one of readings) {
    const [name, state] = [text(one.get('space')), one.get('occupied')]
    const word = text(state)?.toLowerCase()
    const words = config.occupiedWords?.map((each) => each.toLowerCase())
    const occupied = words === undefined ? flag(state) : word === undefined ? undefined : words.includes(word)
    if (name === undefined) return bad(one.get('space').pointer, 'names no space')
    if (occupied === undefined) return bad(state.pointer, 'is neither occupied nor free')
    const { time } = one
    if (time.kind === 'wrong') return { kind: 'problem', problem: time.problem }
    if (time.kind === 'found' && time.note !== undefined) notes.push(time.note)
    const reader = readerOf(message, text(one.get('camera')))
    const plate = text(one.get('plate'))
    reports.push(
      defined<Extract<ReaderReport, { type: 'space' }>>({
        type: 'space',
        id:
          text(one.get('id')) ??
          readId(reader, name, time.kind === 'found' ? time.written : minuteOf(message.receivedAt), String(occupied)),
        revision: 1,
        reader,
        takenAt: time.kind === 'found' ? time.takenAt : message.receivedAt,
        space: name,
        occupied,
        plate: plate === undefined ? undefined : { text: plate },
        images: readImages(picturesOf(one, message, config), settings.images),
      }),
    )
  }
  return { kind: 'read', reports, alive: [], notes }
}
