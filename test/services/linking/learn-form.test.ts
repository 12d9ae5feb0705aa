// Owns the proof that a person's word on a link teaches a card's other form, that it is taken back, and that it never joins two holders.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askAccess } from '../../../core/services/access/ask-access.ts'
import { authorise, weighAccess } from '../../../core/services/access/authorise.ts'
import { decideGate } from '../../../core/services/access/decide-gate.ts'
import { listContent } from '../../../core/services/desired/list-content.ts'
import { createLink, unlinkLink } from '../../../core/services/linking/decide-link.ts'
import { linkQuality } from '../../../core/services/linking/link-quality.ts'
import { undoLink } from '../../../core/services/linking/undo-link.ts'
import { addPresentation, manageCredentials } from '../../../core/services/manage/manage-credentials.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { preloadContent } from '../../../core/services/parking-actions/preload-content.ts'
import { bookedRights } from '../../../core/store/parking-book.ts'
import { presentationsOf } from '../../../core/store/people.ts'
import { card, entry, exit } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addCredential, type Garage, openGarage, staysOf } from '../parking/garage.ts'
import { addSession, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const uid = '04A3C6CAE26180'
const badge = 'BADGE-00417'

async function garageOf() {
  const garage = await openGarage(database.db)
  const access: Access = { organizationId: garage.organizationId, siteIds: null, actor: 'key:jo', requestId: 'req-1' }
  const record = recordParkingFacts(garage.deps)(garage)
  const { runJobs, evaluate } = linking(database, garage)
  /** A stay that showed one card and a session that showed another. */
  const visit = async (
    gate: string,
    charger: { token: string } & Partial<Parameters<typeof addSession>[1]>,
    at = 0,
  ) => {
    await record([entry(`e${at}`, at, [card(gate)])])
    await runJobs()
    const sessionId = await addSession(garage, { plugged: at + 5, unplugged: at + 50, ...charger })
    await evaluate({ sessionId })
    const stay = (await staysOf(garage)).at(-1)
    return { stayId: stay?.stay_id ?? '', sessionId }
  }
  const forms = async (credentialId: string) =>
    ((await presentationsOf(database.db, garage.organizationId, [credentialId])).get(credentialId) ?? []).map(
      ({ value, source }) => [value, source],
    )
  return { garage, access, record, runJobs, evaluate, visit, forms }
}

function setSite({ siteId, organizationId }: Garage, settings: object) {
  return database.db
    .updateTable('site')
    .set({ settings: JSON.stringify(settings) })
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .execute()
}

async function holder(garage: Garage, value: string) {
  const accountId = await addAccount(garage)
  return { accountId, credentialId: await addCredential(garage, 'card', value, { accountId }) }
}

test('what the gate reads of a card that the charger knows is learned, and the next stay links by itself', async () => {
  const { garage, access, record, runJobs, visit, forms } = await garageOf()
  const { accountId, credentialId } = await holder(garage, uid)
  const pair = await visit(badge, { token: uid, accountId, credentialId })
  expect(await standing(garage)).toEqual([])
  expect(await createLink(garage.deps)(access, pair)).toMatchObject({ kind: 'ok' })
  expect(await forms(credentialId)).toEqual([
    [uid, 'enrolled'],
    [badge, 'learned'],
  ])
  await runJobs()
  await record([exit('x', 60, [card(badge)])])
  await visit(badge, { token: uid, accountId, credentialId }, 200)
  await runJobs()
  expect((await standing(garage)).map(({ state, by }) => [state, by])).toEqual([
    ['linked', 'key:jo'],
    ['linked', 'hub'],
  ])
  const now = garage.clock.now().getTime()
  const span = { from: new Date(now - 86_400_000).toISOString(), to: new Date(now + 86_400_000).toISOString() }
  const quality = await linkQuality(garage.deps)(access, span)
  expect(quality.kind === 'ok' && quality.value.map(({ joined, learned }) => [joined, learned])).toContainEqual([1, 1])
})

test.each(['undone', 'unlinked'] as const)('a decision that is %s takes back what it taught', async (how) => {
  const { garage, access, visit, forms } = await garageOf()
  const { accountId, credentialId } = await holder(garage, uid)
  const made = await createLink(garage.deps)(access, await visit(badge, { token: uid, accountId, credentialId }))
  const linkId = made.kind === 'ok' ? made.value.linkId : ''
  expect(await forms(credentialId)).toHaveLength(2)
  const decide = how === 'undone' ? undoLink : unlinkLink
  expect(await decide(garage.deps)(access, linkId)).toMatchObject({ kind: 'ok' })
  expect(await forms(credentialId)).toEqual([[uid, 'enrolled']])
  const audit = await database.db
    .selectFrom('audit_log')
    .select('action')
    .where('organization_id', '=', garage.organizationId)
    .where('action', 'like', '%form%')
    .orderBy('audit_id')
    .execute()
  expect(audit.map(({ action }) => action)).toEqual([
    'credential.form_learned',
    'link.form_learned',
    'credential.form_forgotten',
  ])
})

test.each([
  ['three bytes of a card', 'C6A304'],
  ['a Wiegand number', '12345678'],
  ['a short text', 'A417'],
  ['a random number in place of a card', '08A1B2C3'],
])('%s is never learned', async (_, text) => {
  const { garage, access, visit, forms } = await garageOf()
  const { accountId, credentialId } = await holder(garage, uid)
  const { stayId, sessionId } = await visit(text, { token: uid, accountId, credentialId })
  await createLink(garage.deps)(access, { stayId, sessionId })
  expect(await forms(credentialId)).toEqual([[uid, 'enrolled']])
})

test("a card of somebody else's is never learned, and neither is one of an account that the stay does not belong to", async () => {
  const { garage, access, visit, forms } = await garageOf()
  const [ada, bob] = [await holder(garage, uid), await holder(garage, badge)]
  await createLink(garage.deps)(access, await visit(badge, { token: uid, ...ada }))
  expect(await forms(ada.credentialId)).toEqual([[uid, 'enrolled']])
  expect(await forms(bob.credentialId)).toEqual([[badge, 'enrolled']])
})

test('whatever people join, no text ends up with two holders', async () => {
  const texts = [uid, '8061E2CAC6A304', badge, 'BADGE-00418', '26DEFAE7', '3891977766', 'E7FADE26', '04112233445566']
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(texts, { minLength: 2, maxLength: 3 }),
      fc.array(fc.tuple(fc.constantFrom(...texts), fc.constantFrom(...texts), fc.boolean()), { maxLength: 5 }),
      async (enrolled, joined) => {
        const garage = await openGarage(database.db)
        const access: Access = { organizationId: garage.organizationId, siteIds: null, actor: 'key:jo', requestId: 'r' }
        const record = recordParkingFacts(garage.deps)(garage)
        for (const value of enrolled) await holder(garage, value)
        for (const [i, [gate, token, undo]] of joined.entries()) {
          await record([entry(`e${i}`, i * 100, [card(gate)], { stayRef: `S${i}` })])
          const sessionId = await addSession(garage, { token, plugged: i * 100 + 5 })
          const stayId = (await staysOf(garage)).find(({ stay_ref }) => stay_ref === `S${i}`)?.stay_id ?? ''
          const made = await createLink(garage.deps)(access, { stayId, sessionId })
          if (undo && made.kind === 'ok') await undoLink(garage.deps)(access, made.value.linkId)
        }
        const rows = await database.db
          .selectFrom('presentation_key as k')
          .innerJoin('presentation as p', (join) =>
            join.onRef('p.presentation_id', '=', 'k.presentation_id').on('p.removed_at', 'is', null),
          )
          .innerJoin('credential as c', 'c.credential_id', 'k.credential_id')
          .select(['k.search_key', 'c.account_id', 'p.source', 'p.raw'])
          .where('k.organization_id', '=', garage.organizationId)
          .where('k.partial', '=', false)
          .execute()
        for (const learned of rows.filter(({ source }) => source === 'learned')) {
          const others = rows.filter(
            ({ search_key, account_id }) => search_key === learned.search_key && account_id !== learned.account_id,
          )
          expect(others).toEqual([])
        }
      },
    ),
    { numRuns: 12, interruptAfterTimeLimit: 30_000 },
  )
})

test('a form that was learned links, and opens no gate and no charger until somebody adds it', async () => {
  const { garage, access, visit, forms } = await garageOf()
  const { accountId, credentialId } = await holder(garage, uid)
  const pair = await visit(badge, { token: uid, accountId, credentialId })
  await createLink(garage.deps)(access, pair)
  expect(await forms(credentialId)).toContainEqual([badge, 'learned'])
  const { organizationId, siteId, clock } = garage
  const ask = authorise({ db: database.db })
  const where = { organizationId, siteId, at: clock.now() }
  const gate = (value: string, direction: 'entry' | 'exit' = 'entry') =>
    ask({ ...where, place: 'gate', direction, lane: 'in', credentials: [card(value)] })
  const charger = (value: string) =>
    ask({ ...where, place: 'charger', stationId: null, token: { value, kind: 'iso14443' } })
  const known = expect.stringMatching(/known in this form from links alone, and that opens nothing/)

  expect(await gate(uid)).toMatchObject({ status: 'accepted', accountId })
  for (const direction of ['entry', 'exit'] as const)
    expect(await gate(badge, direction)).toEqual({ status: 'unknown', reason: known })
  // The site lets everyone charge, and this is not anyone: neither nobody nor a holder who may be wrong is to be billed.
  expect(await charger('BADGE-00999')).toEqual({
    status: 'accepted',
    reason: expect.stringContaining('lets everyone charge'),
  })
  expect(await charger(badge)).toEqual({ status: 'unknown', reason: known })
  await setSite(garage, { anonymous_charging: 'reject' })
  expect(await charger(badge)).toEqual({ status: 'unknown', reason: known })

  const asked = await askAccess(garage.deps)(access, { siteId, place: 'gate', presented: card(badge) })
  expect(asked.kind === 'ok' && asked.value).toMatchObject({
    allowed: false,
    code: 'form_learned',
    trace: expect.arrayContaining([{ rule: 'form', outcome: 'failed', detail: known }]),
  })
  const gateAnswer = await decideGate({
    ...garage.deps,
    weigh: weighAccess({ db: database.db }),
    record: recordParkingFacts(garage.deps)(garage),
    deadline: () => new Promise(() => undefined),
  })(garage).decide({
    requestId: 'q1',
    lane: 'in',
    direction: 'entry',
    credentials: [card(badge)],
    occurredAt: clock.now(),
  })
  expect(gateAnswer).toMatchObject({ decision: 'notFound', reasonCode: 'form_learned', message: 'Not known here.' })

  // Nor is it told beforehand to those who answer without asking.
  const list = { organizationId, siteId, at: clock.now() }
  const tokens = (await listContent(database.db, { ...list, protocol: 'ocpp2.0.1' })).map(({ token }) => token.value)
  expect(tokens).toEqual([uid])
  const { wanted } = await preloadContent(database.db, { ...list, mode: 'all', groups: [] })
  expect([...wanted.values()].flatMap(({ data }) => data.presentations.map(({ value }) => value))).toEqual([uid])
  const book = await bookedRights(database.db, garage, { place: undefined, limit: 10 })
  expect(book.items.map(({ values }) => values)).toEqual([[uid]])

  expect(await addPresentation(garage.deps)(access, credentialId, { value: badge })).toMatchObject({ kind: 'ok' })
  expect(await gate(badge)).toMatchObject({ status: 'accepted', accountId })
  expect(await charger(badge)).toMatchObject({ status: 'accepted', accountId })
  expect(await addPresentation(garage.deps)(access, credentialId, { value: badge })).toMatchObject({ kind: 'conflict' })
})

test('a form that was learned keeps what its credential is refused', async () => {
  const { garage, access, visit } = await garageOf()
  const { accountId, credentialId } = await holder(garage, uid)
  await createLink(garage.deps)(access, await visit(badge, { token: uid, accountId, credentialId }))
  await manageCredentials(garage.deps).update(access, credentialId, { status: 'blocked' })
  const { organizationId, siteId } = garage
  const token = { value: badge, kind: 'iso14443' }
  expect(
    await authorise({ db: database.db })({
      organizationId,
      siteId,
      at: garage.clock.now(),
      place: 'charger',
      stationId: null,
      token,
    }),
  ).toMatchObject({ status: 'blocked' })
})

test('what a session was charged with in a learned form links it, and puts it in nobody’s name', async () => {
  const { garage, access, runJobs, visit, forms } = await garageOf()
  const { accountId, credentialId } = await holder(garage, badge)
  const first = await visit(badge, { token: uid })
  expect(await createLink(garage.deps)(access, first)).toMatchObject({ kind: 'ok' })
  expect(await forms(credentialId)).toContainEqual([uid, 'learned'])
  await runJobs()
  await recordParkingFacts(garage.deps)(garage)([exit('x', 60, [card(badge)])])
  const second = await visit(badge, { token: uid }, 200)
  await runJobs()
  expect(await standing(garage)).toMatchObject([{ by: 'key:jo' }, { state: 'linked', by: 'hub' }])
  const session = await database.db
    .selectFrom('charging_session')
    .select('account_id')
    .where('session_id', '=', second.sessionId)
    .executeTakeFirstOrThrow()
  expect(session.account_id).toBeNull()
  expect((await staysOf(garage)).map((stay) => stay.account_id)).toEqual([accountId, accountId])
})
