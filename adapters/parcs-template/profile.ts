// Owns what a vendor profile can say, as types: where to ask, what is pushed, what a record means, how an action goes out.
// Must not become a language: paths, words, tables and fixed steps, no code and no patterns that can be made to run long.
import type { ParkingActionKind, ParkingFactType } from '../../core/plugin/index.ts'

/** One step that a value goes through, in the order written. */
export type Step =
  | { do: 'trim' | 'upper' | 'lower' | 'plate' | 'text' | 'number' | 'integer' }
  /** The part between separators, counted from 0; from the end when negative. */
  | { do: 'split'; by: string; at: number }
  /** Takes a fixed text off the beginning. */
  | { do: 'strip'; prefix: string }
  | { do: 'lookup'; table: string; otherwise?: Plain }
  /** `patterns` of yyyy MM dd HH mm ss S X, or numbers since 1970. Without a zone that of the profile, then of the site. */
  | { do: 'time'; patterns?: readonly string[]; epoch?: 'seconds' | 'milliseconds'; zone?: string }
  /** Major units as the vendor writes them become minor units; `minor`: they are minor units already. */
  | { do: 'amount'; currency?: string; minor?: boolean }
  /** Exact arithmetic; more digits than `places` are refused, never rounded. */
  | { do: 'decimal'; times?: string; places?: number }
  | { do: 'boolean'; yes: readonly string[]; no: readonly string[] }
  /** Outward: an instant in the vendor's words. */
  | { do: 'writeTime'; as: 'iso' | 'seconds' | 'milliseconds' | 'local' }
  /** Outward: minor units become the text of major units in the currency of the action. */
  | { do: 'major' }

export type Plain = string | number | boolean | null

/** Where a value comes from. A path that leads nowhere leaves the field out, unless there is a `default`. */
export interface Taken {
  path?: string
  /** `record` (the item, the default), `message` (the whole answer or call). */
  of?: 'record' | 'message'
  const?: Plain
  steps?: readonly Step[]
  default?: Plain
}

export interface Condition {
  path: string
  of?: 'record' | 'message'
  is?: readonly Plain[]
  not?: readonly Plain[]
  present?: boolean
}

export interface TakenCredential {
  kind: 'plate' | 'card' | 'ticket' | 'qr' | 'app' | 'emaid' | 'phone'
  value: Taken
  encoding?: string
  country?: Taken
  confidence?: Taken
  /** A path to a list inside the record: one credential for each of its items. */
  each?: string
}

/** How a record becomes one fact, or one for each item of a list inside it. */
export interface FactMap {
  name: string
  when?: readonly Condition[]
  /** A list inside the record; paths then begin inside an item, `message` is the record. */
  each?: string
  fact: ParkingFactType
  /** What names the fact for ever: joined with ":" behind the map's name. */
  key: readonly Taken[]
  /** Grows with each correction. Left out: changed content under the same key is the next revision. */
  revision?: Taken
  occurredAt: Taken
  stayRef?: Taken
  lane?: Taken
  device?: Taken
  credentials?: readonly TakenCredential[]
  data?: Readonly<Record<string, Taken>>
}

/** Values of the tree are sent as they stand; `{"take": …}` is replaced by what it takes, `{"each": …, "of": …}` by a list. */
export type BodyTemplate = Plain | readonly BodyTemplate[] | { readonly [name: string]: BodyTemplate | Taken }

export interface RequestTemplate {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the address of the connection; `{name}` is taken from `values`. */
  path: string
  values?: Readonly<Record<string, Taken>>
  query?: Readonly<Record<string, Taken | string>>
  headers?: Readonly<Record<string, Taken | string>>
  body?: BodyTemplate
  send?: 'json' | 'form'
}

export type Paging =
  | { kind: 'none' }
  | { kind: 'page'; param: string; first?: number; sizeParam?: string; size: number }
  | { kind: 'offset'; param: string; sizeParam?: string; size: number }
  | { kind: 'cursor'; param: string; next: string }
  /** `next` is a path to an address; without it the header Link with rel="next". */
  | { kind: 'link'; next?: string }
  /** Asks again from where the last answer ended until nothing new comes. */
  | { kind: 'since'; size: number }

export interface Cursor {
  /** `time` and `number` are in each item; `token` is in the answer, for the next look. */
  kind: 'time' | 'number' | 'token'
  path: string
  param: string
  steps?: readonly Step[]
  /** How a time is written to the vendor. */
  write?: 'iso' | 'seconds' | 'milliseconds' | 'local'
  /** Asked again at every look: seconds, or numbers. */
  overlap?: number
  /** How far back the first look goes. */
  startHours?: number
}

export interface Poll {
  name: string
  everyMinutes?: number
  request: RequestTemplate
  /** The list in the answer; left out when the answer is the list. */
  items?: string
  paging?: Paging
  cursor?: Cursor
  facts: readonly FactMap[]
}

export type Algorithm = 'sha1' | 'sha256' | 'sha512'

/** Parts of a canonical text: {method} {path} {query} {target} {timestamp} {nonce} {body} {bodyHash} {user}. */
export interface HmacRules {
  canonical: string
  algorithm: Algorithm
  encoding: 'hex' | 'base64'
  /** What {bodyHash} is written in; the same algorithm. */
  header: string
  /** Of the header's text, with {signature} and, when they stand there, {timestamp}, {nonce}, {user}. */
  format?: string
  timestampHeader?: string
  timestamp?: 'seconds' | 'milliseconds' | 'iso'
  nonceHeader?: string
}

export type OutgoingAuth =
  | { kind: 'none' | 'bearer' | 'basic' | 'digest' }
  | { kind: 'header'; name: string; prefix?: string }
  | { kind: 'query'; name: string }
  | { kind: 'oauth2'; scope?: string; send?: 'body' | 'basic'; extra?: Readonly<Record<string, string>> }
  | ({ kind: 'hmac' } & HmacRules)

export type IncomingAuth =
  | { kind: 'bearer' | 'basic' }
  | { kind: 'header'; name: string }
  | ({ kind: 'hmac'; toleranceSeconds?: number; replaySeconds?: number } & HmacRules)

export interface Webhook {
  path: string
  auth: IncomingAuth
  accept?: 'json' | 'form'
  items?: string
  /** What the vendor wants to hear. Default 200 when stored, 422 when nothing of it could be read. */
  answers?: { stored?: number; unfit?: number }
  facts: readonly FactMap[]
}

/** Which answers mean what; the first that fits. What fits none is judged by its status as everywhere in the hub. */
export interface AnswerRule {
  status?: readonly number[]
  when?: readonly Omit<Condition, 'of'>[]
  means: 'done' | 'refused' | 'later' | 'unknown' | 'not_done'
  reference?: string
  reason?: string
  code?: string
}

export interface ActionMap {
  request: RequestTemplate
  repeatable: boolean
  answers?: readonly AnswerRule[]
  /** How to ask what became of it. */
  ask?: { request: RequestTemplate; answers: readonly AnswerRule[] }
}

export interface Profile {
  profile: string
  title: string
  status: 'public' | 'observed' | 'nda' | 'unknown'
  sources: readonly string[]
  /** What is known of a vendor without public documentation. */
  known?: readonly string[]
  /** What has to be asked of the vendor before this can work; a profile that asks does not start. */
  ask?: readonly string[]
  zone?: string
  currency?: string
  auth?: OutgoingAuth
  limits?: { perMinute?: number; mostPages?: number; largestAnswerKilobytes?: number }
  lookups?: Readonly<Record<string, Readonly<Record<string, Plain>>>>
  polls?: readonly Poll[]
  webhooks?: readonly Webhook[]
  actions?: Readonly<Partial<Record<ParkingActionKind, ActionMap>>>
  /** A request that changes nothing, for the connection test. */
  check?: RequestTemplate
}
