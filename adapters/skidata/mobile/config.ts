// Owns what an operator sets for one MobileAPI service, with its defaults.
// Must not hold the API key; the hub keeps that sealed.

export interface MobileConfig {
  baseUrl: string
  facilityNo: number
  /** Car parks of this site; empty for all of the facility. */
  carparkNos: readonly number[]
  /** The vendor's product for identifiers that the hub creates; empty for none. */
  productId: string
  /** Other products by the code of the account's group. */
  productOfGroup: Readonly<Record<string, string>>
  customerId: number
  socketKeyIn: 'query' | 'header'
  socketKeyName: string
  silenceSeconds: number
}

export const defaults: Omit<MobileConfig, 'baseUrl' | 'facilityNo'> = {
  carparkNos: [],
  productId: '',
  productOfGroup: {},
  customerId: 0,
  socketKeyIn: 'query',
  socketKeyName: 'APIKey',
  silenceSeconds: 90,
}

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl', 'facilityNo'],
  properties: {
    baseUrl: {
      type: 'string',
      pattern: '^https?://[^?#]+$',
      maxLength: 500,
      title: 'Address of the MobileAPI',
      description:
        'Without "api" at its end. Needs the secret apiKey. One key is for one connection: it takes the events it hears.',
    },
    facilityNo: { type: 'integer', minimum: 0, maximum: 9_999_999, title: 'Facility number' },
    carparkNos: {
      type: 'array',
      title: 'Car parks of this site',
      description: 'Left empty: all of the facility.',
      uniqueItems: true,
      maxItems: 100,
      items: { type: 'integer', minimum: 0 },
      default: defaults.carparkNos,
    },
    productId: {
      type: 'string',
      maxLength: 100,
      title: 'Product for identifiers of the hub',
      description: 'With it the hub creates its credentials as identifiers. The interface has no call that ends one.',
      default: defaults.productId,
    },
    productOfGroup: {
      type: 'object',
      title: 'Other products by group code',
      additionalProperties: { type: 'string', minLength: 1, maxLength: 100 },
      default: defaults.productOfGroup,
    },
    customerId: {
      type: 'integer',
      minimum: 0,
      title: 'CustomerID told with payments',
      description: 'Zero for none.',
      default: defaults.customerId,
    },
    socketKeyIn: {
      type: 'string',
      enum: ['query', 'header'],
      title: 'Where the key stands when the event socket is opened',
      description: 'The public pages do not say it.',
      default: defaults.socketKeyIn,
    },
    socketKeyName: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9-]{0,63}$',
      title: 'Its name there',
      default: defaults.socketKeyName,
    },
    silenceSeconds: {
      type: 'integer',
      minimum: 15,
      maximum: 3_600,
      title: 'Seconds of silence after which the event socket is opened anew',
      default: defaults.silenceSeconds,
    },
  },
} as const
