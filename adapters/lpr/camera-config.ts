// Owns the settings that all cameras share, their form and their defaults.
// Must not hold the secret; the hub keeps that sealed.
import { ConfigInvalid, isTimeZone } from '../../core/plugin/index.ts'
import type { ProofRules } from './proof/prove.ts'
import { countryOf } from './read/country.ts'
import { type Movement, movements, type ProofKind, type Settings, type Vendor } from './vendor.ts'

export interface CameraConfig {
  proof?: ProofKind
  user?: string
  header?: string
  zone?: string
  homeCountry?: string
  movements?: Record<string, Movement>
  keepImages?: boolean
  maxImageKilobytes?: number
  maxBodyKilobytes?: number
}

const defaults = {
  user: 'baywatt',
  header: 'authorization',
  maxImageKilobytes: 2_048,
  maxBodyKilobytes: 8_192,
} as const

const proofWords: Readonly<Record<ProofKind, string>> = {
  key: 'key: the secret in the address, …/key/<secret>',
  basic: 'basic: user and secret',
  digest: 'digest: user and secret, hashed',
  bearer: 'bearer: the secret as bearer token',
  header: 'header: the secret in a header',
  hmac: 'hmac: a SHA-256 signature of the body in a header',
}

export function cameraSchema<C extends object>({ proofs, zone, properties = {}, required = [] }: Vendor<C>): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: [...required, ...(zone === 'needed' ? ['zone'] : [])],
    properties: {
      proof: {
        type: 'string',
        title: 'How the camera proves itself',
        description: proofs.map((kind) => proofWords[kind]).join('; '),
        enum: [...proofs],
        default: proofs[0],
      },
      user: {
        type: 'string',
        title: 'User',
        description: 'For basic and digest.',
        pattern: '^[^:"\\s]{1,64}$',
        default: defaults.user,
      },
      header: {
        type: 'string',
        title: 'Header',
        description: 'For header and hmac.',
        pattern: '^[A-Za-z0-9-]{1,64}$',
        default: defaults.header,
      },
      ...(zone === 'none'
        ? {}
        : {
            zone: {
              type: 'string',
              title: "Time zone of the camera's clock",
              description: 'IANA name, Europe/Berlin. For times that come without an offset.',
              minLength: 1,
              maxLength: 64,
            },
          }),
      homeCountry: {
        type: 'string',
        title: 'Country whose states the camera writes',
        description: 'Two letters. Without it a state alone is left out: "ca" may be California or Canada.',
        pattern: '^[A-Za-z]{2}$',
      },
      movements: {
        type: 'object',
        title: 'Words for movements',
        description: 'What the camera writes, and what it means at this lane: {"forward": "in"}.',
        additionalProperties: { type: 'string', enum: [...movements] },
        maxProperties: 20,
      },
      keepImages: { type: 'boolean', title: 'Keep pictures', default: true },
      maxImageKilobytes: {
        type: 'integer',
        title: 'Largest picture (kB)',
        minimum: 16,
        maximum: 16_384,
        default: defaults.maxImageKilobytes,
      },
      maxBodyKilobytes: {
        type: 'integer',
        title: 'Largest message (kB)',
        minimum: 16,
        maximum: 32_768,
        default: defaults.maxBodyKilobytes,
      },
      ...properties,
    },
  }
}

export interface CameraRules {
  settings: Settings
  proof: ProofRules
  largestBody: number
}

/** Throws ConfigInvalid for what the schema cannot see. */
export function cameraRules<C extends object>(vendor: Vendor<C>, config: CameraConfig & C): CameraRules {
  const {
    zone,
    homeCountry,
    maxImageKilobytes = defaults.maxImageKilobytes,
    maxBodyKilobytes = defaults.maxBodyKilobytes,
  } = config
  if (zone !== undefined && !isTimeZone(zone)) throw new ConfigInvalid('/zone', `There is no time zone "${zone}".`)
  if (homeCountry !== undefined && countryOf(homeCountry) === undefined)
    throw new ConfigInvalid('/homeCountry', `There is no country "${homeCountry}".`)
  vendor.examine?.(config)
  return {
    settings: {
      zone,
      homeCountry: countryOf(homeCountry),
      movements: config.movements ?? {},
      images: { keep: config.keepImages ?? true, largestBytes: maxImageKilobytes * 1_024 },
    },
    proof: {
      kind: config.proof ?? vendor.proofs[0],
      user: config.user ?? defaults.user,
      header: config.header ?? defaults.header,
      lax: vendor.laxDigest ?? false,
    },
    largestBody: maxBodyKilobytes * 1_024,
  }
}
