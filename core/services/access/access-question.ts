// Owns the shapes of a question about access and of its weighed answer.
// Must not contain rules.
import type { RuleCheck } from '../../domain/access/index.ts'
import type { Authorization, IdToken } from '../../domain/charger-fact.ts'
import type { CardProfiles } from '../../domain/credential/index.ts'
import type { Direction, ReportedCredential } from '../../domain/parking-fact.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface GateAsked {
  place: 'gate'
  credentials: readonly ReportedCredential[]
  direction: Direction
  /** Code of the lane. */
  lane: string
  requestId?: string
  connectionId?: string
}

export interface ChargerAsked {
  place: 'charger'
  token: IdToken
  /** In place of the token: what is known of the credential better than a charger could say it. */
  credentials?: readonly ReportedCredential[]
  stationId: string | null
  /** Number of the EVSE, where the question says which. */
  evse?: number
}

export type AccessQuestion = {
  organizationId: string
  siteId: string | null
  at: Date
  /** When the hub was asked, by its own clock; the same as `at` when left out. */
  receivedAt?: Date
  /**
   * What happens to places at once. `take` (when left out): a yes holds one. `look`: they are counted, none is held. `settled`: what
   * is asked about has happened already, or ends something, and nobody has to make room for it.
   */
  places?: 'take' | 'look' | 'settled'
} & (GateAsked | ChargerAsked)

/** The `authorise` interception: a plugin may refuse, never grant. The caller gives it its deadline. */
export type AuthoriseIntercept = (ask: {
  place: 'gate' | 'charger'
  siteId: string | null
  credential: ReportedCredential
  accountId: string | null
}) => Promise<{ kind: 'pass' } | { kind: 'deny'; reason: string }>

export interface AuthoriseDeps extends Pick<ServiceDeps, 'db'> {
  intercept?: AuthoriseIntercept
  /** How readers and chargers write cards; without it every text is taken by its looks. */
  profiles?(organizationId: string): Promise<CardProfiles>
}

/** An authorization with how it came about. */
export interface Weighed {
  authorization: Authorization
  /** Why, in a word that machines and statistics may rely on. */
  code: string
  trace: readonly RuleCheck[]
  /** The credential that decided; null when there was none. */
  credential: ReportedCredential | null
  siteSettings: Record<string, unknown>
  /** Gives the promised place back; null when none was needed. */
  giveBack: (() => Promise<void>) | null
}
