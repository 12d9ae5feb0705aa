// Owns bringing 2.x stations in line where they tell what they have: certificates at once, profiles and messages in reports.
// Must not speak OCPP; the adapter's tests do.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StationSink } from '../../../core/domain/charger-port.ts'
import { rootHashes } from '../../../core/services/desired/certificate-hashes.ts'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { failsafe, reconciling } from './reconciling.ts'
import { rootHash, rootPem } from './root-certificate.ts'
import { scriptedStation } from './scripted-station.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const clock = manualClock(new Date('2026-03-10T08:00:00Z'))

async function open() {
  const hub = await reconciling(database, clock)
  const code = `R-${hub.siteId.slice(-6)}`
  const stationId = await hub.addStation(code)
  const played = scriptedStation()
  const boot = () => hub.boot(code, played, { protocol: 'ocpp2.0.1' })
  /** The station sends the report that it was asked for last. */
  const report = async (sink: StationSink, kind: 'profiles' | 'messages', items: unknown[]) => {
    const asked = played.heard.findLast((c) => c.name === 'read_profiles' || c.name === 'read_messages')
    if (asked === undefined || !('requestId' in asked)) throw new Error('nothing was asked for')
    const data = { requestId: asked.requestId ?? 0, report: kind, sequence: 0, last: true, items }
    const now = clock.now()
    await sink.record({ kind: 'notice', topic: 'report.part', data, time: { at: now, device: now } })
    await hub.settled()
  }
  return { hub, stationId, played, boot, report }
}

test('the hashes of a root certificate are the standard’s', () => {
  expect(rootHashes(rootPem)[0]).toEqual(rootHash)
  expect(rootHashes('no certificate')).toEqual([])
})

test('a root certificate is installed where it is missing, seen to be there, and taken back by the hash the station gave', async () => {
  const { hub, stationId, played, boot } = await open()
  const installed: object[] = []
  played.instead = (command) => {
    if (command.name === 'list_certificates') {
      if (installed.length === 0) return { kind: 'refused', reason: 'NotFound' }
      return { kind: 'accepted', result: { certificates: installed.map((hash) => ({ use: 'central_root', hash })) } }
    }
    if (command.name === 'install_certificate') {
      installed.push({ ...rootHash, serialNumber: '00A1B2C3D4' })
      return { kind: 'accepted' }
    }
    if (command.name !== 'delete_certificate') return undefined
    installed.length = 0
    return { kind: 'accepted' }
  }
  const value = { use: 'central_root', pem: rootPem }
  const item = await hub.want({ scope: 'organization', kind: 'root_certificate', key: 'ours', value })
  await boot()
  await hub.settled()
  expect(played.names()).toEqual(['list_certificates', 'install_certificate', 'list_certificates'])
  expect((await hub.rows(stationId))['root_certificate ours']?.state).toBe('in_line')
  await hub.archive(hub.access, item.desiredItemId)
  await hub.settled()
  expect(played.heard.at(-1)).toMatchObject({ name: 'delete_certificate', hash: { serialNumber: '00A1B2C3D4' } })
  expect(installed).toEqual([])
  expect(await hub.rows(stationId)).toEqual({})
  await hub.close()
})

test('profiles and messages are read by report, written where they are missing, and read again', async () => {
  const { hub, stationId, played, boot, report } = await open()
  const silentReport = (name: string) => name === 'read_profiles' || name === 'read_messages'
  played.instead = ({ name }) => (silentReport(name) || name === 'show_message' ? { kind: 'accepted' } : undefined)
  await hub.want({ scope: 'organization', ...failsafe })
  const message = { messageId: 3, priority: 'normal_cycle', format: 'utf8', content: 'Welcome' }
  await hub.want({ scope: 'organization', kind: 'display_message', key: 'hello', value: { message } })
  const sink = await boot()
  await hub.settled()
  expect(played.names()).toEqual(['read_profiles'])
  // One that is not ours stands there; ours is written beside it.
  const other = { chargingProfile: [{ id: 1, stackLevel: 4 }], evseId: 0 }
  await report(sink, 'profiles', [other])
  expect(played.names()).toEqual(['read_profiles', 'set_profile', 'read_profiles'])
  await report(sink, 'profiles', [other, { chargingProfile: [{ id: 7, stackLevel: 0 }], evseId: 0 }])
  expect((await hub.rows(stationId))['profile failsafe']?.state).toBe('in_line')
  await report(sink, 'messages', [])
  await report(sink, 'messages', [{ id: 3, priority: 'NormalCycle', message: { format: 'UTF8', content: 'Welcome' } }])
  expect(played.names().slice(3)).toEqual(['read_messages', 'show_message', 'read_messages'])
  expect(Object.values(await hub.rows(stationId)).map(({ state }) => state)).toEqual(['in_line', 'in_line'])
  expect(await hub.events(stationId)).toEqual(['station.in_line'])
  await hub.close()
})

test('names of the other generation are not sent, and what the version lacks is said', async () => {
  const { hub, stationId, played, boot } = await open()
  await hub.want({ scope: 'organization', kind: 'setting', key: 'HeartbeatInterval', value: { value: '300' } })
  await hub.want({
    scope: 'model',
    vendor: 'volt',
    kind: 'default_tariff',
    key: 'day',
    value: { tariff: { tariffId: 'T1', currency: 'EUR' } },
  })
  await boot()
  await hub.settled()
  expect(played.heard).toEqual([])
  const rows = await hub.rows(stationId)
  expect(rows['setting HeartbeatInterval']?.reason).toMatch(/OCPP 1.6 key/)
  expect(rows['default_tariff day']).toMatchObject({
    state: 'unsupported',
    reason: 'Only OCPP 2.1 brings tariffs to the station.',
  })
  await hub.close()
})
