// Owns what an operator sets for one APDS service that the hub follows, with its defaults.
// Must not hold a secret; the hub keeps those sealed.

export interface ClientConfig {
  baseUrl: string
  tokenUrl: string
  clientId: string
  scopes: readonly string[]
  /** Where the partner reaches this hub; empty for no subscription. */
  publicUrl: string
  /** Under which of the partner's specifications the hub's credentials are pushed; empty for no push. */
  rightSpecId: string
  rightSpecVersion: number
  backfillHours: number
  energyIdCodes: readonly string[]
}

export const defaults: Omit<ClientConfig, 'baseUrl' | 'clientId'> = {
  tokenUrl: '',
  scopes: ['sp'],
  publicUrl: '',
  rightSpecId: '',
  rightSpecVersion: 1,
  backfillHours: 24,
  energyIdCodes: ['ENERGY'],
}

const address = { type: 'string', pattern: '^https?://[^?#]+$', maxLength: 500 } as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl', 'clientId'],
  properties: {
    baseUrl: { ...address, title: 'Address of the APDS service' },
    tokenUrl: {
      type: 'string',
      pattern: '^(https?://[^?#]+)?$',
      title: 'Address that gives tokens',
      description: 'Left out: /auth below the service.',
      default: defaults.tokenUrl,
    },
    clientId: { type: 'string', minLength: 1, maxLength: 200, title: 'Client id' },
    scopes: {
      type: 'array',
      title: 'Scopes to ask for',
      minItems: 1,
      uniqueItems: true,
      items: { enum: ['po', 'sp', 'ep', 'ad'] },
      default: defaults.scopes,
    },
    publicUrl: {
      type: 'string',
      pattern: '^(https?://[^?#]+)?$',
      title: 'Address of this hub for the partner',
      description:
        'With it the hub subscribes to changes; they only wake it, what is true is always read. Needs the secret notifyToken.',
      default: defaults.publicUrl,
    },
    rightSpecId: {
      type: 'string',
      maxLength: 100,
      title: 'Specification for pushed credentials',
      default: defaults.rightSpecId,
    },
    rightSpecVersion: { type: 'integer', minimum: 1, title: 'Its version', default: defaults.rightSpecVersion },
    backfillHours: {
      type: 'integer',
      minimum: 0,
      maximum: 8_784,
      title: 'Hours to look back at first',
      default: defaults.backfillHours,
    },
    energyIdCodes: {
      type: 'array',
      title: 'Codes by which the partner marks a payment line as energy',
      items: { type: 'string', minLength: 1, maxLength: 100 },
      default: defaults.energyIdCodes,
    },
  },
} as const
