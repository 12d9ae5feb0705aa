// Owns the proof that signed meter data is stored byte for byte and once, and never changed.
// Must not read it as a meter would.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId } from '../../../core/runtime/random.ts'
import { effect } from '../../../core/store/charger-effects.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('bytes that come again are the same record, and nobody may change them', async () => {
  const bytes = Buffer.from('OCMF|{"FV":"1.0","ü":"\u0000"}|{}')
  const row = {
    organization_id: systemNewId(),
    site_id: null,
    station_id: systemNewId(),
    evse_number: 1,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    transaction_id: null,
    at: new Date('2024-06-10T08:00:00Z'),
    context: 'end',
    received_at: new Date('2024-06-10T08:00:01Z'),
    measurand: 'Energy.Active.Import.Register',
    encoding: null,
    method: null,
    public_key: null,
    data: bytes.toString('base64'),
  }
  for (let i = 0; i < 2; i++) {
    const { template } = effect.signedMeterValue(row)
    await database.pool.query(template.sql, [JSON.stringify([row])])
  }
  const { rows } = await database.pool.query<{ data: Buffer }>('select data from signed_meter_value')
  expect(rows.map(({ data }) => data.equals(bytes))).toEqual([true])
  await expect(database.pool.query(`update signed_meter_value set data = 'x'`)).rejects.toMatchObject({ code: '42501' })
})
