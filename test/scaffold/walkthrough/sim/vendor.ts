// Owns the vendor's side over a real socket: a feed that is held open until there is something, in frames of its own.
// Must not share code with the plugin: a mistake made twice would not be seen.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const vendorSecret = 'a secret of the vendor'

export interface Vendor {
  url: string
  /** "E-1|1|+|…": told with its place in the feed until that place is confirmed. */
  pending: { place: number; record: string }[]
  confirmed: Set<string>
  /** Sent once instead of the next answer. */
  instead: string | undefined
  tell(record: string): void
  close(): Promise<void>
}

export function framed(text: string): string {
  let sum = 0
  for (const byte of Buffer.from(text)) sum ^= byte
  return `${Buffer.byteLength(text)}:${text}*${sum.toString(16).toUpperCase().padStart(2, '0')},`
}

export async function startVendor(): Promise<Vendor> {
  let place = 0
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://vendor')
    if (request.headers.authorization !== `Bearer ${vendorSecret}`) return void response.writeHead(401).end()
    if (url.pathname === '/status') return void response.end()
    if (url.pathname === '/confirm') {
      const upto = Number(url.searchParams.get('upto'))
      for (const each of vendor.pending.filter((one) => one.place <= upto)) vendor.confirmed.add(each.record)
      vendor.pending = vendor.pending.filter((one) => one.place > upto)
      return void response.end()
    }
    const text = vendor.instead ?? vendor.pending.map((each) => framed(`${each.place}|${each.record}`)).join('')
    vendor.instead = undefined
    // A real one holds the question for some seconds before it says that there is nothing.
    response.writeHead(text === '' ? 204 : 200).end(text)
  })
  const vendor: Vendor = {
    url: '',
    pending: [],
    confirmed: new Set(),
    instead: undefined,
    tell(record) {
      vendor.pending.push({ place: ++place, record })
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vendor.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return vendor
}
