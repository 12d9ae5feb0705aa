// Owns the API of invoices, memberships and billing models: from terms to statement, what bad input is told, and who sees nothing.
// Must not test how amounts come about; test/services/memberships does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId } from '../../core/runtime/random.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

const dayMs = 86_400_000
let hub: HubApi
let siteId: string
let elsewhere: string
let accountId: string
let driver: string
let groupId: string
let planId: string
/** Keys that must see nothing of P1. */
let limited: string
let foreign: string

async function post(path: string, body: object, status = 201): Promise<Json> {
  const answer = await hub.call('POST', path, { body })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status })
  return answer.body
}
const get = async (path: string): Promise<Json> => {
  const answer = await hub.call('GET', path)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  return answer.body
}
async function refuses(
  method: string,
  path: string,
  body: object | undefined,
  pointer: string,
  status = 422,
): Promise<void> {
  const answer = await hub.call(method, path, { body })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status, body: { errors: [{ pointer }] } })
}

beforeAll(async () => {
  hub = await startHubApi()
  const site = (code: string) => ({ code, timeZone: 'Europe/Berlin', currency: 'EUR', country: 'DE' })
  siteId = (await post('/sites', site('P1'))).siteId
  elsewhere = (await post('/sites', site('P2'))).siteId
  accountId = (await post('/accounts', { number: 'A-1', name: 'Fleet GmbH', kind: 'company' })).accountId
  driver = (await post('/accounts', { number: 'A-2', name: 'Ada', kind: 'person' })).accountId
  groupId = (await post('/groups', { code: 'members', name: 'Members' })).groupId
  limited = (await post('/api-keys', { name: 'P2 only', role: 'accountant', siteIds: [elsewhere] })).key
  const { key, keyId } = await post('/api-keys', { name: 'Others', role: 'accountant' })
  foreign = key
  const other = systemNewId()
  await hub.database.ownerPool.query(
    'insert into organization (organization_id, name, created_at) values ($1, $2, now())',
    [...[other, 'Others']],
  )
  await hub.database.ownerPool.query('update api_key set organization_id = $1 where key_id = $2', [other, keyId])
})
afterAll(() => hub.close())

test('a plan is made and changed, and a membership starts, pauses, goes on and ends, each looked at before', async () => {
  const plan = {
    siteId,
    code: 'monthly',
    every: 'month',
    priceMinor: 3100,
    taxCode: 'VAT',
    taxPercent: '19',
    groupId,
  }
  await refuses('POST', '/membership-plans', { ...plan, priceMinor: -1 }, '/priceMinor')
  await refuses('POST', '/membership-plans', { ...plan, groupId: systemNewId() }, '/groupId')
  await refuses('POST', '/membership-plans', { ...plan, siteId: systemNewId() }, '/siteId')
  planId = (await post('/membership-plans', plan)).planId
  const renamed = await hub.call('PATCH', `/membership-plans/${planId}`, {
    body: { name: 'Monthly' },
    headers: { 'If-Match': '"v1"' },
  })
  expect(renamed).toMatchObject({ status: 200, body: { name: 'Monthly', version: 2 } })
  expect((await get(`/membership-plans?siteId=${siteId}`)).items).toMatchObject([{ planId, currency: 'EUR' }])

  const start = { accountId: driver, planId, startsOn: '2026-03-10' }
  await refuses('POST', '/memberships', { ...start, startsOn: '2026-03-09' }, '/startsOn')
  await refuses('POST', '/memberships', { ...start, startsOn: '2026-02-30' }, '/startsOn')
  await refuses('POST', '/memberships', { ...start, planId: systemNewId() }, '/planId')
  const preview = await hub.call('POST', '/memberships', { body: { ...start, preview: true } })
  expect(preview).toMatchObject({ status: 200, body: { preview: true, totalMinor: 3100 } })
  expect(preview.headers.get('location')).toBeNull()
  expect((await get('/memberships')).items).toEqual([])
  expect((await get(`/bills?siteId=${siteId}`)).items).toEqual([])

  const { membership, bills } = await post('/memberships', start)
  const at = `/memberships/${membership.membershipId}`
  expect(bills).toMatchObject([{ kind: 'bill', totalMinor: 3100, currency: 'EUR' }])
  expect(await get(at)).toMatchObject({ state: 'active', periodFrom: '2026-03-10', periodTo: '2026-04-10' })
  hub.clock.advance(10 * dayMs)
  await refuses('POST', `${at}/pause`, { credit: 'yes' }, '/credit')
  const looked = await post(`${at}/pause`, { credit: true, preview: true }, 200)
  expect(looked).toMatchObject({ preview: true, totalMinor: -2100, membership: { state: 'paused' } })
  expect(await get(at)).toMatchObject({ state: 'active' })
  expect(await post(`${at}/pause`, { credit: true }, 200)).toMatchObject({ preview: false, totalMinor: -2100 })
  expect(await hub.call('POST', `${at}/pause`, { body: { credit: true } })).toMatchObject({ status: 409 })
  expect(await post(`${at}/resume`, {}, 200)).toMatchObject({ totalMinor: 2100, membership: { state: 'active' } })
  await refuses('POST', `${at}/cancel`, { at: 'now' }, '/reason')
  await refuses('POST', `${at}/change-plan`, { planId: systemNewId(), at: 'now' }, '/planId')
  const stale = { body: { at: 'now', reason: 'Moved' }, headers: { 'If-Match': '"v1"' } }
  expect(await hub.call('POST', `${at}/cancel`, stale)).toMatchObject({ status: 412 })
  const ending = { at: 'now', reason: 'Moved away' }
  expect(await post(`${at}/cancel`, { ...ending, preview: true }, 200)).toMatchObject({ totalMinor: -2100 })
  expect(await post(`${at}/cancel`, ending, 200)).toMatchObject({
    totalMinor: -2100,
    membership: { state: 'ended', endReason: 'Moved away' },
  })
  expect(await hub.call('POST', `${at}/cancel`, { body: ending })).toMatchObject({ status: 409 })
})

test('from terms to statement: bills, running invoice, invoice, document, lines, payment, credit note', async () => {
  const path = `/accounts/${accountId}`
  const terms = {
    siteId,
    cadence: 'month',
    dueDays: 14,
    buyer: { name: 'Fleet GmbH, Buchhaltung', reference: 'PO-17' },
  }
  const put = (body: object, key?: string) =>
    hub.call('PUT', `${path}/terms`, { body, ...(key === undefined ? {} : { key }) })
  await refuses('PUT', `${path}/terms`, { ...terms, dueDays: -1 }, '/dueDays')
  await refuses('PUT', `${path}/terms`, { ...terms, cadence: 'year' }, '/cadence')
  await refuses('PUT', `${path}/terms`, { ...terms, siteId: systemNewId() }, '/siteId')
  await refuses('PUT', `${path}/terms`, { ...terms, from: '2026-02-30' }, '/from')
  await refuses('PUT', `${path}/terms`, { ...terms, from: '2036-02-28' }, '/from')
  // Passes the pattern, and is no tag of any language.
  await refuses('PUT', `${path}/terms`, { ...terms, locale: 'en-a' }, '/locale')
  expect(await hub.call('GET', `${path}/terms`)).toMatchObject({ status: 404 })
  expect(await put({ ...terms, locale: 'de-DE' })).toMatchObject({
    status: 200,
    body: { from: '2026-03-20', collectedTo: '2026-03-20' },
  })
  await post('/memberships', { accountId, planId })
  const running = await get(`${path}/running-invoice`)
  expect(running).toMatchObject({ sums: { totalMinor: 3100, netMinor: 2605, taxMinor: 495 }, to: '2026-04-01' })

  await refuses('POST', '/invoices', { accountId, to: '2027-01-01' }, '/to')
  hub.clock.advance(dayMs)
  const issued = await post('/invoices', { accountId })
  const at = `/invoices/${issued.invoiceId}`
  expect(issued).toMatchObject({ number: 'INV-000001', state: 'issued', openMinor: 3100, dueOn: '2026-04-04' })
  await refuses('POST', '/invoices', { accountId }, '/to')
  expect((await get(at)).lines).toMatchObject([{ line: 1, totalMinor: 3100 }])
  expect((await get(`/invoices?accountId=${accountId}`)).items).toMatchObject([{ invoiceId: issued.invoiceId }])

  expect(await get(`${at}/document`)).toMatchObject({
    title: 'Rechnung',
    number: 'INV-000001',
    locale: 'de-DE',
    buyer: { name: 'Fleet GmbH, Buchhaltung' },
  })
  expect(await get(`${at}/document?locale=fr-FR`)).toMatchObject({ title: 'Facture' })
  expect(await get(`${at}/document?locale=en-a`)).toMatchObject({ title: 'Rechnung', locale: 'de-DE' })
  const page = await hub.call('GET', `${at}/document`, { headers: { Accept: 'text/html' } })
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(page.body).toMatch(/<html lang="de-DE">.*Rechnung.*INV-000001.*31,00/s)
  const pdf = await hub.call('GET', `${at}/document?format=pdf`)
  expect(pdf.headers.get('content-disposition')).toBe('inline; filename="INV-000001.pdf"')
  expect(pdf.body.slice(0, 5)).toBe('%PDF-')
  await refuses('GET', `${at}/document?format=doc`, undefined, '/format')

  const csv = await hub.call('GET', `${at}/lines.csv`)
  expect(csv.headers.get('content-type')).toContain('text/csv')
  const rows = csv.body.trim().split('\r\n')
  expect(rows).toHaveLength(2)
  expect(rows[0].split(',').slice(0, 3)).toEqual(['line', 'serviceAt', 'billNumber'])

  await refuses('POST', `${at}/payments`, { amountMinor: 1000 }, '/method')
  expect(await post(`${at}/payments`, { amountMinor: 1000, method: 'bank' }, 200)).toMatchObject({
    openMinor: 2100,
    state: 'part_paid',
  })
  const approved = { reason: 'Gate was shut', approvedBy: 'Ada' }
  await refuses('POST', `${at}/credit-notes`, { ...approved, lines: [{ line: 2 }] }, '/lines/0/line')
  await refuses(
    'POST',
    `${at}/credit-notes`,
    { ...approved, lines: [{ line: 1, totalMinor: 3101 }] },
    '/lines/0/totalMinor',
  )
  await refuses('POST', `${at}/credit-notes`, { reason: 'x', lines: [{ line: 1 }] }, '/approvedBy')
  const note = await post(`${at}/credit-notes`, { ...approved, lines: [{ line: 1, totalMinor: 600 }] })
  expect(note).toMatchObject({
    kind: 'credit_note',
    number: 'INV-000002',
    totalMinor: -600,
    correctsInvoiceId: issued.invoiceId,
  })
  await refuses('POST', `${path}/deposits`, { siteId, kind: 'received', amountMinor: 500 }, '/method')
  await post(`${path}/deposits`, { siteId, kind: 'received', amountMinor: 500, method: 'bank' })
  const kept = { siteId, kind: 'kept', amountMinor: 500, reason: 'Unpaid' }
  await refuses('POST', `${path}/deposits`, kept, '/invoiceId')
  await post(`${path}/deposits`, { ...kept, invoiceId: issued.invoiceId })
  expect((await get(`${path}/deposits`)).items).toHaveLength(2)
  await refuses('POST', `${at}/write-off`, { reason: 'x' }, '/approvedBy')
  expect(await post(`${at}/write-off`, approved, 200)).toMatchObject({ openMinor: 0, state: 'written_off' })

  await refuses('GET', `${path}/statement?from=2026-03-31&to=2026-03-01`, undefined, '/to')
  const statement = await get(`${path}/statement?from=2026-03-01&to=2026-03-31`)
  expect(statement).toMatchObject({ openingMinor: 0, closingMinor: 0 })
  expect(statement.movements.map(({ kind, amountMinor }: Json) => [kind, amountMinor]).sort()).toEqual([
    ['credit_note', -600],
    ['deposit', -500],
    ['invoice', 3100],
    ['payment', -1000],
    ['write_off', -1000],
  ])

  // A transfer of more than was asked for pays the invoice, and the rest can go back.
  await post('/memberships', { accountId, planId })
  hub.clock.advance(dayMs)
  const { invoiceId } = await post('/invoices', { accountId })
  const pay = (amountMinor: number) => post(`/invoices/${invoiceId}/payments`, { amountMinor, method: 'bank' }, 200)
  expect(await pay(3101)).toMatchObject({ openMinor: -1, state: 'paid' })
  expect(await pay(-1)).toMatchObject({ openMinor: 0, state: 'paid' })
})

test('billing models are set, answered with their reason, and never for the past', async () => {
  const answer = (more = '') => get(`/billing-models/answer?siteId=${siteId}${more}`)
  expect(await answer()).toMatchObject({ model: 'hub', by: 'default', ruleId: null })
  await refuses('POST', '/billing-models', { siteId, model: 'both' }, '/model')
  await refuses('POST', '/billing-models', { siteId, model: 'parcs', validFrom: '2020-01-01T00:00:00Z' }, '/validFrom')
  await refuses('POST', '/billing-models', { siteId, model: 'parcs', accountId, groupId }, '/groupId')
  await refuses('POST', '/billing-models', { siteId, model: 'parcs', accountId: systemNewId() }, '/accountId')
  const site = await post('/billing-models', { siteId, model: 'parcs' })
  const own = await post('/billing-models', { siteId, model: 'separate', accountId })
  expect(await answer()).toMatchObject({ model: 'parcs', by: 'site', ruleId: site.ruleId })
  expect(await answer(`&accountId=${accountId}`)).toMatchObject({
    model: 'separate',
    by: 'account',
    ruleId: own.ruleId,
  })
  expect((await get(`/billing-models?siteId=${siteId}`)).items).toHaveLength(2)
  expect((await get(`/billing-models?siteId=${elsewhere}`)).items).toEqual([])
})

test('a key of another organization, and one limited to another site, see and change nothing of it', async () => {
  const [invoice] = (await get('/invoices?kind=invoice')).items
  const [membership] = (await get('/memberships')).items
  for (const key of [limited, foreign]) {
    for (const list of [
      'invoices',
      'memberships',
      'membership-plans',
      'billing-models',
      `accounts/${accountId}/deposits`,
    ])
      expect(await hub.call('GET', `/${list}`, { key }), list).toMatchObject({ status: 200, body: { items: [] } })
    const invoicePath = `/invoices/${invoice.invoiceId}`
    for (const path of [
      ...[invoicePath, `${invoicePath}/document`, `${invoicePath}/document?format=pdf`, `${invoicePath}/lines.csv`],
      ...[`/accounts/${accountId}/terms`, `/accounts/${accountId}/running-invoice`],
      ...[`/accounts/${accountId}/statement?from=2026-03-01&to=2026-03-31`],
      ...[`/memberships/${membership.membershipId}`, `/membership-plans/${planId}`],
    ])
      expect(await hub.call('GET', path, { key }), path).toMatchObject({ status: 404 })
    const approved = { reason: 'x', approvedBy: 'x' }
    for (const [path, body] of [
      [`${invoicePath}/payments`, { amountMinor: 1, method: 'bank' }],
      [`${invoicePath}/credit-notes`, { ...approved, lines: [{ line: 1 }] }],
      [`${invoicePath}/write-off`, approved],
      ['/invoices', { accountId }],
      [`/memberships/${membership.membershipId}/resume`, {}],
    ] as const)
      expect(await hub.call('POST', path, { key, body }), path).toMatchObject({ status: 404 })
    for (const [path, body] of [
      ['/memberships', { accountId, planId }],
      ['/billing-models', { siteId, model: 'hub' }],
      [`/accounts/${accountId}/deposits`, { siteId, kind: 'received', amountMinor: 1, method: 'bank' }],
    ] as const)
      expect(await hub.call('POST', path, { key, body }), path).toMatchObject({ status: 422 })
    expect(await hub.call('GET', `/billing-models/answer?siteId=${siteId}`, { key })).toMatchObject({ status: 422 })
  }
  // Terms are one per account: those of a site that the key does not reach stay what they are.
  const terms = await get(`/accounts/${accountId}/terms`)
  const mine = { siteId: elsewhere, cadence: 'week', dueDays: 1 }
  const tried = await hub.call('PUT', `/accounts/${accountId}/terms`, { body: mine, key: limited })
  expect(tried.status).toBe(409)
  expect(await hub.call('DELETE', `/accounts/${accountId}/terms`, { key: limited })).toMatchObject({ status: 404 })
  expect(await get(`/accounts/${accountId}/terms`)).toEqual(terms)
  expect(await hub.call('DELETE', `/accounts/${accountId}/terms`)).toMatchObject({ status: 204 })
  expect(hub.errors).toEqual([])
})
