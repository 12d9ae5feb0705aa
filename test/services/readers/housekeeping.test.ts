// Owns the proof that silence and return of a reader are told once each, and that pictures and reports go when their days are over.
// Must not go through sockets; the wall clock's timers that call this are the hub's.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReaderReport, ReaderSink } from '../../../core/domain/reader.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { openReaders, type Readers } from '../../../core/runtime/readers.ts'
import { diskFiles } from '../../../core/store/disk-files.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { someInstant } from '../../setup/records.ts'
import { type Garage, openGarage } from '../parking/garage.ts'

let database: TestDatabase
let garage: Garage
let readers: Readers
let sink: ReaderSink
const dir = mkdtempSync(join(tmpdir(), 'baywatt-pictures-'))
const keepDays = 90
const dayMs = 86_400_000

beforeAll(async () => {
  database = await createTestDatabase()
  garage = await openGarage(database.db)
  const deadline = () => new Promise<void>(() => undefined)
  readers = openReaders({ ...garage.deps, deadline, disk: diskFiles(dir, systemNewId), keepDays })
  sink = readers.door({ ...garage, id: garage.connectionId } as unknown as Parameters<Readers['door']>[0])
})
afterAll(async () => {
  await database.drop()
  rmSync(dir, { recursive: true, force: true })
})

async function addReader(name: string, heartbeatSeconds: number | null, imageDays = 30): Promise<string> {
  const reader_id = systemNewId()
  await database.db
    .insertInto('reader')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      connection_id: garage.connectionId,
      reader_id,
      name,
      label: name,
      kind: 'plate',
      heartbeat_seconds: heartbeatSeconds,
      image_days: imageDays,
      created_at: someInstant,
      updated_at: someInstant,
    })
    .execute()
  return reader_id
}

/** What was told of a reader's health, oldest first. */
async function told(name: string): Promise<string[]> {
  const rows = await database.db
    .selectFrom('parking_fact')
    .select(['data', 'occurred_at'])
    .where('device_code', '=', name)
    .where('type', '=', 'equipment.changed')
    .orderBy('occurred_at')
    .execute()
  return rows.map(({ data }) => (data as { state: string }).state)
}

const look = async (afterMs: number) => {
  garage.clock.advance(afterMs)
  await readers.writeSeen()
}
const report = (name: string, id: string, more: Partial<ReaderReport> = {}) =>
  sink.report([
    {
      type: 'plate',
      reader: name,
      id,
      revision: 1,
      plate: 'AB 1',
      takenAt: garage.clock.now(),
      ...more,
    } as ReaderReport,
  ])

test('silent, silent still, back again, silent again: one fact each', async () => {
  await addReader('CAM-1', 60)
  await addReader('CAM-2', null)
  await look(0)
  expect(await told('CAM-1')).toEqual([])
  sink.alive('CAM-1', garage.clock.now())
  sink.alive('CAM-2', garage.clock.now())
  await look(59_000)
  expect(await told('CAM-1')).toEqual([])
  await look(2_000)
  await look(600_000)
  expect([await told('CAM-1'), await told('CAM-2')]).toEqual([['offline'], []])

  await report('CAM-1', 'r1')
  await look(0)
  sink.alive('CAM-1', garage.clock.now())
  await look(10_000)
  expect(await told('CAM-1')).toEqual(['offline', 'ok'])
  await look(61_000)
  expect(await told('CAM-1')).toEqual(['offline', 'ok', 'offline'])
})

test('a clock that runs ahead keeps nobody alive, and nonsense is not heard', async () => {
  await addReader('CAM-3', 60)
  sink.alive('CAM-3', new Date(garage.clock.now().getTime() + 365 * dayMs))
  sink.alive('', garage.clock.now())
  sink.alive('CAM-3', new Date(Number.NaN))
  await look(0)
  await look(61_000)
  expect(await told('CAM-3')).toEqual(['offline'])
})

test('pictures go after their days, reports after theirs, and nothing goes early', async () => {
  await addReader('CAM-4', null, 2)
  const bytes = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 7])
  const images = [{ kind: 'plate' as const, contentType: 'image/jpeg', bytes }]
  expect(await report('CAM-4', 'p1', { images })).toMatchObject([{ status: 'unbound' }])
  const counts = async () => {
    const { rows } = await database.ownerPool.query(
      `select (select count(*)::int from reader_image) as images,
        (select count(*)::int from reader_report where vendor_id = 'p1') as reports`,
    )
    return [rows[0].images, rows[0].reports]
  }
  expect(existsSync(dir) && readdirSync(dir).length > 0).toBe(true)
  const after = async (days: number) => {
    garage.clock.advance(days * dayMs)
    await readers.forgetOld()
    return counts()
  }
  expect(await after(1.9)).toEqual([1, 1])
  expect(await after(0.2)).toEqual([0, 1])
  expect(await after(keepDays - 3)).toEqual([0, 1])
  expect(await after(1)).toEqual([0, 0])
})

test('a picture that is none is left out, and the read is kept', async () => {
  const images = [{ kind: 'plate' as const, contentType: 'image/jpeg', bytes: new TextEncoder().encode('<svg/>') }]
  expect(await report('CAM-4', 'p2', { images })).toMatchObject([{ status: 'unbound' }])
  const { rows } = await database.ownerPool.query('select count(*)::int as n from reader_image')
  expect(rows[0].n).toBe(0)
})
