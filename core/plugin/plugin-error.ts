// Owns the three failures that a plugin may answer set-up and checks with; the host turns each into a connection state.
// Must not grow a fourth without a state for it in core/host.
import { HubError } from '../domain/hub-error.ts'

/** The other side is not there yet: the host tries again with growing pauses. */
export class NotReady extends HubError {
  constructor(message: string, cause?: unknown) {
    super('not_ready', message, { level: 'warn', status: 503, cause })
    this.name = 'NotReady'
  }
}

/** The other side refused our credentials: only a person can help. */
export class AuthFailed extends HubError {
  constructor(message: string, cause?: unknown) {
    super('auth_failed', message, { level: 'warn', status: 502, cause })
    this.name = 'AuthFailed'
  }
}

/** The configuration cannot work; `pointer` names the field (JSON pointer). */
export class ConfigInvalid extends HubError {
  constructor(pointer: string, message: string) {
    super('config_invalid', message, { level: 'warn', status: 422, pointer })
    this.name = 'ConfigInvalid'
  }
}
