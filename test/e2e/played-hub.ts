// Owns the playing of some days of the real month against a whole hub in this process: real sockets, real database, a clock of its own.
// Must not look into the hub's tables; what is judged comes through its API.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../core/runtime/config.ts'
import { startHub } from '../../core/runtime/hub.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { type RunReport, runScenario } from '../../plugins/demo/run.ts'
import { buildMonth, loadAcnMonth, type Month } from '../../plugins/demo/scenario/index.ts'
import type { NoiseProfile } from '../../plugins/demo/scenario/noise.ts'
import { faultsOfText } from '../adapters/ocpp/official-schemas.ts'
import { createTestDatabase } from '../setup/database.ts'
import { createTroubleLog } from './trouble-log.ts'

const adminKey = 'bwk_test_scenario_0123456789abcdef'

export interface DaysOfMonth {
  /** Counted from the first plug-in of the month. */
  fromDay: number
  days: number
  seed: string
  noise: NoiseProfile
}

/** Some days of March 2019, with the stations that are used in them. */
export function daysOfMonth({ fromDay, days, seed, noise }: DaysOfMonth): Month {
  const acn = loadAcnMonth()
  const first = Math.min(...acn.sessions.map(({ arrival }) => arrival.getTime())) + fromDay * 86_400_000
  const sessions = acn.sessions.filter(
    ({ arrival }) => arrival.getTime() >= first && arrival.getTime() < first + days * 86_400_000,
  )
  const used = new Set(sessions.map(({ stationId }) => stationId))
  const stations = acn.stations.filter(({ id }) => used.has(id))
  // The same share of the stations deviates as in the whole garage.
  const quirkyStations = Math.ceil((noise.quirkyStations * stations.length) / acn.stations.length)
  return buildMonth({ sessions, stations, seed, noise: { ...noise, quirkyStations } })
}

export interface PlayedDays {
  month: Month
  report: RunReport
  /** What the hub logged as an error while it ran. */
  errors: readonly string[]
  /** Frames that it sent to stations and that the standard does not have. */
  faults: readonly string[]
}

export async function playDays(options: DaysOfMonth): Promise<PlayedDays> {
  const month = daysOfMonth(options)
  const opening = month.timeline[0]?.at
  if (opening === undefined) throw new RangeError('nothing happens in these days')
  const clock = manualClock(new Date(opening.getTime() - 2 * 3_600_000))
  const database = await createTestDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-scenario-'))
  const { log, errors } = createTroubleLog()
  const faults: string[] = []
  try {
    const hub = await startHub({
      config: {
        ...readConfig({ BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url }),
        dataDir,
      },
      log,
      clock,
    })
    try {
      const report = await runScenario({
        hubUrl: hub.url,
        adminKey,
        month,
        seed: options.seed,
        clock: {
          now: () => clock.now(),
          async advanceTo(at) {
            if (at > clock.now()) await clock.settle(at)
          },
        },
        heartbeatSeconds: 4 * 3_600,
        settle: () => hub.idle(),
        onHeard: (version, text, answered) => faults.push(...faultsOfText(version, text, answered)),
      })
      return { month, report, errors, faults }
    } finally {
      await hub.stop()
    }
  } finally {
    await database.drop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
