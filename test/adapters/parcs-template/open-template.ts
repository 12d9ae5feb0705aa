// Owns one running connection of a profile for tests: the plugin in the real host with its own schema, its polls run by hand.
// Must not hold expectations.
import parcsTemplate from '../../../adapters/parcs-template/index.ts'
import type { AnyPlugin, Capabilities, Ctx, ParcsLink } from '../../../core/plugin/index.ts'
import type { TestDatabase } from '../../setup/database.ts'
import { vendorSecret, vendorUser } from '../../sim/parcs-template/vendor.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'

export const webhookSecret = 'a secret for calls to the hub'

export interface OpenTemplate extends OpenConnection {
  link(): ParcsLink
  /** As the schedule does every minute. */
  poll(): Promise<void>
}

export async function openTemplate(database: TestDatabase, config: object): Promise<OpenTemplate> {
  let link: ParcsLink | undefined
  let run: ((signal: AbortSignal) => Promise<void>) | undefined
  const held: AnyPlugin = {
    ...(parcsTemplate as AnyPlugin),
    setup: (ctx: Ctx<never, 'parcs'>) =>
      parcsTemplate.setup({
        ...ctx,
        get db() {
          return ctx.db
        },
        every(cron: string, name: string, fn: (signal: AbortSignal) => Promise<void>) {
          if (name === 'poll') run = fn
          return ctx.every(cron, name, fn)
        },
        provide: (name: 'parcs', given: Capabilities['parcs']) =>
          ctx.provide(name, {
            async connect(...doors) {
              link = await given.connect(...doors)
              return link
            },
          }),
      } as Ctx<never, 'parcs'>),
  }
  const opened = await openConnection(database, held, {
    config: { user: vendorUser, ...config },
    secrets: { vendor: vendorSecret, webhook: webhookSecret },
  })
  return {
    ...opened,
    link() {
      if (!link) throw new Error('the connection does not run')
      return link
    },
    async poll() {
      await run?.(new AbortController().signal)
    },
  }
}
