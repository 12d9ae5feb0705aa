// Owns the behaviour of lists of people: in with a trial, errors by line and column, the same list twice, and out again.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { credentialKindOf } from '../../core/domain/imports/people-columns.ts'
import { readCsv } from '../../core/domain/imports/read-csv.ts'
import { runImport } from '../../core/services/imports/import-people.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

async function bring(csv: string, dryRun = false): Promise<Json> {
  const made = await hub.call('POST', '/people-imports', { body: { csv, dryRun } })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const { importId } = made.body
  await runImport(hub.service)({ organizationId: hub.organizationId, importId })
  return (await hub.call('GET', `/people-imports/${importId}`)).body
}
const numbers = async () => (await hub.call('GET', '/accounts')).body.items.map((one: Json) => one.number)

const list = [
  'account_number,account_name,account_kind,email,phone,groups,plate,plate_country,credential_kind,credential_value',
  'E-1,"Doe, Jane ""JD""",employee,jane@example.org,+49 30 1234567,staff,B-WA 1234,DE,card,04A1B2C3D4E5F6',
  'E-2,Bo,tenant,,+1 415 555 0100,,,,card,+1 415 555 0100',
  'E-3,Cy,person,not a mail,,,,,,',
  'E-4,Di,person,,,nobody,,,,',
  ',Nobody,person,,,,,,,',
  'E-5,Eve,person,,,,,,card,04:A1:B2:C3:D4:E5:F6',
].join('\r\n')

test('a trial tells what would happen and keeps nothing; the list itself is known again the second time', async () => {
  expect((await hub.call('POST', '/groups', { body: { code: 'staff' } })).status).toBe(201)
  const trial = await bring(list, true)
  expect(trial).toMatchObject({ state: 'done', rowsTotal: 6, rowsDone: 6, created: 3, failed: 3, dryRun: true })
  expect(await numbers()).toEqual([])

  const first = await bring(list)
  expect(first).toMatchObject({ created: 2, updated: 0, unchanged: 0, failed: 4, finishedAt: expect.any(String) })
  expect(first.problems.map((one: Json) => [one.line, one.column])).toEqual([
    [4, 'email'],
    [5, 'groups'],
    [6, 'account_number'],
    [7, 'credential_value'],
  ])
  // A refused line leaves nothing behind, not even its account.
  expect(await numbers()).toEqual(['E-1', 'E-2'])
  const { items } = (await hub.call('GET', '/credentials')).body
  expect(items.map((one: Json) => one.kind).sort()).toEqual(['card', 'phone'])

  expect(await bring(list)).toMatchObject({ created: 0, updated: 0, unchanged: 2, failed: 4 })
  const changed = 'account_number;account_status\nE-2;suspended\n'
  expect(await bring(changed)).toMatchObject({ updated: 1, created: 0, failed: 0 })
  expect((await hub.call('GET', '/accounts?status=suspended')).body.items).toMatchObject([
    { number: 'E-2', name: 'Bo' },
  ])
})

test('what goes out comes in again and changes nothing', async () => {
  const out = await hub.app.request('/api/v1/people-export', { headers: { Authorization: `Bearer ${hub.owner}` } })
  expect(out.status).toBe(200)
  const csv = await out.text()
  expect(csv.split('\r\n')).toHaveLength(5)
  expect(csv).toContain('"Doe, Jane ""JD"""')
  expect(await bring(csv)).toMatchObject({ rowsTotal: 3, created: 0, updated: 0, unchanged: 3, failed: 0 })
})

test('a file that cannot be right is refused whole, with the reason', async () => {
  for (const [csv, message] of [
    ['name\nAda', 'columns that are not known'],
    ['account_name\nAda', 'no column account_number'],
    ['account_number\n"A-1', 'not closed'],
    ['\n \n', 'no line'],
  ] as const) {
    const answer = await hub.call('POST', '/people-imports', { body: { csv } })
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/csv' }] } })
    expect(answer.body.errors[0].message).toContain(message)
  }
})

test('an import that was cut off goes on with the line that was not done', async () => {
  const body = { csv: 'account_number\nK-1\nK-2\nK-3\n' }
  const { importId } = (await hub.call('POST', '/people-imports', { body })).body
  await hub.database.db.updateTable('people_import').set({ rows_done: 2 }).where('import_id', '=', importId).execute()
  await runImport(hub.service)({ organizationId: hub.organizationId, importId })
  expect((await hub.call('GET', `/people-imports/${importId}`)).body).toMatchObject({ created: 1, rowsDone: 3 })
  expect(await numbers()).toContain('K-3')
  expect(await numbers()).not.toContain('K-1')
})

test('every text of cells is read back as it was written, and no text breaks the reader', () => {
  const cell = fc.string().map((text) => text.replaceAll('\r', ''))
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
      const text = ['a,b', ...rows.map((row) => row.map(quote).join(','))].join('\r\n')
      const read = readCsv(text)
      const kept = rows.filter((row) => row.some((one) => one.trim() !== ''))
      expect(read.kind === 'rows' && read.rows.map(({ cells }) => cells)).toEqual(kept)
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => ['rows', 'broken'].includes(readCsv(text).kind)))
})

test('a phone number in the column of cards is a phone, a card number is not', () => {
  const kindOf = (credential_value: string, phone?: string) =>
    credentialKindOf({ account_number: 'x', credential_value, ...(phone === undefined ? {} : { phone }) })
  for (const value of ['+1 415 555 0100', '(415) 555-0100', '415-555-0100', '415.555.0100'])
    expect(kindOf(value)).toBe('phone')
  expect(kindOf('4155550100', '+1 (415) 555-0100')).toBe('card')
  expect(kindOf('14155550100', '+1 (415) 555-0100')).toBe('phone')
  for (const value of ['0652147431', '04:A1:B2:C3', '04-11-22-33', '123,45678', '26DEFAE7'])
    expect(kindOf(value, '030 1')).toBe('card')
})

test('a card number in a cell is masked before it is stored, its line refused; numbers of cards for gates stay', async () => {
  const csv =
    'account_number,account_name,credential_kind,credential_value\nP-1,Al 4242424242424242,,\nP-2,Bo,card,4242424242424242\n'
  const made = await hub.call('POST', '/people-imports', { body: { csv } })
  expect(made.status).toBe(201)
  const { importId } = made.body
  const { content } = await hub.database.db
    .selectFrom('people_import')
    .select('content')
    .where('import_id', '=', importId)
    .executeTakeFirstOrThrow()
  expect(content).toBe(csv.replace('Al 424242424242', 'Al ************'))
  await runImport(hub.service)({ organizationId: hub.organizationId, importId })
  const { created, failed, problems } = (await hub.call('GET', `/people-imports/${importId}`)).body
  expect({ created, failed }).toEqual({ created: 1, failed: 1 })
  expect(problems.map((one: Json) => [one.line, one.column])).toEqual([[2, 'account_name']])
})
