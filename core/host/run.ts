// Owns one run of a plugin for one connection: set-up, the doors it is connected to, calls into it, and the end of all of them.
// Must not know states or retries; core/host/connection.ts does.
import type { Kysely } from 'kysely'
import type { ChargerPort } from '../domain/charger-port.ts'
import type { Clock } from '../domain/clock.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { ParkingBook } from '../domain/parking-book.ts'
import type { ParcsSink } from '../domain/parking-fact.ts'
import type { PaymentSink } from '../domain/payment/index.ts'
import type { ReaderSink } from '../domain/reader.ts'
import {
  type AnyPlugin,
  type Capabilities,
  type Ctx,
  type Health,
  NotReady,
  type ParcsLink,
  type PaymentLink,
} from '../plugin/index.ts'
import { type Accountable, answerFor, attributed } from './attribution.ts'
import { withDeadline } from './deadline.ts'
import { clashes } from './openapi-merge.ts'
import { pluginContext } from './plugin-context.ts'
import { createScope, type Scope } from './scope.ts'
import { scopedClock } from './scoped-clock.ts'

export interface ConnectionInfo {
  id: string
  organizationId: string
  siteId: string | null
  name: string
  pluginId: string
}

/** The doors into the core that adapters are given. */
export interface Ports {
  charger?: ChargerPort
  parcs?(connection: ConnectionInfo): ParcsSink
  book?(connection: ConnectionInfo): ParkingBook
  reader?(connection: ConnectionInfo): ReaderSink
  payment?(connection: ConnectionInfo): PaymentSink
}

export interface RunParts {
  plugin: AnyPlugin
  /** The path of its code's folder; only for a plugin that ships with the hub. */
  folder: string | undefined
  connection: ConnectionInfo
  config: unknown
  zone: string
  log: Log
  clock: Clock
  pace: Clock
  newId: NewId
  ports: Ports
  hubReferences: ReadonlySet<string>
  secret(name: string): Promise<string>
  db: Kysely<unknown> | undefined
  /** Called once at most, with the first thing that went wrong where nobody was waiting. */
  onCrash(error: unknown): void
}

export interface Run {
  readonly scope: Scope
  /** Its parking system, once that is connected. */
  readonly parcs: ParcsLink | undefined
  /** Its payment provider, once that is connected. */
  readonly payment: PaymentLink | undefined
  /** Set-up and connecting; rejects when the plugin fails, is late, or a stray error of it comes first. */
  begin(): Promise<void>
  /** Calls into the plugin: attributed, limited, ended by the stop. */
  call<T>(what: string, ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** The same for a call that must answer at once and may not fail its caller. */
  callNow<T>(call: () => T): T
  /** How the plugin and its links say they are; the worst of them. */
  health(): Promise<Health>
  /** Ends everything within the limit; never rejects. */
  end(): Promise<void>
}

export const limits = {
  setupMs: 30_000,
  stopMs: 10_000,
  healthMs: 2_000,
  handlerMs: 30_000,
  requestMs: 30_000,
  checkMs: 15_000,
  scheduleMs: 900_000,
} as const

interface Link {
  stop(): Promise<void>
  health?(): Promise<Health>
}

export function createRun(parts: RunParts): Run {
  const { plugin, connection, log, pace, ports } = parts
  const scope = createScope()
  const links: Link[] = []
  let parking: ParcsLink | undefined
  let paying: PaymentLink | undefined
  let crashed = false
  let crash: (error: unknown) => void = () => undefined
  const crashing = new Promise<never>((_, reject) => {
    crash = reject
  })
  crashing.catch(() => undefined)
  const accountable: Accountable = {
    connectionId: connection.id,
    folder: parts.folder,
    strayed(error) {
      log.error({ err: error }, 'the plugin left an error that nobody handled')
      if (crashed || scope.signal.aborted) return
      crashed = true
      crash(error)
      parts.onCrash(error)
    },
  }
  const released = answerFor(accountable)
  const call: Run['call'] = (what, ms, fn) =>
    withDeadline({ pace, ms, what, outer: scope.signal }, (signal) => attributed(accountable, () => fn(signal)))

  const link = async <L extends Link>(connecting: Promise<L>) => {
    const each = await connecting
    scope.defer(() => attributed(accountable, () => each.stop()))
    links.push(each)
    return each
  }
  const setup = async () => {
    const context = pluginContext({ ...parts, scope, clock: scopedClock(parts.clock, scope, accountable) })
    const dispose = await plugin.setup(context as Ctx<unknown, never>)
    if (dispose) scope.defer(() => attributed(accountable, dispose))
    const twice = clashes([...scope.routes].map(({ fragment }) => fragment))
    if (twice.length > 0) throw new Error(`two routes of the plugin answer ${twice[0]}`)
    if (scope.inbound.size > 1) throw new Error('the plugin takes inbound calls twice')
    const charger = capability(scope, 'charger')
    if (charger) await link(charger.connect(port(ports.charger, 'charger')))
    const parcs = capability(scope, 'parcs')
    if (parcs) {
      const door = port(ports.parcs, 'parcs')(connection)
      parking = await link(parcs.connect(door, ports.book?.(connection) ?? closedBook))
    }
    const reader = capability(scope, 'reader')
    if (reader) await link(reader.connect(port(ports.reader, 'reader')(connection)))
    const payment = capability(scope, 'payment')
    if (payment) paying = await link(payment.connect(port(ports.payment, 'payment')(connection)))
  }

  return {
    scope,
    get parcs() {
      return parking
    },
    get payment() {
      return paying
    },
    begin: () => Promise.race([call('set-up', limits.setupMs, setup), crashing]),
    call,
    callNow: (fn) => attributed(accountable, fn),
    async health() {
      const ask = plugin.health ? [() => plugin.health?.() ?? well] : []
      const asked = [...ask, ...links.map((each) => () => each.health?.() ?? well)]
      const answers = await Promise.all(
        asked.map((each) => call('the question after its health', limits.healthMs, async () => each())),
      )
      return answers.find(({ state }) => state !== 'ok') ?? { state: 'ok' }
    },
    async end() {
      const report = (error: unknown) => log.warn({ err: error }, 'the plugin failed while stopping')
      try {
        // Not ended early by its own signal: stopping is what the time is for.
        await withDeadline({ pace, ms: limits.stopMs, what: 'the stop' }, () =>
          attributed(accountable, () => scope.close(report)),
        )
      } catch (error) {
        log.error({ err: error }, 'the plugin did not stop in time; its code may still run')
      }
      released()
    },
  }
}

const well: Promise<Health> = Promise.resolve({ state: 'ok' })

const closed = async (): Promise<never> => {
  throw new NotReady('this node has no book to read in')
}
const closedBook: ParkingBook = {
  site: closed,
  counters: closed,
  stays: closed,
  charging: closed,
  rights: closed,
  tariffs: closed,
}

function capability<K extends keyof Capabilities>(scope: Scope, name: K): Capabilities[K] | undefined {
  return scope.provided.get(name) as Capabilities[K] | undefined
}

function port<T>(door: T | undefined, name: string): T {
  if (door === undefined) throw new NotReady(`this node has no door for ${name} adapters`)
  return door
}
