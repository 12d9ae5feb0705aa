// Owns the measurement of what one idle connection holds in memory, beside a bare `ws` server of the same settings.
// Run: node --expose-gc --import tsx test/adapters/ocpp/idle-cost.ts bare, then the same with adapter
import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { TestHub } from './hub.ts'

const stations = 3_000

async function clients(port: number): Promise<void> {
  for (let i = 0; i < stations; i++) {
    await new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ocpp/S${i}`, ['ocpp1.6'], { perMessageDeflate: false })
      socket.once('error', reject)
      socket.once('open', () => {
        // One exchange, as every station has had: its buffers and its place in the mailbox are part of being idle.
        socket.once('message', () => resolve())
        const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' }
        socket.send(JSON.stringify([2, '1', 'StatusNotification', status]))
      })
    })
  }
  process.send?.('connected')
}

async function settle(): Promise<{ heap: number; rss: number }> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

async function measure(name: string, port: number): Promise<void> {
  const before = await settle()
  const child = fork(new URL(import.meta.url).pathname, ['client', String(port)], { execArgv: ['--import', 'tsx'] })
  await new Promise((resolve) => child.once('message', resolve))
  const after = await settle()
  const each = (a: number, b: number) => ((b - a) / stations / 1024).toFixed(1)
  console.log(`${name}: ${each(before.heap, after.heap)} kB heap, ${each(before.rss, after.rss)} kB rss per connection`)
  child.kill()
  await new Promise((resolve) => child.once('exit', resolve))
}

async function bare(): Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false })
  const server = createServer()
  const kept = new Set<WebSocket>()
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      kept.add(ws)
      ws.on('message', (data) => ws.send(String(data)))
      ws.on('close', () => kept.delete(ws))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await measure('bare ws', (server.address() as AddressInfo).port)
  server.close()
}

async function adapter(): Promise<void> {
  const hub = await new TestHub({ pingIntervalSeconds: 0 }).listen()
  for (let i = 0; i < stations; i++) hub.port.add(`S${i}`)
  hub.port.keep = false
  await measure('adapter', hub.portNumber)
  await hub.stop()
}

const [, , mode, port] = process.argv
if (mode === 'client') void clients(Number(port))
else if (mode === 'adapter') await adapter()
else if (mode === 'bare') await bare()
else console.log('say bare or adapter')
