// Owns what an operator sets for one connection, with its defaults.
// Must not hold the secret itself; the hub keeps that sealed.

export interface ParcsHttpConfig {
  clockSkewSeconds: number
  maxBatch: number
  maxBodyKilobytes: number
}

/** Defaults are for bodies of facts with two credentials each: about 500 bytes. */
export const defaultConfig: ParcsHttpConfig = {
  clockSkewSeconds: 300,
  maxBatch: 1_000,
  maxBodyKilobytes: 2_048,
}

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    clockSkewSeconds: {
      type: 'integer',
      title: 'Accepted clock difference (seconds)',
      description: 'How old or early the timestamp of a request may be.',
      minimum: 10,
      maximum: 3_600,
      default: defaultConfig.clockSkewSeconds,
    },
    maxBatch: {
      type: 'integer',
      title: 'Facts per request',
      minimum: 1,
      maximum: 1_000,
      default: defaultConfig.maxBatch,
    },
    maxBodyKilobytes: {
      type: 'integer',
      title: 'Largest request (kB)',
      minimum: 16,
      maximum: 16_384,
      default: defaultConfig.maxBodyKilobytes,
    },
  },
} as const
