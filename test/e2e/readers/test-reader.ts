// Owns a reader plugin for tests: it hands over as JSON what its readers are made to tell.
// Must not translate; the vendors' words are tested with their adapters.
import { definePlugin, type ReaderSink } from '../../../core/plugin/index.ts'
import type { Json } from './open-hub.ts'

export const testReader = definePlugin({
  id: 'test-reader',
  title: 'Test reader',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['reader'],
  permissions: ['inbound'],
  config: { type: 'object', additionalProperties: false, properties: {} },
  async setup(ctx) {
    let sink: ReaderSink | undefined
    ctx.provide('reader', {
      async connect(given) {
        sink = given
        return { stop: async () => undefined }
      },
    })
    ctx.inbound(async (request) => {
      const posted = (await request.json()) as Json
      if (posted.alive) {
        sink?.alive(posted.alive, ctx.clock.now())
        return new Response(null, { status: 204 })
      }
      const reports = posted.reports.map(({ jpeg, ...one }: Json) => ({
        revision: 1,
        ...one,
        takenAt: new Date(one.takenAt ?? ctx.clock.now()),
        ...(jpeg ? { images: [{ kind: 'plate', contentType: 'text/html', bytes: new Uint8Array(jpeg) }] } : {}),
      }))
      return Response.json(await sink?.report(reports))
    })
  },
})
