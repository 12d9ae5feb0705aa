// Owns the shape of a broken promise of the outside world: a stable code, a log level, an HTTP status, words for a person.
// Must not be thrown for an outcome that a caller is expected to handle (that is a value) nor for a bug (that is an Error).

export type ErrorLevel = 'info' | 'warn' | 'error'

export interface HubErrorOptions {
  level?: ErrorLevel
  status?: number
  /** JSON pointer to the field at fault. */
  pointer?: string
  cause?: unknown
}

export class HubError extends Error {
  readonly code: string
  readonly level: ErrorLevel
  readonly status: number
  readonly pointer: string | undefined

  constructor(code: string, message: string, options: HubErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HubError'
    this.code = code
    this.level = options.level ?? 'error'
    this.status = options.status ?? 500
    this.pointer = options.pointer
  }
}
