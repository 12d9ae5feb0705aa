// Owns the proof that the event stream has no gap and no repeat, whatever commits in whatever order.
import fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryBus } from '../../core/bus/memory.ts'
import { endOfEvents, readEvents, tailEvents } from '../../core/events/stream.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { appendEvents } from '../../core/store/event-log.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { insertOrganization, someEvent } from '../setup/records.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const note = (organizationId: string, jobs: number, options = {}) =>
  someEvent(organizationId, 'occupancy.changed', { counter: String(jobs), occupied: jobs, free: null }, options)
const counter = (event: { data: unknown }) => (event.data as { counter: string }).counter

/** Everything readable after the cursor, page by page. */
async function readAll(organizationId: string, after?: string, limit = 3) {
  const seen: string[] = []
  let cursor = after
  for (;;) {
    const page = await readEvents(database.db, {
      organizationId,
      limit,
      ...(cursor === undefined ? {} : { after: cursor }),
    })
    seen.push(...page.events.map(({ event }) => counter(event)))
    cursor = page.cursor
    if (!page.more) return { seen, cursor }
  }
}

describe('reading', () => {
  test('goes page by page, each event once, and a cursor of any event goes on behind it', async () => {
    const organizationId = await insertOrganization(database.db)
    for (let n = 0; n < 10; n++) await appendEvents(database.db, [note(organizationId, n)])
    await eventually(async () => (await readAll(organizationId)).seen.length === 10)
    expect((await readAll(organizationId)).seen).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    const page = await readEvents(database.db, { organizationId, limit: 5 })
    expect((await readAll(organizationId, page.events[2]?.cursor)).seen).toEqual(['3', '4', '5', '6', '7', '8', '9'])
  })

  test('knows sites and types, and moves on over what does not match', async () => {
    const organizationId = await insertOrganization(database.db)
    const siteId = systemNewId()
    await appendEvents(database.db, [
      note(organizationId, 1, { siteId }),
      note(organizationId, 2),
      someEvent(organizationId, 'stay.opened', { stayId: systemNewId(), enteredAt: null }, { siteId }),
    ])
    await eventually(async () => (await readEvents(database.db, { organizationId, limit: 9 })).events.length === 3)
    const ofSite = await readEvents(database.db, { organizationId, siteIds: [siteId], limit: 9 })
    expect(ofSite.events.map(({ event }) => event.type)).toEqual(['occupancy.changed', 'stay.opened'])
    const none = await readEvents(database.db, { organizationId, types: ['bill.issued'], limit: 9 })
    expect(none.events).toEqual([])
    expect((await readAll(organizationId, none.cursor)).seen).toEqual([])
  })

  test('does not show another organization', async () => {
    const [one, two] = [await insertOrganization(database.db), await insertOrganization(database.db)]
    await appendEvents(database.db, [note(one, 1)])
    await eventually(async () => (await readAll(one)).seen.length === 1)
    expect((await readAll(two)).seen).toEqual([])
  })

  test('refuses a text that is no cursor', async () => {
    const organizationId = systemNewId()
    for (const after of [
      '',
      'nonsense',
      Buffer.from('1.2').toString('base64url'),
      Buffer.from('x'.repeat(500)).toString(),
    ])
      await expect(readEvents(database.db, { organizationId, after, limit: 1 })).rejects.toMatchObject({
        code: 'cursor_invalid',
      })
  })
})

describe('transactions that commit late', () => {
  test('a slow one that began first is not skipped by a reader that has seen the quick one', async () => {
    const organizationId = await insertOrganization(database.db)
    const start = await endOfEvents(database.db)
    const slow = await database.db.startTransaction().execute()
    // The event is written, its transaction number drawn; the commit comes later.
    await appendEvents(slow, [note(organizationId, 1)])
    await appendEvents(database.db, [note(organizationId, 2)])
    const early = await readAll(organizationId, start)
    expect(early.seen).toEqual([])
    await slow.commit().execute()
    let cursor = early.cursor
    const seen: string[] = []
    await eventually(async () => {
      const page = await readAll(organizationId, cursor)
      seen.push(...page.seen)
      cursor = page.cursor
      return seen.length >= 2
    })
    expect(seen).toEqual(['1', '2'])
  })

  test('one that another database has open holds nothing back, and what it hides never shows up before its turn', async () => {
    const organizationId = await insertOrganization(database.db)
    const other = await createTestDatabase({ empty: true })
    const client = new Client(other.connection)
    await client.connect()
    try {
      await client.query('begin')
      await client.query('select pg_current_xact_id()')
      const start = await endOfEvents(database.db)
      const slow = await database.db.startTransaction().execute()
      await appendEvents(slow, [note(organizationId, 1)])
      await appendEvents(database.db, [note(organizationId, 2)])
      expect((await readAll(organizationId, start)).seen).toEqual([])
      await slow.commit().execute()
      let seen: string[] = []
      await eventually(async () => {
        seen = (await readAll(organizationId, start)).seen
        return seen.length >= 2
      })
      expect(seen).toEqual(['1', '2'])
      // It was open all the time.
      expect((await client.query('select pg_current_xact_id_if_assigned() is not null as open')).rows).toEqual([
        { open: true },
      ])
    } finally {
      await client.end()
      await other.drop()
    }
  })

  test('any interleaving of begins, writes, commits, rollbacks and reads gives each committed event once, in one order', async () => {
    const step = fc.record({
      writer: fc.nat(3),
      action: fc.constantFrom('write', 'write', 'commit', 'rollback', 'read'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const organizationId = await insertOrganization(database.db)
        const open = new Map<number, { trx: Awaited<ReturnType<typeof begin>>; notes: string[] }>()
        const begin = () => database.db.startTransaction().execute()
        const committed = new Set<string>()
        const seen: string[] = []
        let cursor: string | undefined
        let n = 0
        const read = async () => {
          const page = await readAll(organizationId, cursor)
          seen.push(...page.seen)
          cursor = page.cursor
        }
        const end = async (writer: number, how: 'commit' | 'rollback') => {
          const work = open.get(writer)
          if (!work) return
          open.delete(writer)
          await work.trx[how]().execute()
          if (how === 'commit') for (const each of work.notes) committed.add(each)
        }
        for (const { writer, action } of steps) {
          if (action === 'read') await read()
          else if (action !== 'write') await end(writer, action)
          else {
            const work = open.get(writer) ?? { trx: await begin(), notes: [] }
            open.set(writer, work)
            await appendEvents(work.trx, [note(organizationId, ++n)])
            work.notes.push(String(n))
          }
        }
        for (const writer of [...open.keys()]) await end(writer, 'commit')
        await eventually(async () => {
          await read()
          return seen.length >= committed.size
        })
        expect([...seen].sort()).toEqual([...committed].sort())
        expect((await readAll(organizationId)).seen).toEqual(seen)
      }),
      { numRuns: 30 },
    )
  })
})

describe('the tail', () => {
  async function follow(organizationId: string, options: { hints?: ReturnType<typeof memoryBus>; pollMs: number }) {
    const stop = new AbortController()
    const seen: string[] = []
    const cursor = await endOfEvents(database.db)
    const done = (async () => {
      for await (const page of tailEvents({
        db: database.db,
        organizationId,
        after: cursor,
        signal: stop.signal,
        ...options,
      }))
        seen.push(...page.events.map(({ event }) => counter(event)))
    })()
    return {
      seen,
      async stop() {
        stop.abort()
        await done
      },
    }
  }

  test('brings what is committed by looking, without any hint', async () => {
    const organizationId = await insertOrganization(database.db)
    const tail = await follow(organizationId, { pollMs: 10 })
    await appendEvents(database.db, [note(organizationId, 1)])
    await eventually(() => tail.seen.length === 1)
    await appendEvents(database.db, [note(organizationId, 2)])
    await eventually(() => tail.seen.length === 2)
    await tail.stop()
    expect(tail.seen).toEqual(['1', '2'])
  })

  test('is woken by a hint long before it would look again', async () => {
    const organizationId = await insertOrganization(database.db)
    const hints = memoryBus()
    const tail = await follow(organizationId, { hints, pollMs: 600_000 })
    await appendEvents(database.db, [note(organizationId, 1)])
    await eventually(() => {
      hints.publish('events')
      return tail.seen.length === 1
    })
    await tail.stop()
  })
})
