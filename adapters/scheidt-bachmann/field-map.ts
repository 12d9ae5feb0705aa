// Owns what an operator may say about messages whose field names are not public: which path carries which thing, in which words.
// Must not become a language: paths and words, no code.

export const mediumKinds = ['plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone'] as const
export type MediumKind = (typeof mediumKinds)[number]
export const eventKinds = [
  'entry',
  'exit',
  'backout',
  'refused',
  'opened',
  'closed',
  'voided',
  'corrected',
  'payment',
  'refund',
  'validation',
] as const
export type EventKind = (typeof eventKinds)[number]

type Paths<N extends string> = Partial<Record<N, string>>

const mediumNames = ['type', 'value', 'encoding', 'country'] as const
const questionNames = ['requestId', 'lane', 'direction', 'time', 'mediums'] as const
const answerNames = ['result', 'requestId', 'text', 'reason', 'validUntil'] as const
const eventNames = [
  'kind',
  'id',
  'revision',
  'time',
  'stay',
  'lane',
  'device',
  'mediums',
  'enteredAt',
  'exitedAt',
  'amount',
  'currency',
  'method',
  'transaction',
  'paidUntil',
  'provider',
  'reason',
] as const

export interface FieldMap {
  question: Paths<(typeof questionNames)[number]>
  medium: Paths<(typeof mediumNames)[number]>
  mediumWords: Readonly<Record<string, MediumKind>>
  countryWords: Readonly<Record<string, string>>
  entryWords: readonly string[]
  exitWords: readonly string[]
  answer: Paths<(typeof answerNames)[number]>
  resultWords: { granted: string; declined: string; notFound: string }
  events: { each?: string; fields: Paths<(typeof eventNames)[number]>; kindWords: Readonly<Record<string, EventKind>> }
  /** For times without an offset; the site's own zone when it is left out. */
  zone?: string
}

/** Public: the three results and the medium (type, value, encoding). The rest are this adapter's names, until a tenant's own are known. */
export const defaultMap: FieldMap = {
  question: {
    requestId: '/requestId',
    lane: '/lane',
    direction: '/direction',
    time: '/timestamp',
    mediums: '/medium',
  },
  medium: { type: '/type', value: '/value', encoding: '/encoding', country: '/licencePlateRegion/country' },
  mediumWords: { LICENSEPLATE: 'plate', LICENCEPLATE: 'plate', QRCODE: 'qr', QR: 'qr' },
  countryWords: { D: 'DE', A: 'AT', DEU: 'DE', AUT: 'AT', CHE: 'CH', SVK: 'SK' },
  entryWords: ['ENTRY', 'IN'],
  exitWords: ['EXIT', 'OUT'],
  answer: { result: '/result', requestId: '/requestId', text: '/displayText' },
  resultWords: { granted: 'GRANTED', declined: 'DECLINED', notFound: 'NOTFOUND' },
  events: {
    each: '/events',
    fields: {
      kind: '/type',
      id: '/id',
      revision: '/revision',
      time: '/timestamp',
      stay: '/transactionId',
      lane: '/lane',
      mediums: '/medium',
      amount: '/amount',
      currency: '/currency',
      method: '/method',
      transaction: '/paymentId',
      reason: '/reason',
    },
    kindWords: {
      ENTRY: 'entry',
      EXIT: 'exit',
      BACKOUT: 'backout',
      DECLINED: 'refused',
      VOID: 'voided',
      CORRECTION: 'corrected',
      PAYMENT: 'payment',
      REFUND: 'refund',
      VALIDATION: 'validation',
    },
  },
}

/** Names that stand in documents, so that an answer in XML can be written with them, too. */
const path = { type: 'string', pattern: '^(/[A-Za-z0-9_@#.:-]{1,80}){1,10}$', maxLength: 400 } as const
const words = (values: readonly string[]) => ({
  type: 'object',
  maxProperties: 50,
  propertyNames: { maxLength: 60 },
  additionalProperties: { type: 'string', enum: [...values] },
})
const paths = (title: string, description: string, names: readonly string[], initial: object) => ({
  type: 'object',
  title,
  description,
  additionalProperties: false,
  properties: Object.fromEntries(names.map((name) => [name, path])),
  default: initial,
})
const list = (title: string, initial: readonly string[]) => ({
  type: 'array',
  title,
  maxItems: 20,
  items: { type: 'string', minLength: 1, maxLength: 60 },
  default: [...initial],
})

/** Whole objects are replaced, so that a path can also be taken away. */
export const mapSchema = {
  type: 'object',
  title: 'Field map',
  description:
    'Where each thing stands in the messages of your tenant, as paths: /medium/value, /request/@id for an attribute of XML.',
  additionalProperties: false,
  properties: {
    question: paths('Question at the gate', 'The online authorisation request.', questionNames, defaultMap.question),
    medium: paths('Medium', 'Paths inside one medium (plate or code).', mediumNames, defaultMap.medium),
    mediumWords: { ...words(mediumKinds), title: 'Words for kinds of medium', default: defaultMap.mediumWords },
    countryWords: {
      type: 'object',
      title: 'Words for countries',
      description: 'The vendor’s word and the ISO code (two letters) it stands for.',
      maxProperties: 60,
      additionalProperties: { type: 'string', pattern: '^[A-Z]{2}$' },
      default: defaultMap.countryWords,
    },
    entryWords: list('Words for "entry"', defaultMap.entryWords),
    exitWords: list('Words for "exit"', defaultMap.exitWords),
    answer: paths('Answer to the gate', 'Where each part of the answer is put.', answerNames, defaultMap.answer),
    resultWords: {
      type: 'object',
      title: 'Words of the answer',
      additionalProperties: false,
      required: ['granted', 'declined', 'notFound'],
      properties: Object.fromEntries(
        ['granted', 'declined', 'notFound'].map((name) => [name, { type: 'string', minLength: 1, maxLength: 40 }]),
      ),
      default: defaultMap.resultWords,
    },
    events: {
      type: 'object',
      title: 'Entry, exit and payment messages',
      additionalProperties: false,
      required: ['fields', 'kindWords'],
      properties: {
        each: { ...path, title: 'List of events', description: 'Left out: one message is one event.' },
        fields: paths('Where each thing stands', 'Paths inside one event.', eventNames, defaultMap.events.fields),
        kindWords: { ...words(eventKinds), title: 'Words for kinds of event' },
      },
      default: defaultMap.events,
    },
    zone: {
      type: 'string',
      maxLength: 60,
      title: 'Zone of times without an offset',
      description: 'An IANA zone; left out: that of the site.',
    },
  },
} as const
