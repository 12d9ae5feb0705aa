// Owns the shape of a mapping: which column becomes which field of which fact, as data that a person can read and a form can edit.
// Must not hold anything that runs: a condition compares, a value is picked, joined, cut and looked up, and that is all.
import { type Encoding, encodings } from '../csv/encoding.ts'
import { type FieldName, factTypes, fieldNames, type MappedType, mappedTypes } from './fact-fields.ts'

/** A column by its name in the header, or `#3` for the third. */
export interface ValueSource {
  column?: string
  /** Several columns in one, such as date and time. */
  columns?: readonly string[]
  joinWith?: string
  constant?: string
  /** Characters that are taken out. */
  remove?: string
  take?: { from: number; length: number }
  /** The vendor's words and what they mean. */
  words?: Readonly<Record<string, string>>
  /** For a word that is not listed, and for an empty cell. */
  otherwise?: string
}

export interface Condition {
  column: string
  is?: readonly string[]
  isNot?: readonly string[]
  filled?: boolean
  sign?: 'negative' | 'positive'
}

export interface FactSpec {
  type: MappedType
  /** Tells two facts of one type apart; the type where it is left out. */
  name?: string
  /** All of them; a row for which none of its facts is meant is passed over. */
  when?: readonly Condition[]
  fields: Readonly<Partial<Record<FieldName, ValueSource>>>
}

export interface Mapping {
  encoding?: Encoding
  delimiter: string
  header: boolean
  skipLines?: number
  times: readonly string[]
  /** Of a time that the clock shows twice in autumn. */
  twice?: 'earlier' | 'later' | 'refuse'
  decimal?: 'auto' | '.' | ','
  amounts?: 'major' | 'minor'
  /** Columns that name a row: the same names again are the same row, corrected. Without any, a row is its own name. */
  key: readonly string[]
  facts: readonly FactSpec[]
}

const column = { type: 'string', minLength: 1, maxLength: 200 } as const
const word = { type: 'string', maxLength: 200 } as const
const words = { type: 'array', minItems: 1, maxItems: 100, items: word } as const

const source = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    column,
    columns: { type: 'array', minItems: 1, maxItems: 10, items: column },
    joinWith: { type: 'string', maxLength: 10 },
    constant: word,
    remove: { type: 'string', minLength: 1, maxLength: 50 },
    take: {
      type: 'object',
      additionalProperties: false,
      required: ['from', 'length'],
      properties: {
        from: { type: 'integer', minimum: 1, maximum: 1_000 },
        length: { type: 'integer', minimum: 1, maximum: 1_000 },
      },
    },
    words: { type: 'object', maxProperties: 500, additionalProperties: word },
    otherwise: word,
  },
} as const

const condition = {
  type: 'object',
  additionalProperties: false,
  required: ['column'],
  minProperties: 2,
  properties: {
    column,
    is: words,
    isNot: words,
    filled: { type: 'boolean' },
    sign: { type: 'string', enum: ['negative', 'positive'] },
  },
} as const

export const mappingSchema = {
  type: 'object',
  title: 'Mapping',
  description: 'Which column becomes what. The dashboard has an editor for it.',
  additionalProperties: false,
  required: ['delimiter', 'header', 'times', 'key', 'facts'],
  properties: {
    encoding: { type: 'string', title: 'Encoding', enum: encodings, default: 'auto' },
    delimiter: { type: 'string', title: 'Delimiter', enum: [',', ';', '\t', '|'] },
    header: { type: 'boolean', title: 'The first line names the columns' },
    skipLines: { type: 'integer', title: 'Lines before the first', minimum: 0, maximum: 100, default: 0 },
    times: {
      type: 'array',
      title: 'How times are written',
      description: 'yyyy yy MM M dd d HH H hh h mm ss SSS, a for AM and PM, X for an offset; or iso, epoch, epochMs.',
      minItems: 1,
      maxItems: 10,
      items: { type: 'string', minLength: 3, maxLength: 60 },
    },
    twice: {
      type: 'string',
      title: 'Times that come twice in autumn',
      enum: ['earlier', 'later', 'refuse'],
      default: 'earlier',
    },
    decimal: { type: 'string', title: 'Decimal sign', enum: ['auto', '.', ','], default: 'auto' },
    amounts: { type: 'string', title: 'Amounts are written in', enum: ['major', 'minor'], default: 'major' },
    key: { type: 'array', title: 'Columns that name a row', maxItems: 10, items: column },
    facts: {
      type: 'array',
      title: 'Facts of a row',
      minItems: 1,
      maxItems: 20,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'fields'],
        properties: {
          type: { type: 'string', enum: mappedTypes },
          name: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,40}$' },
          when: { type: 'array', maxItems: 10, items: condition },
          fields: {
            type: 'object',
            minProperties: 1,
            propertyNames: { enum: fieldNames },
            additionalProperties: source,
          },
        },
      },
    },
  },
} as const

export interface MappingFault {
  /** JSON pointer into the mapping. */
  pointer: string
  message: string
}

/** What the schema cannot say. */
export function mappingFaults(mapping: Mapping, isTimePattern: (text: string) => boolean): MappingFault[] {
  const faults: MappingFault[] = []
  for (const [i, pattern] of mapping.times.entries())
    if (!isTimePattern(pattern)) faults.push({ pointer: `/times/${i}`, message: 'is no way to write a date and time' })
  const names = new Set<string>()
  for (const [i, { type, name = type, fields }] of mapping.facts.entries()) {
    if (names.has(name))
      faults.push({ pointer: `/facts/${i}/name`, message: `has to tell two facts called ${name} apart` })
    names.add(name)
    const { needs, may } = factTypes[type]
    for (const needed of needs)
      if (!fields[needed]) faults.push({ pointer: `/facts/${i}/fields/${needed}`, message: `is needed for ${type}` })
    for (const [field, source] of Object.entries(fields))
      if (['column', 'columns', 'constant'].filter((way) => way in source).length !== 1)
        faults.push({ pointer: `/facts/${i}/fields/${field}`, message: 'needs one of column, columns and constant' })
    for (const given of Object.keys(fields) as FieldName[])
      if (!([...needs, ...may] as FieldName[]).includes(given))
        faults.push({ pointer: `/facts/${i}/fields/${given}`, message: `has no place in ${type}` })
  }
  return faults
}
