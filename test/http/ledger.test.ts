// Owns the API of the ledger: chart and mappings, closing and its refusals, reading what is closed, proving it.
// Must not test what stands in a period; test/services/ledger does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId } from '../../core/runtime/random.ts'
import { appendEntry } from '../../core/store/journal.ts'
import { transaction } from '../../core/store/transaction.ts'
import { type HubApi, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let limited: string
beforeAll(async () => {
  hub = await startHubApi()
  const site = { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR', settings: { ledger_close_after_days: 3 } }
  siteId = (await hub.call('POST', '/sites', { body: site })).body.siteId
  const other = await hub.call('POST', '/sites', { body: { code: 'P2', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  const key = { name: 'P2 only', role: 'accountant', siteIds: [other.body.siteId] }
  limited = (await hub.call('POST', '/api-keys', { body: key })).body.key
  for (const [day, amountMinor] of [
    ['2026-03-08', 1190],
    ['2026-03-09', 500],
    ['2026-03-10', 70],
  ] as const) {
    await transaction(hub.service.db, (trx) =>
      appendEntry(
        trx,
        {
          organizationId: hub.organizationId,
          siteId,
          entryId: systemNewId(),
          sourceType: 'payment',
          sourceId: systemNewId(),
          description: 'Payment by card',
          businessDate: day,
          factDate: day,
          corrects: null,
          billId: null,
          currency: 'EUR',
          postedAt: hub.clock.now(),
        },
        [{ debit: 'clearing.card', credit: 'receivable', amountMinor: amountMinor as never, line: null }],
      ),
    )
  }
})
afterAll(() => hub.close())

test('the chart names kind and name, also of accounts that come with a way of paying', async () => {
  const { status, body } = await hub.call('GET', '/ledger/accounts')
  expect(status).toBe(200)
  expect(body.items).toContainEqual({
    code: 'revenue.deferred',
    name: 'Deferred revenue',
    kind: 'liability',
    used: false,
  })
  expect(body.items).toContainEqual({ code: 'clearing.card', name: 'Clearing, card', kind: 'asset', used: true })
})

test('a mapping is made, changed at its version, archived, and every change is in the audit log', async () => {
  const body = {
    target: 'datev-extf',
    accounts: { 'revenue.parking': '4400', 'tax.payable.VAT': '3806' },
    taxCodes: { VAT: '3' },
  }
  const made = await hub.call('POST', '/ledger/account-mappings', { body })
  expect(made).toMatchObject({ status: 201, body: { ...body, name: 'datev-extf', version: 1 } })
  expect(await hub.call('POST', '/ledger/account-mappings', { body })).toMatchObject({ status: 409 })
  const path = `/ledger/account-mappings/${made.body.mappingId}`
  const wrong = await hub.call('PATCH', path, { body: { accounts: { 'revenue/parking': '1', cash: '2' } } })
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/accounts/revenue~1parking' }] } })
  const changed = await hub.call('PATCH', path, {
    body: { accounts: { cash: '1000' } },
    headers: { 'If-Match': '"v1"' },
  })
  expect(changed).toMatchObject({
    status: 200,
    body: { accounts: { cash: '1000' }, taxCodes: { VAT: '3' }, version: 2 },
  })
  expect(await hub.call('PATCH', path, { body: { name: 'x' }, headers: { 'If-Match': '"v1"' } })).toMatchObject({
    status: 412,
  })
  expect(await hub.call('PATCH', path, { body: { name: 'x' }, key: limited })).toMatchObject({ status: 403 })
  expect(
    await hub.call('POST', '/ledger/account-mappings', { body: { ...body, target: 'x' }, key: limited }),
  ).toMatchObject({ status: 403 })
  expect(await hub.call('GET', path, { key: limited })).toMatchObject({ status: 200 })
  expect(await hub.call('DELETE', path)).toMatchObject({ status: 204 })
  expect((await hub.call('GET', '/ledger/account-mappings')).body.items).toEqual([])
  expect(await hub.call('POST', '/ledger/account-mappings', { body })).toMatchObject({ status: 201 })
  const log = await hub.call('GET', `/audit-log?subjectId=${made.body.mappingId}`)
  expect(log.body.items.map((one: { action: string }) => one.action)).toEqual([
    'account_mapping.archived',
    'account_mapping.updated',
    'account_mapping.created',
  ])
})

test('closing, reading and proving', async () => {
  expect((await hub.call('GET', `/ledger/closing?siteId=${siteId}`)).body).toEqual({
    siteId,
    closedTo: null,
    to: '2026-03-09',
    unsettled: [],
    open: [{ currency: 'EUR', entries: 2, from: '2026-03-08' }],
  })
  const close = (body: object, headers = {}) => hub.call('POST', '/ledger/periods', { body, headers })
  expect(await close({ siteId, to: '2026-03-10' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/to' }] },
  })
  expect(await close({ siteId, to: '2026-02-30' })).toMatchObject({ status: 422 })
  expect(await close({ siteId, to: '2026-03-08', reason: ' ' })).toMatchObject({ status: 422 })
  expect(await close({ siteId: systemNewId(), to: '2026-03-08' })).toMatchObject({ status: 422 })
  const first = await close({ siteId, to: '2026-03-08' }, { 'Idempotency-Key': 'day-8' })
  expect(first).toMatchObject({
    status: 200,
    body: { items: [{ number: 1, from: '2026-03-08', to: '2026-03-08', entryCount: 1 }] },
  })
  // The answer that got lost on its way, asked for again.
  expect((await close({ siteId, to: '2026-03-08' }, { 'Idempotency-Key': 'day-8' })).body).toEqual(first.body)
  expect(await close({ siteId, to: '2026-03-08' })).toMatchObject({
    status: 409,
    body: { errors: [{ pointer: '/to' }] },
  })
  expect(await close({ siteId, to: '2026-03-09' })).toMatchObject({ status: 200, body: { items: [{ number: 2 }] } })

  const [newest, oldest] = (await hub.call('GET', `/ledger/periods?siteId=${siteId}`)).body.items
  expect([newest.number, oldest.number, newest.previousHash]).toEqual([2, 1, oldest.hash])
  expect((await hub.call('GET', '/ledger/periods?to=2026-03-08')).body.items).toEqual([oldest])
  expect((await hub.call('GET', `/ledger/periods/${oldest.periodId}`)).body).toEqual(oldest)
  const book = await hub.call('GET', `/ledger/periods/${oldest.periodId}/book`)
  expect(book.body).toMatchObject({
    site: { code: 'P1' },
    hash: oldest.hash,
    entries: [{ number: 1, postings: [{ amountMinor: 1190 }] }],
  })

  const page = await hub.call('GET', `/ledger/entries?siteId=${siteId}&limit=2&account=receivable`)
  expect(page.body.items.map((one: { date: string }) => one.date)).toEqual(['2026-03-08', '2026-03-09'])
  const rest = await hub.call(
    'GET',
    `/ledger/entries?siteId=${siteId}&limit=2&account=receivable&cursor=${page.body.nextCursor}`,
  )
  expect(rest.body).toMatchObject({ items: [{ date: '2026-03-10', closed: null }], nextCursor: null })
  const inside = await hub.call('GET', `/ledger/entries?periodId=${newest.periodId}&sort=-date`)
  expect(inside.body.items).toMatchObject([{ date: '2026-03-09', closed: { periodId: newest.periodId, number: 1 } }])
  expect((await hub.call('GET', '/ledger/entries?open=true')).body.items).toMatchObject([{ date: '2026-03-10' }])
  expect((await hub.call('GET', '/ledger/entries?account=cash')).body.items).toEqual([])

  const balance = await hub.call('GET', `/ledger/trial-balance?siteId=${siteId}&date=2026-03-09`)
  expect(balance.body.totals).toEqual([{ currency: 'EUR', debitMinor: 1690, creditMinor: 1690 }])
  const proof = await hub.call('POST', '/ledger/periods/verify', { body: { siteId } })
  expect(proof).toMatchObject({
    status: 200,
    body: { intact: true, periods: 2, entries: 2, lastHash: newest.hash, firstBroken: null },
  })
  const log = await hub.call('GET', `/audit-log?subjectType=ledger_period&siteId=${siteId}`)
  expect(log.body.items).toMatchObject([
    { action: 'ledger_period.closed', after: { number: 2 } },
    { after: { number: 1 } },
  ])
})

test('a key limited to another site sees, closes and proves nothing here', async () => {
  const [period] = (await hub.call('GET', '/ledger/periods')).body.items
  const ask = (method: string, path: string, body?: object) => hub.call(method, path, { body, key: limited })
  expect((await ask('GET', '/ledger/periods')).body.items).toEqual([])
  expect((await ask('GET', '/ledger/entries')).body.items).toEqual([])
  expect((await ask('GET', '/ledger/trial-balance?date=2026-03-10')).body.accounts).toEqual([])
  expect(await ask('GET', `/ledger/periods/${period.periodId}`)).toMatchObject({ status: 404 })
  expect(await ask('GET', `/ledger/periods/${period.periodId}/book`)).toMatchObject({ status: 404 })
  expect(await ask('GET', `/ledger/closing?siteId=${siteId}`)).toMatchObject({ status: 422 })
  expect(await ask('POST', '/ledger/periods', { siteId, to: '2026-03-09' })).toMatchObject({ status: 422 })
  expect(await ask('POST', '/ledger/periods/verify', { siteId })).toMatchObject({ status: 422 })
})

test('the setting of a site makes and takes back the appointment', async () => {
  const appointments = async () =>
    (
      await hub.database.ownerPool.query(`select key from timer where kind = 'ledger.close' and key = $1`, [
        `ledger:${siteId}`,
      ])
    ).rows.length
  expect(await appointments()).toBe(1)
  const set = (settings: object) => hub.call('PATCH', `/sites/${siteId}`, { body: { settings } })
  expect(await set({ ledger_close_after_days: -1 })).toMatchObject({ status: 422 })
  expect(await set({})).toMatchObject({ status: 200 })
  expect(await appointments()).toBe(0)
})
