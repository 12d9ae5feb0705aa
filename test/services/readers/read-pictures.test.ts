// Owns the proof that the pictures of a read are found from the fact that it became: the hub's own by their address, others at the vendor.
// Must not go through sockets; test/e2e/readers looks at a picture.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReaderReport } from '../../../core/domain/reader.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { openReaders, type Readers } from '../../../core/runtime/readers.ts'
import { imagesOfFacts } from '../../../core/services/linking/fact-images.ts'
import { diskFiles } from '../../../core/store/disk-files.ts'
import type { ParkingFactRow } from '../../../core/store/parking-facts.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { someInstant } from '../../setup/records.ts'
import { type Garage, openGarage } from '../parking/garage.ts'

let database: TestDatabase
let garage: Garage
const dir = mkdtempSync(join(tmpdir(), 'baywatt-pictures-'))

beforeAll(async () => {
  database = await createTestDatabase()
  garage = await openGarage(database.db)
})
afterAll(async () => {
  await database.drop()
  rmSync(dir, { recursive: true, force: true })
})

test('the pictures of the surest read come with the fact, those of a fact of others do not', async () => {
  const deadline = () => new Promise<void>(() => undefined)
  const readers = openReaders({ ...garage.deps, deadline, disk: diskFiles(dir, systemNewId), keepDays: 90 })
  const sink = readers.door({ ...garage, id: garage.connectionId } as unknown as Parameters<Readers['door']>[0])
  await database.db
    .insertInto('reader')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      connection_id: garage.connectionId,
      reader_id: systemNewId(),
      name: 'ZONE',
      label: 'Zone',
      kind: 'plate',
      role: 'zone',
      passage: 'passes',
      created_at: someInstant,
      updated_at: someInstant,
    })
    .execute()
  const images = [
    { kind: 'plate' as const, contentType: 'image/jpeg', bytes: Uint8Array.of(0xff, 0xd8, 0xff, 1) },
    { kind: 'scene' as const, url: 'https://camera.example/7.jpg' },
  ]
  const read = { type: 'plate', reader: 'ZONE', id: 'r1', revision: 1, plate: 'B WA 12', takenAt: garage.clock.now() }
  expect(await sink.report([{ ...read, images } as ReaderReport])).toMatchObject([{ status: 'stored' }])
  const facts = (await database.db.selectFrom('parking_fact').selectAll().execute()) as unknown as ParkingFactRow[]
  expect(facts).toHaveLength(1)
  const { report_id } = await database.db.selectFrom('reader_report').select('report_id').executeTakeFirstOrThrow()
  const imagesOf = await imagesOfFacts(database.db, garage.organizationId, facts)
  const [fact] = facts as [ParkingFactRow]
  expect(imagesOf(fact)).toMatchObject([
    { factId: fact.fact_id, image: { kind: 'plate', url: `/api/v1/reader-reports/${report_id}/images/1` } },
    { factId: fact.fact_id, image: { kind: 'scene', url: 'https://camera.example/7.jpg' } },
  ])
  expect(imagesOf({ ...fact, vendor_event_id: 'of-somebody-else' })).toEqual([])
})
