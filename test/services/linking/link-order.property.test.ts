// Owns the replay property of links: facts, sessions and evaluations interleaved in any way end as if evaluated once at the end.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReportedCredential } from '../../../core/domain/parking-fact.ts'
import type { StayFact } from '../../../core/domain/stay/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, fact, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addBay, addCredential, addSite, addVehicle, type Garage, openGarage } from '../parking/garage.ts'
import { addSession, linking, type SessionOptions, standing } from './sessions.ts'

let database: TestDatabase
let home: Garage
let ada: string
let bob: string
beforeAll(async () => {
  database = await createTestDatabase()
  home = await openGarage(database.db)
  ada = await addAccount(home)
  bob = await addAccount(home)
  await addVehicle(home, 'ADA 1111', ada)
  await addVehicle(home, 'ADA 7777', ada)
  await addVehicle(home, 'BOB 8510', bob)
  await addCredential(home, 'card', '04A3C6CAE26180', { accountId: ada })
  await addCredential(home, 'card', '04A3C611223344', { accountId: bob })
})
afterAll(() => database.drop())

const shown: readonly (readonly ReportedCredential[])[] = [
  [plate('ADA1111')],
  [plate('ADA7777', { confidence: 0.95 })],
  [plate('B0B8510', { confidence: 0.8, candidates: [{ value: 'BOB8510', confidence: 0.7 }] })],
  [card('04A3C6CAE26180'), plate('ADA1111')],
  [card('C6A304')],
  [card('26DEFAE7'), plate('VIS123')],
  [{ kind: 'ticket', value: 'T-77' }],
]
const tokens = ['04A3C6CAE26180', '04A3C611223344', 'E7FADE26', 'T-77', null] as const

type Op =
  | { op: 'fact'; fact: StayFact }
  | { op: 'session'; session: Omit<SessionOptions, 'id'>; as: number; holder: number }

const refs = fc.constantFrom('A', 'B', 'C', undefined)
const times = fc.nat(300)
const factOp = fc
  .record({
    id: fc.nat(9),
    revision: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom('entry', 'entry', 'exit', 'exit', 'seen', 'voided'),
    at: times,
    ref: refs,
    what: fc.constantFrom(...shown),
  })
  .map(({ id, revision, kind, at, ref, what }): Op => {
    const rest = { revision, ...(ref ? { stayRef: ref } : {}) }
    // The kind is part of the id: a revision corrects a fact, it does not make another of it.
    const name = `${kind}${id}`
    if (kind === 'entry') return { op: 'fact', fact: entry(name, at, what, rest) }
    if (kind === 'exit') return { op: 'fact', fact: exit(name, at, what, rest) }
    if (kind === 'voided')
      return { op: 'fact', fact: fact('stay.voided', name, at, {}, { ...rest, stayRef: ref ?? 'C' }) }
    return {
      op: 'fact',
      fact: fact('credential.observed', name, at, { role: 'bay', bay: 'B1', credentials: what }, { revision }),
    }
  })
const sessionOp = fc
  .record({
    as: fc.nat(3),
    holder: fc.nat(2),
    plugged: times,
    lasts: fc.option(fc.nat(60), { nil: null }),
    token: fc.constantFrom(...tokens),
    evse: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ as, holder, plugged, lasts, token, evse }): Op => {
    const unplugged = lasts === null ? null : plugged + lasts
    return { op: 'session', as, holder, session: { token, plugged, unplugged, evse } }
  })

const world = fc
  .record({
    facts: fc.uniqueArray(factOp, {
      minLength: 1,
      maxLength: 12,
      selector: (one) => (one.op === 'fact' ? `${one.fact.id}/${one.fact.revision}` : ''),
    }),
    // One row per session: the last state of it, as the charger's own fold has it.
    sessions: fc.uniqueArray(sessionOp, {
      minLength: 1,
      maxLength: 4,
      selector: (one) => (one.op === 'session' ? one.as : -1),
    }),
  })
  .chain(({ facts, sessions }) => {
    const ops = [...facts, ...sessions]
    return fc.record({
      ops: fc.constant(ops),
      order: fc.shuffledSubarray(ops, { minLength: ops.length, maxLength: ops.length }),
      // After each operation: which of the waiting evaluations run now.
      runs: fc.array(fc.constantFrom('none', 'all', 'odd', 'even'), { minLength: ops.length, maxLength: ops.length }),
    })
  })

async function play(ops: readonly Op[], runs: readonly string[], sessionsAre: 'evaluated' | 'looked at together') {
  const garage = await addSite(database.db, home.organizationId)
  const bayId = await addBay(garage, 'B1')
  const record = recordParkingFacts(garage.deps)(garage)
  const { evaluate, look, runJobs } = linking(database, garage)
  const sessions = new Map<number, string>()
  let waiting: string[] = []
  const runSome = async (which: string) => {
    if (which === 'none') return
    const chosen = (name: string) =>
      which === 'all' || (Number.parseInt(name.slice(-1), 16) % 2 === 1) === (which === 'odd')
    const now = waiting.filter(chosen)
    waiting = waiting.filter((name) => !chosen(name))
    if (sessionsAre === 'looked at together') await look(now)
    else for (const sessionId of now) await evaluate({ sessionId })
    await runJobs(chosen)
  }
  for (const [index, one] of ops.entries()) {
    if (one.op === 'fact') await record([one.fact])
    else {
      const id = systemNewId()
      sessions.set(one.as, id)
      const accountId = [null, ada, bob][one.holder] ?? null
      await addSession(garage, { ...one.session, id, accountId, bayId: one.session.evse === 1 ? bayId : null })
      waiting.push(id)
    }
    await runSome(runs[index] ?? 'none')
  }
  await runSome('all')
  const names = new Map([...sessions].map(([as, id]) => [id, as]))
  const links = await standing(garage)
  return links
    .map(({ stay, sessionId, ...rest }) => ({ stay, session: names.get(sessionId), ...rest }))
    .sort((a, b) => `${a.stay} ${a.session}`.localeCompare(`${b.stay} ${b.session}`))
}

test('any interleaving of facts, sessions and evaluations ends in the same links', async () => {
  let linked = 0
  let reviewed = 0
  await fc.assert(
    fc.asyncProperty(world, async ({ ops, order, runs }) => {
      const once = await play(ops, [], 'evaluated')
      linked += once.filter(({ state }) => state === 'linked').length
      reviewed += once.filter(({ state }) => state === 'review').length
      expect(await play(order, runs, 'looked at together')).toEqual(once)
      const stays = once.filter(({ state }) => state === 'linked').map(({ session }) => session)
      expect(new Set(stays).size).toBe(stays.length)
    }),
    { numRuns: 40, interruptAfterTimeLimit: 40_000 },
  )
  // The worlds are such that both come up; a property about nothing proves nothing.
  expect(linked).toBeGreaterThan(0)
  expect(reviewed).toBeGreaterThan(0)
})
