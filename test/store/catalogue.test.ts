// Owns the schema rules that must hold from the first migration on, read from PostgreSQL's own catalogue.
// Must not list tables by hand except those that stand outside an organization, each with its reason.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderSchemaTypes } from '../../core/store/schema-types.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** Tables that belong to no organization, and why. */
const reference: Readonly<Record<string, string>> = {
  hub_migration: 'what was applied to this database',
  station_identity: 'a station dials in by its identity alone, before anything says whose it is',
  plugin: 'what is installed on this hub, for all organizations',
  lease: 'one holder per name in the cluster',
}
const list = Object.keys(reference)

async function rows<T extends object>(text: string): Promise<T[]> {
  return (await database.ownerPool.query<T>(text, [list])).rows
}

const tables = `from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
  where c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all($1::text[])`

describe('every operational table', () => {
  it('opens its primary key, unique constraints and foreign keys with organization_id', async () => {
    const wrong = await rows(`
      select c.relname as table, k.conname as constraint
      from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
      where k.contype in ('p', 'u', 'f') and not c.relispartition and c.relname <> all($1::text[])
        and a.attname <> 'organization_id'`)
    expect(wrong).toEqual([])
  })

  it('has a primary key', async () => {
    const wrong = await rows(`select c.relname as table ${tables}
      and not exists (select 1 from pg_constraint k where k.conrelid = c.oid and k.contype = 'p')`)
    expect(wrong).toEqual([])
  })

  it('opens its unique indexes with organization_id', async () => {
    const wrong = await rows(`
      select c.relname as table, i.indexrelid::regclass::text as index
      from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
      where i.indisunique and not c.relispartition and c.relname <> all($1::text[]) and a.attname <> 'organization_id'`)
    expect(wrong).toEqual([])
  })

  it('keeps site_id beside organization_id where it has one', async () => {
    const wrong = await rows(`
      select c.relname as table from pg_attribute a join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      where a.attname = 'site_id' and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> all($1::text[]) and a.attnum <> 2`)
    expect(wrong).toEqual([])
  })
})

describe('columns', () => {
  const columns = (condition: string) =>
    rows(`select c.relname || '.' || a.attname as column, t.typname as type
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
        and c.relname <> all($1::text[]) and ${condition}`)

  it('hold no floating-point numbers', async () => {
    expect(await columns(`t.typname in ('float4', 'float8', 'money')`)).toEqual([])
  })

  it('hold instants with their zone', async () => {
    expect(await columns(`t.typname in ('timestamp', 'time', 'timetz')`)).toEqual([])
  })

  it('hold money and energy as whole numbers', async () => {
    expect(await columns(`(a.attname like '%\\_minor' or a.attname like '%\\_wh') and t.typname <> 'int8'`)).toEqual([])
  })

  it('take no identity from sequences', async () => {
    const keys = await rows(`
      select c.relname || '.' || a.attname as column from pg_constraint k
      join pg_class c on c.oid = k.conrelid
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      join pg_attribute a on a.attrelid = c.oid and a.attnum = any(k.conkey)
      where k.contype in ('p', 'u') and c.relname <> all($1::text[])
        and (a.attidentity <> '' or pg_get_serial_sequence('public.' || c.relname, a.attname) is not null)`)
    expect(keys).toEqual([])
  })
})

describe('append-only tables', () => {
  const tablesOfRecord = [
    'bill',
    'bill_line',
    'bill_credit',
    'signed_meter_value',
    'journal_entry',
    'journal_posting',
    'ledger_export_file',
    'ledger_period',
    'ledger_period_account',
    'ledger_period_entry',
    'event',
    'event_default',
    'audit_log',
    'link_history',
    'payment',
    'tariff_version',
    'billing_model_rule',
    'payment_elsewhere',
    'membership_recognition',
    'invoice',
    'invoice_line',
    'invoice_settlement',
    'invoice_notice',
    'account_deposit',
  ]

  it('can be added to and read by the hub, and by nobody changed', async () => {
    for (const table of tablesOfRecord) {
      const { rows: rights } = await database.ownerPool.query<{ privilege: string }>(
        `select privilege_type as privilege from information_schema.role_table_grants
         where grantee = 'baywatt_app' and table_schema = 'public' and table_name = $1 order by 1`,
        [table],
      )
      expect({ table, rights: rights.map((r) => r.privilege) }).toEqual({ table, rights: ['INSERT', 'SELECT'] })
    }
  })

  it('refuse the hub itself', async () => {
    for (const table of tablesOfRecord) {
      await expect(database.pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' })
    }
  })
})

it('is described by core/store/schema.ts as it is (npm run gen)', async () => {
  const fresh = (text: string) => text.replace(/\s+/g, ' ')
  const rendered = await renderSchemaTypes(database.ownerPool)
  const written = readFileSync(new URL('../../core/store/schema.ts', import.meta.url), 'utf8')
  expect(fresh(written)).toBe(fresh(rendered))
})
