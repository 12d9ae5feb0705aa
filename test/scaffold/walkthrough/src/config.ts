// Owns what an operator sets for one connection: the schema is the form, its titles and descriptions are what the form says.
// Must not hold a secret; the hub keeps those sealed.

export interface Config {
  baseUrl: string
}

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl'],
  properties: {
    baseUrl: {
      type: 'string',
      pattern: '^https?://[^?#]+[^/]$',
      title: 'Address of the parking system',
      description: 'Without a slash at the end.',
    },
  },
} as const
