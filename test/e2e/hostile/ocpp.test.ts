// Owns the proof that no frame on a charger's socket hurts the hub, its other chargers or its records.
// Must not help the hub: a real process, real sockets, frames as a broken or hostile charger would send them.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actionsTo } from '../../conformance/messages.ts'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import { chargerDifferences } from '../kill/compare.ts'
import { adminKey, api, buildGarage, type Garage } from '../kill/garage.ts'
import { type HubProcess, hubProcess } from '../kill/hub-process.ts'
import { untilIdle } from '../kill/idle.ts'
import { ofStations, readStored, type Stored } from '../kill/stored.ts'
import { createTraffic, type Traffic } from '../kill/traffic.ts'
import { brokenCalls, brokenFrames, edgeCalls, goodCalls } from './ocpp-calls.ts'
import { boots, connectWild, type WildStation } from './wild-station.ts'

/** More frames for the long run: BAYWATT_E2E_ROUNDS=20; other frames: BAYWATT_TEST_SEED. */
const rounds = Number(process.env.BAYWATT_E2E_ROUNDS ?? 1)
const limitMs = 300_000 * rounds
/** Frames on their way at once; more would only wait in the socket. */
const window = 40

interface WildAddress {
  code: string
  stationId: string
  password: string
  version: OcppVersion
}

let garage: Garage
let hub: HubProcess
let honest: Traffic
const stations = new Map<string, WildAddress>()
const wild = new Map<OcppVersion, WildStation>()
const restBytes = { before: 0 }

beforeAll(async () => {
  garage = await buildGarage()
  hub = await hubProcess({ dataDir: garage.copy(), adminKey })
  await hub.start()
  for (const version of allVersions) {
    for (const kind of ['wild', 'refused', 'burst', 'large']) {
      const code = `${kind}-${version}`
      const body = { siteId: garage.siteId, code, defaultProtocol: version }
      const made = await api(hub.url, adminKey).call('POST', 'stations', body)
      const station = {
        code,
        stationId: String(made.stationId),
        password: String(made.secret),
        version,
      }
      stations.set(code, station)
    }
  }
  honest = createTraffic({ ...garage, stations: garage.stations.slice(0, 2) }, hub.url, 'honest')
  await honest.drained()
  for (const version of allVersions) {
    const connected = await connectWild(hub.url, stationOf(`wild-${version}`))
    connected.call('BootNotification', boots[version])
    await connected.settled()
    wild.set(version, connected)
  }
  restBytes.before = residentBytes()
}, 300_000)
afterAll(async () => {
  await honest?.close()
  await hub?.kill('SIGTERM')
  garage?.remove()
})

function stationOf(code: string): WildAddress {
  const found = stations.get(code)
  if (found === undefined) throw new Error(`no station ${code}`)
  return found
}

function wildOf(version: OcppVersion): WildStation {
  const found = wild.get(version)
  if (found === undefined) throw new Error('not connected')
  return found
}

/** Sends frames a window at a time; whatever is owed an answer gets it. */
async function sendAll(station: WildStation, frames: readonly string[]): Promise<void> {
  // Beside it, cars charge as ever.
  const beside = honest.round()
  for (let i = 0; i < frames.length; i += window) {
    for (const each of frames.slice(i, i + window)) station.send(each)
    station.call('Heartbeat', {})
    await answered(station)
    expect(station.closedWith, hub.output().slice(-6_000)).toBeNull()
  }
  await beside
}

/** What the hub says of it belongs to the failure. */
function answered(station: WildStation): Promise<void> {
  return station.settled().catch((error: Error) => {
    throw new Error(`${error.message}\n${hub.output().slice(-6_000)}`)
  })
}

const sample = <T>(values: fc.Arbitrary<T>, numRuns: number) => fc.sample(values, numRuns * rounds)

function residentBytes(): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${hub.pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

async function expectAlive(): Promise<void> {
  expect(hub.alive(), hub.output()).toBe(true)
  expect((await fetch(`${hub.url}/livez`)).status).toBe(200)
}

describe.each(allVersions)('%s', (version) => {
  test(
    'calls with broken payloads among good ones: one valid answer each',
    async () => {
      const station = wildOf(version)
      await sendAll(
        station,
        sample(
          fc.oneof({ weight: 1, arbitrary: goodCalls(version) }, { weight: 3, arbitrary: brokenCalls(version) }),
          600,
        ),
      )
      expect(station.faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'frames that are no calls, torn text, answers to nothing, binary frames: the socket lives and calls are answered',
    async () => {
      const station = wildOf(version)
      await sendAll(station, sample(brokenFrames(version), 300))
      for (const text of sample(goodCalls(version), 20)) station.send(Buffer.from(text))
      await station.settled()
      expect(station.faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'a number at the edge of what a column, an integer or a double holds, wherever a number stands: answered',
    async () => {
      const station = wildOf(version)
      const texts = actionsTo(version, 'in').flatMap((action) => edgeCalls(version, action))
      expect(texts.length).toBeGreaterThan(100)
      await sendAll(station, texts)
      expect(station.faults).toEqual([])
      await expectAlive()
    },
    limitMs,
  )

  test(
    'hundreds of calls at once are all answered, each once',
    async () => {
      const station = await connectWild(hub.url, stationOf(`burst-${version}`))
      station.call('BootNotification', boots[version])
      await station.settled()
      for (const text of sample(goodCalls(version), 400)) station.send(text)
      await station.settled()
      expect(station.faults).toEqual([])
      expect(station.closedWith).toBeNull()
      await station.close()
      await expectAlive()
    },
    limitMs,
  )

  test(
    'a frame past the limit closes its own socket and nothing else; the station may come back',
    async () => {
      const code = `large-${version}`
      for (const text of ['x'.repeat(1_100_000), `[2,"1","Heartbeat",{"a":"${'x'.repeat(5_000_000)}"}]`]) {
        const station = await connectWild(hub.url, stationOf(code))
        station.call('BootNotification', boots[version])
        await station.settled()
        station.send(text)
        expect(await station.ended()).toBe(1009)
      }
      const station = await connectWild(hub.url, stationOf(code))
      station.call('BootNotification', boots[version])
      await station.settled()
      expect(station.faults).toEqual([])
      await station.close()
      await expectAlive()
    },
    limitMs,
  )

  test(
    'calls that are refused are refused again by a station that did nothing else',
    async () => {
      const station = await connectWild(hub.url, stationOf(`refused-${version}`))
      station.call('BootNotification', boots[version])
      await station.settled()
      const texts = wildOf(version).refused
      expect(texts.length).toBeGreaterThan(20)
      await sendAll(station, texts)
      expect(station.faults).toEqual([])
      expect(texts.filter((text) => !station.refused.includes(text))).toEqual([])
      await station.close()
    },
    limitMs,
  )
})

test(
  'afterwards: honest chargers noticed nothing, memory is bounded, refused calls left no row, the records load again',
  async () => {
    for (const station of wild.values()) await station.close()
    await honest.drained()
    expect(honest.faults).toEqual([])
    expect(honest.disconnects()).toBe(0)
    await untilIdle(hub.url)
    expect(residentBytes() - restBytes.before).toBeLessThan(400_000_000)
    expect(hub.output()).not.toMatch(/"level":(50|60)/)

    // What was stored must not keep the hub or the station from starting again.
    expect(await hub.kill('SIGTERM'), hub.output()).toEqual({ code: 0, signal: null })
    await hub.start()
    for (const version of allVersions) {
      const station = await connectWild(hub.url, stationOf(`wild-${version}`))
      station.call('BootNotification', boots[version])
      await sendAll(station, sample(goodCalls(version), 20))
      expect(station.faults).toEqual([])
      await station.close()
    }
    await honest.round()
    await honest.drained()
    await untilIdle(hub.url)
    await honest.close()
    expect(await hub.kill('SIGTERM'), hub.output()).toEqual({ code: 0, signal: null })

    const stored = await readStored(hub.dataDir)
    expect(chargerDifferences({ ...honest, extraStatuses: [] }, ofStations(stored, honestCodes()))).toEqual([])
    for (const version of allVersions) {
      const { stationId } = stationOf(`refused-${version}`)
      const rows = ofStations(stored, [`refused-${version}`])
      expect(rowCounts(rows), version).toEqual({})
      const events = stored.event.filter((row) => row.subject_id === stationId).map((row) => row.type)
      expect(new Set(events)).toEqual(new Set(['station.connected', 'station.booted', 'station.disconnected']))
      expect(rows.station_message.length).toBeGreaterThan(20)
    }
    expect(oddRecords(stored)).toEqual([])
  },
  limitMs,
)

const honestCodes = () => garage.stations.slice(0, 2).map((station) => station.code)

/** Rows beside the journal. */
function rowCounts(stored: Stored): Record<string, number> {
  const names = [
    'connector_status',
    'ocpp_transaction',
    'transaction_event',
    'meter_value',
    'charging_session',
    'review_item',
  ] as const
  return Object.fromEntries(names.map((name) => [name, stored[name].length]).filter(([, count]) => count !== 0))
}

/** Whatever chargers say, these hold. */
function oddRecords(stored: Stored): string[] {
  const sessions = new Map(stored.charging_session.map((row) => [row.session_id, row]))
  const odd: string[] = []
  for (const row of stored.ocpp_transaction) {
    const session = sessions.get(row.session_id ?? '')
    if (row.state !== 'review' && (session === undefined || session.state === 'void'))
      odd.push(`transaction ${row.transaction_id} is in no session`)
    if (row.energy_wh < 0) odd.push(`transaction ${row.transaction_id} has ${row.energy_wh} Wh`)
    if (row.ended_at !== null && row.ended_at < row.started_at)
      odd.push(`transaction ${row.transaction_id} ends before it starts`)
  }
  for (const row of sessions.values()) {
    if (row.energy_wh < 0) odd.push(`session ${row.session_id} has ${row.energy_wh} Wh`)
    if (row.ended_at !== null && row.ended_at < row.started_at)
      odd.push(`session ${row.session_id} ends before it starts`)
    if (row.unplugged_at !== null && row.unplugged_at < row.plugged_at)
      odd.push(`session ${row.session_id} is unplugged before it is plugged in`)
  }
  for (const row of stored.bill_line)
    if (row.kind === 'ENERGY' && Number(row.quantity) < 0 && row.total_minor > 0) odd.push(`bill line ${row.bill_id}`)
  return odd
}
