// Owns what an operator sets for one Autopay connection, with its defaults.
// Must not hold a secret; the hub keeps those sealed.

export interface AutopayConfig {
  baseUrl: string
  tokenUrl: string
  clientId: string
  user: string
  zones: readonly string[]
  /** For which parkings the hub says that it bills them. */
  claim: 'never' | 'charging' | 'all'
  areaCodes: Readonly<Record<string, string>>
  chargingProduct: string
  usualProduct: string
  occupancyZones: readonly string[]
}

export const defaults: Omit<AutopayConfig, 'clientId'> = {
  baseUrl: 'https://api.autopay.io',
  tokenUrl: 'https://api-auth.autopay.io/oauth/token',
  user: 'autopay',
  zones: [],
  claim: 'never',
  areaCodes: {},
  chargingProduct: '',
  usualProduct: '',
  occupancyZones: [],
}

const address = { type: 'string', pattern: '^https?://[^?#]+$', maxLength: 500 } as const
const code = { type: 'string', minLength: 1, maxLength: 100 } as const
const product = { type: 'string', maxLength: 100 } as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['clientId'],
  properties: {
    baseUrl: { ...address, title: 'Address of the Autopay API', default: defaults.baseUrl },
    tokenUrl: { ...address, title: 'Address that gives tokens', default: defaults.tokenUrl },
    clientId: {
      ...code,
      title: 'Client id',
      description: 'Autopay gives one for each operator; its secret is "clientSecret".',
    },
    user: {
      type: 'string',
      pattern: '^[^:\\s]{1,64}$',
      title: 'User name of Autopay at this hub',
      description: 'For basic authentication; its password is the secret "inbound".',
      default: defaults.user,
    },
    zones: {
      type: 'array',
      title: 'Zones of this site',
      description: 'Autopay zone codes. Entries into others are answered and left out. Empty: all of them.',
      uniqueItems: true,
      maxItems: 500,
      items: code,
      default: defaults.zones,
    },
    claim: {
      enum: ['never', 'charging', 'all'],
      title: 'Parkings that the hub bills',
      description:
        'charging: those with a charging session, so that the driver gets one bill. all: every one. A claim cannot be taken back at Autopay.',
      default: defaults.claim,
    },
    areaCodes: {
      type: 'object',
      title: 'Provider codes',
      description:
        'The code that Autopay has configured for the hub under each zone, by zone code. Left out: the zone code.',
      additionalProperties: code,
      default: defaults.areaCodes,
    },
    chargingProduct: {
      ...product,
      title: 'Product while charging',
      description: 'Put on a parking when a charging session is linked to it. Empty: products stay as they are.',
      default: defaults.chargingProduct,
    },
    usualProduct: {
      ...product,
      title: 'Product when the link is removed',
      description: 'Put back when the last charging session is taken off a parking. Empty: the product stays.',
      default: defaults.usualProduct,
    },
    occupancyZones: {
      type: 'array',
      title: 'Zones to read the occupancy of',
      description: 'Each is read every minute; needs access to the Status API.',
      uniqueItems: true,
      maxItems: 20,
      items: code,
      default: defaults.occupancyZones,
    },
  },
} as const
