// Owns the parts that tests of the file adapter share: its tables in a real database, a sink that keeps the hub's books.
// Must not hold expectations.
import { createHash } from 'node:crypto'
import parcsFiles from '../../../adapters/parcs-files/index.ts'
import type { FileDb } from '../../../adapters/parcs-files/intake/tables.ts'
import { type Snapshot, takeFile } from '../../../adapters/parcs-files/intake/take-file.ts'
import type { Mapping } from '../../../adapters/parcs-files/mapping/mapping-schema.ts'
import { loadPlugins } from '../../../core/host/manifest.ts'
import { pluginDatabases } from '../../../core/host/plugin-database.ts'
import type { AnyPlugin, ParcsSink, ParkingFact } from '../../../core/plugin/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { manualClock } from '../../../core/testing/index.ts'
import { silent, type TestDatabase } from '../../setup/database.ts'

export async function fileTables(database: TestDatabase): Promise<FileDb> {
  const [loaded] = loadPlugins([parcsFiles as AnyPlugin], '0.1.0')
  if (loaded?.kind !== 'ready') throw new Error('the plugin cannot be loaded')
  const open = pluginDatabases({
    db: database.db,
    owner: { connection: database.connection, pool: database.ownerPool },
    clock: manualClock(new Date('2019-03-10T08:00:00Z')),
    log: silent,
    hubVersion: '0.1.0',
  })
  return (await open(loaded)) as FileDb
}

export const stays: Mapping = {
  delimiter: ';',
  header: true,
  times: ['dd.MM.yyyy HH:mm:ss', 'dd.MM.yyyy HH:mm'],
  decimal: ',',
  key: ['Ticket'],
  facts: [
    {
      type: 'stay.opened',
      when: [{ column: 'Einfahrt', filled: true }],
      fields: {
        occurredAt: { column: 'Einfahrt' },
        stayRef: { column: 'Ticket' },
        ticket: { column: 'Ticket' },
        plate: { column: 'Kennzeichen' },
      },
    },
    {
      type: 'stay.closed',
      when: [{ column: 'Ausfahrt', filled: true }],
      fields: { occurredAt: { column: 'Ausfahrt' }, enteredAt: { column: 'Einfahrt' }, stayRef: { column: 'Ticket' } },
    },
    {
      type: 'payment.captured',
      when: [{ column: 'Betrag', filled: true }],
      fields: { occurredAt: { column: 'Ausfahrt' }, amount: { column: 'Betrag' }, stayRef: { column: 'Ticket' } },
    },
  ],
}
export const header = 'Ticket;Kennzeichen;Einfahrt;Ausfahrt;Betrag'

export function snapshotOf(bytes: Uint8Array | string, name = 'stays.csv', chunk = 1_000): Snapshot {
  const all = Buffer.from(bytes as Uint8Array)
  return {
    name,
    size: all.length,
    sha256: createHash('sha256').update(all).digest('hex'),
    async *open(offset) {
      for (let i = offset; i < all.length; i += chunk) yield all.subarray(i, i + chunk)
    },
  }
}

/** Books as the hub keeps them: of each fact the newest revision; one told differently under a number it has is refused. */
export function books() {
  const kept = new Map<string, Map<number, ParkingFact>>()
  let failures = 0
  const sink: Pick<ParcsSink, 'record'> = {
    async record(facts) {
      if (failures > 0) {
        failures -= 1
        throw new Error('the database went away')
      }
      return facts.map((fact) => {
        const { id, revision } = fact
        const revisions = kept.get(id) ?? new Map<number, ParkingFact>()
        kept.set(id, revisions)
        const before = revisions.get(revision)
        if (!before) {
          revisions.set(revision, fact)
          return { id, revision, status: 'stored' as const }
        }
        if (JSON.stringify(before) === JSON.stringify(fact)) return { id, revision, status: 'duplicate' as const }
        return { id, revision, status: 'rejected' as const, reason: 'revision_conflict' }
      })
    },
  }
  return {
    sink: sink as ParcsSink,
    failNext: (times: number) => {
      failures = times
    },
    /** By id, what the hub believes now. */
    now: () =>
      Object.fromEntries(
        [...kept]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([id, revisions]) => {
            const { revision: _, ...fact } = revisions.get(Math.max(...revisions.keys())) as ParkingFact
            return [id, fact]
          }),
      ),
    revisions: () => Object.fromEntries([...kept].map(([id, revisions]) => [id, [...revisions.keys()]])),
  }
}

/** One connection that takes files as they are given to it. */
export function taker(
  db: FileDb,
  more: { mapping?: Mapping; growing?: boolean; zone?: string; currency?: string; signal?: AbortSignal } = {},
) {
  const book = books()
  const connectionId = systemNewId()
  const { mapping = stays, growing = false, zone = 'Europe/Berlin', currency = 'EUR' } = more
  const clock = manualClock(new Date('2019-11-10T08:00:00Z'))
  const deps = {
    db,
    connectionId,
    sink: book.sink,
    clock,
    newId: systemNewId,
    mapping,
    place: { zone, currency },
    growing,
  }
  return {
    ...book,
    connectionId,
    take: (bytes: Uint8Array | string, name?: string, signal: AbortSignal = new AbortController().signal) =>
      takeFile({ ...deps, signal }, snapshotOf(bytes, name)),
    async file(fileId: string) {
      return db.selectFrom('taken_file').selectAll().where('file_id', '=', fileId).executeTakeFirstOrThrow()
    },
    async rejected() {
      const rows = await db
        .selectFrom('rejected_line')
        .select(['line', 'column_name', 'field', 'message'])
        .where('connection_id', '=', connectionId)
        .orderBy('line')
        .execute()
      return rows.map(({ line, column_name: column, field, message }) => `${line} ${column ?? '-'} ${field} ${message}`)
    },
  }
}
