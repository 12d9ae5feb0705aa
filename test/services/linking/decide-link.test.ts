// Owns the proof that people's decisions bind, are logged, and can be taken back by deciding again.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptLink, createLink, rejectLink, unlinkLink } from '../../../core/services/linking/decide-link.ts'
import { explainLink } from '../../../core/services/linking/explain-link.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, fact, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addVehicle, eventsOf, openGarage, staysOf } from '../parking/garage.ts'
import { addSession, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** One session of an account with two cars inside: a question with two candidates. */
async function question() {
  const garage = await openGarage(database.db)
  const record = recordParkingFacts(garage.deps)(garage)
  const { evaluate, runJobs } = linking(database, garage)
  const ada = await addAccount(garage)
  for (const one of ['ADA 111', 'ADA 777']) await addVehicle(garage, one, ada)
  await record([entry('1', 0, [plate('ADA111')], { stayRef: 'A' }), entry('2', 1, [plate('ADA777')], { stayRef: 'B' })])
  await runJobs()
  const sessionId = await addSession(garage, { token: '04AA11BB', accountId: ada, plugged: 5 })
  await evaluate({ sessionId })
  const access: Access = { organizationId: garage.organizationId, siteIds: null, actor: 'key:jo', requestId: 'req-1' }
  const linkTo = async (ref: string) => {
    const row = await database.db
      .selectFrom('link as l')
      .innerJoin('stay as s', 's.stay_id', 'l.stay_id')
      .select('l.link_id')
      .where('s.stay_ref', '=', ref)
      .where('l.session_id', '=', sessionId)
      .executeTakeFirstOrThrow()
    return row.link_id
  }
  const states = async () => (await standing(garage)).map(({ stay, state, by }) => [stay, state, by])
  return { garage, record, evaluate, runJobs, sessionId, access, linkTo, states, ada, deps: garage.deps }
}

test('an accepted link stands, the other candidate goes, and the hub never takes it back', async () => {
  const { garage, record, runJobs, evaluate, sessionId, access, linkTo, states, deps } = await question()
  const linkId = await linkTo('B')
  expect(await acceptLink(deps)(access, linkId, { reason: 'saw it' })).toMatchObject({
    kind: 'ok',
    value: { state: 'linked', decidedBy: 'key:jo' },
  })
  await runJobs()
  expect(await states()).toEqual([['ref:B', 'linked', 'key:jo']])
  await record([entry('2', 1, [plate('ZZZ 999')], { stayRef: 'B', revision: 2 })])
  await runJobs()
  await evaluate({ sessionId })
  expect(await states()).toEqual([['ref:B', 'linked', 'key:jo']])
  const audit = await database.db
    .selectFrom('audit_log')
    .selectAll()
    .where('organization_id', '=', garage.organizationId)
    .execute()
  expect(audit).toMatchObject([
    { actor: 'key:jo', action: 'link.linked', subject_id: linkId, request_id: 'req-1', after: { reason: 'saw it' } },
  ])
  const history = await database.db
    .selectFrom('link_history')
    .selectAll()
    .where('link_id', '=', linkId)
    .orderBy('history_id')
    .execute()
  expect(history.map(({ from_state, to_state, actor, reason }) => [from_state, to_state, actor, reason])).toMatchObject(
    [
      [null, 'review', 'hub', expect.any(String)],
      ['review', 'linked', 'key:jo', 'saw it'],
    ],
  )
  expect((await eventsOf(garage, 'link.linked'))[0]?.data).toMatchObject({ linkId, decidedBy: 'key:jo' })
})

test('a rejected candidate leaves the other, which is then linked; accepting it again undoes that', async () => {
  const { runJobs, access, linkTo, states, deps } = await question()
  const [a, b] = [await linkTo('A'), await linkTo('B')]
  expect(await rejectLink(deps)(access, a, {})).toMatchObject({ kind: 'ok', value: { state: 'rejected' } })
  await runJobs()
  expect(await states()).toEqual([['ref:B', 'linked', 'hub']])
  expect(await acceptLink(deps)(access, a, {})).toMatchObject({ kind: 'conflict' })
  expect(await rejectLink(deps)(access, b, {})).toMatchObject({ kind: 'conflict', message: /take it apart/ })
  expect(await unlinkLink(deps)(access, b, { reason: 'wrong car' })).toMatchObject({
    kind: 'ok',
    value: { state: 'unlinked' },
  })
  await runJobs()
  expect(await states()).toEqual([])
  expect(await acceptLink(deps)(access, a, {})).toMatchObject({ kind: 'ok' })
  await runJobs()
  expect(await states()).toEqual([['ref:A', 'linked', 'key:jo']])
  expect(await unlinkLink(deps)(access, await linkTo('A'), {})).toMatchObject({ kind: 'ok' })
  expect(await unlinkLink(deps)(access, await linkTo('A'), {})).toMatchObject({ kind: 'ok' })
})

test('a pair that the hub did not bring together can be joined by hand', async () => {
  const { garage, record, runJobs, sessionId, access, linkTo, states, deps } = await question()
  await record([entry('3', 2, [card('04FFFFFF')], { stayRef: 'C' }), fact('stay.voided', 'v', 9, {}, { stayRef: 'A' })])
  await runJobs()
  const stayOf = async (ref: string) => (await staysOf(garage)).find(({ stay_ref }) => stay_ref === ref)?.stay_id ?? ''
  const join = createLink(deps)
  const taken = await join(access, { stayId: await stayOf('C'), sessionId })
  expect(taken).toMatchObject({ kind: 'conflict', message: /linked to another stay/ })
  await unlinkLink(deps)(access, await linkTo('B'), {})
  const made = await join(access, { stayId: await stayOf('C'), sessionId, reason: 'asked the driver' })
  expect(made).toMatchObject({ kind: 'ok', value: { state: 'linked', method: 'person', version: 1 } })
  await runJobs()
  expect(await states()).toEqual([['ref:C', 'linked', 'key:jo']])
  expect(await join(access, { stayId: await stayOf('A'), sessionId })).toMatchObject({ kind: 'conflict' })
  const nowhere = '01900000-0000-7000-8000-00000000000f'
  expect(await join(access, { stayId: nowhere, sessionId })).toMatchObject({
    kind: 'invalid',
    problems: [{ pointer: '/stayId' }],
  })
  expect(await join(access, { stayId: await stayOf('C'), sessionId: nowhere })).toMatchObject({
    kind: 'invalid',
    problems: [{ pointer: '/sessionId' }],
  })
})

test('a caller limited to other sites sees no link', async () => {
  const { access, linkTo, sessionId, deps } = await question()
  const narrow = { ...access, siteIds: ['01900000-0000-7000-8000-00000000000f'] }
  expect(await acceptLink(deps)(narrow, await linkTo('A'), {})).toEqual({ kind: 'not_found' })
  expect(await explainLink(deps)(narrow, sessionId)).toEqual({ kind: 'not_found' })
})

test('every decision is explained in plain words', async () => {
  const { evaluate, runJobs, garage, access, linkTo, sessionId, deps } = await question()
  const explain = explainLink(deps)
  const asked = await explain(access, sessionId)
  expect(asked).toMatchObject({ kind: 'ok', value: { outcome: 'review' } })
  expect(asked.kind === 'ok' && asked.value.sentences.join(' ')).toMatch(/person has to look.*The stay of ADA111/)
  await acceptLink(deps)(access, await linkTo('A'), {})
  await runJobs()
  expect(await explain(access, sessionId)).toMatchObject({
    kind: 'ok',
    value: { outcome: 'linked', sentences: expect.arrayContaining(['A person linked this stay and this session.']) },
  })
  const lone = await addSession(garage, { token: '04123456', plugged: 9, evse: 9 })
  await evaluate({ sessionId: lone })
  expect(await explain(access, lone)).toMatchObject({
    kind: 'ok',
    value: { outcome: 'none', stayIds: [], sentences: [expect.stringMatching(/^No stay linked\./)] },
  })
})
