// Owns the OCPP adapter as a plugin: its definition, configuration and wiring.
// Must not hold protocol logic.
import { type ChargerCapability, type Ctx, definePlugin } from '../../core/plugin/index.ts'
import { completeConfig, configSchema, type OcppConfig } from './config.ts'
import { modelBook } from './model-book.ts'
import { systemPulse } from './pulse.ts'
import { mount, OcppServer } from './server.ts'

/** Serves chargers on the hub's port for as long as the core keeps it connected. */
export function chargers(
  ctx: Pick<Ctx<Partial<OcppConfig>, 'charger'>, 'clock' | 'config' | 'log' | 'newId' | 'upgrade'>,
): ChargerCapability {
  return {
    models: modelBook,
    async connect(port) {
      const { clock, log, newId } = ctx
      const server = new OcppServer({
        config: completeConfig(ctx.config),
        clock,
        pulse: systemPulse(),
        log,
        newId,
        port,
      })
      const mounted = ctx.upgrade(mount, server.upgrade)
      return {
        async stop() {
          mounted.dispose()
          await server.stop()
        },
        health: async () => server.health(),
      }
    },
  }
}

export default definePlugin<Partial<OcppConfig>, 'charger'>({
  id: 'ocpp',
  title: 'OCPP chargers',
  version: '0.1.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['charger'],
  permissions: ['sockets:/ocpp'],
  traits: { protocols: 'OCPP 1.6J, 2.0.1 and 2.1' },
  config: configSchema,
  autoConnect: true,
  async setup(ctx) {
    ctx.provide('charger', chargers(ctx))
  },
})
