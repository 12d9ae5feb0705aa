// Owns the time of one evaluation of a stay or session through the services, on a private server that syncs to disk.
// Must not judge what is decided; the measures in memory do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../../core/runtime/postgres/index.ts'
import { evaluateLinks } from '../../../core/services/linking/evaluate-links.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { installJobs } from '../../../core/store/jobs.ts'
import { migrate, migrationsIn } from '../../../core/store/migrator.ts'
import { connect } from '../../../core/store/pool.ts'
import type { HubTables } from '../../../core/store/schema.ts'
import { entry, plate } from '../../domain/stay/fact-maker.ts'
import { addSession } from '../../services/linking/sessions.ts'
import { addAccount, addVehicle, openGarage } from '../../services/parking/garage.ts'
import { silent } from '../../setup/silent-log.ts'
import { chance } from './seeded.ts'

const plateOf = (random: ReturnType<typeof chance>) =>
  `${random.char('MB')}${random.char('ABXY')}${random.char('ABCDEFGH')}${1000 + random.below(9000)}`

/** Fills a garage, then has `sessions` of its cars plug in; each is one evaluation. */
export async function servicesTime(
  stays: number,
  sessions: number,
): Promise<{ open: number; facts: number; mean: number; p99: number }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-bench-'))
  const server = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date() })
  const owner = await connect<HubTables>({ to: server.connection, role: 'owner', log: silent, max: 5 })
  try {
    await installJobs(owner.pool, silent)
    await migrate({
      connection: server.connection,
      migrations: await migrationsIn(new URL('../../../migrations/', import.meta.url)),
      now: () => new Date(),
      version: 'bench',
      log: silent,
    })
    const garage = await openGarage(owner.db)
    const record = recordParkingFacts(garage.deps)(garage)
    const evaluate = evaluateLinks(garage.deps)
    const { organizationId, siteId } = garage
    const random = chance(1)
    const plates = Array.from({ length: stays }, () => plateOf(random))
    for (let i = 0; i < stays; i += 100)
      await record(
        plates
          .slice(i, i + 100)
          .map((text, n) => entry(`e${i + n}`, (i + n) / 60, [plate(text)], { stayRef: `R${i + n}` })),
      )
    const inside = await owner.db.selectFrom('stay').select('stay_id').execute()
    for (const { stay_id: stayId } of inside) await evaluate({ organizationId, siteId, stayId })
    const times: number[] = []
    for (let i = 0; i < sessions; i++) {
      const accountId = await addAccount(garage)
      await addVehicle(garage, plates[i * 7] ?? 'X', accountId)
      const sessionId = await addSession(garage, { token: null, accountId, plugged: 70 + i / 60, evse: i + 1 })
      const from = performance.now()
      await evaluate({ organizationId, siteId, sessionId })
      times.push(performance.now() - from)
    }
    times.sort((a, b) => a - b)
    return {
      open: inside.length,
      facts: times.length,
      mean: times.reduce((sum, one) => sum + one, 0) / times.length,
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
    }
  } finally {
    await owner.close()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
