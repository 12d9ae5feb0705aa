// Owns the proof of what a site may set about linking: thresholds, how long links move, and what is pruned.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linkSettings } from '../../../core/services/linking/link-settings.ts'
import { pruneLinkIndex } from '../../../core/services/linking/prune-link-index.ts'
import { manageSites } from '../../../core/services/manage/manage-places.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, fact, minute, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addVehicle, eventsOf, openGarage } from '../parking/garage.ts'
import { addSession, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function open(settings: object = {}) {
  const garage = await openGarage(database.db, { settings })
  const access: Access = { organizationId: garage.organizationId, siteIds: null, actor: 'key:jo', requestId: 'req-1' }
  const sites = manageSites(garage.deps)
  return {
    garage,
    record: recordParkingFacts(garage.deps)(garage),
    ...linking(database, garage),
    set: (values: Record<string, unknown>) => sites.update(access, garage.siteId, { settings: values }),
    indexed: async () =>
      (
        await garage.db
          .selectFrom('link_index')
          .select('kind')
          .where('site_id', '=', garage.siteId)
          .orderBy('kind')
          .execute()
      ).map(({ kind }) => kind),
    states: async () => (await standing(garage)).map(({ stay, state }) => [stay, state]),
  }
}
const S = (ref: string) => ({ stayRef: ref })
const dayMinutes = 1_440

test('defaults are those of the policy; nonsense is not followed', () => {
  expect(linkSettings(undefined)).toMatchObject({
    policy: { autoThreshold: 0.98, reviewThreshold: 0.2 },
    historyDays: 120,
  })
  expect(linkSettings({ link_auto_score: 'high', link_review_score: 7, link_history_days: 0 })).toEqual(
    linkSettings({}),
  )
  expect(linkSettings({ link_auto_score: 0.6, link_review_score: 0.9 }).policy).toMatchObject({
    autoThreshold: 0.6,
    reviewThreshold: 0.6,
  })
})

test('thresholds move open questions only, and what was linked keeps to the score it was made under', async () => {
  const { garage, record, evaluate, runJobs, set, states } = await open({ link_auto_score: 1 })
  const ada = await addAccount(garage)
  await addVehicle(garage, 'WOB 8511', ada)
  await record([entry('1', 0, [plate('W0B8511')], S('A')), entry('2', 1, [card('E7FADE26')], S('B'))])
  const asked = await addSession(garage, { token: '04CC22DD', accountId: ada, plugged: 8, evse: 2 })
  const sure = await addSession(garage, { token: '26DEFAE7', plugged: 6 })
  await runJobs()
  for (const sessionId of [asked, sure]) await evaluate({ sessionId })
  expect(await states()).toEqual([
    ['ref:A', 'review'],
    ['ref:B', 'review'],
  ])
  expect(await set({ link_auto_score: 0.98 })).toMatchObject({ kind: 'ok' })
  await runJobs()
  expect(await states()).toEqual([
    ['ref:A', 'linked'],
    ['ref:B', 'linked'],
  ])
  // Raised again: nothing is open, nothing moves; a later fact does not take apart what was linked either.
  expect(await set({ link_auto_score: 1 })).toMatchObject({ kind: 'ok' })
  await runJobs()
  await record([exit('3', 90, [card('E7FADE26')], S('B'))])
  await runJobs()
  await evaluate({ sessionId: asked })
  expect(await states()).toEqual([
    ['ref:A', 'linked'],
    ['ref:B', 'linked'],
  ])
  expect((await eventsOf(garage, 'link.%')).map(({ type }) => type).sort()).toEqual([
    'link.linked',
    'link.linked',
    'link.review',
    'link.review',
  ])
  expect(await set({ link_review_score: 0.9, link_auto_score: 0.8 })).toMatchObject({
    kind: 'invalid',
    problems: [{ pointer: '/settings/link_review_score' }],
  })
})

test('what is history gets no new links, loses those that facts rule out, and is pruned', async () => {
  const { garage, record, evaluate, runJobs, states, indexed } = await open({ link_history_days: 10 })
  const c = [card('26DEFAE7')]
  const prune = () => pruneLinkIndex(garage.deps)(garage)
  await record([entry('1', 0, c, S('A')), exit('2', 60, c, S('A')), entry('3', 61, [card('04FF00FF')], S('open'))])
  const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 5, unplugged: 50 })
  await runJobs()
  await evaluate({ sessionId })
  expect(await states()).toEqual([['ref:A', 'linked']])
  garage.clock.advanceTo(minute(9 * dayMinutes))
  expect(await prune()).toBe(0)
  garage.clock.advanceTo(minute(11 * dayMinutes))
  expect(await prune()).toBe(2)
  expect(await indexed()).toEqual(['stay'])
  // Told a fortnight late: the stay is derived, its links stay as they are.
  const late = await addSession(garage, { token: '26DEFAE7', plugged: 52, unplugged: 55 })
  await evaluate({ sessionId: late })
  await record([exit('2', 58, c, { ...S('A'), revision: 2 })])
  await runJobs()
  expect(await states()).toEqual([['ref:A', 'linked']])
  expect(await indexed()).toEqual(['stay'])
  await record([fact('stay.voided', 'v', 70, {}, S('A'))])
  await runJobs()
  expect(await states()).toEqual([])
  // A car that never left is waited for much longer, but not for ever.
  garage.clock.advanceTo(minute(800 * dayMinutes))
  expect(await prune()).toBe(1)
  expect(await indexed()).toEqual([])
})
