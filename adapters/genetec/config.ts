// Owns what an operator sets for one Pay-by-Plate Sync connection, with its defaults.
// Must not hold the key itself; the hub keeps that sealed.

export interface ZoneConfig {
  id: string
  name: string
  /** Area codes of the site; empty for the whole site. */
  areas?: readonly string[]
  /** Whether charging is a permit here. */
  charging?: boolean
  /** Which standing rights are. */
  rights?: readonly ('park' | 'charge')[]
}

export interface GenetecConfig {
  zones: readonly ZoneConfig[]
  graceMinutes: number
  runningHours: number
  keyHeader: string
  zonesAnswer: 'object' | 'list'
  isValidAnswer: 'boolean' | 'object'
}

export const defaults: GenetecConfig = {
  zones: [],
  graceMinutes: 15,
  runningHours: 12,
  keyHeader: 'x-api-key',
  zonesAnswer: 'list',
  isValidAnswer: 'boolean',
}

/** When nothing is set: the site is one zone, and both charging and standing rights are permits in it. */
export const wholeSite = 'site'

const text = { type: 'string', minLength: 1, maxLength: 100 } as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    zones: {
      type: 'array',
      title: 'Zones',
      description: `Which parts of the site Genetec enforces. Empty: one zone "${wholeSite}" for all of it.`,
      maxItems: 200,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'name'],
        properties: {
          id: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$', title: 'Zone id' },
          name: { ...text, title: 'Name' },
          areas: { type: 'array', title: 'Areas (codes)', uniqueItems: true, maxItems: 200, items: text },
          charging: { type: 'boolean', title: 'Charging is a permit', default: true },
          rights: {
            type: 'array',
            title: 'Standing rights that are permits',
            uniqueItems: true,
            items: { enum: ['park', 'charge'] },
            default: ['park', 'charge'],
          },
        },
      },
      default: defaults.zones,
    },
    graceMinutes: {
      type: 'integer',
      minimum: 0,
      maximum: 1_440,
      title: 'Minutes after unplugging',
      description: 'So long the permit of a charging session stays.',
      default: defaults.graceMinutes,
    },
    runningHours: {
      type: 'integer',
      minimum: 1,
      maximum: 168,
      title: 'Longest permit of a running session (hours)',
      description: 'It is renewed in time while the session runs; if the hub cannot be reached, it ends by itself.',
      default: defaults.runningHours,
    },
    keyHeader: {
      type: 'string',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$",
      title: 'Header of the API key',
      description: 'Where Genetec sends the secret "apiKey"; it is taken from Authorization, too.',
      default: defaults.keyHeader,
    },
    zonesAnswer: {
      enum: ['list', 'object'],
      title: 'Shape of the list of zones',
      description: 'The public pages do not show it. list: [{…}]; object: {"Zones": [{…}]}.',
      default: defaults.zonesAnswer,
    },
    isValidAnswer: {
      enum: ['boolean', 'object'],
      title: 'Shape of the answer to isvalid',
      description: 'The public pages do not show it. boolean: true; object: {"IsValid": true}.',
      default: defaults.isValidAnswer,
    },
  },
} as const
