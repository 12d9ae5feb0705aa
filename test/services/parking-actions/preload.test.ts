// Owns the behaviour of preloading and of revocations: what a vendor's model ends up knowing after people and credentials change.
// Must not look at how it is compared.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ActionOutcome, ParkingAction, PreloadedCredential } from '../../../core/domain/parking-action.ts'
import { manageCredentials } from '../../../core/services/manage/manage-credentials.ts'
import {
  manageAccounts,
  manageGroups,
  manageVehicles,
  setMembership,
} from '../../../core/services/manage/manage-people.ts'
import type { Outcome } from '../../../core/services/manage/outcome.ts'
import {
  listPreloads,
  reconcilePreloadNow,
  setPreload,
} from '../../../core/services/parking-actions/manage-preloads.ts'
import { readReach } from '../../../core/services/revocation/read-reach.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { parkingBench } from './bench.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}

async function garage(answer: (action: ParkingAction) => ActionOutcome | undefined = () => undefined) {
  const known = new Map<string, PreloadedCredential>()
  const told: ParkingAction[] = []
  const both = { 'credential.put': { repeatable: true }, 'credential.remove': { repeatable: true } }
  const bench = await parkingBench(database, {
    actions: both,
    async act(action) {
      told.push(action)
      const refusal = answer(action)
      if (refusal) return refusal
      if (action.kind === 'credential.put') known.set(action.data.credentialId, action.data)
      if (action.kind === 'credential.remove') known.delete(action.data.credentialId)
      return { kind: 'done', reference: `V-${told.length}` }
    },
  })
  const { deps, access } = bench
  await bench.start()
  await bench.settle()
  let n = 0
  return {
    ...bench,
    known,
    told,
    preload: async (mode: 'all' | 'groups' | 'none', groups?: string[]) => {
      value(await setPreload(deps)(access, bench.connectionId, { mode, ...(groups ? { groups } : {}) }))
      await bench.settle()
    },
    account: async (more: object = {}) =>
      value(await manageAccounts(deps).create(access, { name: 'Erika', kind: 'person', number: `A${++n}`, ...more })),
    card: async (more: object = {}) =>
      value(
        await manageCredentials(deps).create(access, {
          kind: 'card',
          presentations: [{ value: `04A1B2C3D4E5${(++n).toString(16).padStart(2, '0')}`, encoding: 'hex' }],
          ...more,
        }),
      ),
    change: async (id: string, input: object) => value(await manageCredentials(deps).update(access, id, input)),
    counts: async () => (await listPreloads(deps)(access, { connectionId: bench.connectionId })).counts,
    reach: async (id: string) => value(await readReach(deps)(access, id)).revocation,
  }
}

describe('what a parking system knows', () => {
  test('nothing until it is asked for, then all who may park here; and nothing again', async () => {
    const here = await garage()
    const account = await here.account()
    const card = await here.card({ accountId: account.accountId })
    await here.card({ rights: ['charge'] })
    value(
      await manageVehicles(here.deps).create(here.access, {
        accountId: account.accountId,
        plate: 'B AW 12',
        plateCountry: 'DE',
      }),
    )
    await here.settle()
    expect(here.told).toEqual([])
    await here.preload('all')
    expect([...here.known.keys()]).toEqual([card.credentialId])
    expect(here.known.get(card.credentialId)).toMatchObject({
      accountNumber: account.number,
      holder: 'Erika',
      maxInside: 1,
      plates: [{ text: 'B AW 12', country: 'DE' }],
    })
    expect((await here.counts()).in_place).toBe(1)
    await here.preload('none')
    expect(here.known.size).toBe(0)
    expect(here.told.at(-1)).toMatchObject({ kind: 'credential.remove', reference: 'V-1' })
  })

  test('groups decide where the mode says so', async () => {
    const here = await garage()
    const group = value(await manageGroups(here.deps).create(here.access, { code: 'MONTHLY', rights: ['park'] }))
    const account = await here.account()
    await here.card({ accountId: account.accountId })
    await here.preload('groups', ['MONTHLY'])
    expect(here.known.size).toBe(0)
    value(await setMembership(here.deps)(here.access, group.groupId, account.accountId, true))
    await here.settle()
    expect([...here.known.values()].map(({ groups }) => groups)).toEqual([['MONTHLY']])
    value(await setMembership(here.deps)(here.access, group.groupId, account.accountId, false))
    await here.settle()
    expect(here.known.size).toBe(0)
  })

  test('while it is away the newest wish wins and removals go first', async () => {
    const here = await garage()
    const [first, second] = [await here.card(), await here.card()]
    await here.preload('all')
    const before = here.told.length
    here.setUp(false)
    await here.change(first.credentialId, { label: 'One' })
    const account = await here.account()
    for (const name of ['Anna', 'Berta', 'Cilla']) {
      value(await manageAccounts(here.deps).update(here.access, account.accountId, { name }))
      await here.change(first.credentialId, { accountId: account.accountId, label: name })
      await here.settle()
    }
    const third = await here.card()
    await here.change(second.credentialId, { status: 'blocked' })
    await here.settle()
    here.setUp(true)
    await here.start()
    await here.settle()
    const news = here.told.slice(before)
    expect(news.map(({ kind, data }) => `${kind} ${(data as { credentialId: string }).credentialId}`)).toEqual([
      `credential.remove ${second.credentialId}`,
      `credential.put ${first.credentialId}`,
      `credential.put ${third.credentialId}`,
    ])
    expect(here.known.get(first.credentialId)?.holder).toBe('Cilla')
  })

  test('a put that was never sent is taken back without a word', async () => {
    const here = await garage()
    await here.preload('all')
    here.setUp(false)
    const card = await here.card()
    await here.settle()
    await here.change(card.credentialId, { status: 'blocked' })
    await here.settle()
    here.setUp(true)
    await here.start()
    await here.settle()
    expect(here.told).toEqual([])
    expect((await here.counts()).removed).toBe(1)
    expect((await here.reach(card.credentialId))?.state).toBe('completed')
  })

  test('a refusal is kept with its reason, and asked anew when somebody says so', async () => {
    let full = true
    const here = await garage((action) =>
      full && action.kind === 'credential.put' ? { kind: 'refused', reason: 'The list is full.' } : undefined,
    )
    const card = await here.card()
    await here.preload('all')
    const [row] = (await listPreloads(here.deps)(here.access, { credentialId: card.credentialId })).items
    expect(row).toMatchObject({ state: 'refused', reason: 'The list is full.' })
    full = false
    await here.settle()
    expect(here.known.size).toBe(0)
    value(await reconcilePreloadNow(here.deps)(here.access, here.connectionId))
    await here.settle()
    expect(here.known.size).toBe(1)
  })

  test('a validity that runs out by the clock ends there, too', async () => {
    const here = await garage()
    await here.preload('all')
    const until = new Date(here.clock.now().getTime() + 600_000)
    const card = await here.card({ validUntil: until.toISOString() })
    await here.settle()
    expect(here.known.size).toBe(1)
    await here.pass(1_200_000)
    expect(here.known.size).toBe(0)
    expect(await here.reach(card.credentialId)).toMatchObject({ cause: 'expired', state: 'completed' })
  })

  test('two thousand cards are a few batches, each card once', async () => {
    const here = await garage()
    const stamp = { created_at: here.clock.now(), updated_at: here.clock.now() }
    const ids = Array.from({ length: 2_000 }, () => here.deps.newId())
    for (let i = 0; i < ids.length; i += 1_000) {
      const part = ids.slice(i, i + 1_000)
      await here.db
        .insertInto('credential')
        .values(part.map((id) => ({ organization_id: here.organizationId, credential_id: id, kind: 'card', ...stamp })))
        .execute()
      await here.db
        .insertInto('presentation')
        .values(
          part.map((id) => ({
            organization_id: here.organizationId,
            presentation_id: here.deps.newId(),
            credential_id: id,
            kind: 'card',
            raw: id,
            canonical_key: `text:${id}`,
            created_at: here.clock.now(),
          })),
        )
        .execute()
    }
    value(await setPreload(here.deps)(here.access, here.connectionId, { mode: 'all' }))
    here.setUp(false)
    await here.settle()
    const rows = await here.rows()
    expect(rows).toHaveLength(2_000)
    expect(new Set(rows.map((row) => row.subject_key)).size).toBe(2_000)
    const { rows: jobs } = await database.ownerPool.query(
      `select key from graphile_worker.jobs where key like '%' || $1 || '%'`,
      [here.connectionId],
    )
    expect(jobs.length).toBeLessThanOrEqual(2)
  }, 120_000)
})

describe('a revocation', () => {
  test('is followed until the vendor has confirmed, and measured', async () => {
    const here = await garage()
    const card = await here.card()
    await here.preload('all')
    here.setUp(false)
    await here.change(card.credentialId, { status: 'blocked' })
    await here.settle()
    expect(await here.reach(card.credentialId)).toMatchObject({
      state: 'running',
      places: [
        { place: 'hub', state: 'done' },
        { place: 'connection', placeId: here.connectionId, state: 'away' },
      ],
    })
    await here.pass(300_000)
    expect(await here.events('credential.revocation_stalled')).toEqual([])
    here.setUp(true)
    await here.start()
    await here.settle()
    expect(here.known.size).toBe(0)
    const [event] = await here.events('credential.revocation_completed')
    expect(event).toMatchObject({ credentialId: card.credentialId, cause: 'blocked', seconds: 300, places: 1 })
  })

  test('that a vendor refuses is told as stalled', async () => {
    const here = await garage((action) =>
      action.kind === 'credential.remove' ? { kind: 'refused', reason: 'Not allowed.' } : undefined,
    )
    const card = await here.card()
    await here.preload('all')
    await here.change(card.credentialId, { status: 'revoked' })
    await here.pass(120_000)
    expect(await here.events('credential.revocation_stalled')).toMatchObject([{ seconds: 60, waiting: 1, away: 0 }])
    expect(await here.reach(card.credentialId)).toMatchObject({ state: 'stalled', cause: 'revoked' })
  })

  test('of an account reaches each of its cards; one that is taken back is lifted', async () => {
    const here = await garage()
    const account = await here.account()
    const cards = [await here.card({ accountId: account.accountId }), await here.card({ accountId: account.accountId })]
    await here.preload('all')
    here.setUp(false)
    value(await manageAccounts(here.deps).update(here.access, account.accountId, { status: 'suspended' }))
    await here.settle()
    value(await manageAccounts(here.deps).update(here.access, account.accountId, { status: 'active' }))
    await here.pass(60_000)
    here.setUp(true)
    await here.start()
    await here.pass(60_000)
    expect(here.known.size).toBe(2)
    for (const { credentialId } of cards)
      expect(await here.reach(credentialId)).toMatchObject({ cause: 'account_suspended', state: 'lifted' })
  })
})
