// Owns a log that says nothing.
// Must not be used where a test could assert on what was logged.
import type { Log } from '../../core/domain/log.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
