// Owns what Genetec was told, numbered: every change of a permit is the next number, and whoever knows one number can be told the rest.
// Must not decide who has a permit, nor let a reader pass a number whose change it could not see yet.
import type { Kysely } from 'kysely'
import type { PluginMigration } from '../../core/plugin/index.ts'
import { type Permit, permitKey, plateKey } from './permits.ts'

interface PermitRow {
  connection_id: string
  zone_id: string
  permit_id: string
  plate_key: string
  plate: string
  plate_state: string
  valid_from: Date | null
  valid_until: Date | null
  active: boolean
  seq: number
  changed_at: Date
}

interface Tables {
  head: { connection_id: string; seq: number }
  permit: PermitRow
}

export const permitMigration: PluginMigration = {
  name: '0001-permit',
  async up(db) {
    await db.schema
      .createTable('head')
      .addColumn('connection_id', 'uuid', (column) => column.primaryKey())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('permit')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('zone_id', 'text', (column) => column.notNull())
      .addColumn('permit_id', 'text', (column) => column.notNull())
      .addColumn('plate_key', 'text', (column) => column.notNull())
      .addColumn('plate', 'text', (column) => column.notNull())
      .addColumn('plate_state', 'text', (column) => column.notNull())
      .addColumn('valid_from', 'timestamptz')
      .addColumn('valid_until', 'timestamptz')
      .addColumn('active', 'boolean', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('changed_at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('permit_key', ['connection_id', 'zone_id', 'permit_id', 'plate_key'])
      .execute()
    await db.schema.createIndex('permit_seq').on('permit').columns(['connection_id', 'zone_id', 'seq']).execute()
  },
}

export interface PermitBook {
  /** Brings the book up to date with what `wanted` says while nobody else writes. @returns the number it has reached */
  update(wanted: () => Promise<readonly Permit[]>, now: Date): Promise<number>
  /** All that hold in a zone. */
  standing(zoneId: string): Promise<Permit[]>
  /** All that have changed in a zone after this number, those that ended among them. */
  since(zoneId: string, seq: number): Promise<Permit[]>
  forget(before: Date): Promise<void>
}

const rowsPerStatement = 500

export function permitBook(db: Kysely<unknown>, connectionId: string): PermitBook {
  const tables = db as Kysely<Tables>
  const ofZone = (zoneId: string) =>
    tables
      .selectFrom('permit')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where('zone_id', '=', zoneId)
      .orderBy('seq')
  return {
    async update(wanted, now) {
      await tables
        .insertInto('head')
        .values({ connection_id: connectionId, seq: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return tables.transaction().execute(async (trx) => {
        // Whoever holds it reads the hub after everybody who held it before.
        const head = await trx
          .selectFrom('head')
          .select('seq')
          .where('connection_id', '=', connectionId)
          .forUpdate()
          .executeTakeFirstOrThrow()
        const known = await trx
          .selectFrom('permit')
          .selectAll()
          .where('connection_id', '=', connectionId)
          .where('active', '=', true)
          .execute()
        const changes = changesOf(known, await wanted(), now)
        let { seq } = head
        const rows = changes.map((change): PermitRow => {
          // One that ran out as it was told needs no telling.
          if (change.told) seq += 1
          const { told, ...row } = change
          return { ...row, connection_id: connectionId, seq: told ? seq : row.seq, changed_at: now }
        })
        for (let from = 0; from < rows.length; from += rowsPerStatement)
          await trx
            .insertInto('permit')
            .values(rows.slice(from, from + rowsPerStatement))
            .onConflict((conflict) =>
              conflict.columns(['connection_id', 'zone_id', 'permit_id', 'plate_key']).doUpdateSet((row) => ({
                plate: row.ref('excluded.plate'),
                plate_state: row.ref('excluded.plate_state'),
                valid_from: row.ref('excluded.valid_from'),
                valid_until: row.ref('excluded.valid_until'),
                active: row.ref('excluded.active'),
                seq: row.ref('excluded.seq'),
                changed_at: row.ref('excluded.changed_at'),
              })),
            )
            .execute()
        if (seq !== head.seq)
          await trx.updateTable('head').set({ seq }).where('connection_id', '=', connectionId).execute()
        return seq
      })
    },
    standing: async (zoneId) => (await ofZone(zoneId).where('active', '=', true).execute()).map(permitOf),
    since: async (zoneId, seq) => (await ofZone(zoneId).where('seq', '>', seq).execute()).map(permitOf),
    async forget(before) {
      await tables
        .deleteFrom('permit')
        .where('connection_id', '=', connectionId)
        .where('active', '=', false)
        .where('changed_at', '<', before)
        .execute()
    },
  }
}

type Change = Omit<PermitRow, 'connection_id' | 'changed_at'> & { told: boolean }

function changesOf(known: readonly PermitRow[], wanted: readonly Permit[], now: Date): Change[] {
  const before = new Map(known.map((row) => [permitKey(permitOf(row)), row]))
  const changes: Change[] = []
  for (const permit of wanted) {
    const key = permitKey(permit)
    const row = before.get(key)
    before.delete(key)
    if (row && same(permitOf(row), permit)) continue
    changes.push({ ...rowOf(permit), active: true, seq: 0, told: true })
  }
  for (const row of before.values()) {
    const ran = row.valid_until !== null && row.valid_until <= now
    const { connection_id: _, changed_at: __, ...rest } = row
    changes.push({ ...rest, valid_until: ran ? row.valid_until : now, active: false, told: !ran })
  }
  return changes
}

function rowOf({ zoneId, permitId, plate, plateState, from, until }: Permit) {
  return {
    zone_id: zoneId,
    permit_id: permitId,
    plate_key: plateKey(plate),
    plate,
    plate_state: plateState,
    valid_from: from,
    valid_until: until,
  }
}

function permitOf(row: PermitRow): Permit {
  return {
    zoneId: row.zone_id,
    permitId: row.permit_id,
    plate: row.plate,
    plateState: row.plate_state,
    from: row.valid_from,
    until: row.valid_until,
  }
}

function same(a: Permit, b: Permit): boolean {
  return (
    a.plate === b.plate &&
    a.plateState === b.plateState &&
    a.from?.getTime() === b.from?.getTime() &&
    a.until?.getTime() === b.until?.getTime()
  )
}
