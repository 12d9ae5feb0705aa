// Owns the configuration of a Stripe connection and what is taken when nothing is said.
// Must not hold a secret.

export interface StripeConfig {
  baseUrl: string
  returnUrl: string
}

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['returnUrl'],
  properties: {
    returnUrl: {
      type: 'string',
      title: 'Where drivers go after paying',
      description: 'A page of yours; orders may name another.',
      pattern: '^https?://',
      maxLength: 1000,
    },
    baseUrl: {
      type: 'string',
      title: 'Address of the API',
      description: 'Only for tests against a simulator.',
      pattern: '^https?://[^/?#]+/?$',
      default: 'https://api.stripe.com',
    },
  },
} as const
