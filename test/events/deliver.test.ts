// Owns the proof that a subscriber gets every event of its types: in order per subject, again until handled, effects once.
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { HubEvent } from '../../core/domain/event.ts'
import { type DeliverDeps, deliver, type Subscriber } from '../../core/events/deliver.ts'
import type { OnceGuard } from '../../core/events/once-guard.ts'
import { NotReady } from '../../core/plugin/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { listFailedDeliveries, retryFailedDeliveries, wakeDeliveries } from '../../core/store/deliveries.ts'
import { appendEvents } from '../../core/store/event-log.ts'
import { forgetHandled } from '../../core/store/handled-events.ts'
import { type JobWorker, runWorker } from '../../core/store/job-worker.ts'
import { countJobs } from '../../core/store/jobs.ts'
import { transaction } from '../../core/store/transaction.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { insertConnection, insertOrganization, someEvent } from '../setup/records.ts'

let database: TestDatabase
let organizationId: string
let connectionId: string
let worker: JobWorker | undefined

beforeAll(async () => {
  database = await createTestDatabase()
  await database.ownerPool.query('create schema plugin_test; grant usage on schema plugin_test to baywatt_app')
  await database.ownerPool.query('create table plugin_test.seen (n int)')
  await database.ownerPool.query('grant all on plugin_test.seen to baywatt_app')
})
afterAll(() => database.drop())
beforeEach(async () => {
  organizationId = await insertOrganization(database.db)
  connectionId = await insertConnection(database.db, organizationId, { subscriptions: ['occupancy.changed'] })
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
  await database.ownerPool.query('delete from graphile_worker._private_jobs')
  await database.pool.query('delete from delivery; delete from plugin_test.seen')
})

type Handle = (event: HubEvent, guard: OnceGuard) => Promise<void>

const number = (event: HubEvent) => Number((event.data as { counter?: string }).counter)
const news = (n: number, subjectId: string) =>
  someEvent(organizationId, 'occupancy.changed', { counter: String(n), occupied: n, free: null }, { subjectId })

function subscriber(handle: Handle, signal = new AbortController().signal): Subscriber {
  return { signal, schema: 'plugin_test', handles: (type) => type === 'occupancy.changed', handle }
}

async function start(find: (id: string) => Subscriber | undefined, options: Partial<DeliverDeps> = {}) {
  const task = deliver({ db: database.db, log: silent, subscriber: find, ...options })
  worker = await runWorker({
    ownerPool: database.ownerPool,
    tasks: { 'event.deliver': task },
    concurrency: 3,
    log: silent,
    pollIntervalMs: 10,
  })
}

const waiting = async () => {
  const { rows } = await database.pool.query<{ n: number }>(
    `select count(*)::int as n from delivery where state = 'waiting'`,
  )
  return rows[0]?.n
}
const settled = () =>
  eventually(async () => {
    const { due, running } = await countJobs(database.ownerPool)
    return due + running === 0 && (await waiting()) === 0
  })

describe('delivery', () => {
  test('only of subscribed types, and once per event however often it is appended', async () => {
    const seen: number[] = []
    const subject = systemNewId()
    const first = news(1, subject)
    await appendEvents(database.db, [
      first,
      someEvent(organizationId, 'stay.opened', { stayId: subject, enteredAt: null }, { subjectId: subject }),
    ])
    await appendEvents(database.db, [first])
    await start(() => subscriber(async (event) => void seen.push(number(event))))
    await settled()
    expect(seen).toEqual([1])
  })

  test('keeps the order of each subject while subjects run beside each other', async () => {
    const seen = new Map<string, number[]>()
    const subjects = Array.from({ length: 12 }, systemNewId)
    await start(() =>
      subscriber(async (event) => {
        await new Promise((resolve) => setImmediate(resolve))
        const of = seen.get(event.subject.id) ?? []
        seen.set(event.subject.id, of)
        of.push(number(event))
      }),
    )
    const order = Array.from({ length: 20 }, (_, n) => n)
    await Promise.all(
      subjects.map(async (subject) => {
        for (const n of order) await appendEvents(database.db, [news(n, subject)])
      }),
    )
    await settled()
    expect([...seen.values()]).toEqual(subjects.map(() => order))
  })

  test('keeps it also when the first fails a few times and others are news meanwhile', async () => {
    const seen: number[] = []
    let failures = 3
    const subject = systemNewId()
    await start(
      () =>
        subscriber(async (event) => {
          if (number(event) === 1 && failures-- > 0) throw new Error('vendor answered 503')
          seen.push(number(event))
        }),
      { pausesMs: [5, 5, 5, 5] },
    )
    for (let n = 1; n <= 6; n++) await appendEvents(database.db, [news(n, subject)])
    await settled()
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('follows the order in which a subject changed, not that in which transactions began', async () => {
    const seen: number[] = []
    const subject = systemNewId()
    // Two transactions that make the same new queue wait for each other; subjects share queues by their hash.
    const queueOf = (id: string) => createHash('md5').update(`c:${connectionId}:${id}`).digest('hex')[0]
    let other = systemNewId()
    while (queueOf(other) === queueOf(subject)) other = systemNewId()
    // The first transaction has its number but touches the subject after the second has committed.
    const early = await database.db.startTransaction().execute()
    await appendEvents(early, [news(0, other)])
    await appendEvents(database.db, [news(1, subject)])
    await appendEvents(early, [news(2, subject)])
    await early.commit().execute()
    await start(() =>
      subscriber(async (event) => {
        if (event.subject.id === subject) seen.push(number(event))
      }),
    )
    await settled()
    expect(seen).toEqual([1, 2])
  })

  test('a rolled back change is told to nobody', async () => {
    const seen: number[] = []
    await start(() => subscriber(async (event) => void seen.push(number(event))))
    await transaction(database.db, async (trx) => {
      await appendEvents(trx, [news(1, systemNewId())])
      throw new Error('no')
    }).catch(() => undefined)
    await appendEvents(database.db, [news(2, systemNewId())])
    await settled()
    expect(seen).toEqual([2])
  })
})

describe('a connection that does not run', () => {
  test('keeps its events waiting, attempts unspent, and gets them in order when it does', async () => {
    await database.pool.query(`update connection set state = 'retrying' where connection_id = $1`, [connectionId])
    let running: Subscriber | undefined
    const seen: number[] = []
    const subject = systemNewId()
    await start(() => running)
    for (let n = 1; n <= 5; n++) await appendEvents(database.db, [news(n, subject)])
    await eventually(async () => Object.values(await countJobs(database.ownerPool)).every((n) => n === 0))
    expect(await waiting()).toBe(5)
    running = subscriber(async (event) => void seen.push(number(event)))
    await wakeDeliveries(database.db, { organizationId, connectionId })
    await settled()
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('here but elsewhere: the job comes back until the node that runs it takes it', async () => {
    let here = false
    const seen: number[] = []
    await start(() => (here ? subscriber(async (event) => void seen.push(number(event))) : undefined))
    await appendEvents(database.db, [news(1, systemNewId())])
    await eventually(async () => (await countJobs(database.ownerPool)).later === 1)
    here = true
    await settled()
    expect(seen).toEqual([1])
  })

  test('cut short by its stop, an event has not failed', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    await start(() =>
      stop.signal.aborted
        ? undefined
        : subscriber(async () => {
            stop.abort()
            throw new Error('aborted half-way')
          }, stop.signal),
    )
    await appendEvents(database.db, [news(1, systemNewId())])
    await eventually(() => stop.signal.aborted)
    await eventually(async () => (await countJobs(database.ownerPool)).running === 0)
    const { rows } = await database.pool.query('select state, attempts from delivery')
    expect(rows).toEqual([{ state: 'waiting', attempts: 0 }])
    expect(seen).toEqual([])
  })
})

describe('failing', () => {
  test('for good is visible, lets the rest of the subject go on, and can be tried again by an operator', async () => {
    let broken = true
    const seen: number[] = []
    const subject = systemNewId()
    await start(
      () =>
        subscriber(async (event) => {
          if (number(event) === 1 && broken) throw new Error('cannot read this one')
          seen.push(number(event))
        }),
      { pausesMs: [1] },
    )
    for (let n = 1; n <= 3; n++) await appendEvents(database.db, [news(n, subject)])
    await settled()
    expect(seen).toEqual([2, 3])
    const failed = await listFailedDeliveries(database.db, { organizationId, limit: 10 })
    expect(failed).toMatchObject([{ connectionId, attempts: 2, error: 'cannot read this one', subjectId: subject }])
    broken = false
    expect(
      await retryFailedDeliveries(database.db, { organizationId, connectionId, eventIds: [failed[0]?.eventId ?? ''] }),
    ).toBe(1)
    await settled()
    expect(seen).toEqual([2, 3, 1])
    expect(await listFailedDeliveries(database.db, { organizationId, connectionId, limit: 10 })).toEqual([])
  })

  test('"not ready" waits as long as it takes', async () => {
    let asked = 0
    await start(
      () =>
        subscriber(async () => {
          if (++asked < 6) throw new NotReady('the vendor is down for the night')
        }),
      { pausesMs: [1], notReadyMs: 5 },
    )
    await appendEvents(database.db, [news(1, systemNewId())])
    await settled()
    expect(asked).toBe(6)
  })
})

describe('the once-guard', () => {
  const note: Handle = async (event, guard) => {
    await guard.once('note', async (db) => {
      const own = db as unknown as import('kysely').Kysely<{ seen: { n: number } }>
      await own
        .insertInto('seen')
        .values({ n: number(event) })
        .execute()
    })
  }
  const noted = async () => (await database.pool.query<{ n: number }>('select n from plugin_test.seen')).rows.length

  test('makes a second delivery harmless: killed between effect and acknowledgement', async () => {
    let killed = false
    await start(
      () =>
        subscriber(async (event, guard) => {
          await note(event, guard)
          if (!killed) {
            killed = true
            throw new Error('killed here')
          }
        }),
      { pausesMs: [1, 1] },
    )
    await appendEvents(database.db, [news(1, systemNewId())])
    await settled()
    expect(killed).toBe(true)
    expect(await noted()).toBe(1)
  })

  test('lets one of two at the same time do it, and an effect that fails has no mark', async () => {
    const outcomes: string[] = []
    await start(
      () =>
        subscriber(async (event, guard) => {
          await guard
            .once('fails', async () => {
              throw new Error('no')
            })
            .catch(() => undefined)
          const both = await Promise.all([1, 2].map(() => guard.once('both', async () => note(event, guard))))
          outcomes.push(...both, await guard.once('fails', async () => undefined))
        }),
      { pausesMs: [1] },
    )
    await appendEvents(database.db, [news(1, systemNewId())])
    await settled()
    expect(outcomes.sort()).toEqual(['done', 'done', 'repeat'])
    expect(await noted()).toBe(1)
  })

  test('its marks are forgotten only when they are old and nothing can come again', async () => {
    await start(() => subscriber(note))
    await appendEvents(database.db, [news(1, systemNewId())])
    await settled()
    expect(await forgetHandled(database.db, 7)).toBe(0)
    await database.pool.query(`update handled_event set handled_at = now() - interval '8 days'`)
    expect(await forgetHandled(database.db, 7)).toBeGreaterThan(0)
  })
})
