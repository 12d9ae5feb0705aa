// Owns the shape of one vendor: what its messages are, how it proves itself, what it wants to hear. Each is a file in vendors/.
// Must not hold behaviour that two vendors share; read/ and serve.ts do.
import type { CheckOptions, Permission, ReaderReport } from '../../core/plugin/index.ts'
import type { BodyProblem } from './body/body-problem.ts'
import type { Body } from './body/read-message.ts'
import type { ImageRules } from './read/images.ts'

/** How a camera proves itself, see prove.ts. */
export type ProofKind = 'key' | 'basic' | 'digest' | 'bearer' | 'header' | 'hmac'

export const movements = ['towards', 'away', 'in', 'out'] as const
export type Movement = (typeof movements)[number]

export interface Message extends Body {
  /** The name the operator gave the camera in its address. */
  reader: string | undefined
  receivedAt: Date
}

export interface Settings {
  /** Of times without an offset. */
  zone: string | undefined
  /** The country whose states the camera writes. */
  homeCountry: string | undefined
  /** The operator's words for movements, before the vendor's. */
  movements: Readonly<Record<string, Movement>>
  images: ImageRules
}

export type Outcome =
  /** `alive`: readers that told nothing else; `notes`: what was put right on the way. */
  | { kind: 'read'; reports: readonly ReaderReport[]; alive: readonly string[]; notes: readonly string[] }
  | { kind: 'problem'; problem: BodyProblem }

export interface Vendor<C extends object> {
  /** The plugin is `lpr-<id>`. */
  id: string
  title: string
  /** The first is the default. */
  proofs: readonly [ProofKind, ...ProofKind[]]
  /** Whether its times lack an offset: `needed` makes the zone a required setting. */
  zone: 'needed' | 'useful' | 'none'
  traits: { events: string; corrections: 'sameId' | 'none'; delivery: string; clock: string; docStatus: string }
  /** Settings of its own, beside those that all cameras share. */
  properties?: Readonly<Record<string, object>>
  required?: readonly string[]
  permissions?: readonly Permission[]
  /** Refuses what the schema cannot: throws ConfigInvalid. */
  examine?(config: C): void
  check?(config: C, options: CheckOptions): Promise<void>
  /** Never throws, whatever the message is. */
  read(message: Message, settings: Settings, config: C): Outcome
  /** What the camera must hear before it stops repeating; 200 with a short JSON where it does not mind. */
  acknowledge?(): Response
  /** True for cameras that repeat what was refused for ever, and hold everything behind it. */
  acknowledgeUnreadable?: boolean
  /** Digests with an empty realm and nonce are let in when they are right. */
  laxDigest?: boolean
}
