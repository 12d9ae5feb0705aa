// Owns the proof of what people grant on bills: who may, how much, and that late facts neither undo nor double it.
// Must not post a line by hand.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCreditLine, outstandingLines, type SubjectKey, totalsOf } from '../../../core/domain/bill/index.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { type CreditInput, grantCredit } from '../../../core/services/billing/grant-credit.ts'
import { decideOnDispute, disputeDue, openDispute } from '../../../core/services/billing/manage-disputes.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { billedLines } from '../../../core/store/bills.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const by = ({ organizationId }: Garage, actor: string): Access => ({
  organizationId,
  siteIds: null,
  actor,
  requestId: 'r',
})
const evaluate = ({ deps, organizationId }: Garage, subjectKey: string) =>
  evaluateBill(deps)({ organizationId, subjectKey })

async function standingOf({ db, organizationId }: Garage, key: SubjectKey) {
  return [...outstandingLines(await billedLines(db, organizationId, key)).values()]
}
const totalOf = async (garage: Garage, key: SubjectKey) => totalsOf(await standingOf(garage, key)).totalMinor

async function lastBill({ db, organizationId }: Garage, key: string) {
  return db
    .selectFrom('bill')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('subject_key', '=', key)
    .orderBy('sequence', 'desc')
    .executeTakeFirstOrThrow()
}

/** A session of 10 kWh at 0.49: 4.90. */
async function billed(settings: object = {}) {
  const garage = await openGarage(database.db, { settings })
  const sessionId = await garage.session({})
  const key: SubjectKey = `session:${sessionId}`
  garage.clock.advance(6 * hourMs)
  await evaluate(garage, key)
  return { garage, sessionId, key, billId: (await lastBill(garage, key)).bill_id }
}

describe('a grant', () => {
  test('becomes an adjustment with its reason, its tax and its approver', async () => {
    const { garage, key, billId } = await billed()
    const input: CreditInput = { kind: 'goodwill', amountMinor: 190, reason: 'Cable was stuck for an hour.' }
    const outcome = await grantCredit(garage.deps)(by(garage, 'key:ann'), billId, input)
    expect(outcome).toMatchObject({
      kind: 'ok',
      value: { approvedBy: 'key:ann', requestedBy: 'key:ann', amountMinor: 190, creditedMinor: 0 },
    })
    await evaluate(garage, key)
    await evaluate(garage, key)
    const bill = await lastBill(garage, key)
    expect(bill).toMatchObject({ kind: 'adjustment', sequence: 2, total_minor: -190, tax_minor: -30, net_minor: -160 })
    expect(bill.reason).toBe('Goodwill: Cable was stuck for an hour.')
    expect(await totalOf(garage, key)).toBe(300)
  })

  test('never gives back more than stands, and all of it gives back its tax to the cent', async () => {
    const { garage, key, billId } = await billed()
    const grant = (input: Partial<CreditInput>) =>
      grantCredit(garage.deps)(by(garage, 'key:ann'), billId, { kind: 'correction', reason: 'Wrong.', ...input })
    expect(await grant({ amountMinor: 491 })).toMatchObject({
      kind: 'invalid',
      problems: [{ pointer: '/amountMinor' }],
    })
    expect(await grant({ line: 7 })).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/line' }] })
    expect(await grant({ amountMinor: 333, line: 1 })).toMatchObject({ kind: 'ok' })
    expect(await grant({ amountMinor: 158 })).toMatchObject({ kind: 'invalid' })
    expect(await grant({})).toMatchObject({ kind: 'ok', value: { amountMinor: 157 } })
    expect(await grant({})).toMatchObject({ kind: 'conflict' })
    await evaluate(garage, key)
    expect(totalsOf(await standingOf(garage, key))).toEqual({ netMinor: 0, taxMinor: 0, totalMinor: 0 })
  })

  test('above the limit of the site one person is not enough', async () => {
    const { garage, billId } = await billed({ approval_limit_minor: 200 })
    const ann = by(garage, 'key:ann')
    const grant = (amountMinor: number) =>
      grantCredit(garage.deps)(ann, billId, { kind: 'goodwill', amountMinor, reason: 'Late.' })
    expect(await grant(201)).toMatchObject({ kind: 'conflict', pointer: '/amountMinor' })
    expect(await grant(200)).toMatchObject({ kind: 'ok' })
  })

  test('stays what it was when late facts change the price, goes with the session, and comes back with it', async () => {
    const { garage, sessionId, key, billId } = await billed()
    await grantCredit(garage.deps)(by(garage, 'key:ann'), billId, {
      kind: 'goodwill',
      amountMinor: 200,
      reason: 'Sorry.',
    })
    await evaluate(garage, key)
    await garage.changeSession(sessionId, { energyWh: 20_000 })
    garage.clock.advance(6 * hourMs)
    await evaluate(garage, key)
    expect(await totalOf(garage, key)).toBe(980 - 200)
    await garage.changeSession(sessionId, { energyWh: 2000 })
    garage.clock.advance(6 * hourMs)
    await evaluate(garage, key)
    expect(await totalOf(garage, key)).toBe(0)
    await garage.changeSession(sessionId, { energyWh: 10_000 })
    const stayId = await garage.stay({ state: 'closed', exit: '2024-06-10T11:55:00Z' })
    await garage.link(stayId, sessionId)
    garage.clock.advance(100 * hourMs)
    await evaluate(garage, `stay:${stayId}`)
    await evaluate(garage, key)
    expect([await totalOf(garage, key), await totalOf(garage, `stay:${stayId}`)]).toEqual([0, 800 + 490 - 200])
  })
})

describe('a dispute', () => {
  test('is opened once, decided once, credited by another person above the limit', async () => {
    const { garage, key, billId } = await billed({ approval_limit_minor: 100, dispute_days: 3 })
    const ann = by(garage, 'key:ann')
    const opened = await openDispute(garage.deps)(ann, billId, { line: 1, reason: 'I got 5 kWh.', evidence: 'Photo 1' })
    if (opened.kind !== 'ok') throw new Error('not opened')
    const { disputeId, dueAt } = opened.value
    expect(opened.value).toMatchObject({ state: 'open', amountMinor: 490, lineKind: 'ENERGY', line: 1, version: 1 })
    // Noon UTC of 10 June and three whole days of the site after it.
    expect(dueAt.toISOString()).toBe('2024-06-13T22:00:00.000Z')
    expect(await openDispute(garage.deps)(ann, billId, { line: 1, reason: 'Again.' })).toMatchObject({
      kind: 'conflict',
    })

    const decide = (actor: string, amountMinor?: number, version?: number) =>
      decideOnDispute(garage.deps)(
        by(garage, actor),
        disputeId,
        { state: 'accepted', decision: 'Half of it.', ...(amountMinor === undefined ? {} : { amountMinor }) },
        version,
      )
    expect(await decide('key:ann', 245)).toMatchObject({ kind: 'forbidden' })
    expect(await decide('key:bob', 491)).toMatchObject({ kind: 'invalid' })
    expect(await decide('key:bob', 245, 9)).toMatchObject({ kind: 'stale', version: 1 })
    expect(await decide('key:bob', 245)).toMatchObject({
      kind: 'ok',
      value: { state: 'accepted', creditedMinor: 245, decidedBy: 'key:bob', version: 2 },
    })
    expect(await decide('key:bob', 245)).toMatchObject({ kind: 'conflict' })
    await evaluate(garage, key)
    expect(await totalOf(garage, key)).toBe(245)
    expect((await lastBill(garage, key)).reason).toBe('Complaint accepted: I got 5 kWh.')
    const events = await garage.db
      .selectFrom('event')
      .select('type')
      .where('organization_id', '=', garage.organizationId)
      .where('type', 'like', 'dispute.%')
      .orderBy('recorded_at')
      .execute()
    expect(events.map((event) => event.type).sort()).toEqual(['dispute.decided', 'dispute.opened'])
  })

  test('two that decide at once: one of them does', async () => {
    const { garage, key, billId } = await billed()
    const opened = await openDispute(garage.deps)(by(garage, 'key:ann'), billId, { reason: 'No.' })
    const id = opened.kind === 'ok' ? opened.value.disputeId : ''
    const outcomes = await Promise.all(
      ['key:bob', 'key:eve', 'key:tim'].map((actor) =>
        decideOnDispute(garage.deps)(by(garage, actor), id, { state: 'accepted', decision: 'Yes.', amountMinor: 200 }),
      ),
    )
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['conflict', 'conflict', 'ok'])
    await evaluate(garage, key)
    expect(await totalOf(garage, key)).toBe(290)
  })

  test('refused and withdrawn ones change no bill; an overdue one is put before a person until it is decided', async () => {
    const { garage, key, billId } = await billed()
    const { organizationId } = garage
    const ann = by(garage, 'key:ann')
    const opened = await openDispute(garage.deps)(ann, billId, { reason: 'No.' })
    const disputeId = opened.kind === 'ok' ? opened.value.disputeId : ''
    const reviews = () =>
      garage.db
        .selectFrom('review_item')
        .select(['kind', 'state'])
        .where('organization_id', '=', organizationId)
        .execute()
    await disputeDue(garage.deps)({ organizationId, disputeId })
    await disputeDue(garage.deps)({ organizationId, disputeId })
    expect(await reviews()).toEqual([{ kind: 'dispute_overdue', state: 'open' }])
    expect(
      await decideOnDispute(garage.deps)(ann, disputeId, { state: 'withdrawn', decision: 'Was my mistake.' }),
    ).toMatchObject({ kind: 'ok', value: { state: 'withdrawn', creditId: null } })
    expect(await reviews()).toEqual([{ kind: 'dispute_overdue', state: 'resolved' }])
    await disputeDue(garage.deps)({ organizationId, disputeId })
    expect(await evaluate(garage, key)).toMatchObject({ kind: 'unchanged' })
    expect(await totalOf(garage, key)).toBe(490)
  })
})

interface Grant {
  session: number | null
  cents: number
}
type Step =
  | { do: 'energy'; session: number; wh: number }
  | { do: 'link'; session: number; linked: boolean }
  | ({ do: 'grant' } & Grant)
  | { do: 'evaluate' }

const session = fc.nat(1)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('energy' as const), session, wh: fc.integer({ min: 0, max: 30_000 }) }),
    fc.record({ do: fc.constant('link' as const), session, linked: fc.boolean() }),
    fc.record({
      do: fc.constant('grant' as const),
      session: fc.option(session),
      cents: fc.integer({ min: 1, max: 600 }),
    }),
    fc.record({ do: fc.constant('evaluate' as const) }),
  ),
  { minLength: 4, maxLength: 14 },
)

class Scene {
  readonly garage: Garage
  sessions: string[] = []
  stayId = ''
  constructor(garage: Garage) {
    this.garage = garage
  }
  async begin(): Promise<void> {
    this.stayId = await this.garage.stay({ state: 'closed', exit: '2024-06-10T11:55:00Z' })
    for (let i = 0; i < 2; i++) this.sessions.push(await this.garage.session({}))
  }
  get keys(): SubjectKey[] {
    return [`stay:${this.stayId}`, ...this.sessions.map((id): SubjectKey => `session:${id}`)]
  }
  async link(session: number, linked: boolean): Promise<void> {
    await this.garage.link(this.stayId, this.sessions[session] ?? '', linked ? 'linked' : 'unlinked')
  }
  async evaluate(): Promise<void> {
    this.garage.clock.advance(100 * hourMs)
    for (const key of [...this.keys, ...this.keys]) await evaluate(this.garage, key)
  }
  /** A grant as it is stored, on the first bill there is. */
  async grant({ session, cents }: Grant, number: number): Promise<void> {
    const { db, organizationId, siteId, clock } = this.garage
    const sessionId = session === null ? null : (this.sessions[session] ?? null)
    const bill = await db
      .selectFrom('bill')
      .select('bill_id')
      .where('organization_id', '=', organizationId)
      .executeTakeFirstOrThrow()
    await db
      .insertInto('bill_credit')
      .values({
        organization_id: organizationId,
        site_id: siteId,
        credit_id: `00000000-0000-7000-8000-${`${number}`.padStart(12, '0')}`,
        kind: 'goodwill',
        bill_id: bill.bill_id,
        subject_key: sessionId === null ? `stay:${this.stayId}` : `session:${sessionId}`,
        session_id: sessionId,
        amount_minor: cents,
        currency: 'EUR',
        reason: 'Sorry.',
        requested_by: 'key:ann',
        approved_by: 'key:ann',
        approved_at: new Date(clock.now().getTime() + number),
      })
      .execute()
  }
  async end(): Promise<unknown> {
    const named = (text: string) => this.sessions.reduce((all, id, i) => all.replaceAll(id, `#${i}`), text)
    const result: unknown[] = []
    for (const key of this.keys) {
      const lines = await standingOf(this.garage, key)
      expect(totalsOf(lines).totalMinor).toBeGreaterThanOrEqual(0)
      result.push(
        lines
          .map((line) => [named(line.key), line.netMinor, line.taxMinor, line.totalMinor] as const)
          .sort((a, b) => (a[0] < b[0] ? -1 : 1)),
      )
    }
    return result
  }
}

test('facts, grants and evaluations in any order end in the bills of the last facts with every grant once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const scene = new Scene(await openGarage(database.db))
      await scene.begin()
      await scene.evaluate()
      const energy = [10_000, 10_000]
      const linked = [false, false]
      const grants: Grant[] = []
      for (const step of all) {
        if (step.do === 'energy') {
          energy[step.session] = step.wh
          await scene.garage.changeSession(scene.sessions[step.session] ?? '', { energyWh: step.wh })
        } else if (step.do === 'link') {
          linked[step.session] = step.linked
          await scene.link(step.session, step.linked)
        } else if (step.do === 'grant') await scene.grant(step, grants.push(step))
        else await scene.evaluate()
      }
      await scene.evaluate()

      const oracle = new Scene(await openGarage(database.db))
      await oracle.begin()
      for (const [i, wh] of energy.entries()) {
        await oracle.garage.changeSession(oracle.sessions[i] ?? '', { energyWh: wh })
        if (linked[i]) await oracle.link(i, true)
      }
      await oracle.evaluate()
      for (const [i, grant] of grants.entries()) await oracle.grant(grant, i + 1)
      await oracle.evaluate()
      expect(await scene.end()).toEqual(await oracle.end())
      expect(
        (await standingOf(scene.garage, scene.keys[0] as SubjectKey)).filter(isCreditLine).length,
      ).toBeLessThanOrEqual(grants.length)
    }),
    { numRuns: 15 },
  )
}, 300_000)
