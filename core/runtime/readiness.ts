// Owns what `/readyz` looks at: whether the hub can take work, and how much waits.
// Must not change anything, nor look more than once at a time, however many ask.
import { countJobs } from '../store/jobs.ts'
import type { OpenDatabase } from './open-database.ts'

/** However many ask at once, one look is under way, and all get its answer. */
export function readiness(database: OpenDatabase): () => ReturnType<typeof look> {
  let under: ReturnType<typeof look> | undefined
  return () => {
    under ??= look(database).finally(() => {
      under = undefined
    })
    return under
  }
}

async function look(database: OpenDatabase) {
  const check = async (name: string, of: () => Promise<string | null>) => {
    try {
      return { name, ok: true, detail: await of() }
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
    }
  }
  return Promise.all([
    check('database', async () => {
      await database.pool.query('select 1')
      return database.embedded ? 'embedded' : 'external'
    }),
    check('jobs', async () => {
      const counts = await countJobs(database.ownerPool)
      return JSON.stringify(counts)
    }),
    check('append_only', async () =>
      database.appendOnlyEnforced
        ? 'enforced by the database'
        : 'by habit only: the role baywatt_app could not be made',
    ),
  ])
}
