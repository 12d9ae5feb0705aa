// Owns the playing of a whole month against a running hub: set-up, timeline in virtual time, and the reckoning at the end.
// Must not reach into the hub: it has sockets, HTTP and the clock that it is given.
import { type BuiltSite, createHubClient } from './hub-client.ts'
import { createParcs } from './parcs/index.ts'
import { createParcsPlayer, type ParcsCounts } from './play-parcs.ts'
import { createStationPlayer, type StationCounts, type StationPlayer } from './play-station.ts'
import { createRandom } from './random.ts'
import { reconcile } from './reconcile.ts'
import type { Reconciliation } from './reconciliation.ts'
import type { Month, ParcsStep, StationStep, Step } from './scenario/index.ts'
import { type SimClock, settableClock } from './sim-clock.ts'
import { type AckedMessage, createStation, type OcppVersion } from './station/index.ts'

/** The hub's clock, moved by whoever runs the scenario. */
interface ScenarioClock extends SimClock {
  /** Resolves when everything that was due by then has been set off. */
  advanceTo(at: Date): Promise<void>
}

export interface RunOptions {
  hubUrl: string
  adminKey: string
  clock: ScenarioClock
  month: Month
  seed: string | number
  /** An inbound parking connection that exists already. */
  connection?: { connectionId: string; secret: string }
  /** Steps this close together in virtual time are played side by side, one after the other per charger. */
  windowSeconds?: number
  /** `asTold`: the interval that the hub asks for at boot. */
  heartbeatSeconds?: number | 'asTold'
  /** Virtual seconds per real second; without it as fast as the hub answers. */
  speed?: number
  /** Virtual hours that pass after the last step, so that late work comes due. */
  tailHours?: number
  /** Resolves when the hub has no more work of its own to do. */
  settle?: () => Promise<void>
  onProgress?: (progress: Progress) => void
  onAcked?: (message: AckedMessage) => void
  /** Every frame of the hub to a station, with the action of the call that it answers. */
  onHeard?: (version: OcppVersion, text: string, answered: string | undefined) => void
  pause?: (ms: number) => Promise<void>
}

interface Progress {
  phase: 'setUp' | 'connect' | 'play' | 'settle' | 'read'
  /** Virtual time. */
  at: Date
  step: number
  steps: number
}

interface Played extends StationCounts, ParcsCounts {
  /** Messages of chargers that the hub answered with a result. */
  acked: number
  heartbeats: number
  /** Frames of the hub that break OCPP-J. */
  violations: string[]
  /** Messages that the hub answered with an error until the charger gave up. */
  givenUp: { stationId: string; action: string; code: string }[]
  rejectedFacts: { id: string; problem: unknown }[]
  /** Facts and messages still unanswered at the end. */
  undelivered: number
}

export interface RunReport {
  site: BuiltSite
  played: Played
  reconciliation: Reconciliation
}

const longestRealPauseMs = 250

/** How long a driver waits for a charger to start, in real time. */
const driversPatienceMs = 10_000

export async function runScenario(options: RunOptions): Promise<RunReport> {
  const { month, clock } = options
  const pause = options.pause ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)))
  // "Come back in so many seconds" counts on the hub's clock; the short real wait is for a hub that is coming up again.
  const pauseForHub = async (ms: number) => {
    await clock.advanceTo(new Date(clock.now().getTime() + ms))
    await pause(Math.min(ms, longestRealPauseMs))
  }
  const client = createHubClient({ hubUrl: options.hubUrl, adminKey: options.adminKey, pause: pauseForHub })
  const counts = noCounts()
  const steps = month.timeline
  const first = steps[0]?.at ?? clock.now()
  const tell = (phase: Progress['phase'], step: number) =>
    options.onProgress?.({ phase, at: clock.now(), step, steps: steps.length })

  tell('setUp', 0)
  const opening = new Date(first.getTime() - 3_600_000)
  if (opening > clock.now()) await clock.advanceTo(opening)
  const newSecret = `whsec_${secretKey(options.seed)}`
  const site = await client.setUpSite(month.site, clock.now(), options.connection ?? { newSecret })

  const parcsOptions = {
    hubUrl: options.hubUrl,
    ...site.connection,
    clock,
    seed: options.seed,
    batchSize: 25,
    pause: pauseForHub,
  }
  const parcs = createParcs(parcsOptions)
  const gate = createParcsPlayer({
    parcs,
    counts,
    currency: month.site.currency,
    price: (enteredAt, exitedAt) => client.parkingPrice(month.site, enteredAt, exitedAt),
  })

  tell('connect', 0)
  const players = new Map<string, StationPlayer>()
  for (const setup of month.site.stations) {
    const made = site.stations.get(setup.id)
    if (!made) throw new RangeError(`the hub made no station ${setup.id}`)
    const deviceClock = settableClock(clock.now())
    const station = createStation({
      url: `${options.hubUrl.replace(/^http/, 'ws')}/ocpp`,
      stationId: setup.id,
      password: made.password,
      version: setup.version,
      clock: deviceClock,
      seed: options.seed,
      quirks: setup.quirks,
      identity: { vendor: setup.vendor, model: setup.model, firmware: '1.0.0', serial: setup.id },
      registersWh: [setup.registerWh],
      txStartPoint: setup.txStartPoint,
      keepAcked: false,
      onAcked: (message) => {
        counts.acked += 1
        options.onAcked?.(message)
      },
      onHeard: (text, answered) => options.onHeard?.(setup.version, text, answered),
    })
    const player = createStationPlayer({
      station,
      clock: deviceClock,
      counts,
      remoteStart: (token, evse) => client.remoteStart(made.stationId, evse, token),
      within: (started) => within(started, driversPatienceMs),
      heartbeatSeconds: options.heartbeatSeconds ?? 'asTold',
    })
    players.set(setup.id, player)
  }
  await Promise.all([...players.values()].map((player) => player.connect()))

  // ---- play
  const windowMs = (options.windowSeconds ?? 60) * 1000
  const last = steps.at(-1)?.at ?? first
  const until = new Date(last.getTime() + (options.tailHours ?? 48) * 3_600_000)
  let next = 0
  while (next < steps.length || nextHeartbeat(players) <= until.getTime()) {
    const from = Math.min(steps[next]?.at.getTime() ?? Number.POSITIVE_INFINITY, nextHeartbeat(players))
    const to = from + windowMs
    const due: Step[] = []
    for (let step = steps[next]; step && step.at.getTime() < to; step = steps[++next]) due.push(step)
    const beats = [...players.values()].filter((player) => (player.nextHeartbeat()?.getTime() ?? to) < to)
    // Facts and messages tell times up to the end of the window: the hub must not be earlier than they are.
    const end = new Date(Math.max(due.at(-1)?.at.getTime() ?? from, clock.now().getTime()))
    await wait(end.getTime() - clock.now().getTime(), options.speed, pause)
    await clock.advanceTo(end)
    await Promise.all([...stationWork(due, beats, players, end, counts), gateWork(due, gate)])
    tell('play', next)
  }

  // ---- settle
  // The tail passes in a wink: what the hub has heard it works on at the time when it heard it.
  await options.settle?.()
  for (let at = clock.now().getTime(); at < until.getTime(); at += 3_600_000) {
    await clock.advanceTo(new Date(Math.min(at + 3_600_000, until.getTime())))
  }
  tell('settle', next)
  await parcs.flush()
  for (const player of players.values()) await player.station.flush()
  await options.settle?.()
  for (const player of players.values()) await player.station.close()

  tell('read', next)
  const stations = [...players.values()].map((player) => player.station)
  const played: Played = {
    ...counts,
    violations: stations.flatMap((station) => station.violations),
    givenUp: stations.flatMap((station) =>
      station.outbox.givenUp.map(({ message, code }) => ({ stationId: station.id, action: message.action, code })),
    ),
    rejectedFacts: parcs.rejected.map(({ fact, result }) => ({ id: fact.id, problem: result.problem })),
    undelivered: parcs.queued.length + stations.reduce((sum, station) => sum + station.outbox.size(), 0),
  }
  const answers = await client.answers(site.siteId)
  return { site, played, reconciliation: reconcile(month.truth, answers, played) }
}

function stationWork(
  due: readonly Step[],
  beats: readonly StationPlayer[],
  players: ReadonlyMap<string, StationPlayer>,
  end: Date,
  counts: { heartbeats: number },
): Promise<void>[] {
  const byStation = new Map<StationPlayer, StationStep[]>()
  for (const step of due) {
    if (!isStationStep(step)) continue
    const player = players.get(step.stationId)
    if (player) byStation.set(player, [...(byStation.get(player) ?? []), step])
  }
  const play = async (player: StationPlayer, list: readonly StationStep[]) => {
    for (const step of list) await player.play(step)
  }
  const quiet = beats.filter((player) => !byStation.has(player))
  counts.heartbeats += quiet.length
  return [
    ...[...byStation].map(([player, list]) => play(player, list)),
    ...quiet.map((player) => player.heartbeat(end)),
  ]
}

async function gateWork(due: readonly Step[], gate: ReturnType<typeof createParcsPlayer>): Promise<void> {
  const list = due.filter((step): step is ParcsStep => !isStationStep(step))
  for (const step of list) await gate.play(step)
  if (list.length > 0) await gate.flush()
}

const isStationStep = (step: Step): step is StationStep => step.kind.startsWith('station.')

function nextHeartbeat(players: ReadonlyMap<string, StationPlayer>): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const player of players.values()) earliest = Math.min(earliest, player.nextHeartbeat()?.getTime() ?? earliest)
  return earliest
}

async function wait(virtualMs: number, speed: number | undefined, pause: (ms: number) => Promise<void>): Promise<void> {
  if (speed !== undefined && virtualMs > 0) await pause(virtualMs / speed)
}

function within(started: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    void started.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

/** 24 bytes, the least that the Standard Webhooks specification allows, repeatable like everything here. */
function secretKey(seed: string | number): string {
  const random = createRandom(`${seed}/signing`)
  return Buffer.from(Array.from({ length: 24 }, () => random.int(0, 255))).toString('base64')
}

function noCounts(): StationCounts & ParcsCounts & { acked: number; heartbeats: number } {
  return {
    refusedStarts: 0,
    failedRemoteStarts: 0,
    unexpectedDisconnects: 0,
    facts: 0,
    asked: 0,
    answeredRight: 0,
    unanswered: 0,
    slowestMs: 0,
    wrongAnswers: [],
    payments: 0,
    paidMinor: 0,
    acked: 0,
    heartbeats: 0,
  }
}
