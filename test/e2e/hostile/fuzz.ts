// Owns a fuzz run against a real hub process: mutated frames of every action of every version, watched for what must not happen.
// Must not behave; only the judgement afterwards is fair.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { actionsTo } from '../../conformance/messages.ts'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import { untilIdle } from '../kill/idle.ts'
import { withDatabase } from '../kill/stored.ts'
import { type AddedStation, liveHub } from '../live-hub.ts'
import { actions, brokenFrames, callsOf } from './ocpp-calls.ts'
import { boots, connectWild, type WildStation } from './wild-station.ts'

export interface FuzzResult {
  frames: number
  /** Everything that must not happen, in words; empty when all is well. */
  problems: string[]
  residentMb: { before: number; after: number }
}

/** Frames on their way at once in one socket, and how many it gets before the station comes back. */
const window = 40
const perSocket = 2_000
/** A station waits for commits most of the time, so several of each version take turns. */
const stationsPerVersion = 4

export async function fuzzOcpp(options: {
  frames: number
  seed: number
  progress?: (sent: number, residentMb: number) => void
}): Promise<FuzzResult> {
  const hub = await liveHub()
  const problems: string[] = []
  const residentMb = () => {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${hub.process.pid}/status`, 'utf8'))?.[1]
    return Math.round(Number(kilobytes) / 1024)
  }
  const stations: AddedStation[] = []
  for (let n = 0; n < stationsPerVersion; n++)
    for (const version of allVersions) stations.push(await hub.addStation(`FUZZ-${version}-${n}`, version))
  // Each socket has its own stretch of the run, so that the seed alone says what is sent.
  let next = 0
  let sent = 0
  let begins = 0
  let before = 0
  const goesOn = () => hub.process.alive() && problems.length === 0
  const socket = async (address: AddedStation, from: number, count: number) => {
    const { version } = address
    const station = await connectWild(hub.process.url, address)
    station.call('BootNotification', boots[version])
    await station.settled()
    for (let i = 0; i < count; i += window) {
      const texts = batch(version, Math.min(window, count - i), options.seed + from + i)
      begins += texts.filter((text) => /StartTransaction|TransactionEvent|StopTransaction/i.test(text)).length
      for (const text of texts) station.send(text)
      await answered(station, problems)
      if (station.closedWith !== null || !goesOn()) break
    }
    sent += count
    problems.push(...station.faults)
    if (station.closedWith !== null) problems.push(`${version}: the hub closed the socket with ${station.closedWith}`)
    await station.close()
  }
  const lane = async (address: AddedStation) => {
    while (next < options.frames && goesOn()) {
      const from = next
      const count = Math.min(perSocket, Math.ceil(options.frames / stations.length), options.frames - from)
      next += count
      await socket(address, from, count)
      if (before === 0) before = residentMb()
      options.progress?.(sent, residentMb())
    }
  }
  try {
    await Promise.all(stations.map(lane))
    if (!hub.process.alive()) problems.push(`the hub ended:\n${hub.process.output().slice(-6_000)}`)
    else await untilIdle(hub.process.url)
    const after = hub.process.alive() ? residentMb() : 0
    if (before === 0) before = after
    if (after - before > 400) problems.push(`memory grew from ${before} MB to ${after} MB`)
    const errors = hub.process.output().match(/^.*"level":(50|60).*$/gm) ?? []
    problems.push(...errors.slice(0, 5))
    await hub.process.kill('SIGTERM')
    problems.push(...(await wrongRows(hub.process.dataDir, begins)))
    return { frames: sent, problems, residentMb: { before, after } }
  } finally {
    await hub.stop()
  }
}

/** Every action of the version has its turn; between the calls come frames that are none. */
function batch(version: OcppVersion, count: number, seed: number): string[] {
  const all = [
    ...new Set([...actions[version], ...actionsTo(version, 'in').filter((one) => one !== 'NotifyPeriodicEventStream')]),
  ]
  const texts = Array.from({ length: count }, (_, i) => {
    const arbitrary =
      i % 10 === 9 ? brokenFrames(version) : callsOf(version, all[(seed + i) % all.length] ?? 'Heartbeat')
    return fc.sample(arbitrary, { numRuns: 1, seed: seed + i })[0] ?? ''
  })
  // Of calls on their way under one id nobody can say which one is answered, and a call that is there twice is answered once.
  const seen = new Set<unknown>()
  return texts.filter((text) => {
    const id = idOf(text)
    return id === undefined || (!seen.has(id) && seen.add(id))
  })
}

function idOf(text: string): unknown {
  try {
    const frame: unknown = JSON.parse(Buffer.from(text).toString())
    return Array.isArray(frame) ? frame[1] : undefined
  } catch {
    return undefined
  }
}

async function answered(station: WildStation, problems: string[]): Promise<void> {
  station.call('Heartbeat', {})
  await station.settled().catch((error: Error) => problems.push(error.message))
}

/** Whatever stations say, these hold. */
async function wrongRows(dataDir: string, begins: number): Promise<string[]> {
  return withDatabase(dataDir, async ({ db }) => {
    const problems: string[] = []
    const count = async (
      what: string,
      query: { executeTakeFirstOrThrow(): Promise<{ n: string | number | bigint }> },
    ) => {
      const { n } = await query.executeTakeFirstOrThrow()
      if (Number(n) > 0) problems.push(`${n} ${what}`)
    }
    const transactions = db.selectFrom('ocpp_transaction').select(({ fn }) => fn.countAll().as('n'))
    const sessions = db.selectFrom('charging_session').select(({ fn }) => fn.countAll().as('n'))
    await count('transactions with negative energy', transactions.where('energy_wh', '<', 0))
    await count('sessions with negative energy', sessions.where('energy_wh', '<', 0))
    await count('transactions that end before they start', transactions.whereRef('ended_at', '<', 'started_at'))
    await count('sessions that end before they start', sessions.whereRef('ended_at', '<', 'started_at'))
    await count('sessions unplugged before they are plugged in', sessions.whereRef('unplugged_at', '<', 'plugged_at'))
    await count(
      'transactions in no session',
      transactions.where('session_id', 'is', null).where('state', '<>', 'review'),
    )
    const { n } = await transactions.executeTakeFirstOrThrow()
    if (Number(n) > begins) problems.push(`${n} transactions of ${begins} messages that could begin one`)
    return problems
  })
}
