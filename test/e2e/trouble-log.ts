// Owns a log that keeps what the hub calls an error, for tests in which nothing may go wrong unseen.
// Must not keep warnings: noise of the outside world is what they are for.
import { inspect } from 'node:util'
import type { Log } from '../../core/domain/log.ts'

export function createTroubleLog(): { log: Log; errors: string[] } {
  const errors: string[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error(fields, message) {
      errors.push(`${message} ${inspect(fields, { depth: 4 })}`)
    },
  }
  return { log, errors }
}
