// Owns a plugin as it ships with its link held fast, for the questions that the hub's actions ask.
// Must not change what the plugin does.
import type { AnyPlugin, ParcsLink } from '../../../core/plugin/index.ts'

export function holdLink(plugin: AnyPlugin): { plugin: AnyPlugin; link(): ParcsLink } {
  let held: ParcsLink | undefined
  return {
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
