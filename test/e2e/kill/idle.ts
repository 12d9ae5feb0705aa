// Owns waiting until a running hub has nothing left to do, seen from outside.
// Must not use the database.
import { patienceMs } from './hub-process.ts'

interface Readiness {
  checks: { name: string; detail: string | null }[]
}

/** Resolves when no job waits, runs or is to be tried again: links and bills are as the stored facts have them. */
export async function untilIdle(url: string): Promise<void> {
  const limit = Date.now() + patienceMs
  let last = ''
  let quiet = 0
  while (Date.now() < limit) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    const body = answer?.ok ? ((await answer.json()) as Readiness) : undefined
    last = body?.checks.find((check) => check.name === 'jobs')?.detail ?? 'not ready'
    // A job that just ended may have added the next one.
    quiet = /"due":0,"later":0,"running":0/.test(last) ? quiet + 1 : 0
    if (quiet === 3) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the hub did not come to rest: ${last}`)
}
