// Owns one running camera plugin for tests: on the stage of the contract kit, with a real HTTP server before it.
// Must not hold expectations.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import cameras from '../../../adapters/lpr/index.ts'
import { createPluginTester, type PluginTester, type TesterOptions } from '../../../core/testing/index.ts'

export const secret = 'a-secret-of-the-gate'

export function camera(id: string) {
  const found = cameras.find((each) => each.id === `lpr-${id}`)
  if (!found) throw new Error(`there is no camera ${id}`)
  return found
}

export interface Line {
  tester: PluginTester
  /** The connection's address, with a slash behind it. */
  url: string
  stop(): Promise<void>
}

export async function openLine(id: string, config: object = {}, options: TesterOptions = {}): Promise<Line> {
  const tester = createPluginTester(camera(id), {
    at: new Date('2026-03-09T08:00:05Z'),
    secrets: { inbound: secret },
    config,
    ...options,
  })
  await tester.start()
  const prefix = '/in/00000000-0000-7000-8000-000000000001'
  const server = createServer(
    getRequestListener((request) => tester.inbound(request, new URL(request.url).pathname.slice(prefix.length))),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    tester,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}/`,
    async stop() {
      await tester.stop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
