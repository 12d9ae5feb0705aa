// Owns the proof that the contract is held by the compiler: undeclared capabilities, unknown events and forbidden answers do not compile.
import { describe, expectTypeOf, test } from 'vitest'
import {
  type AnyPlugin,
  type Ctx,
  definePlugin,
  type HubEvents,
  type InterceptPoints,
  type ParcsCapability,
  type PricedLine,
  type TariffEngine,
} from '../../core/plugin/index.ts'

interface Config {
  url: string
}
declare const parcs: ParcsCapability
declare const tariff: TariffEngine
declare const line: PricedLine

const base = { title: 'Acme', version: '1.0.0', apiVersion: 1, hub: '^0.1', config: {} } as const

describe('a plugin', () => {
  test('is typed by its configuration and capabilities, and is any plugin to a list of them', () => {
    const plugin = definePlugin<Config, 'parcs'>({
      ...base,
      id: 'acme',
      capabilities: ['parcs'],
      async setup(ctx) {
        expectTypeOf(ctx.config).toEqualTypeOf<Config>()
        ctx.provide('parcs', parcs)
        // @ts-expect-error: not declared
        ctx.provide('tariff', tariff)
        // @ts-expect-error: not what this capability is
        ctx.provide('parcs', tariff)
        ctx.on('stay.closed', async (event) => {
          expectTypeOf(event.data).toEqualTypeOf<HubEvents['stay.closed']>()
          expectTypeOf(event.type).toEqualTypeOf<'stay.closed'>()
          // @ts-expect-error: no such field of this event
          event.data.billId
        })
        // @ts-expect-error: no such event
        ctx.on('stay.imagined', async () => undefined)
      },
    })
    expectTypeOf(plugin).toExtend<AnyPlugin>()
  })

  test('cannot declare a capability that does not exist, nor another contract generation', () => {
    // @ts-expect-error: no such capability
    definePlugin<Config, 'teleport'>({ ...base, id: 'acme', capabilities: ['teleport'], setup: async () => undefined })
    definePlugin<Config, never>({
      ...base,
      id: 'acme',
      // @ts-expect-error: generations are numbers that the hub speaks
      apiVersion: 2,
      capabilities: [],
      setup: async () => undefined,
    })
    definePlugin<Config, never>({
      ...base,
      id: 'acme',
      capabilities: [],
      // @ts-expect-error: no such permission
      permissions: ['everything'],
      setup: async () => undefined,
    })
  })

  test('can answer at a point only what that point allows', () => {
    const points = (ctx: Ctx<Config, never>) => {
      ctx.intercept(
        'authorise',
        async (ask) => {
          expectTypeOf(ask).toEqualTypeOf<Readonly<InterceptPoints['authorise']['ask']>>()
          // @ts-expect-error: the question cannot be changed
          ask.siteId = null
          return { kind: 'pass' }
        },
        { deadlineMs: 100, onTimeout: 'skip' },
      )
      // @ts-expect-error: a gate cannot be given lines
      ctx.intercept('authorise', async () => ({ kind: 'add', lines: [line] }), { deadlineMs: 100, onTimeout: 'skip' })
      // @ts-expect-error: no such point
      ctx.intercept('anything', async () => ({ kind: 'pass' }), { deadlineMs: 100, onTimeout: 'skip' })
      // @ts-expect-error: a limit is required
      ctx.intercept('price', async () => ({ kind: 'pass' }), { onTimeout: 'skip' })
    }
    expectTypeOf(points).toBeFunction()
  })
})
