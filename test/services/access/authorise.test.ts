// Owns the proof of access rules: the same for gates and chargers, over all written forms, in plain words.
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReportedCredential } from '../../../core/domain/parking-fact.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import type { AuthoriseIntercept } from '../../../core/services/access/access-question.ts'
import { authorise } from '../../../core/services/access/authorise.ts'
import type { HubTables } from '../../../core/store/schema.ts'
import { card, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { someInstant } from '../../setup/records.ts'
import { addAccount, addCredential, addSite, type Garage, openGarage } from '../parking/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const open = (options = {}) => openGarage(database.db, options)
function asking(garage: Garage, intercept?: AuthoriseIntercept) {
  const may = authorise({ db: garage.db, ...(intercept ? { intercept } : {}) })
  const where = { organizationId: garage.organizationId, siteId: garage.siteId, at: garage.clock.now() }
  return {
    gate: (...credentials: ReportedCredential[]) =>
      may({ ...where, place: 'gate', direction: 'entry', lane: 'in', credentials }),
    charger: (value: string, kind = 'iso14443', siteId: string | null = garage.siteId) =>
      may({ ...where, siteId, place: 'charger', stationId: null, token: { value, kind } }),
    many: (values: readonly string[]) =>
      Promise.all(
        values.map((value) => may({ ...where, place: 'charger', stationId: null, token: { value, kind: 'unknown' } })),
      ),
  }
}

async function addGroup(garage: Garage, accountId: string, rights: string[], siteIds: string[] | null = null) {
  const group_id = systemNewId()
  const { organizationId: organization_id } = garage
  const stamps = { created_at: someInstant, updated_at: someInstant }
  await garage.db
    .insertInto('account_group')
    .values({ organization_id, group_id, code: group_id, name: 'Group', site_ids: siteIds, rights, ...stamps })
    .execute()
  await garage.db
    .insertInto('account_group_member')
    .values({ organization_id, group_id, account_id: accountId })
    .execute()
}

describe('authorise', () => {
  test('one enrolled card opens gate and charger in every form a reader gives it', async () => {
    const garage = await open()
    const accountId = await addAccount(garage, { number: '1007' })
    const credentialId = await addCredential(garage, 'card', '26DEFAE7', { accountId })
    const ask = asking(garage)
    for (const form of ['26DEFAE7', 'E7FADE26', '3891977766', '0652147431', '26:de:fa:e7', '26DEFAE700']) {
      expect(await ask.gate(card(form)), form).toMatchObject({ status: 'accepted', accountId, credentialId })
      expect(await ask.charger(form), form).toMatchObject({ status: 'accepted', accountId, groupToken: '1007' })
    }
    expect((await ask.gate(card('26DEFAE7'))).reason).toBe('Card of Ada (account 1007) may park here.')
  })

  test('who is not enrolled: unknown at the gate, at the charger what the site says', async () => {
    const garage = await open()
    const strict = await addSite(database.db, garage.organizationId, { settings: { anonymous_charging: 'reject' } })
    expect(await asking(garage).gate(plate('ZZ999'))).toEqual({
      status: 'unknown',
      reason: 'This credential is not enrolled.',
    })
    expect(await asking(garage).gate()).toMatchObject({ status: 'unknown' })
    expect(await asking(garage).charger('DEADBEEF')).toMatchObject({ status: 'accepted' })
    expect(await asking(garage).charger('', 'none')).toMatchObject({ status: 'accepted' })
    expect(await asking(strict).charger('DEADBEEF')).toMatchObject({ status: 'unknown' })
    expect(await asking(strict).charger('DEADBEEF', 'iso14443', null)).toMatchObject({ status: 'accepted' })
  })

  test('status, validity, sites, rights and groups, each with its reason', async () => {
    const garage = await open({ at: new Date('2019-03-10T12:00:00Z') })
    const elsewhere = await addSite(database.db, garage.organizationId)
    const before = new Date('2019-03-01T00:00:00Z')
    const after = new Date('2019-04-01T00:00:00Z')
    const ask = asking(garage)
    let next = 0
    const tokenOf = async (account: object, credential: object, group?: [string[], string[] | null]) => {
      const accountId = await addAccount(garage, { number: `N${next}`, ...account })
      if (group) await addGroup(garage, accountId, ...group)
      const value = `04AB${(next++).toString(16).toUpperCase().padStart(4, '0')}`
      await addCredential(garage, 'card', value, { accountId, ...credential })
      return value
    }
    const expectations: [object, object, [string[], string[] | null] | undefined, string, RegExp][] = [
      [{}, { status: 'blocked' }, undefined, 'blocked', /is blocked/],
      [{}, { status: 'revoked' }, undefined, 'blocked', /was revoked/],
      [{ status: 'suspended' }, {}, undefined, 'blocked', /suspended account/],
      [{ status: 'closed' }, {}, undefined, 'invalid', /closed account/],
      [{}, { validUntil: before }, undefined, 'expired', /was valid until 2019-03-01T00:00:00Z/],
      [{ validUntil: before }, {}, undefined, 'expired', /was valid by its account until/],
      [{}, { validFrom: after }, undefined, 'invalid', /is valid only from 2019-04-01/],
      [{}, { siteIds: [elsewhere.siteId] }, undefined, 'not_allowed_here', /not valid at this site/],
      [{}, { rights: ['park'] }, undefined, 'not_allowed_here', /may not charge/],
      [{}, {}, [['park'], null], 'not_allowed_here', /in no group that may charge here/],
      [{}, {}, [['charge'], [elsewhere.siteId]], 'not_allowed_here', /in no group/],
      [{}, {}, [['charge'], [garage.siteId]], 'accepted', /may charge here/],
      [{ validUntil: after }, { siteIds: [garage.siteId] }, undefined, 'accepted', /may charge here/],
    ]
    for (const [account, credential, group, status, reason] of expectations) {
      const token = await tokenOf(account, credential, group)
      const answer = await ask.charger(token)
      expect(answer, String(reason)).toMatchObject({ status })
      expect(answer.reason).toMatch(reason)
      if (status === 'accepted' && !group) expect(answer.validUntil).toEqual(after)
    }
  })

  test('a part of a card lets in only when it fits one enrolled card', async () => {
    const garage = await open()
    const ada = await addAccount(garage)
    await addCredential(garage, 'card', '04A3C6CAE26180', { accountId: ada })
    const ask = asking(garage)
    // The first three bytes reversed: what a 26-bit Wiegand reader leaves of it.
    const cut = card('C6A304')
    expect(await ask.gate(cut)).toMatchObject({ status: 'accepted', accountId: ada })
    expect((await ask.gate(cut)).reason).toMatch(/Only a part of the card was read/)
    await addCredential(garage, 'card', '04A3C611223344', { accountId: await addAccount(garage) })
    const refused = await ask.gate(cut)
    expect(refused).toEqual({ status: 'unknown', reason: 'It fits 2 enrolled credentials of different holders.' })
    expect(await ask.gate(card('04A3C6CAE26180'))).toMatchObject({ status: 'accepted', accountId: ada })
  })

  test('a card given on to somebody else is the new holder’s', async () => {
    const garage = await open()
    await addCredential(garage, 'card', '04A3C6CA', { accountId: await addAccount(garage), status: 'revoked' })
    const bob = await addAccount(garage)
    await addCredential(garage, 'card', '04A3C6CA', { accountId: bob })
    expect(await asking(garage).gate(card('04A3C6CA'))).toMatchObject({ status: 'accepted', accountId: bob })
  })

  test('cards that were bought together share a piece: each opens as a whole, none by the piece', async () => {
    const garage = await open()
    const numbers = Array.from({ length: 30 }, (_, n) => `04B0A1C2${(0x30_0000 + n * 77).toString(16).toUpperCase()}`)
    for (const [n, number] of numbers.entries()) {
      await addCredential(garage, 'card', number, { accountId: await addAccount(garage, { number: `${2000 + n}` }) })
    }
    const ask = asking(garage)
    for (const [n, number] of numbers.entries()) {
      expect(await ask.charger(number), number).toMatchObject({ status: 'accepted', groupToken: `${2000 + n}` })
    }
    const piece = await ask.gate(card('04B0A1C2'))
    expect(piece).toMatchObject({ status: 'unknown' })
    expect(piece.reason).toMatch(/^It fits \d+ enrolled credentials of different holders\.$/)
    expect(await ask.gate(card('04B0A1C2FFFFFF'))).toMatchObject({ status: 'unknown' })
  })

  test('of several things shown, the one in the hand decides, and a yes before a no', async () => {
    const garage = await open()
    const ada = await addAccount(garage)
    const bob = await addAccount(garage)
    const blocked = await addAccount(garage, { status: 'suspended' })
    await addCredential(garage, 'card', '04A3C6CA', { accountId: ada })
    await addCredential(garage, 'plate', 'BOB 1', { accountId: bob })
    await addCredential(garage, 'card', '04111111', { accountId: blocked })
    const ask = asking(garage)
    expect(await ask.gate(plate('BOB1'), card('04A3C6CA'))).toMatchObject({ accountId: ada })
    expect(await ask.gate(card('04111111'), plate('bob-1'))).toMatchObject({ status: 'accepted', accountId: bob })
    expect(await ask.gate(plate('QQ1'), card('04111111'))).toMatchObject({ status: 'blocked', accountId: blocked })
  })

  test('another organization’s cards are nobody’s here', async () => {
    const garage = await open()
    const other = await open({ settings: {} })
    await addCredential(other, 'card', '04A3C6CA', { accountId: await addAccount(other) })
    expect(await asking(garage).gate(card('04A3C6CA'))).toMatchObject({ status: 'unknown' })
  })

  test('a plugin may refuse, and is asked only about what would be let in', async () => {
    const garage = await open()
    const accountId = await addAccount(garage)
    await addCredential(garage, 'card', '04A3C6CA', { accountId })
    const asked: unknown[] = []
    const ask = asking(garage, async (question) => {
      asked.push(question)
      return { kind: 'deny', reason: 'The fleet is grounded.' }
    })
    expect(await ask.gate(card('04A3C6CA'))).toMatchObject({
      status: 'not_allowed_here',
      reason: 'The fleet is grounded.',
      accountId,
    })
    expect(await ask.gate(card('04999999'))).toMatchObject({ status: 'unknown' })
    expect(asked).toMatchObject([
      { place: 'gate', siteId: garage.siteId, accountId, credential: { value: '04A3C6CA' } },
    ])
  })

  test('questions of one moment share a query, and each gets its own answer', async () => {
    const garage = await open({ settings: { anonymous_charging: 'reject' } })
    const values = Array.from({ length: 40 }, (_, i) => `04AA${(i * 7919).toString(16).toUpperCase().padStart(6, '0')}`)
    const accounts = await Promise.all(
      values.map(async (value, i) => {
        if (i % 2) return null
        const accountId = await addAccount(garage)
        await addCredential(garage, 'card', value, { accountId })
        return accountId
      }),
    )
    const queries: string[] = []
    const counted = new Kysely<HubTables>({
      dialect: new PostgresDialect({ pool: database.pool }),
      log: ({ query }) => void queries.push(query.sql),
    })
    const answers = await asking({ ...garage, db: counted }).many(values)
    expect(queries).toHaveLength(1)
    expect(answers.map(({ accountId = null }) => accountId)).toEqual(accounts)
    expect(answers.map(({ status }) => status)).toEqual(accounts.map((id) => (id ? 'accepted' : 'unknown')))
  })

  test('a plate that lost its foreign letters lets nobody in', async () => {
    const garage = await open()
    await addCredential(garage, 'plate', '京A12345', { accountId: await addAccount(garage) })
    expect(await asking(garage).gate(plate('沪A12345'))).toMatchObject({ status: 'unknown' })
  })
})
