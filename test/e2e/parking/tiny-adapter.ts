// Owns a parking adapter for tests: it passes actions on to the vendor of test/sim/tiny-parcs over HTTP.
// Must not be kinder than a real one: what fails, fails.
import { definePlugin, type ParcsSink } from '../../../core/plugin/index.ts'

/** Doing any of them twice counts twice at this vendor. */
const once = { repeatable: false }

export const tinyAdapter = definePlugin<{ url: string }, 'parcs'>({
  id: 'test-tiny-parcs',
  title: 'Tiny parking system',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['parcs'],
  permissions: ['inbound', 'net:127.0.0.1'],
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string' } },
  },
  async setup(ctx) {
    let sink: ParcsSink | undefined
    ctx.provide('parcs', {
      async connect(given) {
        sink = given
        return {
          features: [],
          actions: { 'credential.put': once, 'credential.remove': once, 'stay.confirm': once, 'lane.open': once },
          async act(action, signal) {
            const body = JSON.stringify(action)
            const response = await fetch(`${ctx.config.url}/actions`, { method: 'POST', body, signal })
            const { reference } = (await response.json()) as { reference: string }
            return { kind: 'done', reference }
          },
          async askOutcome({ id }, signal) {
            const response = await fetch(`${ctx.config.url}/actions/${id}`, { signal })
            const { times } = (await response.json()) as { times: number }
            return times > 0 ? { kind: 'done' } : { kind: 'not_done' }
          },
          async stop() {
            sink = undefined
          },
        }
      },
    })
    ctx.inbound(async (request) => Response.json(await sink?.record([(await request.json()) as never])))
  },
})
