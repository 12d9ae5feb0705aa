// Owns a stage for one plugin without a hub: its context, its doors, a clock moved by hand and a log that can be read.
// Must not be kinder than the hub: what a plugin did not declare is refused here, too.
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as formats from 'ajv-formats'
import type { Kysely } from 'kysely'
import {
  type ActionOutcome,
  type AnyPlugin,
  AuthFailed,
  type Capabilities,
  type CapabilityName,
  type ChargerPort,
  ConfigInvalid,
  type Ctx,
  type EventName,
  type GateDecision,
  type GateQuestion,
  type Health,
  type HubEvent,
  type HubEvents,
  type InterceptPoint,
  type InterceptPoints,
  type Log,
  type OnceGuard,
  type OutcomeInquiry,
  type ParcsLink,
  type ParcsSink,
  type ParkingAction,
  type ParkingBook,
  type ParkingFact,
  type ParkingQuote,
  type ParkingResult,
  type PaymentInquiry,
  type PaymentLink,
  type PaymentOperation,
  type PaymentOutcome,
  type PaymentReport,
  type Permission,
  pointerTo,
  type ReaderReport,
  type ReaderSink,
  type ReportResult,
  type RouteCaller,
  type StayTarget,
} from '../plugin/index.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'

export interface TesterOptions {
  config?: unknown
  secrets?: Readonly<Record<string, string>>
  /** Where the clock begins. */
  at?: Date
  siteId?: string | null
  /** The plugin's own schema, for plugins with the permission `db`; migrate it before. */
  db?: Kysely<unknown>
  /** What the plugin calls out to; without it every call is refused. */
  fetch?: typeof fetch
  /** What the plugin opens WebSockets with; without it every one is refused. */
  webSocket?: Ctx<unknown, CapabilityName>['webSocket']
  /** What a charger adapter is connected to. */
  chargerPort?: ChargerPort
  /** The answer to the gate question. */
  decide?(question: GateQuestion): Promise<GateDecision>
  /** What the hub shows of itself; what is left out is empty. */
  book?: Partial<ParkingBook>
}

export interface LogLine {
  level: keyof Log
  fields: object
  message: string
}

export interface EmittedEvent<N extends EventName> {
  type: N
  data: HubEvents[N]
  /** The same id twice is the same event delivered twice. */
  id?: string
  subjectId?: string
}

export interface PluginTester {
  readonly plugin: AnyPlugin
  readonly clock: ManualClock
  readonly log: readonly LogLine[]
  /** Facts that the sink stored, each (id, revision) once. */
  readonly facts: readonly ParkingFact[]
  /** How often the sink was asked to record, stored or not. */
  readonly recorded: number
  /** What cameras and readers told, each (id, revision) once. */
  readonly reports: readonly ReaderReport[]
  /** When each reader was last said to be alive. */
  readonly alive: ReadonlyMap<string, Date>
  /** What the connected parking system or charger adapter said it can do. */
  readonly features: readonly string[]
  /** What the hub may ask of the connected parking system. */
  readonly actions: NonNullable<ParcsLink['actions']>
  /** What the payment provider reported, each id once. */
  readonly payments: readonly PaymentReport[]
  /** Asks for a payment operation as the hub does; a failure is an unknown outcome. */
  pay(operation: PaymentOperation): Promise<PaymentOutcome>
  askPayment(operation: PaymentOperation): Promise<PaymentInquiry>
  /** Asks for an action as the hub does; a failure is an unknown outcome. */
  act(action: ParkingAction): Promise<ActionOutcome>
  askOutcome(action: ParkingAction): Promise<OutcomeInquiry>
  quote(stay: StayTarget): Promise<ParkingQuote | null>
  /** Checks the configuration as the hub does, runs set-up and connects the doors. */
  start(): Promise<void>
  /** As the hub stops it: the signal, the links, the disposer, the registrations. Harmless when it has not started. */
  stop(): Promise<void>
  check(): Promise<void>
  health(): Promise<Health>
  /** Hands an event to every handler of its type; rejects when one does. */
  emit<N extends EventName>(event: EmittedEvent<N>): Promise<void>
  /** A call of the vendor's side under /in/{connectionId}. */
  inbound(request: Request, path?: string): Promise<Response>
  /** A call to the route whose description has this path and method. */
  route(path: string, request: Request): Promise<Response>
  intercept<P extends InterceptPoint>(point: P, ask: InterceptPoints[P]['ask']): Promise<InterceptPoints[P]['answer'][]>
  runSchedule(name: string): Promise<void>
  provided<K extends CapabilityName>(name: K): Capabilities[K]
  /** The sink's next `times` calls are refused, as when the database is away: nothing is stored. */
  failSink(times: number): void
  /** The next effects of `once` are committed and their handler is killed before it can return. */
  killAfterEffect(times: number): void
}

interface Stage {
  ending: AbortController
  handlers: { type: EventName; handle(event: HubEvent, guard: OnceGuard): Promise<void> }[]
  interceptors: { point: InterceptPoint; answer(ask: unknown, signal: AbortSignal): Promise<unknown> }[]
  schedules: Map<string, (signal: AbortSignal) => Promise<void>>
  routes: { paths: Record<string, unknown>; fetch(request: Request, caller: RouteCaller): Promise<Response> }[]
  inbound: ((request: Request, path: string) => Promise<Response>) | undefined
  provided: Map<CapabilityName, unknown>
  links: { stop(): Promise<void>; health?(): Promise<Health>; features?: readonly string[] }[]
  parcs: ParcsLink | undefined
  payment: PaymentLink | undefined
  dispose: (() => Promise<void>) | undefined
}

/**
 * @example
 * const tester = createPluginTester(plugin, { config: { url: 'https://vendor.example' }, secrets: { key: 'k' } })
 * await tester.start()
 * await tester.emit({ type: 'stay.closed', data: { stayId, enteredAt: null, exitedAt: null, siteId: null } })
 * await tester.stop()
 */
export function createPluginTester(plugin: AnyPlugin, options: TesterOptions = {}): PluginTester {
  const clock = manualClock(options.at ?? new Date('2019-03-10T08:00:00Z'))
  const lines: LogLine[] = []
  const facts = new Map<string, ParkingFact>()
  const reports = new Map<string, ReaderReport>()
  const paid = new Map<string, PaymentReport>()
  const alive = new Map<string, Date>()
  const handled = new Set<string>()
  let stage: Stage | undefined
  let recorded = 0
  let sinkFailures = 0
  let kills = 0
  let ids = 0
  const permissions: readonly Permission[] = plugin.permissions ?? []
  const newId = () => `00000000-0000-7000-8000-${(++ids).toString(16).padStart(12, '0')}`
  const need = (permission: Permission) => {
    if (!permissions.includes(permission))
      throw new Error(`the plugin ${plugin.id} does not declare the permission ${permission}`)
  }
  const line = (level: keyof Log) => (fields: object, message: string) => void lines.push({ level, fields, message })
  const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const secret = async (name: string) => {
    need(`secret:${name}`)
    const value = options.secrets?.[name]
    if (value === undefined) throw new AuthFailed(`The secret "${name}" has not been entered.`)
    return value
  }
  const refuse: typeof fetch = async (input) => {
    throw new Error(`${input instanceof Request ? input.url : input} was called, and the tester was given no fetch`)
  }
  const call = options.fetch ?? refuse

  const store = <T extends { id: string; revision: number }>(kept: Map<string, T>, list: readonly T[]) => {
    recorded += 1
    if (sinkFailures > 0) {
      sinkFailures -= 1
      throw new Error('the database went away before anything was stored')
    }
    return list.map((one): ParkingResult & ReportResult => {
      const { id, revision } = one
      const key = JSON.stringify([id, revision])
      if (kept.has(key)) return { id, revision, status: 'duplicate' }
      const newer = [...kept.values()].some((each) => each.id === id && each.revision > revision)
      // What crosses the door is data; a function or a live object in it would not survive a process.
      kept.set(key, structuredClone(one))
      return { id, revision, status: newer ? 'superseded' : 'stored' }
    })
  }
  const readerSink: ReaderSink = {
    report: async (list) => store(reports, list),
    alive: (reader, at) => void alive.set(reader, at),
  }
  const book: ParkingBook = {
    site: async () => ({
      siteId: options.siteId ?? newId(),
      name: 'Tested site',
      zone: 'UTC',
      currency: 'EUR',
      address: null,
      latitude: null,
      longitude: null,
      areas: [],
      bays: [],
      lanes: [],
    }),
    counters: async () => [],
    stays: async () => ({ items: [], next: null }),
    charging: async () => ({ items: [], next: null }),
    rights: async () => ({ items: [], next: null }),
    tariffs: async () => [],
    ...options.book,
  }
  const sink: ParcsSink = {
    record: async (list) => store(facts, list),
    decide:
      options.decide ??
      (async ({ requestId }) => ({
        requestId,
        decision: 'notFound',
        reasonCode: 'unknown',
        message: 'Not known here.',
      })),
  }
  const chargerPort: ChargerPort = options.chargerPort ?? {
    admit: async () => ({ kind: 'unknown', reason: 'the tester knows no station' }),
    open: async () => {
      throw new Error('the tester opens no station')
    },
  }

  const guard = (event: HubEvent): OnceGuard => ({
    async once(key, effect) {
      const mark = JSON.stringify([event.id, key])
      if (handled.has(mark)) return 'repeat'
      await effect(options.db ?? noDatabase)
      handled.add(mark)
      if (kills > 0) {
        kills -= 1
        throw new Error('killed between the effect and the acknowledgement')
      }
      return 'done'
    },
  })

  let organizationId = ''
  const context = (on: Stage, config: unknown): Ctx<unknown, CapabilityName> => {
    const open = () => {
      if (on.ending.signal.aborted) throw new Error('the connection has stopped: nothing can be registered any more')
    }
    const add = <T>(list: T[], item: T) => {
      open()
      list.push(item)
      return { dispose: () => void list.splice(list.indexOf(item), list.includes(item) ? 1 : 0) }
    }
    const id = newId()
    organizationId = newId()
    return {
      connection: { id, organizationId, siteId: options.siteId ?? null, name: plugin.title },
      config,
      log,
      clock,
      newId,
      signal: on.ending.signal,
      fetch: (input, init) => call(input, init),
      webSocket:
        options.webSocket ??
        (async (url) => {
          throw new Error(`a WebSocket to ${url} was opened, and the tester was given none`)
        }),
      secret,
      get db() {
        need('db')
        return options.db ?? noDatabase
      },
      provide(name, implementation) {
        open()
        if (!plugin.capabilities.includes(name))
          throw new Error(`the plugin ${plugin.id} does not declare the capability ${name}`)
        if (on.provided.has(name)) throw new Error(`the capability ${name} is provided already`)
        on.provided.set(name, implementation)
        return { dispose: () => void on.provided.delete(name) }
      },
      on: (type, handle) =>
        add(on.handlers, { type, handle: (event, once) => handle(event as Parameters<typeof handle>[0], once) }),
      intercept: (point, answer) =>
        add(on.interceptors, { point, answer: answer as Stage['interceptors'][number]['answer'] }),
      every(_, name, run) {
        open()
        if (on.schedules.has(name)) throw new Error(`the schedule ${name} is registered already`)
        on.schedules.set(name, run)
        return { dispose: () => void on.schedules.delete(name) }
      },
      route: (fragment, fetch) => add(on.routes, { paths: fragment.paths, fetch }),
      inbound(fetch) {
        need('inbound')
        open()
        if (on.inbound) throw new Error('the plugin takes inbound calls twice')
        on.inbound = fetch
        return {
          dispose() {
            on.inbound = undefined
          },
        }
      },
      upgrade(path) {
        need(`sockets:${path}`)
        open()
        return { dispose: () => undefined }
      },
    }
  }

  const running = (): Stage => {
    if (!stage) throw new Error('the plugin has not been started')
    return stage
  }

  return {
    plugin,
    clock,
    log: lines,
    get facts() {
      return [...facts.values()]
    },
    get recorded() {
      return recorded
    },
    get reports() {
      return [...reports.values()]
    },
    alive,
    get payments() {
      return [...paid.values()]
    },
    async pay(operation) {
      const { payment, ending } = running()
      if (!payment) throw new Error('the plugin takes no payments')
      try {
        return await payment.act(structuredClone(operation), ending.signal)
      } catch (error) {
        return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) }
      }
    },
    async askPayment(operation) {
      const { payment, ending } = running()
      if (!payment) throw new Error('the plugin takes no payments')
      return payment.ask(structuredClone(operation), ending.signal)
    },
    get actions() {
      return running().parcs?.actions ?? {}
    },
    async act(action) {
      const { parcs, ending } = running()
      if (!parcs?.act || !parcs.actions?.[action.kind]) throw new Error(`the plugin offers no ${action.kind}`)
      try {
        return await parcs.act(structuredClone(action), ending.signal)
      } catch (error) {
        return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) }
      }
    },
    async askOutcome(action) {
      const { parcs, ending } = running()
      if (!parcs?.askOutcome) throw new Error('the plugin cannot be asked after an action')
      return parcs.askOutcome(structuredClone(action), ending.signal)
    },
    async quote(stay) {
      const { parcs, ending } = running()
      if (!parcs?.quote) throw new Error('the plugin gives no quotes')
      return parcs.quote(structuredClone(stay), ending.signal)
    },
    get features() {
      return running().links.flatMap(({ features = [] }) => [...features])
    },
    async start() {
      if (stage) throw new Error('the plugin has been started')
      const config = completeConfig(plugin, options.config ?? {})
      const on: Stage = {
        ending: new AbortController(),
        handlers: [],
        interceptors: [],
        schedules: new Map(),
        routes: [],
        inbound: undefined,
        provided: new Map(),
        links: [],
        parcs: undefined,
        payment: undefined,
        dispose: undefined,
      }
      stage = on
      on.dispose = (await plugin.setup(context(on, config) as Ctx<unknown, never>)) ?? undefined
      const charger = on.provided.get('charger') as Capabilities['charger'] | undefined
      if (charger) on.links.push(await charger.connect(chargerPort))
      const parcs = on.provided.get('parcs') as Capabilities['parcs'] | undefined
      if (parcs) {
        on.parcs = await parcs.connect(sink, book)
        on.links.push(on.parcs)
      }
      const reader = on.provided.get('reader') as Capabilities['reader'] | undefined
      if (reader) on.links.push(await reader.connect(readerSink))
      const payment = on.provided.get('payment') as Capabilities['payment'] | undefined
      if (payment) {
        on.payment = await payment.connect({
          async report(list) {
            return list.map((one) => {
              if (paid.has(one.id)) return { id: one.id, status: 'duplicate' as const }
              paid.set(one.id, structuredClone(one))
              return { id: one.id, status: 'stored' as const }
            })
          },
        })
        on.links.push(on.payment)
      }
    },
    async stop() {
      const on = stage
      stage = undefined
      if (!on) return
      on.ending.abort()
      for (const link of on.links.reverse()) await link.stop()
      await on.dispose?.()
    },
    async check() {
      const config = completeConfig(plugin, options.config ?? {})
      await plugin.check?.(config, { signal: AbortSignal.timeout(15_000), clock, fetch: call, secret })
    },
    async health() {
      const answers = await Promise.all([plugin.health?.(), ...running().links.map((link) => link.health?.())])
      return answers.find((answer) => answer !== undefined && answer.state !== 'ok') ?? { state: 'ok' }
    },
    async emit({ type, data, id = newId(), subjectId = newId() }) {
      const now = clock.now()
      const event = {
        id,
        type,
        organizationId: '00000000-0000-7000-8000-00000000ffff',
        siteId: data.siteId,
        subject: { type: type.split('.')[0] ?? type, id: subjectId, version: null },
        occurredAt: now,
        recordedAt: now,
        data,
      } as HubEvent
      for (const handler of running().handlers.filter((each) => each.type === type))
        await handler.handle(structuredClone(event), guard(event))
    },
    async inbound(request, path = '/') {
      const { inbound } = running()
      if (!inbound) throw new Error('the plugin takes no inbound calls')
      return inbound(request, path)
    },
    async route(path, request) {
      const route = running().routes.find(({ paths }) => {
        const item = paths[path]
        return typeof item === 'object' && item !== null && request.method.toLowerCase() in item
      })
      if (!route) throw new Error(`the plugin describes no ${request.method} ${path}`)
      // There is one organization here, and everything is its own.
      return route.fetch(request, {
        organizationId,
        siteIds: null,
        sees: async (_, ids) => new Set(ids),
      })
    },
    async intercept(point, ask) {
      const on = running()
      const asked = on.interceptors.filter((each) => each.point === point)
      return Promise.all(
        asked.map(
          (each) =>
            each.answer(structuredClone(ask), on.ending.signal) as Promise<InterceptPoints[typeof point]['answer']>,
        ),
      )
    },
    async runSchedule(name) {
      const on = running()
      const run = on.schedules.get(name)
      if (!run) throw new Error(`the plugin has no schedule ${name}`)
      await run(on.ending.signal)
    },
    provided(name) {
      const implementation = running().provided.get(name)
      if (implementation === undefined) throw new Error(`the plugin does not provide ${name}`)
      return implementation as Capabilities[typeof name]
    },
    failSink(times) {
      sinkFailures = times
    },
    killAfterEffect(times) {
      kills = times
    },
  }
}

/** Any use of it says what is missing. */
const noDatabase = new Proxy({} as Kysely<unknown>, {
  get() {
    throw new Error('the plugin uses its schema, and the tester was given no db')
  },
})

/** The configuration with defaults; stricter than the hub about the schema itself, where a typing error hides easily. */
function completeConfig(plugin: AnyPlugin, config: unknown): unknown {
  const ajv = new Ajv2020({ allErrors: true, useDefaults: true, strict: true, strictTypes: false })
  formats.default.default(ajv)
  ajv.addVocabulary(['x-secret', 'x-order', 'x-help'])
  const validate = ajv.compile(plugin.config)
  const complete = structuredClone(config)
  if (validate(complete)) return complete
  const [first] = validate.errors ?? []
  const { instancePath = '', params = {} } = first ?? {}
  const field: unknown = params.missingProperty ?? params.additionalProperty
  const pointer = typeof field === 'string' ? `${instancePath}${pointerTo(field)}` : instancePath
  throw new ConfigInvalid(pointer, first?.message ?? 'is not valid')
}
