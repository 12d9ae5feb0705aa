// Owns the proof that the contract kit catches what it is there to catch: each case is shown a plugin that breaks its rule.
// Must not use a plugin that ships; these are made to fail.
import { describe, expect, test } from 'vitest'
import {
  type AnyPlugin,
  AuthFailed,
  type Ctx,
  type OnceGuard,
  type ParcsSink,
  type ParkingFact,
  type TariffEngine,
} from '../../core/plugin/index.ts'
import {
  type ContractCase,
  createPluginTester,
  type ExerciseOptions,
  exerciseParcs,
  exercisePlugin,
  exerciseTariff,
} from '../../core/testing/index.ts'
import { testPlugin } from '../host/hub.ts'

type AnyCtx = Ctx<Record<string, unknown>, never>

/** Names of the cases that fail, in order. */
async function failing(cases: readonly ContractCase[]): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of cases) await run().catch(() => names.push(name))
  return names
}

const place = { siteId: null, enteredAt: null, exitedAt: null }
const events: ExerciseOptions['events'] = [
  { id: 'e1', type: 'stay.closed', data: { ...place, stayId: 's1' } },
  { id: 'e2', type: 'stay.closed', data: { ...place, stayId: 's2' } },
]

describe('the suite for any plugin', () => {
  let notes: string[] = []
  const reset = async () => {
    notes = []
  }
  const effects = async () => [...notes]
  const noting = (handle: (stayId: string, guard: OnceGuard) => Promise<unknown>): AnyPlugin =>
    testPlugin({
      permissions: ['secret:key'],
      setup: (async (ctx: AnyCtx) => {
        ctx.on('stay.closed', async (event, guard) => void (await handle(event.data.stayId, guard)))
      }) as never,
    })

  test('is passed by a plugin that keeps the rules', async () => {
    const plugin = noting((stayId, guard) =>
      guard.once('note', async () => {
        notes.push(stayId)
      }),
    )
    expect(await failing(exercisePlugin(plugin, { events, reset, effects }))).toEqual([])
  })

  test('catches effects that happen twice', async () => {
    const plugin = noting(async (stayId, guard) => {
      notes.push(stayId)
      await guard.once('nothing', async () => undefined)
    })
    expect(await failing(exercisePlugin(plugin, { events, reset, effects }))).toEqual([
      'makes the same of events that are delivered twice',
      'makes the same of them when it is killed between an effect and its acknowledgement',
    ])
  })

  test('catches a plugin that needs its events in order', async () => {
    let last = ''
    const plugin = noting(async (stayId) => {
      if (stayId < last) throw new Error('out of order')
      last = stayId
    })
    const fresh = async () => {
      last = ''
    }
    expect(await failing(exercisePlugin(plugin, { events, reset: fresh }))).toEqual([
      'takes events in any order without failing',
    ])
  })

  test('catches secrets in the log, timers left behind, and a stop that only works once', async () => {
    let stopped = false
    const plugin = testPlugin({
      permissions: ['secret:key'],
      setup: (async (ctx: AnyCtx) => {
        ctx.log.warn({ err: new Error(`no ${await ctx.secret('key')}`) }, 'could not log in')
        ctx.clock.after(60_000, () => undefined)
        return async () => {
          if (stopped) throw new Error('stopped twice')
          stopped = true
        }
      }) as never,
    })
    expect(await failing(exercisePlugin(plugin, { secrets: { key: 'hidden-value' } }))).toEqual([
      'stops before it was started, starts, stops, stops again, and starts anew',
      'leaves no timer when it stops',
      'says how it is',
      'shows no secret in its log',
    ])
  })

  test('catches a configuration that is let through, and one refused at another field', async () => {
    const plugin = testPlugin({
      config: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
    })
    const badConfigs = [
      { config: {}, pointer: '/url' },
      { config: { url: 5 }, pointer: '/elsewhere' },
      { config: { url: 'anything' }, pointer: '/url' },
    ]
    const names = await failing(exercisePlugin(plugin, { config: { url: 'x' }, badConfigs }))
    expect(names).toEqual([
      'refuses the configuration {"url":5} at /elsewhere',
      'refuses the configuration {"url":"anything"} at /url',
    ])
  })
})

describe('the suite for parking systems', () => {
  const facts: ParkingFact[] = [1, 2].map((n) => ({
    id: `f${n}`,
    revision: 1,
    type: 'bay.changed',
    occurredAt: new Date(0),
    backfilled: false,
    data: { bay: String(n), occupied: true },
  }))
  function parking(take: (sink: ParcsSink, facts: ParkingFact[]) => Promise<string[]>): AnyPlugin {
    return testPlugin({
      id: 'parking',
      capabilities: ['parcs'] as never,
      permissions: ['inbound'],
      setup: (async (ctx: Ctx<unknown, 'parcs'>) => {
        let sink: ParcsSink | undefined
        ctx.provide('parcs', {
          async connect(given) {
            sink = given
            return { features: ['backfill'], stop: async () => undefined }
          },
        })
        ctx.inbound(async (request) => {
          const list = (await request.json()) as ParkingFact[]
          const whole = list.map((fact) => ({ ...fact, occurredAt: new Date(fact.occurredAt) }))
          return Response.json(sink ? await take(sink, whole) : [])
        })
      }) as never,
    })
  }
  const cases = (plugin: AnyPlugin) =>
    exerciseParcs(plugin, {
      facts,
      async send(tester, list) {
        const body = JSON.stringify(list)
        const response = await tester.inbound(new Request('http://hub', { method: 'POST', body }))
        const names = (await response.json()) as string[]
        return list.filter(({ id }) => names.includes(id))
      },
      malformed: [
        {
          name: 'no JSON',
          send: (tester) =>
            tester.inbound(new Request('http://hub', { method: 'POST', body: '{' })).catch(() => undefined),
        },
      ],
    })

  test('is passed by one that waits for the sink', async () => {
    const plugin = parking(async (sink, list) => (await sink.record(list)).map(({ id }) => id))
    expect(await failing(cases(plugin))).toEqual([])
  })

  test('catches an acknowledgement before the facts are stored', async () => {
    const plugin = parking(async (sink, list) => {
      void sink.record(list).catch(() => undefined)
      return list.map(({ id }) => id)
    })
    expect(await failing(cases(plugin))).toContain(
      'acknowledges nothing while the hub cannot store, and everything once it can',
    )
  })

  test('catches facts that are renamed or changed on the way', async () => {
    const renamed = parking(async (sink, list) => {
      await sink.record(list.map((fact, index) => ({ ...fact, id: `${fact.id}-${index}` })))
      return list.map(({ id }) => id)
    })
    expect(await failing(cases(renamed))).toContain('brings every fact to the sink as it was told, and acknowledges it')
  })
})

describe('the suite for tariffs', () => {
  const input = {
    scope: 'parking' as const,
    rules: {},
    currency: 'USD',
    zone: 'UTC',
    groups: [],
    stay: null,
    session: null,
  }
  const line = {
    key: 'a',
    kind: 'PARKING' as const,
    description: 'Parking',
    quantity: '1',
    billedQuantity: '1',
    unit: 'hour' as const,
    unitPrice: '1.00',
    net: '1.00',
    taxCode: '',
    taxRate: '0',
    rulePath: '',
    explanation: ['one hour'],
  }
  const valid = (rules: unknown) =>
    typeof rules === 'object' && rules !== null && !Array.isArray(rules) && 'price' in rules
  const engine = (change: Partial<TariffEngine> = {}): TariffEngine => ({
    schema: { type: 'object', required: ['price'] },
    check: (rules) =>
      valid(rules) ? { kind: 'valid' } : { kind: 'invalid', problems: [{ pointer: '/price', message: 'x' }] },
    quote: ({ rules }) => (valid(rules) ? { kind: 'priced', lines: [line] } : { kind: 'unpriceable', reason: 'x' }),
    describe: () => ['one price'],
    ...change,
  })
  const cases = (tariff: TariffEngine) =>
    exerciseTariff(tariff, {
      rules: [{ price: '1' }],
      badRules: [{ rules: {}, pointer: '/price' }],
      inputs: [{ ...input, rules: { price: '1' } }],
    })
  const priced = (...lines: object[]) =>
    engine({
      quote: ({ rules }) =>
        valid(rules) ? { kind: 'priced', lines: lines as never } : { kind: 'unpriceable', reason: 'x' },
    })

  test('is passed by one that keeps the rules', async () => {
    expect(await failing(cases(engine()))).toEqual([])
  })

  test('catches floats, repeated keys, unexplained lines, impure prices and throws', async () => {
    const exact = 'gives exact lines with stable keys and reasons'
    expect(await failing(cases(priced({ ...line, net: '1e-7' })))).toEqual([exact])
    expect(await failing(cases(priced(line, line)))).toEqual([exact])
    expect(await failing(cases(priced({ ...line, explanation: [] })))).toEqual([exact])
    let calls = 0
    const impure = engine({
      quote: ({ rules }) =>
        valid(rules)
          ? { kind: 'priced', lines: [{ ...line, net: String(++calls) }] }
          : { kind: 'unpriceable', reason: 'x' },
    })
    expect(await failing(cases(impure))).toEqual([
      'is pure: the same for the same input, which it leaves as it was, and all of it data',
    ])
    const throwing = engine({
      check: (rules) => {
        if (rules === null) throw new TypeError('null')
        return engine().check(rules)
      },
    })
    expect(await failing(cases(throwing))).toEqual(['answers nonsense without throwing'])
  })
})

describe('the tester', () => {
  test('refuses what the plugin did not declare, as the hub does', async () => {
    const doors: Record<string, (ctx: Ctx<unknown, never>) => unknown> = {
      inbound: (ctx) => ctx.inbound(async () => new Response()),
      'sockets:/x': (ctx) => ctx.upgrade('/x', () => undefined),
      'secret:key': (ctx) => ctx.secret('key'),
      db: (ctx) => ctx.db,
    }
    for (const [permission, open] of Object.entries(doors)) {
      const tester = createPluginTester(
        testPlugin({ setup: (async (ctx: Ctx<unknown, never>) => void (await open(ctx))) as never }),
      )
      await expect(tester.start()).rejects.toThrow(`does not declare the permission ${permission}`)
      await tester.stop()
    }
    const unasked = createPluginTester(
      testPlugin({ setup: (async (ctx: Ctx<unknown, 'page'>) => void ctx.provide('page', {} as never)) as never }),
    )
    await expect(unasked.start()).rejects.toThrow('does not declare the capability page')
  })

  test('runs routes, schedules, interceptors and the test of a connection', async () => {
    const plugin = testPlugin({
      permissions: ['secret:key'],
      check: async (_, { secret }) => {
        if ((await secret('key')) !== 'right') throw new AuthFailed('wrong key')
      },
      setup: (async (ctx: AnyCtx) => {
        ctx.route({ paths: { '/a': { get: { operationId: 'a' } } } }, async () => new Response('a'))
        ctx.every('0 * * * *', 'hourly', async () => ctx.log.info({}, 'ran'))
        ctx.intercept('command', async (ask) => ({ kind: 'veto', reason: ask.name }), {
          deadlineMs: 1,
          onTimeout: 'skip',
        })
      }) as never,
    })
    const tester = createPluginTester(plugin, { secrets: { key: 'wrong' } })
    await tester.start()
    expect(await (await tester.route('/a', new Request('http://hub/a'))).text()).toBe('a')
    await tester.runSchedule('hourly')
    expect(tester.log).toMatchObject([{ level: 'info', message: 'ran' }])
    const ask = { siteId: null, stationId: 's', name: 'reset', requestedBy: 'x' }
    expect(await tester.intercept('command', ask)).toEqual([{ kind: 'veto', reason: 'reset' }])
    await expect(tester.check()).rejects.toMatchObject({ code: 'auth_failed' })
    await tester.stop()
    await expect(tester.runSchedule('hourly')).rejects.toThrow('has not been started')
  })
})
