// Owns one running parking connection for tests: a garage, the plugin in the real host with its own schema, a real socket in front.
// Must not hold expectations.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import type { AnyPlugin } from '../../core/plugin/index.ts'
import { parkingPorts } from '../../core/runtime/parking-ports.ts'
import { type TestHub, testHub } from '../host/hub.ts'
import { type Garage, openGarage } from '../services/parking/garage.ts'
import type { TestDatabase } from '../setup/database.ts'

export interface OpenConnection {
  hub: TestHub
  garage: Garage
  url: string
  stop(): Promise<void>
}

/** The doors into the core that the hub would give a connection of this garage. */
export function garagePorts({ deps }: Pick<Garage, 'deps'>): ReturnType<typeof parkingPorts> {
  return parkingPorts({ ...deps, deadline: (ms) => sleep(ms, undefined, { ref: false }) })
}

export async function openConnection(
  database: TestDatabase,
  plugin: AnyPlugin,
  input: { config: object | ((url: string) => object); secrets: Record<string, string> },
): Promise<OpenConnection> {
  const garage = await openGarage(database.db)
  const hub = await testHub(database, [plugin], {
    organizationId: garage.organizationId,
    clock: garage.clock,
    ports: garagePorts(garage),
  })
  const server = createServer(
    getRequestListener(async (request) => {
      const [, , connection = '', ...rest] = new URL(request.url).pathname.split('/')
      const answer = await hub.host.inbound(connection, request, rest.join('/'))
      return answer.kind === 'answered' ? answer.response : new Response(answer.kind, { status: 503 })
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = typeof input.config === 'function' ? input.config(origin) : input.config
  const connectionId = await hub.connect(plugin, { config, secrets: input.secrets, siteId: garage.siteId })
  return {
    hub,
    garage: { ...garage, connectionId },
    url: `${origin}/in/${connectionId}`,
    async stop() {
      await hub.stop()
      await new Promise((resolve) => server.close(resolve).closeAllConnections())
    },
  }
}
