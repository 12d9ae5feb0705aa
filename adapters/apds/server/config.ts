// Owns what an operator sets for one APDS partner, with its defaults.
// Must not hold the partner's secret; the hub keeps that sealed.

export interface ServerConfig {
  clientId: string
  scopes: readonly Scope[]
  operatorName: string
  partnerName: string
  notifyUrl: string
  tokenMinutes: number
  pageSize: number
  historyDays: number
  energyIdCodes: readonly string[]
  language: string
}

/** Parking operator, service provider, enforcement provider, administrator. */
export const scopes = ['po', 'sp', 'ep', 'ad'] as const
export type Scope = (typeof scopes)[number]

export const defaults: ServerConfig = {
  clientId: 'partner',
  scopes: ['sp'],
  operatorName: 'Parking operator',
  partnerName: 'Partner',
  notifyUrl: '',
  tokenMinutes: 10,
  pageSize: 100,
  historyDays: 31,
  energyIdCodes: ['ENERGY'],
  language: 'en',
}

const name = { type: 'string', minLength: 1, maxLength: 100 } as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    clientId: { ...name, title: 'Client id of the partner', default: defaults.clientId },
    scopes: {
      type: 'array',
      title: 'Scopes of the partner',
      description: 'sp may write sessions and rights, po the occupancy of places; every scope may read.',
      minItems: 1,
      uniqueItems: true,
      items: { enum: scopes },
      default: defaults.scopes,
    },
    operatorName: { ...name, title: 'Name of the operator', default: defaults.operatorName },
    partnerName: { ...name, title: 'Name of the partner', default: defaults.partnerName },
    notifyUrl: {
      type: 'string',
      title: 'Address at which the partner takes notifications',
      description: 'Subscriptions are taken for this host alone. Without it there are none.',
      pattern: '^(https?://.+)?$',
      default: defaults.notifyUrl,
    },
    tokenMinutes: {
      type: 'integer',
      title: 'Life of a token (minutes)',
      minimum: 1,
      maximum: 60,
      default: defaults.tokenMinutes,
    },
    pageSize: { type: 'integer', title: 'Items per page', minimum: 1, maximum: 500, default: defaults.pageSize },
    historyDays: {
      type: 'integer',
      title: 'Days of past sessions that are listed when no time is asked for',
      minimum: 1,
      maximum: 366,
      default: defaults.historyDays,
    },
    energyIdCodes: {
      type: 'array',
      title: 'Codes by which the partner marks a payment line as energy',
      items: { type: 'string', minLength: 1, maxLength: 100 },
      default: defaults.energyIdCodes,
    },
    language: { type: 'string', title: 'Language of names', pattern: '^[a-z]{2}$', default: defaults.language },
  },
} as const
