// Owns the suite that every plugin passes, whatever it provides: start and stop, configuration, repeats, kills, secrets, timers.
// Must not know a capability; each has a suite of its own beside this one.
import assert from 'node:assert/strict'
import type { AnyPlugin, ConfigInvalid, EventName } from '../plugin/index.ts'
import { type ContractCase, contractCase } from './contract-case.ts'
import { createPluginTester, type EmittedEvent, type PluginTester, type TesterOptions } from './plugin-tester.ts'

export interface ExerciseOptions extends TesterOptions {
  /** Configurations that must be refused, each with the JSON pointer of the field at fault. */
  badConfigs?: readonly { config: unknown; pointer: string }[]
  /** Events of one subject in order, for plugins that handle any, with ids. */
  events?: readonly (EmittedEvent<EventName> & { id: string })[]
  /** What the plugin has made of the events so far, as data: rows of its schema, calls to the vendor. */
  effects?(tester: PluginTester): Promise<unknown>
  /** Before each start: an empty schema, an empty vendor. */
  reset?(): Promise<void>
}

/**
 * @example
 * for (const { name, run } of exercisePlugin(plugin, { config })) test(name, run)
 */
export function exercisePlugin(plugin: AnyPlugin, options: ExerciseOptions = {}): ContractCase[] {
  const { badConfigs = [], events = [], effects, reset } = options
  const started = async (run: (tester: PluginTester) => Promise<void>) => {
    await reset?.()
    const tester = createPluginTester(plugin, options)
    await tester.start()
    try {
      await run(tester)
    } finally {
      await tester.stop()
    }
    return tester
  }
  const effectsOf = async (run: (tester: PluginTester) => Promise<void>): Promise<unknown> => {
    let seen: unknown
    await started(async (tester) => {
      await run(tester)
      seen = await effects?.(tester)
    })
    return seen
  }
  const once = () =>
    effectsOf(async (tester) => {
      for (const event of events) await tester.emit(event)
    })

  return [
    contractCase('stops before it was started, starts, stops, stops again, and starts anew', async () => {
      const tester = createPluginTester(plugin, options)
      await tester.stop()
      for (let round = 0; round < 2; round++) {
        await reset?.()
        await tester.start()
        await tester.stop()
        await tester.stop()
      }
    }),

    contractCase('leaves no timer when it stops', async () => {
      const tester = await started(async () => undefined)
      assert.equal(tester.clock.waiting, 0, 'timers of ctx.clock are still waiting')
    }),

    contractCase('says how it is', async () => {
      await started(async (tester) => {
        const { state } = await tester.health()
        assert.ok(state === 'ok' || state === 'degraded')
      })
    }),

    contractCase('shows no secret in its log', async () => {
      const tester = await started(async (each) => {
        for (const event of events) await each.emit(event)
      })
      const text = JSON.stringify(tester.log, (_, value) =>
        value instanceof Error ? `${value.message} ${value.stack}` : value,
      )
      for (const [name, value] of Object.entries(options.secrets ?? {}))
        assert.ok(!text.includes(value), `the secret "${name}" is in the log`)
    }),

    ...badConfigs.map(({ config, pointer }) =>
      contractCase(`refuses the configuration ${JSON.stringify(config)} at ${pointer || '/'}`, async () => {
        const tester = createPluginTester(plugin, { ...options, config })
        await assert.rejects(tester.start(), (error: ConfigInvalid) => {
          assert.equal(error.code, 'config_invalid')
          assert.equal(error.pointer, pointer)
          return true
        })
        await tester.stop()
      }),
    ),

    ...(events.length > 0
      ? [
          contractCase('makes the same of events that are delivered twice', async () => {
            const twice = await effectsOf(async (tester) => {
              for (const event of events) for (let time = 0; time < 2; time++) await tester.emit(event)
            })
            assert.deepEqual(twice, await once())
          }),

          contractCase('takes events in any order without failing', async () => {
            await started(async (tester) => {
              for (const event of [...events].reverse()) await tester.emit(event)
            })
          }),

          contractCase(
            'makes the same of them when it is killed between an effect and its acknowledgement',
            async () => {
              const killed = await effectsOf(async (tester) => {
                for (const event of events) {
                  tester.killAfterEffect(1)
                  // The hub would deliver it again until it is acknowledged.
                  await tester.emit(event).catch(() => undefined)
                  tester.killAfterEffect(0)
                  await tester.emit(event)
                }
              })
              assert.deepEqual(killed, await once())
            },
          ),
        ]
      : []),
  ]
}
