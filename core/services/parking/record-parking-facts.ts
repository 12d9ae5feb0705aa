// Owns the way of facts into the hub: checked one by one, stored in shared commits, answered when stored.
// Must not interpret facts; store-facts does.
import type { ParkingFact, ParkingResult } from '../../domain/parking-fact.ts'
import { violation } from '../../store/constraint.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { checkFact } from './check-fact.ts'
import { storeFacts } from './store-facts.ts'

/** Facts per commit. Posts of one connection that arrive while a commit runs share the next one. */
const largestChunk = 200

interface Waiting {
  fact: ParkingFact
  done(result: ParkingResult): void
  failed(error: unknown): void
}

/**
 * The recorder of one connection. `record` answers each fact with what became of it, once that is committed. It rejects when
 * the database could not be reached; facts of the same call may then be stored, and repeating them is safe.
 */
export function recordParkingFacts(deps: ServiceDeps) {
  const store = storeFacts(deps)
  return (source: ParkingSource) => {
    const waiting: Waiting[] = []
    let running = false

    const run = async () => {
      if (running) return
      running = true
      while (waiting.length > 0) await settle(waiting.splice(0, largestChunk))
      running = false
    }

    /** Halves a chunk that the database refuses until the one fact at fault stands alone. */
    const settle = async (chunk: readonly Waiting[]): Promise<void> => {
      try {
        const results = await store(
          source,
          chunk.map(({ fact }) => fact),
        )
        for (const [index, { done, failed }] of chunk.entries()) {
          const result = results[index]
          if (result) done(result)
          else failed(new Error('a fact was left without a result'))
        }
      } catch (error) {
        const [only, ...others] = chunk
        const atFault = violation(error)?.kind === 'value'
        if (others.length > 0 && atFault) {
          const half = Math.ceil(chunk.length / 2)
          await settle(chunk.slice(0, half))
          await settle(chunk.slice(half))
        } else if (only && atFault) {
          const { id, revision } = only.fact
          deps.log.error(
            { err: error, factId: id, connectionId: source.connectionId },
            'a parking fact cannot be stored',
          )
          only.done({ id, revision, status: 'rejected', reason: 'not_storable' })
        } else for (const { failed } of chunk) failed(error)
      }
    }

    return async (facts: readonly ParkingFact[]): Promise<ParkingResult[]> => {
      const now = deps.clock.now()
      const results = facts.map((fact) => {
        const problem = checkFact(fact, now)
        if (problem) return { id: fact.id, revision: fact.revision, status: 'rejected' as const, ...problem }
        return new Promise<ParkingResult>((done, failed) => waiting.push({ fact, done, failed }))
      })
      void run()
      const settled = await Promise.allSettled(results)
      return settled.map((one) => {
        if (one.status === 'rejected') throw one.reason
        return one.value
      })
    }
  }
}
