// Owns one connection on this node: its state, its runs, when the next try comes. A class, because it has a lifetime.
// Must not let a plugin's failure be anything but a state; nothing here rejects to its caller.
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { EventName } from '../domain/event.ts'
import { HubError } from '../domain/hub-error.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { Subscriber } from '../events/deliver.ts'
import { AuthFailed, ConfigInvalid } from '../plugin/index.ts'
import {
  type HostedConnection,
  hostedConnections,
  sealedSecrets,
  writeConnectionState,
  writeMigratedConfig,
  writeSubscriptions,
} from '../store/connections.ts'
import { wakeDeliveries } from '../store/deliveries.ts'
import { appendEvents } from '../store/event-log.ts'
import { pluginSchema } from '../store/plugins.ts'
import { keepSchedules } from '../store/schedules.ts'
import type { HubTables } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import { atWork, type ConnectionState, type ConnectionTrigger, move } from './connection-state.ts'
import type { LoadedPlugin } from './manifest.ts'
import { planSchedule } from './plan-schedule.ts'
import { redactedLog, redaction } from './redacted-log.ts'
import { afterFailure, type FailureHistory, freshHistory } from './restart-policy.ts'
import { createRun, limits, type Ports, type Run } from './run.ts'
import { openSecret } from './secrets.ts'

export interface ConnectionDeps {
  db: Kysely<HubTables>
  /** The hub's clock: what plugins see, what schedules and records go by. */
  clock: Clock
  /** The real one: limits, pauses between tries, questions after health. */
  pace: Clock
  newId: NewId
  log: Log
  random(): number
  secretKey: Uint8Array
  ports: Ports
  hubReferences: ReadonlySet<string>
  /** Brings the plugin's own schema forward; undefined when the plugin has none. */
  pluginDatabase(plugin: LoadedPlugin & { kind: 'ready' }): Promise<Kysely<unknown> | undefined>
  plugin(pluginId: string): LoadedPlugin | undefined
  /** Something that others look up has changed: routes, pages, engines. */
  changed(): void
}

const healthEveryMs = 30_000
const missesToDegraded = 3
const missesToRestart = 6

interface Why {
  reason?: string
  pointer?: string
  nextAttemptAt?: Date
}

export class Connection {
  #row: HostedConnection
  readonly #deps: ConnectionDeps
  readonly #hide = redaction()
  readonly #log: Log
  #state: ConnectionState = 'disabled'
  #why: Why = {}
  /** The row does not say yet what the state is. */
  #unwritten = false
  #run: Run | undefined
  #ranSince: Date | undefined
  #history: FailureHistory = freshHistory
  #misses = 0
  /** What is asked of a connection happens one after the other. */
  #line: Promise<void> = Promise.resolve()
  #cancelRetry = () => {}
  #cancelHealth = () => {}

  constructor(row: HostedConnection, deps: ConnectionDeps) {
    this.#row = row
    this.#deps = deps
    this.#log = redactedLog(deps.log, { plugin: row.pluginId, connection: row.connectionId }, this.#hide)
  }

  get row(): HostedConnection {
    return this.#row
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** What is in force: undefined unless it is at work here. */
  get active(): Run | undefined {
    return atWork(this.#state) ? this.#run : undefined
  }

  /** Resolves when everything asked of it so far has happened. */
  async settled(): Promise<void> {
    for (let line: Promise<void> | undefined; line !== this.#line; ) {
      line = this.#line
      await line
    }
  }

  /** As the row says: on or off, and anew when what it runs with has changed. */
  follow(row: HostedConnection): void {
    const before = this.#row
    this.#row = row
    if (!row.enabled) {
      if (this.#state !== 'disabled') this.stop('disabled')
      else if (row.state !== 'disabled') this.#ask(() => this.#write())
    } else if (!before.enabled) this.restart()
    else if (before.fingerprint !== row.fingerprint) this.restart()
    else if (this.#unwritten) this.#ask(() => this.#write())
  }

  start(): void {
    this.#ask(() => this.#begin())
  }

  /** At once and with a clean sheet: an operator asked, or the configuration changed. */
  restart(): void {
    if (this.#state !== 'disabled') this.stop('restarting')
    this.#ask(async () => {
      this.#history = freshHistory
      await this.#begin()
    })
  }

  /** Anew when nothing of it runs or is about to. */
  wake(): void {
    if (!atWork(this.#state) && !['disabled', 'starting', 'stopping'].includes(this.#state)) this.restart()
  }

  /** `leaving`: the node goes down, the connection stays enabled. */
  stop(how: 'disabled' | 'restarting' | 'leaving'): void {
    // A set-up under way is cut short rather than waited for.
    this.#run?.scope.abort()
    this.#ask(async () => {
      this.#cancelRetry()
      if (this.#state === 'disabled') return
      if (this.#state !== 'stopping') await this.#move('stop')
      await this.#endRun()
      if (how === 'disabled') await this.#move('stopped')
    })
  }

  /** As the delivery of events sees it. */
  get subscriber(): Subscriber | undefined {
    const run = this.active
    if (!run) return undefined
    return {
      signal: run.scope.signal,
      schema: pluginSchema(this.#row.pluginId),
      handles: (type: EventName) => [...run.scope.handlers].some((handler) => handler.type === type),
      handle: async (event, guard) => {
        for (const handler of [...run.scope.handlers].filter(({ type }) => type === event.type))
          await this.#work(run, `the handler of ${event.type}`, limits.handlerMs, () =>
            handler.handle(structuredClone(event), guard),
          )
      },
    }
  }

  /** Runs a schedule by name; undefined when the connection does not work here or has no such schedule. */
  schedule(name: string): (() => Promise<void>) | undefined {
    const run = this.active
    const schedule = run && [...run.scope.schedules].find((each) => each.name === name)
    return (
      schedule && (() => this.#work(run, `the schedule ${name}`, limits.scheduleMs, (signal) => schedule.run(signal)))
    )
  }

  /** Work in the background. Refused credentials stop the connection, so that what follows waits instead of failing. */
  async #work(run: Run, what: string, ms: number, call: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await run.call(what, ms, call)
    } catch (error) {
      if (codeOf(error) === 'auth_failed') {
        run.scope.abort()
        this.#crashed(run, error)
      }
      throw error
    }
  }

  #ask(step: () => Promise<void>): void {
    this.#line = this.#line.then(step).catch((error) => {
      this.#log.error({ err: error, state: this.#state }, 'a step of a connection failed; this is a bug of the hub')
    })
  }

  async #begin(): Promise<void> {
    this.#cancelRetry()
    if (!this.#row.enabled || this.#state === 'starting' || atWork(this.#state)) return
    const plugin = this.#deps.plugin(this.#row.pluginId)
    if (plugin?.kind !== 'ready') {
      await this.#move('mismatch', {
        reason: plugin?.reason ?? `the plugin ${this.#row.pluginId} is not installed on this hub`,
      })
      return
    }
    await this.#move('start')
    const opened = new Map<string, string>()
    let run: Run | undefined
    try {
      const config = await this.#config(plugin)
      await this.#openSecrets(opened)
      const db = await this.#deps.pluginDatabase(plugin)
      run = this.#createRun(plugin, config, opened, db)
      await run.begin()
      await this.#commit(run)
    } catch (error) {
      const stopping = run?.scope.signal.aborted === true && codeOf(error) === 'stopped'
      await this.#endRun()
      // Cut short by a stop, which is next in line.
      if (!stopping) await this.#failed(error, 0)
      return
    }
    this.#ranSince = this.#deps.pace.now()
    this.#misses = 0
    await this.#move('ready')
    this.#deps.changed()
    this.#askHealth(run)
    await wakeDeliveries(this.#deps.db, this.#row).catch((error) =>
      this.#log.warn({ err: error }, 'waiting events could not be woken; the next event or start does it'),
    )
  }

  #createRun(
    { definition, folder }: LoadedPlugin & { kind: 'ready' },
    config: unknown,
    secrets: ReadonlyMap<string, string>,
    db: Kysely<unknown> | undefined,
  ): Run {
    const { connectionId: id, organizationId, siteId, name, pluginId, zone } = this.#row
    const run: Run = createRun({
      ...this.#deps,
      plugin: definition,
      folder,
      connection: { id, organizationId, siteId, name, pluginId },
      config,
      zone,
      log: this.#log,
      db,
      secret: async (wanted) => secretOf(secrets, wanted),
      onCrash: (error) => this.#crashed(run, error),
    })
    this.#run = run
    return run
  }

  async #config({ definition, validateConfig }: LoadedPlugin & { kind: 'ready' }): Promise<unknown> {
    const { configVersion = 1, migrateConfig } = definition
    let { config } = this.#row
    if (this.#row.configVersion < configVersion && migrateConfig) {
      config = migrateConfig(this.#row.configVersion, structuredClone(config))
      const at = this.#deps.clock.now()
      await writeMigratedConfig(this.#deps.db, this.#row, { config, configVersion, at })
      // With the new fingerprint, so that the next look at the row does not take this for somebody's change.
      const [row] = await hostedConnections(this.#deps.db, this.#row.connectionId)
      if (row) this.#row = row
    }
    const checked = validateConfig(config)
    if (checked.kind === 'valid') return checked.config
    const [first, ...others] = checked.problems
    const more = others.length > 0 ? ` (and ${others.length} more)` : ''
    throw new ConfigInvalid(
      first?.pointer ?? '',
      `${first?.pointer ?? ''} ${first?.message ?? 'is not valid'}${more}`.trim(),
    )
  }

  async #openSecrets(into: Map<string, string>): Promise<void> {
    for (const { name, sealed } of await sealedSecrets(this.#deps.db, this.#row)) {
      const value = openSecret(this.#deps.secretKey, { ...this.#row, name }, sealed)
      into.set(name, value)
      this.#hide.add(value)
    }
  }

  /** Puts what set-up registered in force. */
  async #commit(run: Run): Promise<void> {
    const { db } = this.#deps
    const types = [...new Set([...run.scope.handlers].map(({ type }) => type))]
    await transaction(db, async (trx) => {
      await writeSubscriptions(trx, this.#row, types)
      await keepSchedules(
        trx,
        this.#row,
        [...run.scope.schedules].map(({ name }) => name),
      )
    })
    for (const schedule of run.scope.schedules) {
      const planned = await planSchedule({ ...this.#deps, log: this.#log }, { ...this.#row, ...schedule })
      run.scope.defer(() => planned.stop())
    }
  }

  #crashed(run: Run, error: unknown): void {
    this.#ask(async () => {
      // While starting the set-up itself rejects with the same error; a run that is over has nothing left to fail.
      if (this.#run !== run || !atWork(this.#state)) return
      const ranForMs = this.#ranForMs()
      await this.#endRun()
      await this.#failed(error, ranForMs)
    })
  }

  async #endRun(): Promise<void> {
    this.#cancelHealth()
    const run = this.#run
    this.#run = undefined
    await run?.end()
    if (run) this.#deps.changed()
  }

  async #failed(error: unknown, ranForMs: number): Promise<void> {
    const reason = this.#hide.text(error instanceof Error ? error.message : String(error))
    const code = codeOf(error)
    this.#log.warn({ err: error, ranForMs }, 'the connection failed')
    if (code === 'auth_failed' || code === 'secret_unreadable') return this.#move('auth_failed', { reason })
    // A door of the core that refuses this connection for what it is says so in the same way (422 with a pointer).
    if (code === 'config_invalid' || (error instanceof HubError && error.status === 422)) {
      const pointer = error instanceof HubError ? error.pointer : (error as { pointer?: unknown }).pointer
      return this.#move('config_invalid', { reason, ...(typeof pointer === 'string' ? { pointer } : {}) })
    }
    const { pace, random } = this.#deps
    const at = pace.now()
    const next = afterFailure(this.#history, { at, ranForMs, random: random(), notReady: code === 'not_ready' })
    this.#history = next.history
    if (next.kind === 'give_up') return this.#move('give_up', { reason })
    await this.#move('retry', { reason, nextAttemptAt: new Date(at.getTime() + next.afterMs) })
    this.#cancelRetry = pace.after(next.afterMs, () => this.start())
  }

  #ranForMs(): number {
    return this.#ranSince ? this.#deps.pace.now().getTime() - this.#ranSince.getTime() : 0
  }

  #askHealth(run: Run): void {
    this.#cancelHealth = this.#deps.pace.after(healthEveryMs, () => {
      void run
        .health()
        .then(
          (health) => {
            this.#misses = 0
            const sick = health.state === 'ok' ? undefined : (health.reason ?? 'it works badly')
            this.#ask(() => this.#felt(run, sick))
          },
          () => {
            this.#misses += 1
            if (this.#misses >= missesToRestart)
              this.#crashed(run, new Error('it does not answer when asked how it is'))
            else if (this.#misses >= missesToDegraded)
              this.#ask(() => this.#felt(run, 'it does not answer when asked how it is'))
          },
        )
        .finally(() => {
          if (this.#run === run && !run.scope.signal.aborted) this.#askHealth(run)
        })
    })
  }

  async #felt(run: Run, sick: string | undefined): Promise<void> {
    if (this.#run !== run || !atWork(this.#state)) return
    const reason = sick === undefined ? undefined : this.#hide.text(sick)
    if (reason === undefined) {
      if (this.#state === 'degraded') await this.#move('well')
      else if (this.#unwritten) await this.#write()
    } else if (this.#state !== 'degraded' || this.#why.reason !== reason) await this.#move('sick', { reason })
  }

  async #move(trigger: ConnectionTrigger, why: Why = {}): Promise<void> {
    this.#state = move(this.#state, trigger)
    this.#why = why
    await this.#write()
  }

  /** The state goes to the row together with its event. A database that is away costs the news, not the connection. */
  async #write(): Promise<void> {
    const { db, clock, newId } = this.#deps
    const { organizationId, connectionId, siteId } = this.#row
    const at = clock.now()
    const { reason = null, pointer = null, nextAttemptAt = null } = this.#why
    const state = this.#state
    try {
      await transaction(db, async (trx) => {
        if (!(await writeConnectionState(trx, this.#row, { state, reason, pointer, at, nextAttemptAt }))) return
        await appendEvents(trx, [
          {
            id: newId(),
            type: 'connection.state_changed',
            organizationId,
            siteId,
            subject: { type: 'connection', id: connectionId },
            occurredAt: at,
            recordedAt: at,
            data: { connectionId, state, reason },
          },
        ])
      })
      this.#unwritten = false
    } catch (error) {
      this.#unwritten = true
      this.#log.error({ err: error, state }, 'the state of a connection could not be written')
    }
  }
}

function secretOf(secrets: ReadonlyMap<string, string>, name: string): string {
  const value = secrets.get(name)
  if (value === undefined) throw new AuthFailed(`The secret "${name}" has not been entered.`)
  return value
}

/** By the code, not by the class: a plugin may bring its own copy of the contract's package. */
function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}
