// Owns the types that handlers are written against, derived from the contract: what they are given and what they may answer.
// Must not contain behaviour.

import type { operations } from '../../openapi/generated.d.ts'
import type { Scope } from '../domain/scope.ts'
import type { KeyAccess } from '../services/keys/manage-keys.ts'
import type { ServiceDeps } from '../services/service-deps.ts'
import type { ProblemReply } from './problem.ts'

/** Every operation of the API; those of the webhooks section are sent, not served. */
export type OperationId = Exclude<keyof operations, `on${Capitalize<string>}`>

type PathOf<Id extends OperationId> = operations[Id]['parameters'] extends { path: infer P } ? P : Record<never, never>
type QueryOf<Id extends OperationId> = operations[Id]['parameters'] extends { query?: infer Q }
  ? [NonNullable<Q>] extends [never]
    ? Record<never, never>
    : NonNullable<Q>
  : Record<never, never>
type BodyOf<Id extends OperationId> = operations[Id] extends {
  requestBody: { content: { 'application/json': infer B } }
}
  ? B
  : undefined

type Responses<Id extends OperationId> = operations[Id]['responses']
type Success<Id extends OperationId> = Exclude<keyof Responses<Id>, 'default' | 304>

/** What is written to the wire: an instant may still be a Date. */
export type Wire<T> = string extends T
  ? T | Date
  : T extends readonly (infer E)[]
    ? readonly Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T

type Json<R> = R extends { content: { 'application/json': infer B } } ? { body: Wire<B> } : { body?: undefined }

type SuccessReply<Id extends OperationId> = {
  [S in Success<Id>]: { status: S; headers?: Record<string, string> } & Json<Responses<Id>[S]>
}[Success<Id>]

/** A finished response is for what is no JSON: pages, streams. */
export type Reply<Id extends OperationId> = SuccessReply<Id> | ProblemReply | Response

export interface Call<Id extends OperationId> {
  path: PathOf<Id>
  query: QueryOf<Id>
  body: BodyOf<Id>
  /** Version from `If-Match`, when it was sent. */
  version: number | undefined
  request: Request
}

export interface CallContext {
  access: KeyAccess
  /** `db` is the transaction of the Idempotency-Key when one was sent. */
  deps: ServiceDeps
  principal: Principal
  requestId: string
  /** Takes one token of a caller's bucket, or of the address when left out: for operations that count for themselves. */
  slowDown(who?: string): ProblemReply | null
  /** Runs once the changes are stored: wake-ups and other news that must not be early. */
  afterCommit(run: () => void | Promise<void>): void
}

/** Who is asking. */
export interface Principal {
  kind: 'key' | 'user'
  actor: string
  name: string
  organizationId: string
  scopes: readonly Scope[]
  siteIds: readonly string[] | null
  /** True when the request came with the dashboard's cookie. */
  cookie: boolean
}

export type Handler<Id extends OperationId> = (call: Call<Id>, context: CallContext) => Promise<Reply<Id>> | Reply<Id>
export type Handlers = { [Id in OperationId]: Handler<Id> }
/** The handlers of one part of the API. */
export type Part<Ids extends OperationId> = Pick<Handlers, Ids>
