// Owns a hub as a real process on a furnished garage, for tests that play stations against it.
// Must not play them.
import { randomUUID } from 'node:crypto'
import type { OcppVersion } from '../setup/ocpp-versions.ts'
import { type SimulatedStation, type SimulatedStationOptions, simulatedStation } from '../sim/index.ts'
import { type Api, adminKey, api, buildGarage, type Garage } from './kill/garage.ts'
import { type HubProcess, hubProcess, patienceMs } from './kill/hub-process.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

export interface AddedStation {
  code: string
  stationId: string
  password: string
  version: OcppVersion
}

export interface LiveHub extends Api {
  readonly garage: Garage
  readonly process: HubProcess
  readonly ocppUrl: string
  /** A card that may charge. */
  readonly card: string
  addStation(code: string, version: OcppVersion): Promise<AddedStation>
  /** A simulated station that dials in here; judged when the hub is stopped. */
  play(station: AddedStation, more?: Partial<SimulatedStationOptions>): SimulatedStation
  /** Queues a command and waits until its outcome is final, or, with `pending`, until the station has answered. */
  command(stationId: string, body: object, until?: 'pending'): Promise<Json>
  /** Every record of a list. */
  all(path: string): Promise<Json[]>
  /** Polls until `found` is truthy. */
  until<T>(what: string, find: () => Promise<T | undefined | false>): Promise<T>
  /** Fails when the hub sent any station a frame that breaks the standard. */
  stop(): Promise<void>
}

export async function liveHub(env: NodeJS.ProcessEnv = {}): Promise<LiveHub> {
  const garage = await buildGarage()
  const process = await hubProcess({ dataDir: garage.copy(), adminKey, env })
  await process.start()
  const { call } = api(process.url, adminKey)
  const ocppUrl = `${process.url.replace(/^http/, 'ws')}/ocpp`
  const played: SimulatedStation[] = []

  async function until<T>(what: string, find: () => Promise<T | undefined | false>): Promise<T> {
    const limit = Date.now() + patienceMs
    for (;;) {
      const found = await find()
      if (found !== undefined && found !== false) return found
      if (Date.now() > limit) throw new Error(`${what} did not come about:\n${process.output().slice(-3_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  return {
    garage,
    process,
    ocppUrl,
    card: garage.stations[0]?.cards[0] ?? '',
    call,
    until,
    async addStation(code, version) {
      const body = {
        siteId: garage.siteId,
        code,
        defaultProtocol: version,
        evses: [
          { number: 1, code: `${code}-1`, maxPowerW: 22_000 },
          { number: 2, code: `${code}-2`, maxPowerW: 22_000 },
        ],
      }
      const made = await call('POST', 'stations', body)
      return { code, stationId: String(made.stationId), password: String(made.secret), version }
    },
    play({ code, password, version }, more = {}) {
      const one = simulatedStation({ url: ocppUrl, code, password, version, evses: 2, ...more })
      played.push(one)
      return one
    },
    async command(stationId, body, wanted) {
      const { commandId } = await call<Json>('POST', `stations/${stationId}/commands`, body)
      return until(`the end of ${JSON.stringify(body)}`, async () => {
        const row = await call<Json>('GET', `commands/${commandId}`)
        const open =
          row.state === 'queued' || row.state === 'sent' || (row.outcome === 'pending' && wanted === undefined)
        return open ? undefined : row
      })
    },
    async all(path) {
      const items: Json[] = []
      let cursor = ''
      do {
        const page = await call<Json>('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor}`)
        items.push(...page.items)
        cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
      } while (cursor !== '')
      return items
    },
    async stop() {
      await Promise.all(played.map((one) => one.disconnect()))
      await process.kill('SIGTERM')
      garage.remove()
      const faults = played.flatMap((one) => one.violations.map((fault) => `${one.code}: ${fault}`))
      if (faults.length > 0) throw new Error(`the hub sent invalid frames:\n${faults.join('\n')}`)
    },
  }
}

/** A code that no other test uses. */
export const freshCode = (prefix: string) => `${prefix}-${randomUUID().slice(0, 8)}`
