// Owns the "Test connection" button: one try of a configuration on the other side, limited, with an answer for a person.
// Must not have side effects: nothing is registered, no state changes.
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { AuthFailed } from '../plugin/index.ts'
import { answerFor, attributed } from './attribution.ts'
import { withDeadline } from './deadline.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { LoadedPlugin } from './manifest.ts'
import { redactedLog, redaction } from './redacted-log.ts'
import { limits } from './run.ts'

/** In the words of the API: `code` is `auth_failed`, `not_ready`, `config_invalid`, `deadline_passed`, `unsupported` or `failed`. */
export interface CheckResult {
  ok: boolean
  code: string | null
  message: string | null
  pointer: string | null
}

export interface CheckParts {
  plugin: LoadedPlugin
  connectionId: string
  config: unknown
  secrets: ReadonlyMap<string, string>
  clock: Clock
  pace: Clock
  log: Log
}

export async function checkConnection(parts: CheckParts): Promise<CheckResult> {
  const { plugin, connectionId, config, secrets, pace } = parts
  const hide = redaction()
  for (const value of secrets.values()) hide.add(value)
  const log = redactedLog(parts.log, { connection: connectionId }, hide)
  const not = (code: string, message: string, pointer: string | null = null): CheckResult => ({
    ok: false,
    code,
    message: hide.text(message),
    pointer,
  })
  if (plugin.kind !== 'ready') return not('incompatible', plugin.reason)
  const valid = plugin.validateConfig(config)
  if (valid.kind === 'invalid') {
    const [first] = valid.problems
    return not('config_invalid', first?.message ?? 'is not valid', first?.pointer ?? '')
  }
  const { definition, folder } = plugin
  const { check, permissions = [] } = definition
  if (!check) return not('unsupported', 'This plugin has no test; enable the connection to see whether it works.')
  const secret = async (name: string) => {
    const value = secrets.get(name)
    if (value === undefined) throw new AuthFailed(`The secret "${name}" has not been entered.`)
    return value
  }
  let stray: (error: unknown) => void = () => undefined
  const strayed = new Promise<never>((_, reject) => {
    stray = reject
  })
  strayed.catch(() => undefined)
  const accountable = { connectionId, folder, strayed: stray }
  const released = answerFor(accountable)
  try {
    await withDeadline({ pace, ms: limits.checkMs, what: 'the test' }, (signal) =>
      attributed(accountable, () =>
        Promise.race([
          check(valid.config, {
            signal,
            secret,
            clock: parts.clock,
            fetch: guardedFetch({ permissions, config: valid.config, signal }),
          }),
          strayed,
        ]),
      ),
    )
    return { ok: true, code: null, message: null, pointer: null }
  } catch (error) {
    log.info({ err: error }, 'a test of a connection failed')
    const { code, pointer } = (error ?? {}) as { code?: unknown; pointer?: unknown }
    const known = ['auth_failed', 'not_ready', 'config_invalid', 'deadline_passed', 'fetch_refused'].find(
      (each) => each === code,
    )
    const message = error instanceof Error ? error.message : String(error)
    return not(known ?? 'failed', message, typeof pointer === 'string' ? pointer : null)
  } finally {
    released()
  }
}
