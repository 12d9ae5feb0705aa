// Owns a parking system of one page of code over a real socket: it does what it is told, counts it, and can be slow.
// Must not share anything with the adapter that speaks to it.
import { createServer } from 'node:http'

export interface TinyParcs {
  url: string
  /** How often each action was carried out, by its id. */
  done: Map<string, number>
  known: Map<string, unknown>
  /** Actions that arrived. */
  arrived: { id: string; kind: string }[]
  /** While set, an action is carried out and its answer never comes. */
  mute: boolean
  close(): Promise<void>
}

export async function tinyParcs(): Promise<TinyParcs> {
  const vendor = {
    url: '',
    done: new Map<string, number>(),
    known: new Map<string, unknown>(),
    arrived: [] as { id: string; kind: string }[],
    mute: false,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = (body: object) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(body))
    }
    const path = request.url ?? ''
    if (request.method === 'GET') return answer({ times: vendor.done.get(path.slice('/actions/'.length)) ?? 0 })
    const { id, kind, data } = JSON.parse(Buffer.concat(chunks).toString()) as {
      id: string
      kind: string
      data: { credentialId?: string }
    }
    vendor.arrived.push({ id, kind })
    vendor.done.set(id, (vendor.done.get(id) ?? 0) + 1)
    if (kind === 'credential.put') vendor.known.set(data.credentialId ?? '', data)
    if (kind === 'credential.remove') vendor.known.delete(data.credentialId ?? '')
    if (vendor.mute) return
    answer({ reference: `T-${vendor.arrived.length}` })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  vendor.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  return vendor
}
