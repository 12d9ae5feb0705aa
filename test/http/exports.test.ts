// Owns the proof of exports over the API: problems first, exactly once, the same bytes for ever, receipts, standing ones.
// Must not look into a format; test/adapters/accounting does.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import xero from '../../adapters/accounting-xero/index.ts'
import { offeredFormats } from '../../core/host/offered-formats.ts'
import { type AccountingFormat, accountingPlugin } from '../../core/plugin/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { createExport } from '../../core/services/ledger/exports/create-export.ts'
import type { ExportDeps } from '../../core/services/ledger/exports/prepare-export.ts'
import { runStandingExport } from '../../core/services/ledger/exports/standing-exports.ts'
import { appendEntry } from '../../core/store/journal.ts'
import { transaction } from '../../core/store/transaction.ts'
import { eventually } from '../setup/eventually.ts'
import { insertOrganization } from '../setup/records.ts'
import { type Answer, type HubApi, type Json, startHubApi } from './hub-api.ts'

/** Two files, and other bytes each time its edition moves on; one of its options makes it fail. */
let edition = 1
const pair: AccountingFormat<{ fail?: boolean }> = {
  id: 'pair',
  title: 'Pair',
  options: { type: 'object' },
  check: (_period, { accounts }) =>
    accounts['clearing.card'] === 'bad' ? [{ pointer: '/accounts/clearing.card', message: 'is bad' }] : [],
  write(period, { accounts }, options) {
    if (options.fail) throw new Error('a bug')
    const text = JSON.stringify([edition, accounts, period.entries.length, options])
    return ['a', 'b'].map((name) => ({ name, contentType: 'text/plain', bytes: new TextEncoder().encode(name + text) }))
  },
}

let hub: HubApi
let exporting: ExportDeps
let siteId: string
let limited: string
let reader: string
beforeAll(async () => {
  const plugin = accountingPlugin({ id: 'pair', title: 'Pair', version: '1.0.0', hub: '^0.1', formats: [pair] })
  hub = await startHubApi({ plugins: [xero, plugin] })
  exporting = { ...hub.service, formats: offeredFormats(hub.host) }
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
  const other = await hub.call('POST', '/sites', { body: { code: 'P2', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  const key = async (body: object) => (await hub.call('POST', '/api-keys', { body })).body.key
  limited = await key({ name: 'P2 only', role: 'accountant', siteIds: [other.body.siteId] })
  reader = await key({ name: 'Looks', scopes: ['money:read'] })
})
afterAll(() => hub.close())

let day = 0
/** A closed day with payments, one after the other. */
async function closedDay(amounts: readonly number[] = [1190, 500]): Promise<string> {
  hub.clock.advance(24 * 3_600_000)
  const date = new Date(Date.UTC(2026, 2, 10 + day++)).toISOString().slice(0, 10)
  for (const amountMinor of amounts) {
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
          businessDate: date,
          factDate: date,
          corrects: null,
          billId: null,
          currency: 'EUR',
          postedAt: hub.clock.now(),
        },
        [{ debit: 'clearing.card', credit: 'receivable', amountMinor: amountMinor as never, line: null }],
      ),
    )
  }
  const closed = await hub.call('POST', '/ledger/periods', { body: { siteId, to: date } })
  expect(closed).toMatchObject({ status: 200 })
  return closed.body.items[0].periodId
}

async function mappingFor(target: string, accounts: Record<string, string>): Promise<string> {
  const made = await hub.call('POST', '/ledger/account-mappings', { body: { target, accounts } })
  expect(made).toMatchObject({ status: 201 })
  return made.body.mappingId
}

const names = { 'clearing.card': '1360', receivable: '1400' }
const make = (periodId: string, body: object, key?: string): Promise<Answer> =>
  hub.call('POST', `/ledger/periods/${periodId}/exports`, { body, ...(key === undefined ? {} : { key }) })
const check = async (periodId: string, body: object): Promise<Json> => {
  const answer = await hub.call('POST', `/ledger/periods/${periodId}/export/check`, { body })
  expect(answer).toMatchObject({ status: 200 })
  return answer.body
}
const settle = (exportId: string, how: 'delivered' | 'cancel', body: object) =>
  hub.call('POST', `/ledger/exports/${exportId}/${how}`, { body })
/** Events show when no older transaction runs any more, on the whole server; `last` is waited for. */
async function eventsOf(subjectId: string, last: string): Promise<Json[]> {
  let events: Json[] = []
  await eventually(async () => {
    const { body } = await hub.call('GET', `/events?subjectId=${subjectId}`)
    events = body.items.map(({ type, data }: Json) => ({ type, data }))
    return events.at(-1)?.type === last
  }, last)
  return events
}

test('formats are listed with the form of their options, and need no connection', async () => {
  const { body } = await hub.call('GET', '/ledger/export-formats')
  expect(body.items).toMatchObject([
    { format: 'xero-csv', pluginId: 'accounting-xero', options: { properties: { tracking: { type: 'array' } } } },
    { format: 'pair', pluginId: 'pair' },
  ])
  expect((await hub.call('GET', '/connections')).body.items).toEqual([])
  expect((await hub.call('GET', '/plugins')).body.items).toMatchObject([{ connectable: false }, { connectable: false }])
  const connect = await hub.call('POST', '/connections', { body: { pluginId: 'accounting-xero', name: 'x' } })
  expect(connect).toMatchObject({ status: 422, body: { errors: [{ pointer: '/pluginId' }] } })
})

test('every problem is told before anything is written, and nothing is while there is one', async () => {
  const periodId = await closedDay()
  const ask = { format: 'xero-csv', options: { linesPerFile: -1 } }
  const { problems, made } = await check(periodId, ask)
  expect(problems.map(({ pointer }: Json) => pointer)).toEqual([
    '/options/linesPerFile',
    '/mapping/accounts/clearing.card',
    '/mapping/accounts/receivable',
  ])
  expect(made).toBeNull()
  const refused = await make(periodId, ask)
  expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
  expect(refused.body.errors.map(({ pointer }: Json) => pointer)).toEqual(problems.map(({ pointer }: Json) => pointer))
  for (const [body, pointer] of [
    [{ format: 'none' }, '/format'],
    [{ format: 'pair', mappingId: systemNewId() }, '/mappingId'],
    [{ format: 'Pair' }, '/format'],
    [{ format: 'pair', options: [] }, '/options'],
    [{}, '/format'],
  ] as const) {
    expect(await make(periodId, body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
  }
  expect((await hub.call('GET', `/ledger/exports?periodId=${periodId}`)).body.items).toEqual([])
  // A number that was not used is not gone.
  expect(await make(systemNewId(), { format: 'pair' })).toMatchObject({ status: 404 })
})

describe('a batch', () => {
  let mappingId: string
  let periodId: string
  let first: Json
  beforeAll(async () => {
    mappingId = await mappingFor('pair', names)
    periodId = await closedDay([300, 400])
  })

  test('is one, however many ask for it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => make(periodId, { format: 'pair' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201])
    first = answers[0]?.body
    for (const { body } of answers) expect(body).toEqual(first)
    expect(first).toMatchObject({
      periodId,
      siteId,
      target: 'pair',
      number: 1,
      format: 'pair',
      mappingId,
      mappingVersion: 1,
      state: 'ready',
      accounts: names,
      entryCount: 2,
      debitMinor: 700,
      creditMinor: 700,
      supersedes: null,
      deliveredBefore: [],
    })
    expect((await eventsOf(first.exportId, 'ledger.export.created')).map(({ type }: Json) => type)).toEqual([
      'ledger.export.created',
    ])
    const log = await hub.call('GET', `/audit-log?subjectId=${first.exportId}`)
    expect(log.body.items).toMatchObject([{ action: 'ledger_export.created', actor: expect.stringMatching(/^key:/) }])
  })

  test('keeps its bytes when the format writes others, and gives them whole and in parts', async () => {
    edition = 2
    expect(await make(periodId, { format: 'pair', options: {} })).toMatchObject({ status: 200, body: first })
    const path = `/ledger/exports/${first.exportId}/files`
    for (const { number, name, sha256, sizeBytes } of first.files) {
      const file = await hub.call('GET', `${path}/${number}`)
      expect(file.status).toBe(200)
      expect(file.body.slice(0, 3)).toBe(`${name}[1`)
      expect(createHash('sha256').update(file.body).digest('hex')).toBe(sha256)
      expect(file.headers.get('content-length')).toBe(String(sizeBytes))
      expect(file.headers.get('etag')).toBe(`"${sha256}"`)
      const part = await hub.call('GET', `${path}/${number}`, { headers: { Range: 'bytes=1-3' } })
      expect([part.status, part.body]).toEqual([206, file.body.slice(1, 4)])
    }
    expect(await hub.call('GET', `${path}/3`)).toMatchObject({ status: 404 })
    expect(await hub.call('GET', `${path}/x`)).toMatchObject({ status: 404 })
  })

  test('is the same while names that it does not need change', async () => {
    const change = (accounts: object) =>
      hub.call('PATCH', `/ledger/account-mappings/${mappingId}`, { body: { accounts } })
    await change({ ...names, cash: '1000' })
    expect(await make(periodId, { format: 'pair' })).toMatchObject({ status: 200, body: { exportId: first.exportId } })
    const { made, supersedes } = await check(periodId, { format: 'pair' })
    expect([made.exportId, supersedes]).toEqual([first.exportId, null])
  })

  test('is told as delivered once, with its reference', async () => {
    expect(await settle(first.exportId, 'delivered', {})).toMatchObject({ status: 422 })
    expect(await settle(first.exportId, 'delivered', { reference: ' ' })).toMatchObject({ status: 422 })
    const told = await settle(first.exportId, 'delivered', { reference: 'MJ-1', note: 'by hand' })
    expect(told).toMatchObject({ status: 200, body: { state: 'delivered', reference: 'MJ-1', note: 'by hand' } })
    expect((await settle(first.exportId, 'delivered', { reference: 'MJ-1' })).body).toEqual(told.body)
    expect(await settle(first.exportId, 'delivered', { reference: 'MJ-2' })).toMatchObject({ status: 409 })
    expect(await settle(first.exportId, 'cancel', { note: 'no' })).toMatchObject({ status: 409 })
    expect((await eventsOf(first.exportId, 'ledger.export.delivered')).at(-1)).toMatchObject({
      type: 'ledger.export.delivered',
      data: { reference: 'MJ-1', hash: first.hash },
    })
    // Asked for again it is what is in the books outside, not something new.
    expect((await make(periodId, { format: 'pair' })).body).toEqual(told.body)
  })

  test('gives way to one with other names, which says so and warns', async () => {
    await hub.call('PATCH', `/ledger/account-mappings/${mappingId}`, {
      body: { accounts: { ...names, receivable: '9' } },
    })
    expect(await check(periodId, { format: 'pair' })).toMatchObject({
      problems: [],
      made: null,
      supersedes: { exportId: first.exportId },
      delivered: [{ exportId: first.exportId, reference: 'MJ-1' }],
    })
    const second = await make(periodId, { format: 'pair' })
    expect(second).toMatchObject({
      status: 201,
      body: {
        number: 2,
        supersedes: first.exportId,
        state: 'ready',
        accounts: { receivable: '9' },
        deliveredBefore: [{ exportId: first.exportId, number: 1, reference: 'MJ-1' }],
      },
    })
    const read = async () => (await hub.call('GET', `/ledger/exports/${first.exportId}`)).body
    expect(await read()).toMatchObject({ supersededBy: second.body.exportId, accounts: names, hash: first.hash })
    expect(await eventsOf(second.body.exportId, 'ledger.export.created')).toMatchObject([
      { data: { deliveredBefore: true } },
    ])

    expect(await settle(second.body.exportId, 'cancel', {})).toMatchObject({ status: 422 })
    const gone = await settle(second.body.exportId, 'cancel', { note: 'Wrong name' })
    expect(gone).toMatchObject({ status: 200, body: { state: 'cancelled', note: 'Wrong name' } })
    expect(await read()).toMatchObject({ supersededBy: null })
    expect(await settle(second.body.exportId, 'delivered', { reference: 'MJ-3' })).toMatchObject({ status: 409 })
    // The number stays taken, and the next try is a new batch.
    expect(await make(periodId, { format: 'pair' })).toMatchObject({
      status: 201,
      body: { number: 3, supersedes: first.exportId },
    })
  })

  test('of other options that come to the same bytes is the same', async () => {
    const elsewhere = await mappingFor('elsewhere', names)
    const ask = { format: 'xero-csv', mappingId: elsewhere }
    const one = await make(periodId, ask)
    expect(one).toMatchObject({
      status: 201,
      body: { target: 'elsewhere', number: 1, deliveredBefore: [{ number: 1 }] },
    })
    const two = await make(periodId, { ...ask, options: { tracking: [] } })
    expect([two.status, two.body]).toEqual([200, one.body])
  })

  test('is listed by period, format, target and state', async () => {
    const list = async (query: string) =>
      (await hub.call('GET', `/ledger/exports?periodId=${periodId}&${query}`)).body.items.map(
        ({ target, number }: Json) => `${target} ${number}`,
      )
    expect(await list('')).toEqual(['elsewhere 1', 'pair 3', 'pair 2', 'pair 1'])
    expect(await list('state=delivered')).toEqual(['pair 1'])
    expect(await list('format=xero-csv')).toEqual(['elsewhere 1'])
    expect(await list('target=pair&state=ready')).toEqual(['pair 3'])
  })

  test('is nobody else’s', async () => {
    const path = `/ledger/exports/${first.exportId}`
    for (const tried of [
      await hub.call('GET', path, { key: limited }),
      await hub.call('GET', `${path}/files/1`, { key: limited }),
      await hub.call('POST', `${path}/delivered`, { body: { reference: 'x' }, key: limited }),
      await make(periodId, { format: 'pair' }, limited),
    ]) {
      expect(tried).toMatchObject({ status: 404 })
    }
    expect((await hub.call('GET', '/ledger/exports', { key: limited })).body.items).toEqual([])
    expect(await make(periodId, { format: 'pair' }, reader)).toMatchObject({ status: 403 })
    const strangers = {
      organizationId: await insertOrganization(hub.service.db),
      siteIds: null,
      actor: 'x',
      requestId: 'r',
    }
    expect(await createExport(exporting)(strangers, periodId, { format: 'pair' })).toEqual({ kind: 'not_found' })
  })

  test('is never half there: numbers and files of one that failed are not', async () => {
    const period = await closedDay()
    const broken = await make(period, { format: 'pair', options: { fail: true } })
    expect(broken).toMatchObject({ status: 502, body: { code: 'plugin_failed' } })
    // The transaction ends before its commit, as it does when the process is killed.
    const { db } = hub.service
    const cut = new Error('killed')
    const access = { organizationId: hub.organizationId, siteIds: null, actor: 'key:x', requestId: 'r' }
    await expect(
      transaction(db, async (trx) => {
        const made = await createExport({ ...exporting, db: trx })(access, period, { format: 'pair' })
        expect(made).toMatchObject({ kind: 'ok', value: { made: true, batch: { number: 4 } } })
        throw cut
      }),
    ).rejects.toBe(cut)
    expect((await hub.call('GET', `/ledger/exports?periodId=${period}`)).body.items).toEqual([])
    expect(await make(period, { format: 'pair' })).toMatchObject({ status: 201, body: { number: 4 } })
  })

  test('cannot be changed, not even by the tables’ owner', async () => {
    const { ownerPool } = hub.database
    for (const change of [
      `update ledger_export set hash = repeat('0', 64)`,
      `update ledger_export set state = 'ready', settled_at = null, settled_by = null, reference = null where state = 'delivered'`,
      'delete from ledger_export',
      'truncate ledger_export cascade',
      `update ledger_export_file set name = 'x'`,
      'delete from ledger_export_file',
    ]) {
      await expect(ownerPool.query(change), change).rejects.toMatchObject({ code: '42501' })
    }
  })
})

describe('a standing export', () => {
  let mappingId: string
  let standing: Json
  const jobs = async () =>
    (await hub.database.ownerPool.query(`select key from graphile_worker.jobs where key like 'ledger_export:%'`)).rows
      .length
  const forget = () =>
    hub.database.ownerPool.query(`delete from graphile_worker._private_jobs where key like 'ledger_export:%'`)
  const run = () =>
    runStandingExport(exporting)({ organizationId: hub.organizationId, standingExportId: standing.standingExportId })
  const batches = async () => (await hub.call('GET', '/ledger/exports?target=standing')).body.items
  const read = async () => (await hub.call('GET', `/ledger/standing-exports/${standing.standingExportId}`)).body

  beforeAll(async () => {
    mappingId = await mappingFor('standing', { receivable: '1400' })
  })

  test('is set for a site with a format and a mapping that are there', async () => {
    const set = (body: object, key?: string) =>
      hub.call('POST', '/ledger/standing-exports', { body, ...(key === undefined ? {} : { key }) })
    const body = { format: 'xero-csv', mappingId, siteId }
    for (const [change, pointer] of [
      [{ format: 'none' }, '/format'],
      [{ mappingId: systemNewId() }, '/mappingId'],
      [{ siteId: systemNewId() }, '/siteId'],
    ] as const) {
      expect(await set({ ...body, ...change })).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
    }
    expect(await set({ format: 'xero-csv', mappingId }, limited)).toMatchObject({ status: 403 })
    hub.clock.advance(1)
    const made = await set(body)
    expect(made).toMatchObject({ status: 201, body: { ...body, options: {}, refused: [], version: 1 } })
    standing = made.body
  })

  test('is asked by each close, tells what is missing once, and makes it when that is there', async () => {
    await forget()
    await closedDay([])
    const periodId = await closedDay([100])
    expect(await jobs()).toBe(1)
    await run()
    await run()
    expect(await batches()).toEqual([])
    expect(await read()).toMatchObject({
      refused: [{ periodId, problems: [{ pointer: '/mapping/accounts/clearing.card' }] }],
    })
    const failures = (await eventsOf(periodId, 'ledger.export.failed')).filter(
      ({ type }: Json) => type === 'ledger.export.failed',
    )
    expect(failures).toMatchObject([{ data: { periodId, format: 'xero-csv', target: 'standing' } }])

    await forget()
    await hub.call('PATCH', `/ledger/account-mappings/${mappingId}`, { body: { accounts: names } })
    expect(await jobs()).toBe(1)
    await Promise.all([run(), run()])
    // Not the day without entries, nor those that were closed before it stood.
    expect(await batches()).toMatchObject([{ periodId, number: 1, createdBy: 'hub', mappingVersion: 2 }])
    expect((await read()).refused).toEqual([])
  })

  test('leaves alone what somebody cancelled, and stops when it is archived', async () => {
    const [batch] = await batches()
    await settle(batch.exportId, 'cancel', { note: 'Not this day' })
    await run()
    expect(await batches()).toMatchObject([{ state: 'cancelled' }])
    const path = `/ledger/standing-exports/${standing.standingExportId}`
    expect(await hub.call('PATCH', path, { body: { options: { untaxed: 'No Tax' } } })).toMatchObject({ status: 200 })
    expect(await hub.call('DELETE', path)).toMatchObject({ status: 204 })
    await forget()
    await closedDay()
    expect(await jobs()).toBe(0)
    await run()
    expect(await batches()).toHaveLength(1)
  })

  test('of all sites tells a key limited to sites of these alone, and is nothing that it may change', async () => {
    const body = { format: 'xero-csv', mappingId: await mappingFor('everywhere', { receivable: '1400' }) }
    const set = await hub.call('POST', '/ledger/standing-exports', { body })
    expect(set).toMatchObject({ status: 201, body: { siteId: null } })
    const { standingExportId } = set.body
    const own = { organizationId: hub.organizationId, standingExportId }
    const periodId = await closedDay([100])
    await runStandingExport(exporting)(own)
    const path = `/ledger/standing-exports/${standingExportId}`
    const seen = async (key?: string) => {
      const as = key === undefined ? {} : { key }
      const { items } = (await hub.call('GET', '/ledger/standing-exports', as)).body
      const listed = items.find((one: Json) => one.standingExportId === standingExportId).refused
      expect((await hub.call('GET', path, as)).body.refused).toEqual(listed)
      return listed
    }
    expect(await seen()).toContainEqual(expect.objectContaining({ periodId, siteId }))
    expect(await seen(limited)).toEqual([])
    const change = { body: { options: { untaxed: 'Mine' } }, key: limited }
    expect(await hub.call('PATCH', path, change)).toMatchObject({ status: 403 })
    expect(await hub.call('DELETE', path, { key: limited })).toMatchObject({ status: 403 })
    expect((await hub.call('GET', path)).body).toMatchObject({ archivedAt: null, options: {}, version: 1 })
    expect(await hub.call('DELETE', path)).toMatchObject({ status: 204 })
  })
})
