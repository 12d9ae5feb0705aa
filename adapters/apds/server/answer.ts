// Owns the shape of what is answered: ResponseStatus of APDS, for errors and for writes.
// Must not decide anything.
import type { FieldError } from '../object-schemas.ts'

export function status(
  code: number,
  message: string,
  ids?: readonly string[],
  headers: Record<string, string> = {},
): Response {
  const body = { status: code < 300 ? 'ok' : 'error', code, message, ...(ids && ids.length > 0 ? { ids } : {}) }
  return Response.json(body, { status: code, headers })
}

export function unfit(errors: readonly FieldError[]): Response {
  return status(400, errors.map(({ pointer, message }) => `${pointer || 'The body'} ${message}`).join('; '))
}

/** For handlers: thrown where a question cannot be answered as it was asked. */
export class Refusal extends Error {
  readonly response: Response
  constructor(code: number, message: string) {
    super(message)
    this.response = status(code, message)
  }
}
