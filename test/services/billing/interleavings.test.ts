// Owns the proof that bills follow from the facts alone: whatever came first, however often and by how many workers it was
// billed in between, no energy is ever on two bills and the end is the same.
// Must not know prices.
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { outstandingLines, type SubjectKey } from '../../../core/domain/bill/index.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { billedLines } from '../../../core/store/bills.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type Garage, hourMs, minuteMs, openGarage, type SessionValues, type StayValues } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const stayCount = 2
const sessionCount = 3

const stayValues: fc.Arbitrary<StayValues> = fc.oneof(
  fc.constantFrom<StayValues>(
    { state: 'open', entry: '2024-06-10T07:55:00Z', exit: null },
    { state: 'closed', entry: '2024-06-10T07:55:00Z', exit: null },
    { state: 'exit_only', entry: null, exit: '2024-06-10T12:00:00Z' },
    { state: 'voided' },
  ),
  fc
    .record({ hours: fc.integer({ min: 0, max: 30 }), kind: fc.constantFrom('transient', 'contract') })
    .map(({ hours, kind }) => ({
      state: 'closed' as const,
      entry: '2024-06-10T07:55:00Z',
      exit: new Date(Date.parse('2024-06-10T07:55:00Z') + hours * hourMs).toISOString(),
      parkerKind: kind as 'transient' | 'contract',
    })),
)
const sessionValues: fc.Arbitrary<SessionValues> = fc.record({
  state: fc.constantFrom('active', 'ended', 'closed', 'closed', 'closed', 'void'),
  charging: fc.integer({ min: 1, max: 300 }),
  idle: fc.integer({ min: 0, max: 60 }),
  energyWh: fc.integer({ min: 0, max: 50_000 }),
})

interface Link {
  session: number
  stay: number
  state: 'linked' | 'review' | 'unlinked' | 'rejected'
}

type Action =
  | { do: 'stay'; stay: number; values: StayValues }
  | { do: 'session'; session: number; values: SessionValues }
  | ({ do: 'link' } & Link)
  | { do: 'wait'; ms: number }
  | { do: 'evaluate'; subjects: number[]; meanwhile: Link | null }

const stay = fc.nat(stayCount - 1)
const session = fc.nat(sessionCount - 1)
const link: fc.Arbitrary<Link> = fc.record({
  session,
  stay,
  state: fc.constantFrom('linked', 'linked', 'review', 'unlinked', 'rejected'),
})
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stay' as const), stay, values: stayValues }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('session' as const), session, values: sessionValues }) },
  { weight: 3, arbitrary: link.map((each) => ({ do: 'link' as const, ...each })) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(minuteMs, 20 * minuteMs, 3 * hourMs, 80 * hourMs),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('evaluate' as const),
      // More than one: at once.
      subjects: fc.array(fc.nat(stayCount + sessionCount - 1), { minLength: 1, maxLength: 5 }),
      meanwhile: fc.option(link),
    }),
  },
)

interface Facts {
  stays: StayValues[]
  sessions: SessionValues[]
  links: Map<string, Link>
}

function learn(facts: Facts, { session, stay, state }: Link): void {
  if (state === 'linked') {
    for (const other of facts.links.values()) {
      if (other.session === session && other.state === 'linked') other.state = 'unlinked'
    }
  }
  facts.links.set(`${stay} ${session}`, { session, stay, state })
}

class World {
  readonly stayIds: string[] = []
  readonly sessionIds: string[] = []
  readonly garage: Garage
  constructor(garage: Garage) {
    this.garage = garage
  }
  get keys(): SubjectKey[] {
    return [
      ...this.stayIds.map((id): SubjectKey => `stay:${id}`),
      ...this.sessionIds.map((id): SubjectKey => `session:${id}`),
    ]
  }
  async begin(facts: Facts): Promise<void> {
    for (const values of facts.stays) this.stayIds.push(await this.garage.stay(values))
    for (const values of facts.sessions) this.sessionIds.push(await this.garage.session(values))
    for (const link of facts.links.values()) await this.link(link)
  }
  async link({ stay, session, state }: Link): Promise<void> {
    const sessionId = this.sessionIds[session] ?? ''
    if (state === 'linked') {
      await this.garage.db
        .updateTable('link')
        .set({ state: 'unlinked', updated_at: this.garage.clock.now() })
        .where('session_id', '=', sessionId)
        .where('state', '=', 'linked')
        .execute()
    }
    await this.garage.link(this.stayIds[stay] ?? '', sessionId, state)
  }
  evaluate(subjects: readonly number[]): Promise<unknown> {
    const { organizationId, deps } = this.garage
    const keys = this.keys
    return Promise.all(subjects.map((i) => evaluateBill(deps)({ organizationId, subjectKey: keys[i] ?? '' })))
  }
  /** What stands on the bills, with ids replaced by their places. */
  async standing(): Promise<Record<string, unknown>> {
    const { db, organizationId } = this.garage
    const named = (text: string | null) =>
      [...this.stayIds, ...this.sessionIds].reduce((all, id, i) => all.replaceAll(id, `#${i}`), text ?? '')
    const result: Record<string, unknown> = {}
    for (const [i, key] of this.keys.entries()) {
      const lines = [...outstandingLines(await billedLines(db, organizationId, key)).values()]
      result[i] = lines
        .map((line) => [
          named(line.key),
          line.netMinor,
          line.taxMinor,
          line.totalMinor,
          Number(line.billedQuantity),
          named(line.sessionId),
        ])
        .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
    }
    return result
  }
}

/** Sessions whose energy stands on the bills of more than one subject, at any committed moment. */
async function billedTwice({ db, organizationId }: Garage): Promise<unknown[]> {
  const { rows } = await sql`
    select session_id, count(*) from (
      select l.session_id, b.subject_key from bill_line l
      join bill b on b.organization_id = l.organization_id and b.bill_id = l.bill_id
      where l.organization_id = ${organizationId} and l.session_id is not null and l.kind = 'ENERGY'
      group by l.session_id, b.subject_key having sum(l.billed_quantity) <> 0) s
    group by session_id having count(*) > 1`.execute(db)
  return rows
}

async function booksDisagree({ db, organizationId }: Garage): Promise<unknown[]> {
  const { rows } = await sql`
    select b.bill_id from bill b
    left join lateral (select coalesce(sum(case when p.debit_account = 'receivable' then p.amount_minor
        when p.credit_account = 'receivable' then -p.amount_minor else 0 end), 0) as owed
      from journal_entry e join journal_posting p on p.organization_id = e.organization_id and p.entry_id = e.entry_id
      where e.organization_id = b.organization_id and e.source_type = 'bill' and e.source_id = b.bill_id) j on true
    left join lateral (select coalesce(sum(l.total_minor), 0) as total from bill_line l
      where l.organization_id = b.organization_id and l.bill_id = b.bill_id) l on true
    where b.organization_id = ${organizationId} and (j.owed <> b.total_minor or l.total <> b.total_minor)
    union all
    select null where exists (select from bill where organization_id = ${organizationId}
      having count(*) <> coalesce(max(number), 0))`.execute(db)
  return rows
}

test('any order of facts, links, waits and billings, at once and again, ends in the bills of the last facts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 30 }), async (actions) => {
      const world = new World(await openGarage(database.db))
      const facts: Facts = {
        stays: Array.from({ length: stayCount }, () => ({ state: 'open', exit: null })),
        sessions: Array.from({ length: sessionCount }, () => ({ state: 'active' })),
        links: new Map(),
      }
      await world.begin(facts)
      for (const each of actions) {
        if (each.do === 'stay') {
          facts.stays[each.stay] = { ...facts.stays[each.stay], ...each.values }
          await world.garage.changeStay(world.stayIds[each.stay] ?? '', each.values)
        } else if (each.do === 'session') {
          facts.sessions[each.session] = each.values
          await world.garage.changeSession(world.sessionIds[each.session] ?? '', each.values)
        } else if (each.do === 'link') {
          learn(facts, each)
          await world.link(each)
        } else if (each.do === 'wait') world.garage.clock.advance(each.ms)
        else {
          const { meanwhile } = each
          if (meanwhile !== null) learn(facts, meanwhile)
          await Promise.all([world.evaluate(each.subjects), meanwhile === null ? null : world.link(meanwhile)])
          expect(await billedTwice(world.garage)).toEqual([])
        }
      }
      const everything = world.keys.map((_, i) => i)
      world.garage.clock.advance(200 * hourMs)
      await world.evaluate(everything)
      await world.evaluate(everything)
      expect(await billedTwice(world.garage)).toEqual([])
      expect(await booksDisagree(world.garage)).toEqual([])

      // The same facts, told once and billed once.
      const oracle = new World(await openGarage(database.db))
      await oracle.begin(facts)
      oracle.garage.clock.advance(200 * hourMs)
      for (const i of everything) await oracle.evaluate([i])
      expect(await world.standing()).toEqual(await oracle.standing())
    }),
    { numRuns: 25 },
  )
}, 600_000)

/** Backends of this database that wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await database.ownerPool.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows[0]?.count ?? 0
}

test('a session that is linked while it is being billed by itself is not billed by both', async () => {
  const garage = await openGarage(database.db)
  const evaluate = (subjectKey: string) =>
    evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey })
  const first = await garage.session({})
  const sessionId = await garage.session({})
  garage.clock.advance(6 * hourMs)
  const stayId = await garage.stay({ state: 'closed', exit: '2024-06-10T11:55:00Z' })
  garage.clock.advance(20 * minuteMs)
  await evaluate(`session:${first}`)

  // The series is held, so that the session's own bill stops just before it is written.
  const holder = await database.ownerPool.connect()
  await holder.query('begin')
  await holder.query('select from bill_series where organization_id = $1 for update', [garage.organizationId])
  const alone = evaluate(`session:${sessionId}`)
  await eventually(async () => (await waiting()) === 1, 'the first to wait')
  await garage.link(stayId, sessionId)
  garage.clock.advance(20 * minuteMs)
  const together = evaluate(`stay:${stayId}`)
  await eventually(async () => (await waiting()) === 2, 'both to wait')
  await holder.query('commit')
  holder.release()

  expect(await alone).toMatchObject({ kind: 'issued', bills: [{ kind: 'bill', totalMinor: 490 }] })
  expect(await together).toMatchObject({
    kind: 'issued',
    bills: [
      { subjectKey: `session:${sessionId}`, kind: 'adjustment', totalMinor: -490 },
      { subjectKey: `stay:${stayId}`, kind: 'bill', totalMinor: 800 + 490 },
    ],
  })
  expect(await billedTwice(garage)).toEqual([])
  expect(await booksDisagree(garage)).toEqual([])
})

test('many at once, all of one site: numbers without a gap, each subject billed once', async () => {
  const garage = await openGarage(database.db)
  const sessions: string[] = []
  for (let i = 0; i < 12; i++) sessions.push(await garage.session({ energyWh: 1000 * (i + 1) }))
  garage.clock.advance(6 * hourMs)
  const { organizationId, deps } = garage
  await Promise.all(
    [...sessions, ...sessions, ...sessions].map((id) =>
      evaluateBill(deps)({ organizationId, subjectKey: `session:${id}` }),
    ),
  )
  const bills = await garage.db
    .selectFrom('bill')
    .select(['number', 'subject_key'])
    .where('organization_id', '=', organizationId)
    .orderBy('number')
    .execute()
  expect(bills.map((bill) => bill.number)).toEqual(sessions.map((_, i) => i + 1))
  expect(new Set(bills.map((bill) => bill.subject_key)).size).toBe(sessions.length)
})
