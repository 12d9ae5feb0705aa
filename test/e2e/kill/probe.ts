// Owns one message of one charger whose way through the hub is watched: was it answered, and when does it say it happened.
// Must not be used beside other traffic of the same charger: the newest socket wins.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Garage } from './garage.ts'
import type { HubProcess } from './hub-process.ts'
import type { Step } from './steps.ts'

export interface Probe {
  station: string
  at: Date
  answered: boolean
}

/** Has the hub die when one status report of the first charger passes `step`. */
export async function probeStep(hub: HubProcess, garage: Garage, step: Step): Promise<Probe> {
  const [station] = garage.stations
  if (station === undefined) throw new Error('a garage without chargers')
  const ws = new WebSocket(`${hub.url.replace(/^http/, 'ws')}/ocpp/${station.code}`, [station.version], {
    headers: { authorization: `Basic ${Buffer.from(`${station.code}:${station.password}`).toString('base64')}` },
  })
  const answered = new Set<string>()
  ws.on('message', (data) => answered.add(JSON.parse(String(data))[1]))
  ws.on('error', () => undefined)
  const closed = once(ws, 'close')
  await once(ws, 'open')
  const say = (id: string, action: string, payload: object) => ws.send(JSON.stringify([2, id, action, payload]))
  const booted = once(ws, 'message')
  say(randomUUID(), 'BootNotification', { chargePointVendor: 'Probe', chargePointModel: 'Probe' })
  await booted
  const marker = randomUUID()
  await hub.arm({ step, count: 1, marker })
  // A whole number of seconds long ago: no other report has it.
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 - 90 * 3_600_000)
  const timestamp = at.toISOString()
  say(marker, 'StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available', timestamp })
  await Promise.all([closed, hub.gone()])
  return { station: station.code, at, answered: answered.has(marker) }
}
