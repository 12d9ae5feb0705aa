// Owns the one charging session that the charger simulator's tests play.
// Must not assert.

import type { StationOptions } from '../../../sim/index.ts'
import {
  createEchoHub,
  createStation,
  type EchoHub,
  type OcppVersion,
  type Quirks,
  settableClock,
} from '../../../sim/index.ts'

export const start = new Date('2019-03-04T16:00:00.000Z')
export const card = { value: '1EA68671', type: 'ISO14443' }
/** Lifetime register when the cable goes in. */
export const baseWh = 1_000_000

export function bench(hub: EchoHub, version: OcppVersion, quirks: Quirks = {}, more: Partial<StationOptions> = {}) {
  const clock = settableClock(start)
  const station = createStation({
    url: hub.ocppUrl,
    stationId: 'CA-303',
    password: '00ff41',
    version,
    clock,
    seed: 1,
    quirks,
    registersWh: [baseWh],
    callTimeoutMs: 2_000,
    ...more,
  })
  const at = (minutes: number) => clock.set(new Date(start.getTime() + minutes * 60_000))
  return { station, clock, at }
}

export type Bench = ReturnType<typeof bench>

/** Plugged in, card, two readings, full, stopped with the card, unplugged: 6,000 Wh. */
export async function playSession({ station, at }: Bench): Promise<void> {
  at(1)
  await station.plugIn(1)
  at(2)
  await station.presentCard(1, card)
  at(17)
  await station.meter(1, 1500, { powerW: 6000, currentA: 28.8 })
  at(32)
  await station.meter(1, 3000, { powerW: 6000, currentA: 28.8 })
  at(62)
  await station.suspendEv(1, 6000)
  at(90)
  await station.stop(1, { deliveredWh: 6000 })
  at(95)
  await station.unplug(1)
}

/** The same with the network away from before the plug until after the end. */
export async function playOffline({ station, at }: Bench): Promise<void> {
  await station.goOffline()
  await playSession({ station, at } as Bench)
  at(100)
  await station.goOnline()
}

export async function withHub<T>(work: (hub: EchoHub) => Promise<T>): Promise<T> {
  const hub = await createEchoHub()
  try {
    return await work(hub)
  } finally {
    await hub.close()
  }
}

export const callsOf = (hub: EchoHub, ...actions: string[]) => hub.calls.filter((call) => actions.includes(call.action))
