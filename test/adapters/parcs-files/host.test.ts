// Owns the proof that the real host runs the plugin: its tables, its routes, its schedule, its files told to the hub's own books.
// Must not repeat what the tests of the connection prove.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import parcsFiles from '../../../adapters/parcs-files/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { type TestHub, testHub } from '../../host/hub.ts'
import { openGarage } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { garagePorts } from '../open-connection.ts'
import { header, stays } from './shop.ts'

let database: TestDatabase
let hub: TestHub
let place: string
beforeAll(async () => {
  database = await createTestDatabase()
  place = mkdtempSync(join(tmpdir(), 'baywatt-drop-'))
})
afterAll(async () => {
  await hub?.stop()
  await database.drop()
  rmSync(place, { recursive: true, force: true })
})

test('a folder that is given later is taken from, and its lines become a stay with its payment', async () => {
  const garage = await openGarage(database.db, { at: new Date('2019-11-10T08:00:00Z') })
  hub = await testHub(database, [parcsFiles as AnyPlugin], {
    organizationId: garage.organizationId,
    ports: garagePorts(garage),
  })
  const config = { source: 'folder', folder: place, ready: 'named', mapping: stays }
  const id = await hub.connect(parcsFiles as AnyPlugin, { config, siteId: garage.siteId })
  expect(await hub.state(id)).toMatchObject({ state: 'misconfigured', pointer: '/folder' })
  writeFileSync(join(place, '.baywatt-drop'), id)
  writeFileSync(join(place, 'a.csv'), `${header}\nT1;7ABC123;26.10.2019 10:00;26.10.2019 12:30;5,50\n`)
  await hub.host.connections.disable(hub.access, id)
  await hub.host.connections.enable(hub.access, id)
  await hub.host.settled()
  expect(await hub.state(id)).toMatchObject({ state: 'running', reason: null })
  await hub.work()
  hub.clock.advance(60_000)
  const rows = () => database.db.selectFrom('stay').select(['state', 'entered_at', 'exited_at']).execute()
  await eventually(async () => (await rows()).some(({ state }) => state === 'closed'), 'the stay')
  // The garage stands in Los Angeles.
  expect(await rows()).toEqual([
    { state: 'closed', entered_at: new Date('2019-10-26T17:00:00Z'), exited_at: new Date('2019-10-26T19:30:00Z') },
  ])
})
