// Owns what an operator sets for one eConnect tenant, with its defaults, and what a schema cannot see in it.
// Must not hold a secret; the hub keeps those sealed.
import { ConfigInvalid, isTimeZone } from '../../core/plugin/index.ts'
import { defaultMap, type FieldMap, mapSchema } from './field-map.ts'

export interface EconnectConfig {
  callerProof: 'bearer' | 'basic' | 'header'
  callerUser: string
  callerHeader: string
  answerWithinMs: number
  lateAnswer: 'notFound' | 'declined'
  map: FieldMap
  samples: { question?: string; event?: string }
  /** Empty: the hub only answers, and calls nobody. */
  baseUrl: string
  tokenUrl: string
  clientId: string
  project: string
  /** Empty: counters are not read. */
  locationId: string
  counterNames: Readonly<Record<string, string>>
  /** Empty: no consumers are written. */
  customer: string
  contract: string
  product: string
  productByGroup: Readonly<Record<string, string>>
  costCenter: string
  mediumTypes: Readonly<Record<string, string>>
  plateEncoding: string
  consumerFields: { contract?: string; product?: string; validFrom?: string; validUntil?: string }
  removal: 'withoutMediums' | 'delete'
}

export type GivenConfig = Partial<Omit<EconnectConfig, 'map'>> & { map?: Partial<FieldMap> }

const defaults: EconnectConfig = {
  callerProof: 'bearer',
  callerUser: 'entervo',
  callerHeader: 'x-api-key',
  answerWithinMs: 1_000,
  lateAnswer: 'notFound',
  map: defaultMap,
  samples: {},
  baseUrl: '',
  tokenUrl: '',
  clientId: '',
  project: '',
  locationId: '',
  counterNames: {},
  customer: '',
  contract: '',
  product: '',
  productByGroup: {},
  costCenter: '',
  mediumTypes: { plate: 'LICENSEPLATE' },
  plateEncoding: 'HEX',
  consumerFields: { contract: '/contractBusinessId', product: '/productBusinessId' },
  removal: 'withoutMediums',
}

export function completed(given: GivenConfig): EconnectConfig {
  return { ...defaults, ...given, map: { ...defaultMap, ...given.map } }
}

/** @throws ConfigInvalid */
export function examine(config: EconnectConfig): void {
  const needed = (name: keyof EconnectConfig, why: string) => {
    if (config[name] === '') throw new ConfigInvalid(`/${name}`, `This is needed ${why}.`)
  }
  if (config.baseUrl !== '')
    for (const name of ['tokenUrl', 'clientId', 'project'] as const) needed(name, 'to call eConnect')
  if (config.customer !== '') for (const name of ['baseUrl', 'contract'] as const) needed(name, 'to write consumers')
  if (config.locationId !== '') needed('baseUrl', 'to read counters')
  const { map } = config
  if (map.medium.value === undefined) throw new ConfigInvalid('/map/medium/value', 'Without it no medium can be read.')
  if (map.question.mediums === undefined)
    throw new ConfigInvalid('/map/question/mediums', 'Without it no question can be read.')
  if (map.answer.result === undefined) throw new ConfigInvalid('/map/answer/result', 'Without it no answer is given.')
  if (map.zone !== undefined && !isTimeZone(map.zone))
    throw new ConfigInvalid('/map/zone', 'This is no IANA time zone, as Europe/Berlin.')
}

const text = (title: string, initial: string, description?: string) => ({
  type: 'string',
  maxLength: 200,
  title,
  ...(description ? { description } : {}),
  default: initial,
})
const address = (title: string, description: string) => ({
  type: 'string',
  pattern: '^(https?://[^?#]+)?$',
  maxLength: 500,
  title,
  description,
  default: '',
})
const path = { type: 'string', pattern: '^(/[A-Za-z0-9_.-]{1,80}){1,10}$', maxLength: 400 } as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    callerProof: {
      type: 'string',
      enum: ['bearer', 'basic', 'header'],
      title: 'How eConnect proves itself to the hub',
      description: 'With the secret "inbound": a bearer token, the password of Basic, or a header.',
      default: defaults.callerProof,
    },
    callerUser: text('User of Basic', defaults.callerUser),
    callerHeader: {
      type: 'string',
      pattern: '^[A-Za-z0-9-]{1,60}$',
      title: 'Name of the header',
      default: defaults.callerHeader,
    },
    answerWithinMs: {
      type: 'integer',
      minimum: 100,
      maximum: 7_500,
      title: 'Answer the gate within (ms)',
      description: 'From the first byte to the answer. eConnect wants about 250 and gives up after 8,000.',
      default: defaults.answerWithinMs,
    },
    lateAnswer: {
      type: 'string',
      enum: ['notFound', 'declined'],
      title: 'Answer when that time is up',
      default: defaults.lateAnswer,
    },
    map: mapSchema,
    samples: {
      type: 'object',
      title: 'Samples for the connection check',
      description:
        'Paste one message of each kind (JSON or XML): the check reads it by the field map and stores nothing.',
      additionalProperties: false,
      properties: {
        question: { type: 'string', maxLength: 20_000, title: 'Authorisation request' },
        event: { type: 'string', maxLength: 20_000, title: 'Event message' },
      },
      default: defaults.samples,
    },
    baseUrl: address('Address of eConnect', 'Left out: the hub answers questions and calls nobody.'),
    tokenUrl: address('Address that gives tokens', '…/auth/realms/{project}/protocol/openid-connect/token'),
    clientId: text('Client id', defaults.clientId),
    project: {
      ...text('Project', defaults.project, 'The tenant name that stands in every path.'),
      pattern: '^[A-Za-z0-9._-]*$',
    },
    locationId: text('Facility (location id)', defaults.locationId, 'Its counters are read every minute.'),
    counterNames: {
      type: 'object',
      title: 'Names of counters',
      description: 'The counter’s number and the name it has in the hub; without one "econnect-{number}".',
      maxProperties: 100,
      additionalProperties: { type: 'string', minLength: 1, maxLength: 100 },
      default: defaults.counterNames,
    },
    customer: text(
      'Customer (business id)',
      defaults.customer,
      'With it the hub’s credentials are written as consumers.',
    ),
    contract: text('Contract (business id)', defaults.contract),
    product: text('Product (business id)', defaults.product, 'Of everybody whose group has none of its own.'),
    productByGroup: {
      type: 'object',
      title: 'Products of groups',
      maxProperties: 200,
      additionalProperties: { type: 'string', minLength: 1, maxLength: 100 },
      default: defaults.productByGroup,
    },
    costCenter: text('Cost centre', defaults.costCenter),
    mediumTypes: {
      type: 'object',
      title: 'Vendor’s words for mediums',
      description: 'Public is LICENSEPLATE alone; add card, qr and others as your tenant names them.',
      maxProperties: 10,
      propertyNames: { enum: ['plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone'] },
      additionalProperties: { type: 'string', minLength: 1, maxLength: 60 },
      default: defaults.mediumTypes,
    },
    plateEncoding: text('Encoding word of plates', defaults.plateEncoding),
    consumerFields: {
      type: 'object',
      title: 'Where a consumer carries',
      description: 'Paths in the consumer that is written; the public samples do not show them all.',
      additionalProperties: false,
      properties: { contract: path, product: path, validFrom: path, validUntil: path },
      default: defaults.consumerFields,
    },
    removal: {
      type: 'string',
      enum: ['withoutMediums', 'delete'],
      title: 'A removed credential',
      description: 'Its mediums are taken away first in both cases; "delete" then deletes the consumer, too.',
      default: defaults.removal,
    },
  },
} as const
