// Owns bringing stations in line, end to end: real gateway and database, a station that plays behind `deliver`.
// Must not speak OCPP; the adapter's tests do.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { manageCredentials } from '../../../core/services/manage/manage-credentials.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { failsafe, reconciling } from './reconciling.ts'
import { scriptedStation } from './scripted-station.ts'

const day = 24 * 60 * 60_000
let database: TestDatabase
let clock: ManualClock
let hub: Awaited<ReturnType<typeof reconciling>>
let count = 0
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clock = manualClock(new Date('2026-03-10T08:00:00Z'))
  hub = await reconciling(database, clock)
  return () => hub.close()
})

const site = () => ({ scope: 'site' as const, siteId: hub.siteId })
const heartbeat = (value: string) => ({ kind: 'setting' as const, key: 'HeartbeatInterval', value: { value } })

async function addStation(settings: Record<string, string> = { HeartbeatInterval: '60', WebSocketPingInterval: '0' }) {
  const code = `D-${++count}`
  return { code, stationId: await hub.addStation(code), played: scriptedStation(settings) }
}

async function addCard(value: string) {
  const made = await manageCredentials(hub.deps).create(hub.access, { kind: 'card', presentations: [{ value }] })
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
  return made.value.credentialId
}

describe('a station that was away', () => {
  test('is brought in line when it comes back: failsafe, settings, list, in that order, each verified', async () => {
    const { code, stationId, played } = await addStation()
    const first = await hub.boot(code, played)
    await first.close('away')
    await hub.want({ ...site(), kind: 'local_list', key: 'list', value: {} })
    await hub.want({ ...site(), ...heartbeat('300') })
    await hub.want({ ...site(), ...failsafe })
    await addCard('04A3C6CAE26180')
    await hub.settled()
    expect(played.heard).toEqual([])
    expect((await hub.rows(stationId))['setting HeartbeatInterval']).toMatchObject({ state: 'unknown' })
    clock.advance(3 * day)
    await hub.boot(code, played)
    await hub.settled()
    expect(played.names()).toEqual([
      'set_profile',
      'read_settings',
      'write_setting',
      'read_settings',
      'read_settings',
      'read_list_version',
      'send_list',
      'read_list_version',
    ])
    expect(played.values.get('HeartbeatInterval')).toBe('300')
    expect([...played.profiles.keys()]).toEqual([7])
    expect(played.tokens()).toEqual(['04A3C6CAE26180'])
    for (const row of Object.values(await hub.rows(stationId)))
      expect(row).toMatchObject({ state: 'in_line', reason: null })
    expect(await hub.events(stationId)).toEqual(['station.in_line'])
  })

  test('is not told again what it has; what it lost over its next start it gets again', async () => {
    const { code, played } = await addStation()
    await hub.want({ ...site(), ...heartbeat('300') })
    await hub.want({ ...site(), ...failsafe })
    await hub.want({ ...site(), kind: 'local_list', key: 'list', value: {} })
    await addCard('04A3C6CAE26180')
    await hub.boot(code, played)
    await hub.settled()
    played.heard.length = 0
    clock.advance(60_000)
    await hub.boot(code, played)
    await hub.settled()
    // A 1.6 profile cannot be read back, so it is set again; the rest is only read.
    expect(played.names()).toEqual(['set_profile', 'read_settings', 'read_settings', 'read_list_version'])
    played.heard.length = 0
    played.forget()
    clock.advance(60_000)
    await hub.boot(code, played)
    await hub.settled()
    expect(played.names().filter((name) => name === 'send_list')).toHaveLength(1)
    expect(played.tokens()).toEqual(['04A3C6CAE26180'])
  })
})

test('drift is found by the hourly look, told, and put right', async () => {
  const { code, stationId, played } = await addStation()
  await hub.want({ ...site(), ...heartbeat('300') })
  await hub.boot(code, played)
  await hub.settled()
  played.values.set('HeartbeatInterval', '17')
  clock.advance(59 * 60_000)
  await hub.sweep()
  expect(await hub.runJobs()).toBe(0)
  clock.advance(2 * 60_000)
  await hub.sweep()
  await hub.settled()
  expect(played.values.get('HeartbeatInterval')).toBe('300')
  expect(await hub.events(stationId)).toEqual(['station.in_line', 'station.drifted', 'station.in_line'])
})

describe('a station that refuses', () => {
  test('is not asked again before a change or its next start, and the reason is kept', async () => {
    const { code, stationId, played } = await addStation()
    played.instead = ({ name }) => (name === 'write_setting' ? { kind: 'refused', reason: 'Rejected' } : undefined)
    const item = await hub.want({ ...site(), ...heartbeat('300') })
    await hub.boot(code, played)
    await hub.settled()
    const refused = { state: 'refused', reason: 'The station refused it: Rejected', actual_value: '60' }
    expect((await hub.rows(stationId))['setting HeartbeatInterval']).toMatchObject(refused)
    const asked = played.heard.length
    clock.advance(7 * 60 * 60_000)
    await hub.sweep()
    await hub.settled()
    expect(played.heard).toHaveLength(asked)
    await hub.change(hub.access, item.desiredItemId, { value: { value: '600' } })
    await hub.settled()
    expect(played.heard.slice(asked).map(({ name }) => name)).toEqual(['read_settings', 'write_setting'])
    played.instead = () => undefined
    clock.advance(1000)
    await hub.boot(code, played)
    await hub.settled()
    expect(played.values.get('HeartbeatInterval')).toBe('600')
    expect((await hub.rows(stationId))['setting HeartbeatInterval']?.state).toBe('in_line')
  })

  test('or says yes and does nothing is tried again, later each time', async () => {
    const { code, stationId, played } = await addStation()
    played.instead = ({ name }) => (name === 'write_setting' ? { kind: 'accepted' } : undefined)
    await hub.want({ ...site(), ...heartbeat('300') })
    await hub.boot(code, played)
    await hub.settled()
    const waits: number[] = []
    for (let i = 0; i < 3; i++) {
      const row = (await hub.rows(stationId))['setting HeartbeatInterval']
      expect(row).toMatchObject({ state: 'drifted', reason: 'The station accepted it, but it is not so: it is "60"' })
      const wait = (row?.next_try_at?.getTime() ?? 0) - clock.now().getTime()
      waits.push(wait / 60_000)
      clock.advance(wait - 1)
      await hub.sweep()
      expect(await hub.runJobs()).toBe(0)
      clock.advance(1)
      await hub.sweep()
      await hub.settled()
    }
    expect(waits).toEqual([1, 2, 4])
    expect(played.names().filter((name) => name === 'write_setting')).toHaveLength(4)
  })

  test('or cannot do a thing is told nothing more of its kind', async () => {
    const { code, stationId, played } = await addStation()
    played.instead = ({ name }) =>
      name === 'set_profile' ? { kind: 'unsupported', reason: 'NotImplemented' } : undefined
    await hub.want({ ...site(), ...failsafe })
    const other = { ...failsafe.value, failsafe: false, profile: { ...failsafe.value.profile, profileId: 8 } }
    await hub.want({ ...site(), kind: 'profile', key: 'night', value: other })
    await hub.want({ ...site(), kind: 'display_message', key: 'hello', value: hello })
    await hub.boot(code, played)
    await hub.settled()
    expect(played.names()).toEqual(['set_profile'])
    const rows = await hub.rows(stationId)
    expect(Object.values(rows).map(({ state }) => state)).toEqual(['unsupported', 'unsupported', 'unsupported'])
    expect(rows['display_message hello']?.reason).toBe('OCPP 1.6 has no message for this.')
  })
})

const hello = { message: { messageId: 3, priority: 'normal_cycle', format: 'utf8', content: 'Welcome' } }

test('a station that answers nothing is left alone after two questions, and asked again later', async () => {
  const { code, stationId, played } = await addStation()
  played.instead = () => ({ kind: 'timed_out' })
  await hub.want({ ...site(), ...heartbeat('300') })
  await hub.want({ ...site(), ...failsafe })
  await hub.want({ ...site(), kind: 'local_list', key: 'list', value: {} })
  await hub.boot(code, played)
  await hub.settled()
  expect(played.names()).toEqual(['set_profile', 'read_settings'])
  expect((await hub.rows(stationId))['setting HeartbeatInterval']).toMatchObject({
    state: 'unknown',
    reason: 'The station did not answer in time.',
  })
  played.instead = () => undefined
  clock.advance(61_000)
  await hub.sweep()
  await hub.settled()
  expect(Object.values(await hub.rows(stationId)).map(({ state }) => state)).toEqual(['in_line', 'in_line', 'in_line'])
})

test('a hub killed between command and answer asks what became of it, and sends nothing twice without need', async () => {
  const { code, stationId, played } = await addStation()
  await hub.want({ ...site(), ...heartbeat('300') })
  let reached = false
  // The station takes the value over, and the hub never hears of it.
  played.instead = async (command) => {
    if (command.name !== 'write_setting') return undefined
    played.values.set(command.key, command.value)
    reached = true
    return new Promise(() => undefined)
  }
  await hub.boot(code, played)
  await eventually(async () => {
    await hub.runJobs()
    return reached
  }, 'the write on its way')
  const heir = await reconciling(database, clock, hub)
  const { rows } = await database.ownerPool.query('select state from command where station_id = $1 and name = $2', [
    stationId,
    'write_setting',
  ])
  expect(rows).toEqual([{ state: 'sent' }])
  played.instead = () => undefined
  played.heard.length = 0
  clock.advance(5000)
  // Another process takes over: it knows only what is stored.
  const second = await heir.boot(code, played)
  await heir.settled()
  expect(played.names()).toEqual(['read_settings'])
  expect((await hub.rows(stationId))['setting HeartbeatInterval']?.state).toBe('in_line')
  await second.close('done')
  await heir.close()
})

test('what is wanted otherwise while a command is under way holds in the end', async () => {
  const { code, stationId, played } = await addStation()
  const item = await hub.want({ ...site(), ...heartbeat('300') })
  let answer: (() => void) | undefined
  played.instead = async (command) => {
    if (command.name !== 'write_setting' || command.value !== '300') return undefined
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    return undefined
  }
  await hub.boot(code, played)
  await eventually(async () => {
    await hub.runJobs()
    return answer !== undefined
  }, 'the write on its way')
  await hub.change(hub.access, item.desiredItemId, { value: { value: '900' } })
  while ((await hub.runJobs()) > 0);
  expect(played.names()).toEqual(['read_settings', 'write_setting'])
  answer?.()
  await hub.settled()
  expect(played.values.get('HeartbeatInterval')).toBe('900')
  expect((await hub.rows(stationId))['setting HeartbeatInterval']).toMatchObject({
    state: 'in_line',
    desired_value: { value: '900' },
  })
  expect(played.names().filter((name) => name === 'write_setting')).toHaveLength(2)
})

describe('a setting that takes a restart', () => {
  const rebooting = async (played: ReturnType<typeof scriptedStation>) => {
    played.instead = ({ name }) =>
      name === 'write_setting' ? { kind: 'accepted', result: { rebootRequired: true } } : undefined
  }

  test('waits for it, and asks for one only where that is allowed', async () => {
    const { code, stationId, played } = await addStation()
    await rebooting(played)
    const item = await hub.want({ ...site(), ...heartbeat('300') })
    await hub.boot(code, played)
    await hub.settled()
    expect(played.names()).toEqual(['read_settings', 'write_setting'])
    expect((await hub.rows(stationId))['setting HeartbeatInterval']).toMatchObject({
      state: 'pending',
      boot_wait: 'waits',
    })
    await hub.change(hub.access, item.desiredItemId, { value: { value: '300', resetAllowed: true } })
    await hub.settled()
    expect(played.heard.at(-1)).toEqual({ name: 'reset', mode: 'on_idle' })
    played.values.set('HeartbeatInterval', '300')
    clock.advance(60_000)
    await hub.boot(code, played)
    await hub.settled()
    expect(played.names()).toEqual(['read_settings', 'write_setting', 'reset', 'read_settings'])
    expect((await hub.rows(stationId))['setting HeartbeatInterval']?.state).toBe('in_line')
  })

  test('does not restart a station without end that never takes it over', async () => {
    const { code, played } = await addStation()
    await rebooting(played)
    await hub.want({
      ...site(),
      kind: 'setting',
      key: 'HeartbeatInterval',
      value: { value: '300', resetAllowed: true },
    })
    for (let i = 0; i < 8; i++) {
      clock.advance(7 * 60 * 60_000)
      await hub.boot(code, played)
      await hub.settled()
      clock.advance(7 * 60 * 60_000)
      await hub.sweep()
      await hub.settled()
    }
    expect(played.names().filter((name) => name === 'reset').length).toBeLessThanOrEqual(3)
  })
})

describe('the local list', () => {
  test('follows the credentials: a revoked card is taken off as a difference, and one that may not charge is never on it', async () => {
    const { code, stationId, played } = await addStation({ LocalAuthListMaxLength: '50', SendLocalListMaxLength: '20' })
    await hub.want({ ...site(), kind: 'local_list', key: 'list', value: {} })
    const gone = await addCard('04A3C6CAE26180')
    await addCard('04A3C6CAE26181')
    const parker = await manageCredentials(hub.deps).create(hub.access, {
      kind: 'card',
      rights: ['park'],
      presentations: [{ value: '04A3C6CAE26182' }],
    })
    expect(parker.kind).toBe('ok')
    await hub.boot(code, played)
    await hub.settled()
    expect(played.tokens()).toEqual(['04A3C6CAE26180', '04A3C6CAE26181'])
    const revoked = await manageCredentials(hub.deps).update(hub.access, gone, { status: 'blocked' })
    expect(revoked.kind).toBe('ok')
    await hub.settled()
    expect(played.heard.findLast(({ name }) => name === 'send_list')).toEqual({
      name: 'send_list',
      mode: 'differential',
      version: 2,
      entries: [{ token: { value: '04A3C6CAE26180', kind: 'unknown' } }],
    })
    expect(played.tokens()).toEqual(['04A3C6CAE26181'])
    expect((await hub.rows(stationId))['local_list list']).toMatchObject({
      state: 'in_line',
      actual_value: { version: 2, entries: 1 },
    })
  })

  test('is cut to what the station holds, and goes in messages that it takes', async () => {
    const { code, played } = await addStation({ LocalAuthListMaxLength: '5', SendLocalListMaxLength: '2' })
    await hub.want({ ...site(), kind: 'local_list', key: 'list', value: {} })
    for (let i = 0; i < 7; i++) await addCard(`04A3C6CAE2619${i}`)
    await hub.boot(code, played)
    await hub.settled()
    expect(played.tokens()).toHaveLength(5)
    const sent = played.heard.flatMap((c) => (c.name === 'send_list' ? [[c.mode, c.entries.length]] : []))
    expect(sent).toEqual([
      ['full', 2],
      ['differential', 2],
      ['differential', 1],
    ])
  })

  test('is emptied when no list is wanted any more', async () => {
    const { code, stationId, played } = await addStation()
    const item = await hub.want({ ...site(), kind: 'local_list', key: 'list', value: {} })
    await addCard('04A3C6CAE26180')
    await hub.boot(code, played)
    await hub.settled()
    expect(played.tokens()).toHaveLength(1)
    await hub.archive(hub.access, item.desiredItemId)
    await hub.settled()
    expect(played.tokens()).toEqual([])
    expect(await hub.rows(stationId)).toEqual({})
  })
})

test('a narrower scope takes the place of a wider one, and gives it back', async () => {
  const { code, stationId, played } = await addStation()
  await hub.want({ ...site(), ...failsafe })
  const own = await hub.want({
    scope: 'station',
    stationId,
    ...failsafe,
    value: { ...failsafe.value, profile: { ...failsafe.value.profile, profileId: 9 } },
  })
  await hub.boot(code, played)
  await hub.settled()
  expect([...played.profiles.keys()]).toEqual([9])
  await hub.archive(hub.access, own.desiredItemId)
  await hub.settled()
  expect([...played.profiles.keys()]).toEqual([7])
  expect(played.names()).toEqual(['set_profile', 'clear_profiles', 'set_profile'])
})
