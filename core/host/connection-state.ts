// Owns the states of a connection and every move between them, as one table.
// Must not do anything on a move; core/host/connection.ts does, and writes the state where people see it.

export const connectionStates = [
  'disabled',
  'starting',
  'running',
  'retrying',
  'needs_credentials',
  'misconfigured',
  'degraded',
  'failed',
  'stopping',
  'incompatible',
] as const
export type ConnectionState = (typeof connectionStates)[number]

export const connectionTriggers = [
  /** A try begins: enabled, restarted, or the pause is over. */
  'start',
  /** Set-up resolved and everything it registered is in force. */
  'ready',
  /** Set-up or the running plugin failed; another try follows by itself. */
  'retry',
  /** The same, once too often: a person has to look. */
  'give_up',
  /** `AuthFailed`: no try will help until a person enters other credentials. */
  'auth_failed',
  /** `ConfigInvalid`, or the configuration does not match the plugin's schema. */
  'config_invalid',
  /** The plugin is not for this hub, or not installed. */
  'mismatch',
  /** It works badly, or does not answer when asked how it is. */
  'sick',
  'well',
  'stop',
  'stopped',
] as const
export type ConnectionTrigger = (typeof connectionTriggers)[number]

type Moves = Partial<Record<ConnectionTrigger, ConnectionState>>

/** What can happen to a plugin at work. */
const failures = {
  retry: 'retrying',
  give_up: 'failed',
  auth_failed: 'needs_credentials',
  config_invalid: 'misconfigured',
} as const satisfies Moves

/** Nothing of it runs: it can be tried or switched off. */
const resting = { start: 'starting', mismatch: 'incompatible', stop: 'stopping' } as const satisfies Moves

export const connectionMoves = {
  disabled: { start: 'starting', mismatch: 'incompatible' },
  starting: { ...failures, ready: 'running', stop: 'stopping' },
  running: { ...failures, sick: 'degraded', stop: 'stopping' },
  degraded: { ...failures, well: 'running', sick: 'degraded', stop: 'stopping' },
  retrying: resting,
  needs_credentials: resting,
  misconfigured: resting,
  failed: resting,
  incompatible: resting,
  stopping: { stopped: 'disabled', start: 'starting', mismatch: 'incompatible' },
} as const satisfies Record<ConnectionState, Moves>

/** The state after the trigger. A move that the table does not have is a bug of the caller. */
export function move(from: ConnectionState, trigger: ConnectionTrigger): ConnectionState {
  const moves: Moves = connectionMoves[from]
  const to = moves[trigger]
  if (to === undefined) throw new Error(`a connection that is ${from} cannot take "${trigger}"`)
  return to
}

/** Its handlers, routes and schedules are in force. */
export function atWork(state: ConnectionState): boolean {
  return state === 'running' || state === 'degraded'
}
