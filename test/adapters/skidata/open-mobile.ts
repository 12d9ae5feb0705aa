// Owns one running MobileAPI connection for tests: a garage, the plugin in the real host with its own schema, the simulated service.
// Must not hold expectations.
import mobile from '../../../adapters/skidata/mobile/index.ts'
import type { AnyPlugin, ParcsLink } from '../../../core/plugin/index.ts'
import { type TestHub, testHub } from '../../host/hub.ts'
import { type Garage, openGarage } from '../../services/parking/garage.ts'
import type { TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type MobileService, mobileKey } from '../../sim/skidata/mobile-service.ts'
import { garagePorts } from '../open-connection.ts'

export interface OpenMobile {
  hub: TestHub
  garage: Garage
  connectionId: string
  link(): ParcsLink
  run(schedule: string): Promise<void>
  stop(): Promise<void>
}

export async function openMobile(
  database: TestDatabase,
  service: MobileService,
  config: object = {},
): Promise<OpenMobile> {
  let link: ParcsLink | undefined
  const schedules = new Map<string, (signal: AbortSignal) => Promise<void>>()
  /** The plugin as it ships, with its link and schedules held fast for the tests. */
  const held: AnyPlugin = {
    ...(mobile as AnyPlugin),
    setup: (ctx) =>
      mobile.setup({
        ...ctx,
        get db() {
          return ctx.db
        },
        every(cron: string, name: string, run: (signal: AbortSignal) => Promise<void>) {
          schedules.set(name, run)
          return ctx.every(cron, name, run)
        },
        provide: (name: 'parcs', given: { connect(...doors: never[]): Promise<ParcsLink> }) =>
          ctx.provide(name, {
            connect: async (...doors: never[]) => {
              link = await given.connect(...doors)
              return link
            },
          } as never),
      } as never),
  }
  const garage = await openGarage(database.db)
  const hub = await testHub(database, [held], {
    organizationId: garage.organizationId,
    clock: garage.clock,
    ports: garagePorts(garage),
  })
  const connectionId = await hub.connect(held, {
    config: { baseUrl: service.url, facilityNo: 1, ...config },
    secrets: { apiKey: mobileKey },
    siteId: garage.siteId,
  })
  await eventually(() => link !== undefined, 'the link')
  return {
    hub,
    garage: { ...garage, connectionId },
    connectionId,
    link: () => link as ParcsLink,
    run: async (name) => schedules.get(name)?.(new AbortController().signal),
    stop: () => hub.stop(),
  }
}
