// Owns everything that one run of a connection registered: looked up while it is at work, gone when it ends.
// Must not put anything in force by itself: registrations count once set-up has resolved.
import { setMaxListeners } from 'node:events'
import type { EventName, HubEvent } from '../domain/event.ts'
import type {
  Capabilities,
  CapabilityName,
  Disposable,
  InterceptOptions,
  InterceptPoint,
  InterceptPoints,
  OnceGuard,
  OpenApiFragment,
  RouteCaller,
  UpgradeHandler,
} from '../plugin/index.ts'

export interface Handler {
  type: EventName
  handle(event: HubEvent, guard: OnceGuard): Promise<void>
}

export interface Interceptor {
  point: InterceptPoint
  answer(ask: unknown, signal: AbortSignal): Promise<InterceptPoints[InterceptPoint]['answer']>
  options: InterceptOptions
}

export interface Schedule {
  name: string
  cron: string
  run(signal: AbortSignal): Promise<void>
}

export interface PluginRoute {
  fragment: OpenApiFragment
  fetch(request: Request, caller: RouteCaller): Promise<Response>
}

export interface Inbound {
  fetch(request: Request, path: string): Promise<Response>
}

export interface Upgrade {
  path: string
  handler: UpgradeHandler
}

export interface Scope {
  readonly signal: AbortSignal
  readonly provided: ReadonlyMap<CapabilityName, Capabilities[CapabilityName]>
  readonly handlers: ReadonlySet<Handler>
  readonly interceptors: ReadonlySet<Interceptor>
  readonly schedules: ReadonlySet<Schedule>
  readonly routes: ReadonlySet<PluginRoute>
  readonly inbound: ReadonlySet<Inbound>
  readonly upgrades: ReadonlySet<Upgrade>
  provide<K extends CapabilityName>(name: K, implementation: Capabilities[K]): Disposable
  handler(handler: Handler): Disposable
  interceptor(interceptor: Interceptor): Disposable
  schedule(schedule: Schedule): Disposable
  route(route: PluginRoute): Disposable
  onInbound(inbound: Inbound): Disposable
  upgrade(upgrade: Upgrade): Disposable
  /** Something to be undone at the end, after whatever was added later; at once when the end has come. */
  defer(undo: () => void | Promise<void>): void
  /** Aborts the signal: whoever looks at it stops. Registering is refused from here on. */
  abort(): void
  /** Aborts, then undoes everything in reverse order, however often it is called. Errors are handed to `onError`. */
  close(onError: (error: unknown) => void): Promise<void>
}

export function createScope(): Scope {
  const aborting = new AbortController()
  // Every call under way listens for the end, and each stops listening with its own.
  setMaxListeners(0, aborting.signal)
  const provided = new Map<CapabilityName, Capabilities[CapabilityName]>()
  const handlers = new Set<Handler>()
  const interceptors = new Set<Interceptor>()
  const schedules = new Set<Schedule>()
  const routes = new Set<PluginRoute>()
  const inbound = new Set<Inbound>()
  const upgrades = new Set<Upgrade>()
  const undos: (() => void | Promise<void>)[] = []
  let closed: Promise<void> | undefined
  let report: (error: unknown) => void = () => undefined
  const drain = async () => {
    for (let undo = undos.pop(); undo; undo = undos.pop()) {
      try {
        await undo()
      } catch (error) {
        report(error)
      }
    }
  }

  const open = () => {
    if (aborting.signal.aborted) throw new Error('the connection has stopped: nothing can be registered any more')
  }
  const registered = (undo: () => void): Disposable => {
    undos.push(undo)
    return { dispose: undo }
  }
  const add = <T>(set: Set<T>, item: T): Disposable => {
    open()
    set.add(item)
    return registered(() => void set.delete(item))
  }

  return {
    signal: aborting.signal,
    provided,
    handlers,
    interceptors,
    schedules,
    routes,
    inbound,
    upgrades,
    provide(name, implementation) {
      open()
      if (provided.has(name)) throw new Error(`the capability ${name} is provided already`)
      provided.set(name, implementation)
      return registered(() => {
        if (provided.get(name) === implementation) provided.delete(name)
      })
    },
    handler: (handler) => add(handlers, handler),
    interceptor: (interceptor) => add(interceptors, interceptor),
    schedule(schedule) {
      for (const { name } of schedules)
        if (name === schedule.name) throw new Error(`the schedule ${name} is registered already`)
      return add(schedules, schedule)
    },
    route: (route) => add(routes, route),
    onInbound: (each) => add(inbound, each),
    upgrade: (upgrade) => add(upgrades, upgrade),
    defer(undo) {
      undos.push(undo)
      // What a late set-up still brings is undone behind the others.
      if (closed) closed = closed.then(drain)
    },
    abort: () => aborting.abort(),
    close(onError) {
      report = onError
      aborting.abort()
      closed ??= drain()
      return closed
    },
  }
}
