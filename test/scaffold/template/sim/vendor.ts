// Owns the vendor's side over a real socket: it tells events until they are confirmed.
// Must not share code with the plugin: a mistake made twice would not be seen.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const vendorSecret = 'a secret of the vendor'

export interface VendorEvent {
  no: string
  version: number
  kind: 'ENTRY' | 'EXIT'
  when: string
  ticket: string
  gate: string
  plate: string
}

export interface Vendor {
  url: string
  /** Told until they are confirmed. */
  pending: VendorEvent[]
  /** "no#version" of what the hub has confirmed. */
  confirmed: Set<string>
  /** Sent once instead of the next answer. */
  instead: string | undefined
  close(): Promise<void>
}

export async function startVendor(): Promise<Vendor> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.headers.authorization !== `Bearer ${vendorSecret}`) return void response.writeHead(401).end()
    if (request.url === '/status') return void response.end('{}')
    if (request.method === 'POST') {
      const { safe } = JSON.parse(Buffer.concat(chunks).toString()) as { safe: string[] }
      for (const each of safe) vendor.confirmed.add(each)
      vendor.pending = vendor.pending.filter(({ no, version }) => !safe.includes(`${no}#${version}`))
      return void response.end('{}')
    }
    const answer = vendor.instead ?? JSON.stringify({ events: vendor.pending })
    vendor.instead = undefined
    response.end(answer)
  })
  const vendor: Vendor = {
    url: '',
    pending: [],
    confirmed: new Set(),
    instead: undefined,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vendor.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return vendor
}
