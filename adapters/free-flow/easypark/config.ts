// Owns what an operator sets for one EasyPark connection, with its defaults.
// Must not hold the secret itself; the hub keeps that sealed.

export interface EasyParkConfig {
  /** Whose bill the driver gets for the parking. */
  collects: 'easypark' | 'hub'
  user: string
  keyHeader: string
  areas: readonly string[]
  plateCountry: string
}

export const defaults: EasyParkConfig = {
  collects: 'easypark',
  user: 'easypark',
  keyHeader: 'x-api-key',
  areas: [],
  plateCountry: '',
}

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    collects: {
      enum: ['easypark', 'hub'],
      title: 'Who collects the parking fee',
      description:
        'easypark: the driver pays EasyPark, and the hub takes its parking for paid. hub: EasyPark tells the amount, and the hub bills it together with the energy.',
      default: defaults.collects,
    },
    user: {
      type: 'string',
      pattern: '^[^:\\s]{1,64}$',
      title: 'User name of EasyPark at this hub',
      description: 'For basic authentication; its password is the secret "inbound".',
      default: defaults.user,
    },
    keyHeader: {
      type: 'string',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$",
      title: 'Header of the API key',
      description: 'Where EasyPark sends the secret "inbound" instead of basic authentication.',
      default: defaults.keyHeader,
    },
    areas: {
      type: 'array',
      title: 'Parking areas of this site',
      description: 'EasyPark area ids. Transactions of others are answered and left out. Empty: all of them.',
      uniqueItems: true,
      maxItems: 500,
      items: { type: 'string', pattern: '^\\d{1,20}$' },
      default: defaults.areas,
    },
    plateCountry: {
      type: 'string',
      pattern: '^([A-Z]{2})?$',
      title: 'Country of the plates',
      description: 'ISO 3166 code; EasyPark does not tell it. Empty: as the site has it.',
      default: defaults.plateCountry,
    },
  },
} as const
