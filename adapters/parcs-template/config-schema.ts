// Owns what an operator sets for one vendor that is described by a profile.
// Must not hold a secret; the hub keeps "vendor" and "webhook" sealed.
import { shippedProfiles } from './shipped-profiles.ts'

export interface TemplateConfig {
  /** One that ships with the hub, or `own`. */
  profile?: string
  /** The operator's own profile; checked whole at start, each fault with its pointer. */
  document?: unknown
  baseUrl?: string
  tokenUrl?: string
  user?: string
  webhookUser?: string
}

export const ownProfile = 'own'

const address = '^(https?://[^?#\\s]+)?$'

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    profile: {
      type: 'string',
      title: 'Vendor profile',
      description: `"own" for the profile below. Those that ship with the hub: ${shippedProfiles
        .map(({ profile, title, ask }) => `${profile} (${title}${ask?.length ? ', not filled in yet' : ''})`)
        .join(', ')}.`,
      enum: [ownProfile, ...shippedProfiles.map(({ profile }) => profile)],
      default: ownProfile,
    },
    document: {
      type: 'object',
      title: 'Own profile',
      description:
        'As adapters/parcs-template/README.md describes it; try it on a capture with "npm run parcs:try" first.',
    },
    baseUrl: {
      type: 'string',
      pattern: address,
      maxLength: 500,
      title: 'Address of the vendor’s interface',
      description: 'Every path of the profile begins here, and nowhere else is called.',
    },
    tokenUrl: {
      type: 'string',
      pattern: address,
      maxLength: 500,
      title: 'Address that gives tokens',
      description: 'For profiles with oauth2. Left out: /oauth/token below the vendor’s address.',
    },
    user: { type: 'string', maxLength: 200, title: 'User, client id or key id at the vendor' },
    webhookUser: { type: 'string', maxLength: 200, title: 'User or key id that the vendor calls with' },
  },
} as const

export function tokenUrlOf({ tokenUrl, baseUrl = '' }: TemplateConfig): string {
  return tokenUrl || `${baseUrl.replace(/\/+$/, '')}/oauth/token`
}
