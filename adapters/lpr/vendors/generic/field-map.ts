// Owns what an operator may say about the messages of a camera that has no file of its own: where each thing stands.
// Must not become a language: paths, words and scales, no code.
import { ConfigInvalid, isTimeZone } from '../../../../core/plugin/index.ts'
import { type ScoreScale, scoreScales } from '../../read/confidence.ts'
import { isTimePattern } from '../../read/read-time.ts'

export const timeForms = ['text', 'seconds', 'milliseconds', 'microseconds'] as const
export type TimeForm = (typeof timeForms)[number]

const fieldNames = [
  'plate',
  'time',
  'date',
  'id',
  'camera',
  'confidence',
  'country',
  'region',
  'movement',
  'original',
  'arrival',
  'make',
  'model',
  'color',
  'kind',
  'space',
  'occupied',
] as const
export type FieldName = (typeof fieldNames)[number]

export interface GenericConfig {
  report?: 'plate' | 'space'
  /** Where a list of reads stands, when a message holds several. */
  each?: string
  fields: Partial<Record<FieldName, string>>
  only?: readonly { path: string; equals: string }[]
  timeForm?: TimeForm
  timePattern?: string
  scoreScale?: ScoreScale
  noPlateWords?: readonly string[]
  occupiedWords?: readonly string[]
  images?: readonly { path: string; kind: 'plate' | 'vehicle' | 'scene'; as: 'base64' | 'url' }[]
  candidates?: { list: string; plate: string; confidence?: string }
}

const pointer = { type: 'string', pattern: '^(/[^/]{1,100}){1,12}$', maxLength: 400 } as const

export const fieldMapProperties = {
  report: { type: 'string', title: 'What it reports', enum: ['plate', 'space'], default: 'plate' },
  each: {
    ...pointer,
    title: 'List of reads',
    description:
      'Where the list stands when one message holds several; the paths of the fields then begin inside an item.',
  },
  fields: {
    type: 'object',
    title: 'Where each thing stands',
    description:
      'Paths into the message: /data/plate, /results/0/plate, /Event/@id for an attribute of XML, /plate for a form field.',
    additionalProperties: false,
    minProperties: 1,
    properties: Object.fromEntries(fieldNames.map((name) => [name, pointer])),
  },
  only: {
    type: 'array',
    title: 'Only messages with',
    description: 'Other messages only show that the camera is alive.',
    maxItems: 5,
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['path', 'equals'],
      properties: { path: pointer, equals: { type: 'string', maxLength: 100 } },
    },
  },
  timeForm: { type: 'string', title: 'Form of the time', enum: [...timeForms], default: 'text' },
  timePattern: {
    type: 'string',
    title: 'Pattern of the time',
    description: 'yyyy MM dd HH mm ss, S for fractions, X for an offset; without it ISO 8601.',
    maxLength: 60,
  },
  scoreScale: { type: 'string', title: 'Scale of the confidence', enum: [...scoreScales], default: 'detect' },
  noPlateWords: {
    type: 'array',
    title: 'Words for "no plate"',
    maxItems: 20,
    items: { type: 'string', maxLength: 40 },
  },
  occupiedWords: {
    type: 'array',
    title: 'Words for "occupied"',
    maxItems: 20,
    items: { type: 'string', maxLength: 40 },
  },
  images: {
    type: 'array',
    title: 'Pictures in the message',
    description: 'Pictures that come as parts beside the message are found by themselves.',
    maxItems: 6,
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['path', 'kind', 'as'],
      properties: {
        path: pointer,
        kind: { type: 'string', enum: ['plate', 'vehicle', 'scene'] },
        as: { type: 'string', enum: ['base64', 'url'] },
      },
    },
  },
  candidates: {
    type: 'object',
    title: 'Other guesses',
    additionalProperties: false,
    required: ['list', 'plate'],
    properties: { list: pointer, plate: pointer, confidence: pointer },
  },
} as const

/** What a schema cannot see. */
export function examineFieldMap(config: GenericConfig & { zone?: string }): void {
  const needed: FieldName[] = config.report === 'space' ? ['space', 'occupied'] : ['plate']
  for (const name of needed)
    if (config.fields[name] === undefined) throw new ConfigInvalid(`/fields/${name}`, 'This path is needed.')
  const { timePattern, zone } = config
  if (timePattern !== undefined && !isTimePattern(timePattern))
    throw new ConfigInvalid('/timePattern', 'The pattern needs yyyy, MM, dd, HH and mm, each once.')
  if (timePattern !== undefined && !timePattern.includes('X') && (zone === undefined || !isTimeZone(zone)))
    throw new ConfigInvalid('/zone', 'Times without an offset need the zone of the camera.')
}
