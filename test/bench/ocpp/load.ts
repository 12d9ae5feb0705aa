// Owns the chargers of the bench: N OCPP 1.6 clients in a process of their own, driven closed loop, open loop or left idle.
// Must not share code with the hub, and must not be the bottleneck: one JSON.stringify and one string search per call.
import { WebSocket } from 'ws'

export interface LoadOrder {
  url: string
  from: number
  stations: number
  password: string
  /** `boot` ends once every station is accepted; the others boot first and then run. */
  mode: 'boot' | 'closed' | 'open' | 'idle'
  seconds: number
  /** Calls per second over all stations, open loop only. */
  rate: number
}

export interface LoadReport {
  bootMs: number
  calls: number
  seconds: number
  p50: number
  p99: number
  max: number
  /** Calls that ended in anything but a result. */
  errors: number
}

interface Client {
  socket: WebSocket
  id: string
  count: number
  step: number
  transaction: number
  register: number
  /** Samples that its first charge has fewer. */
  skipped: number
  busy: boolean
  sentAt: number
  queue: number[]
}

const latencies: number[] = []
let measuredFrom = 0
let errors = 0
let calls = 0
let measuring = false

const stamp = () => new Date().toISOString()
const values = (client: Client) => {
  client.register += 1
  return {
    connectorId: 1,
    transactionId: client.transaction,
    meterValue: [
      {
        timestamp: stamp(),
        sampledValue: [
          {
            value: String(client.register),
            measurand: 'Energy.Active.Import.Register',
            unit: 'Wh',
            context: 'Sample.Periodic',
          },
          { value: '7200', measurand: 'Power.Active.Import', unit: 'W', context: 'Sample.Periodic' },
          { value: '31.2', measurand: 'Current.Import', unit: 'A', context: 'Sample.Periodic' },
          { value: '54', measurand: 'SoC', unit: 'Percent', context: 'Sample.Periodic' },
        ],
      },
    ],
  }
}
const status = (s: string) => (): [string, object] => [
  'StatusNotification',
  { connectorId: 1, errorCode: 'NoError', status: s, timestamp: stamp() },
]

/**
 * One charge, as a charger tells it: two hours with a sample every three minutes and a heartbeat every ten, 59 calls. Real garages
 * have fewer starts among their messages (a median of six plugged hours), none has more. Cars do not come all at once: the
 * first charge of each station is shorter, by another part for each.
 */
const cycle: ((c: Client) => [string, object])[] = [
  status('Preparing'),
  (c) => ['StartTransaction', { connectorId: 1, idTag: `TAG${c.id}`, meterStart: c.register, timestamp: stamp() }],
  status('Charging'),
  ...Array.from(
    { length: 52 },
    (_, i) =>
      (c: Client): [string, object] =>
        i % 4 === 3 ? ['Heartbeat', {}] : ['MeterValues', values(c)],
  ),
  status('SuspendedEV'),
  (c) => {
    return [
      'StopTransaction',
      {
        transactionId: c.transaction,
        idTag: `TAG${c.id}`,
        meterStop: c.register,
        timestamp: stamp(),
        reason: 'Local',
      },
    ]
  },
  status('Finishing'),
  status('Available'),
]

const firstSample = 3
const lastSample = firstSample + 51

function send(client: Client, intended: number): void {
  if (client.step === firstSample) client.step += client.skipped
  const make = cycle[client.step % cycle.length]
  if (make === undefined) return
  const [action, payload] = make(client)
  client.step += 1
  client.busy = true
  client.sentAt = intended
  client.socket.send(JSON.stringify([2, String(++client.count), action, payload]))
}

function onReply(client: Client, text: string): void {
  if (!text.startsWith('[3')) errors += text.startsWith('[4') ? 1 : 0
  const at = text.indexOf('"transactionId":')
  if (at >= 0) client.transaction = Number.parseInt(text.slice(at + 16), 10)
  client.busy = false
  if (measuring && client.sentAt >= measuredFrom) {
    calls += 1
    latencies.push(performance.now() - client.sentAt)
  }
}

async function connect(order: LoadOrder, n: number): Promise<Client> {
  const id = `BENCH-${String(n).padStart(6, '0')}`
  const socket = new WebSocket(`${order.url}/${id}`, ['ocpp1.6'], {
    headers: { authorization: `Basic ${Buffer.from(`${id}:${order.password}`).toString('base64')}` },
    perMessageDeflate: false,
  })
  const client: Client = {
    socket,
    id,
    count: 0,
    step: 0,
    transaction: 0,
    register: 1_000,
    skipped: Math.round(((n * 0.618) % 1) * (lastSample - firstSample)),
    busy: false,
    sentAt: 0,
    queue: [],
  }
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  await new Promise<void>((resolve) => {
    socket.once('message', () => resolve())
    socket.send(
      JSON.stringify([2, 'boot', 'BootNotification', { chargePointVendor: 'Bench', chargePointModel: 'Load' }]),
    )
  })
  return client
}

/** Every station at once, as after an outage; the operating system's backlog is what limits them. */
async function connectAll(order: LoadOrder): Promise<{ clients: Client[]; bootMs: number }> {
  const started = performance.now()
  const clients: Client[] = []
  let next = order.from
  const lanes = Array.from({ length: Math.min(400, order.stations) }, async () => {
    while (next < order.from + order.stations) clients.push(await connect(order, next++))
  })
  await Promise.all(lanes)
  return { clients, bootMs: performance.now() - started }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A server that has just started compiles its code while it answers; the floors have hardly any. */
const warmSeconds = 5

async function run(order: LoadOrder): Promise<LoadReport> {
  const { clients, bootMs } = await connectAll(order)
  let running = order.mode === 'closed' || order.mode === 'open'
  for (const client of clients) {
    client.socket.on('message', (data) => {
      onReply(client, String(data))
      if (!running) return
      if (order.mode === 'closed') send(client, performance.now())
      else {
        const due = client.queue.shift()
        if (due !== undefined) send(client, due)
      }
    })
  }
  let began = performance.now()
  if (order.mode === 'closed') {
    for (const client of clients) send(client, performance.now())
    await wait(Math.min(warmSeconds, order.seconds) * 1_000)
    measuring = true
    began = performance.now()
    process.send?.({ kind: 'measuring' })
    await wait(order.seconds * 1_000)
  } else if (order.mode === 'open') {
    const warm = Math.round(order.rate * warmSeconds)
    const total = warm + Math.round(order.rate * order.seconds)
    for (let i = 0; i < total; ) {
      const now = performance.now()
      if (!measuring && i >= warm) {
        measuring = true
        measuredFrom = now
        process.send?.({ kind: 'measuring' })
      }
      for (; i < total && began + (i * 1_000) / order.rate <= now; i++) {
        // Latency counts from when the call was due, however late the loop or the station's previous answer is.
        const due = began + (i * 1_000) / order.rate
        const client = clients[i % clients.length]
        if (client === undefined) continue
        if (client.busy) client.queue.push(due)
        else send(client, due)
      }
      await wait(1)
    }
    const limit = performance.now() + 10_000
    while (clients.some((c) => c.busy) && performance.now() < limit) await wait(5)
  } else if (order.mode === 'idle') {
    process.send?.({ kind: 'measuring' })
    await wait(order.seconds * 1_000)
  }
  const seconds = (performance.now() - Math.max(began, measuredFrom)) / 1_000
  running = false
  measuring = false
  process.send?.({ kind: 'measured' })
  latencies.sort((a, b) => a - b)
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0
  const report: LoadReport = {
    bootMs,
    calls,
    seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: latencies.at(-1) ?? 0,
    errors,
  }
  await wait(300)
  for (const client of clients) client.socket.terminate()
  return report
}

process.once('message', (order: LoadOrder) => {
  run(order)
    .then((report) => process.send?.({ kind: 'report', report }, () => process.exit(0)))
    .catch((error) => {
      process.send?.({ kind: 'failed', message: String(error) }, () => process.exit(1))
    })
})
