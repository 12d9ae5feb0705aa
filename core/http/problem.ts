// Owns what goes wrong as the caller sees it: the codes, and how refusals, broken promises and bugs become problems (RFC 9457).
// Must not show a stack, a query or a name from inside.
import { HubError } from '../domain/hub-error.ts'
import type { FieldProblem, Refusal } from '../services/manage/outcome.ts'

/** Every code with its status and title. Codes are stable: callers tell cases apart by them. */
export const problemCodes = {
  malformed_request: [400, 'This is not an HTTP request as it should be'],
  body_incomplete: [400, 'The body ended too early'],
  invalid_json: [400, 'The body is not JSON'],
  invalid_idempotency_key: [400, 'The idempotency key cannot be used'],
  unauthorized: [401, 'A valid key is needed'],
  forbidden: [403, 'Not allowed'],
  insufficient_scope: [403, 'The key lacks a scope'],
  csrf_header_missing: [403, 'The request header is missing'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  not_acceptable: [406, 'Not acceptable'],
  request_timeout: [408, 'The request took too long to arrive'],
  conflict: [409, 'In conflict with what is stored'],
  idempotency_key_in_use: [409, 'The first request with this key is still running'],
  gone: [410, 'No longer here'],
  record_changed: [412, 'The record has changed'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  range_not_satisfiable: [416, 'The range is outside the file'],
  expectation_failed: [417, 'The expectation cannot be met'],
  invalid_request: [422, 'The request cannot be carried out as it is'],
  invalid_cursor: [422, 'The cursor does not belong here'],
  idempotency_key_reused: [422, 'The key was used for another request'],
  too_many_requests: [429, 'Too many requests'],
  too_many_streams: [429, 'Too many event streams'],
  headers_too_large: [431, 'The address and headers are too large'],
  internal_error: [500, 'Something went wrong inside the hub'],
  plugin_failed: [502, 'A plugin failed'],
  unavailable: [503, 'Not available now'],
  deadline_passed: [504, 'The other side did not answer in time'],
} as const satisfies Record<string, readonly [number, string]>
export type ProblemCode = keyof typeof problemCodes

export interface ProblemField extends FieldProblem {
  in: 'body' | 'query' | 'path' | 'header'
}

export interface ProblemReply {
  problem: string
  status: number
  title: string
  detail?: string
  errors?: readonly ProblemField[]
  headers?: Record<string, string>
}

export function problem(
  code: ProblemCode,
  more: { detail?: string; errors?: readonly ProblemField[]; headers?: Record<string, string> } = {},
): ProblemReply {
  const [status, title] = problemCodes[code]
  return { problem: code, status, title, ...more }
}

export const noCardNumber = 'must not hold the number of a payment card'

export function isProblem(reply: object): reply is ProblemReply {
  return 'problem' in reply
}

/** What a service refused, for the caller. */
export function refused(refusal: Refusal): ProblemReply {
  switch (refusal.kind) {
    case 'not_found':
      return problem('not_found', {
        detail: 'There is no such record, or it is on a site that this key does not reach.',
      })
    case 'stale':
      return problem('record_changed', {
        detail: `The record is at version ${refusal.version} now. Read it again and decide anew.`,
        headers: { ETag: `"v${refusal.version}"` },
      })
    case 'conflict': {
      const { pointer, message } = refusal
      return problem('conflict', {
        detail: message,
        ...(pointer === undefined ? {} : { errors: [{ in: 'body' as const, pointer, message }] }),
      })
    }
    case 'invalid':
      return problem('invalid_request', {
        detail: refusal.problems.map((one) => `${one.pointer || 'The body'}: ${one.message}`).join('; '),
        errors: refusal.problems.map((one) => ({ in: 'body', ...one })),
      })
    case 'forbidden':
      return problem('forbidden', { detail: refusal.message })
  }
}

/** What was thrown: a broken promise keeps its code, a bug keeps its secrets. */
export function thrown(error: unknown): ProblemReply {
  if (!(error instanceof HubError)) {
    if (isDataException(error)) return problem('invalid_request', { detail: 'A value is outside what can be stored.' })
    return problem('internal_error', { detail: 'It has been logged under the id of this request.' })
  }
  const { status, message, pointer } = error
  // The event stream's own word for it.
  const code = error.code === 'cursor_invalid' ? 'invalid_cursor' : error.code
  const known = Object.hasOwn(problemCodes, code) ? problemCodes[code as ProblemCode] : undefined
  const where = code === 'invalid_cursor' ? 'query' : 'body'
  return {
    problem: code,
    status: known?.[0] ?? status,
    title: known?.[1] ?? titleOf(status),
    detail: message,
    ...(pointer === undefined ? {} : { errors: [{ in: where, pointer, message }] }),
    ...(status === 503 ? { headers: { 'Retry-After': '1' } } : {}),
  }
}

/** SQLSTATE class 22: a value that passed every schema and that the database still cannot take. */
function isDataException(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)
}

function titleOf(status: number): string {
  return status >= 500 ? 'The hub cannot do this now' : 'The request cannot be carried out as it is'
}

/** The body of an answer to what never became a request of its own: there is no path and no id to name. */
export function problemText({ problem: code, status, title, detail }: ProblemReply): string {
  return JSON.stringify({ type: `/docs#problem-${code}`, title, status, ...(detail ? { detail } : {}), code })
}

/** The body of the response. */
export function problemBody(reply: ProblemReply, instance: string, requestId: string): object {
  const { problem: code, status, title, detail, errors } = reply
  return {
    type: `/docs#problem-${code}`,
    title,
    status,
    ...(detail ? { detail } : {}),
    instance,
    code,
    requestId,
    ...(errors ? { errors } : {}),
  }
}
