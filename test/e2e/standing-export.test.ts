// Owns the proof that a close in the whole hub is followed by its export: by the durable job, as a file over a real socket.
// Must not test what an export is; test/http/exports does.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../core/runtime/config.ts'
import { startHub } from '../../core/runtime/hub.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { appendEntry } from '../../core/store/journal.ts'
import { transaction } from '../../core/store/transaction.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { api } from './kill/garage.ts'

const adminKey = 'bwk_exports_0123456789abcdefghijklmno'
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-export-'))
let database: TestDatabase
let hub: Awaited<ReturnType<typeof startHub>>
beforeAll(async () => {
  database = await createTestDatabase()
  hub = await startHub({
    config: readConfig({
      DATABASE_URL: database.url,
      BAYWATT_DATA_DIR: dataDir,
      BAYWATT_PORT: '0',
      BAYWATT_ADMIN_KEY: adminKey,
    }),
    log: silent,
  })
}, 60_000)
afterAll(async () => {
  await hub.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('a close is exported by itself, and the file is what the batch says', async () => {
  const { call } = api(hub.url, adminKey)
  // biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
  const ask = (method: string, path: string, body?: object) => call<any>(method, path, body)
  const { items: formats } = await ask('GET', 'ledger/export-formats')
  expect(formats.map(({ format }: { format: string }) => format)).toEqual(
    expect.arrayContaining(['datev-extf', 'hledger', 'quickbooks-iif', 'xero-csv', 'netsuite-csv']),
  )
  const { items: connections } = await ask('GET', 'connections?limit=200')
  expect(connections.filter(({ pluginId }: { pluginId: string }) => pluginId.startsWith('accounting-'))).toEqual([])

  const { siteId } = await ask('POST', 'sites', { code: 'W1', timeZone: 'UTC', currency: 'EUR' })
  const accounts = { 'clearing.card': 'Assets:Clearing', receivable: 'Assets:Receivable' }
  const { mappingId } = await ask('POST', 'ledger/account-mappings', { target: 'hledger', accounts })
  await ask('POST', 'ledger/standing-exports', { format: 'hledger', mappingId, siteId })
  const organizationId = (await database.pool.query('select organization_id from site')).rows[0].organization_id
  const day = '2024-03-10'
  await transaction(database.db, (trx) =>
    appendEntry(
      trx,
      {
        organizationId,
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
        postedAt: new Date(`${day}T12:00:00Z`),
      },
      [{ debit: 'clearing.card', credit: 'receivable', amountMinor: 1190 as never, line: null }],
    ),
  )
  await ask('POST', 'ledger/periods', { siteId, to: day })

  const batches = async () => (await ask('GET', `ledger/exports?siteId=${siteId}`)).items
  await eventually(async () => (await batches()).length > 0, 'the export')
  const [batch, ...more] = await batches()
  expect(more).toEqual([])
  expect(batch).toMatchObject({ number: 1, target: 'hledger', createdBy: 'hub', debitMinor: 1190, state: 'ready' })
  const [file] = batch.files
  const answer = await fetch(`${hub.url}/api/v1/ledger/exports/${batch.exportId}/files/1`, {
    headers: { authorization: `Bearer ${adminKey}` },
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256)
  expect(bytes.toString()).toMatch(/Assets:Clearing\s+11\.90 EUR/)
})
