// Owns the proof that money is safe: whatever a vendor answers, and whenever the hub is killed, nothing unrepeatable is done twice, and
// nothing is left in between unseen.
// Must not know how rows are moved; a vendor's own journal is what counts.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActionOutcome, OutcomeInquiry, ParkingAction } from '../../../core/domain/parking-action.ts'
import { queueActions } from '../../../core/services/parking-actions/queue-actions.ts'
import { transaction } from '../../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { Killed, parkingBench } from './bench.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** What happens to one call: was it done at the vendor, and what does the hub hear? */
const happening = fc.constantFrom(
  ...([
    'done',
    'done_unheard',
    'not_done_unheard',
    'refused',
    'later',
    'killed_before',
    'killed_after',
    'garbage',
  ] as const),
)
const answering = fc.constantFrom(...(['truth', 'truth', 'silence', 'killed'] as const))

test('a non-repeatable action is done once at most, and each ends or visibly waits for a person', async () => {
  const plan = fc.record({
    repeatable: fc.boolean(),
    canAsk: fc.boolean(),
    calls: fc.array(happening, { maxLength: 12 }),
    answers: fc.array(answering, { maxLength: 12 }),
    actions: fc.array(
      fc.record({ stay: fc.integer({ min: 0, max: 2 }), deadline: fc.option(fc.constantFrom(2, 900)) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ repeatable, canAsk, calls, answers, actions }) => {
      const journal = new Map<string, number>()
      let [call, asked] = [0, 0]
      let underWay = 0
      const act = async (action: ParkingAction): Promise<ActionOutcome> => {
        underWay += 1
        expect(underWay).toBe(1)
        const what = calls[call++] ?? 'done'
        await Promise.resolve()
        underWay -= 1
        const doIt = () => journal.set(action.id, (journal.get(action.id) ?? 0) + 1)
        switch (what) {
          case 'done':
            doIt()
            return { kind: 'done', reference: `R-${action.id}` }
          case 'done_unheard':
            doIt()
            throw new Error('the line broke')
          case 'not_done_unheard':
            throw new Error('the line broke')
          case 'refused':
            return { kind: 'refused', reason: 'no' }
          case 'later':
            return { kind: 'later', reason: 'busy', retryAfterSeconds: 3 }
          case 'killed_before':
            throw new Killed()
          case 'killed_after':
            doIt()
            throw new Killed()
          case 'garbage':
            doIt()
            return { kind: 'maybe' } as unknown as ActionOutcome
        }
      }
      const askOutcome = async (action: ParkingAction): Promise<OutcomeInquiry> => {
        const how = answers[asked++] ?? 'truth'
        if (how === 'killed') throw new Killed()
        if (how === 'silence') return { kind: 'unknown', reason: 'no answer' }
        return journal.has(action.id) ? { kind: 'done' } : { kind: 'not_done' }
      }
      const ability = { 'stay.promote': { repeatable } }
      const bench = await parkingBench(database, { actions: ability, act, ...(canAsk ? { askOutcome } : {}) })
      await transaction(bench.db, (trx) =>
        queueActions(
          bench.deps,
          trx,
          actions.map(({ stay, deadline }) => ({
            organizationId: bench.organizationId,
            siteId: bench.siteId,
            connectionId: bench.connectionId,
            kind: 'stay.promote' as const,
            data: {
              stayId: `stay-${stay}`,
              stayRef: null,
              credentials: [],
              enteredAt: null,
              exitedAt: null,
              amountMinor: 100,
              currency: 'EUR',
              reason: 'test',
            },
            requestedBy: 'test',
            deadline: deadline === null ? null : new Date(bench.clock.now().getTime() + deadline * 1_000),
          })),
        ),
      )
      for (let round = 0; round < 60; round++) {
        try {
          await bench.pass(3_600_000)
          if ((await bench.rows()).every(({ state }) => state !== 'sent')) break
        } catch (error) {
          if (!(error instanceof Killed)) throw error
        }
        bench.restart()
        await bench.start()
      }
      await bench.pass(48 * 3_600_000)
      const rows = await bench.rows()
      const waiting = new Set(rows.filter((row) => row.needs_person).map((row) => row.subject_key))
      for (const row of rows) {
        const done = journal.get(row.action_id) ?? 0
        if (!repeatable) expect(done).toBeLessThanOrEqual(1)
        if (['queued', 'sent', 'unknown'].includes(row.state)) {
          // It waits for a person itself, or stands behind one about the same stay that does.
          expect(waiting.has(row.subject_key)).toBe(true)
          expect(row.state).not.toBe('sent')
        } else if (row.state === 'done') expect(done).toBeGreaterThan(0)
        else expect(done).toBe(0)
      }
      const finished = (await bench.events('parking_action.finished')).map(({ actionId }) => actionId)
      expect(new Set(finished).size).toBe(finished.length)
      const { rows: open } = await database.pool.query(
        `select subject_id from review_item where organization_id = $1 and kind = 'parking_action' and state = 'open'`,
        [bench.organizationId],
      )
      expect(open.map((row) => row.subject_id).sort()).toEqual(
        rows
          .filter((row) => row.needs_person)
          .map((row) => row.action_id)
          .sort(),
      )
    }),
    { numRuns: Number(process.env.BAYWATT_PROPERTY_RUNS ?? 40) },
  )
})
