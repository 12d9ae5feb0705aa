// Owns a plugin as it ships with its link and schedules held fast, for the questions that the hub's actions and clock ask.
// Must not change what the plugin does.
import type { AnyPlugin, ParcsLink } from '../../../core/plugin/index.ts'

export interface Held {
  plugin: AnyPlugin
  link(): ParcsLink
  /** Runs one of its schedules now. */
  run(name: string): Promise<void>
}

export function holdLink(plugin: AnyPlugin): Held {
  let held: ParcsLink | undefined
  const schedules = new Map<string, (signal: AbortSignal) => Promise<void>>()
  return {
    async run(name) {
      const run = schedules.get(name)
      if (!run) throw new Error(`the plugin has no schedule ${name}`)
      await run(new AbortController().signal)
    },
    link() {
      if (!held) throw new Error('the plugin is not connected')
      return held
    },
    plugin: {
      ...plugin,
      setup: (ctx) =>
        plugin.setup({
          ...ctx,
          get db() {
            return ctx.db
          },
          every(cron, name, run) {
            schedules.set(name, run)
            return ctx.every(cron, name, run)
          },
          provide: (name: 'parcs', given: { connect(...doors: never[]): Promise<ParcsLink> }) =>
            ctx.provide(name, {
              ...given,
              connect: async (...doors: never[]) => {
                held = await given.connect(...doors)
                return held
              },
            } as never),
        }),
    },
  }
}
