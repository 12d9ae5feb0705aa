// Owns the playing of one charger's steps over its real socket, and what a driver does when the hub will not start it.
// Must not order steps; run.ts does.
import type { StationStep } from './scenario/index.ts'
import type { SettableClock } from './sim-clock.ts'
import type { Station } from './station/index.ts'

export interface StationCounts {
  /** Starts that the hub's answer refused; the charger gave power all the same, as the data says it did. */
  refusedStarts: number
  /** App starts that came to nothing and were begun at the charger instead. */
  failedRemoteStarts: number
  /** Connections that went although nobody pulled the cable. */
  unexpectedDisconnects: number
}

export interface StationPlayer {
  station: Station
  connect(): Promise<void>
  play(step: StationStep): Promise<void>
  heartbeat(at: Date): Promise<void>
  /** Due by the interval that the hub asked for at the last boot. */
  nextHeartbeat(): Date | undefined
}

export interface StationPlayerDeps {
  station: Station
  /** The charger's own clock. */
  clock: SettableClock
  counts: StationCounts
  remoteStart(token: { value: string; type: string }, evse: number): Promise<boolean>
  /** Resolves when `started` has, or false after as long as a driver waits. */
  within(started: Promise<void>): Promise<boolean>
  heartbeatSeconds: number | 'asTold'
}

export function createStationPlayer(deps: StationPlayerDeps): StationPlayer {
  const { station, clock, counts } = deps
  let cableIn = true
  let powered = true
  let heartbeatMs: number | undefined
  let heardAt: Date | undefined

  const note = (result: Awaited<ReturnType<Station['connect']>>) => {
    if (result.kind === 'accepted') {
      heartbeatMs = (deps.heartbeatSeconds === 'asTold' ? result.intervalSeconds : deps.heartbeatSeconds) * 1000
    } else if (result.kind !== 'resumed') {
      throw new Error(`${station.id} was not admitted: ${JSON.stringify(result)}`)
    }
    heardAt = clock.now()
  }

  /** Whatever the step, a charger whose connection went by itself dials in again first. */
  const ensureLine = async () => {
    if (!cableIn || !powered || station.connected()) return
    counts.unexpectedDisconnects += 1
    note(await station.goOnline())
  }

  const appStart = async (evse: number, token: { value: string; type: string }) => {
    const started = station.started(evse)
    if ((await deps.remoteStart(token, evse)) && (await deps.within(started))) {
      await station.settled()
      return
    }
    counts.failedRemoteStarts += 1
    await station.startCharging(evse, token)
  }

  const act = async (step: StationStep): Promise<void> => {
    switch (step.kind) {
      case 'station.plugIn':
        return station.plugIn(step.evse)
      case 'station.card': {
        const result = await station.presentCard(step.evse, step.token)
        if (result.kind !== 'refused') return
        counts.refusedStarts += 1
        return station.startCharging(step.evse, step.token)
      }
      case 'station.appStart':
        return appStart(step.evse, step.token)
      case 'station.freeStart':
        return station.startCharging(step.evse, step.token)
      case 'station.meter': {
        const { powerW, currentA, soc } = step
        return station.meter(step.evse, step.deliveredWh, { powerW, currentA, ...(soc === undefined ? {} : { soc }) })
      }
      case 'station.suspendEv':
        return station.suspendEv(step.evse, step.deliveredWh)
      case 'station.stop':
        return station.stop(step.evse, { deliveredWh: step.deliveredWh })
      case 'station.unplug':
        return station.unplug(step.evse, step.deliveredWh)
      case 'station.cable':
        cableIn = step.online
        return step.online ? note(await station.goOnline()) : station.goOffline()
      case 'station.power':
        powered = step.on
        return step.on ? note(await station.powerOn()) : station.powerLoss({ deliveredWh: [step.deliveredWh] })
    }
  }

  return {
    station,
    connect: async () => note(await station.connect()),
    async play(step) {
      clock.set(step.at)
      const line = step.kind === 'station.cable' || step.kind === 'station.power'
      if (!line) await ensureLine()
      await act(step)
      if (station.online()) heardAt = step.at
    },
    async heartbeat(at) {
      clock.set(at)
      await ensureLine()
      await station.heartbeat()
      heardAt = at
    },
    // Any message counts as life for the interval (OCPP 1.6 section 4.6): a charger that just spoke stays quiet.
    nextHeartbeat: () =>
      cableIn && powered && heartbeatMs && heardAt ? new Date(heardAt.getTime() + heartbeatMs) : undefined,
  }
}
