// Owns commands from the API to a station and back: queued, sent, carried out, followed to their end, and what is then listed.
// Must not look into the hub; a simulated station on the other side of a real socket tells what arrived.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import type { SimulatedStation } from '../../sim/index.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { downloadFile, uploadFirmware } from './files.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

const later = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
const token = () => ({ value: hub.card, kind: 'iso14443' })
const card = () => ({ value: hub.card, type: 'ISO14443' })

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'
  let added: AddedStation
  let station: SimulatedStation
  beforeAll(async () => {
    ;({ added, station } = await connected(version))
  }, 120_000)

  const ask = (body: object, until?: 'pending') => hub.command(added.stationId, body, until)
  const last = (action: string) => station.executed.findLast((one) => one.action === action)?.payload

  test('a log is sent to the hub, listed and given out byte for byte', async () => {
    const command = await ask({ name: 'get_log' })
    expect(command).toMatchObject({ state: 'answered', outcome: 'completed' })
    const files = await hub.all(`stations/${added.stationId}/logs?commandId=${command.commandId}`)
    const content = Buffer.from(`DiagnosticsLog of ${added.code}\nEVSE 1: 0 Ws\nEVSE 2: 0 Ws\n`)
    expect(files).toMatchObject([
      {
        kind: 'log',
        stationId: added.stationId,
        sizeBytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      },
    ])
    expect(await downloadFile(hub, files[0].fileId)).toEqual(content)
  })

  test('firmware of the hub is fetched by its link and installed', async () => {
    const image = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7 + version.length) % 256))
    const fileId = await uploadFirmware(hub, `${version}.bin`, image)
    const command = await ask({ name: 'update_firmware', fileId })
    expect(command).toMatchObject({ state: 'answered', outcome: 'completed', result: { status: 'installed' } })
    // The simulator calls its firmware after what it has downloaded.
    await station.settled()
    expect(station.state.firmware.version).toBe(createHash('sha256').update(image).digest('hex').slice(0, 12))
  })

  test('firmware that cannot be fetched is a command that failed', async () => {
    const command = await ask({ name: 'update_firmware', url: `${hub.process.url}/files/nothing/image.bin` })
    expect(command).toMatchObject({ outcome: 'failed', reason: 'The station reported download failed.' })
  })

  test('a limit is set, seen in the schedule, and taken back', async () => {
    expect(await ask({ name: 'limit', evse: 1, amps: 10 })).toMatchObject({ outcome: 'accepted' })
    const limited = await ask({ name: 'read_schedule', evse: 1, durationSeconds: 600, unit: 'A' })
    expect(limited).toMatchObject({ outcome: 'accepted' })
    expect(JSON.stringify(limited.result)).toMatch(/"limit":10[,}]/)
    expect(await ask({ name: 'unlimit', evse: 1 })).toMatchObject({ outcome: 'accepted' })
    expect(station.state.profiles).toEqual([])
    const free = await ask({ name: 'read_schedule', evse: 1, durationSeconds: 600, unit: 'A' })
    expect(JSON.stringify(free.result)).not.toMatch(/"limit":10[,}]/)
  })

  test('an EVSE is kept for a card, which then uses it', async () => {
    const made = await hub.call('POST', 'reservations', {
      stationId: added.stationId,
      evse: 2,
      token: token(),
      until: later(30),
    })
    const reservation = () => hub.call('GET', `reservations/${made.reservationId}`)
    await hub.until('the yes of the station', async () => (await reservation()).state === 'confirmed')
    expect([...station.state.reservations.values()]).toMatchObject([{ evse: 2, token: hub.card }])
    await station.plug(2)
    expect(await station.presentCard(2, card())).toBe('Accepted')
    await hub.until('its use', async () => (await reservation()).state === 'used')
    const [session] = await hub.all(`charging-sessions?stationId=${added.stationId}`)
    expect((await reservation()).sessionId).toBe(session.sessionId)
    await station.stopLocally(2)
    await station.unplug(2)
  })

  test('a reservation is cancelled at the station', async () => {
    const made = await hub.call('POST', 'reservations', {
      stationId: added.stationId,
      evse: 1,
      token: token(),
      until: later(30),
    })
    const state = async () => (await hub.call('GET', `reservations/${made.reservationId}`)).state
    await hub.until('the yes of the station', async () => (await state()) === 'confirmed')
    await hub.call('POST', `reservations/${made.reservationId}/cancel`)
    await hub.until('its end', async () => (await state()) === 'cancelled')
    expect(station.state.reservations.size).toBe(0)
  })

  test('an EVSE is taken out of service and back', async () => {
    const status = async () => {
      const connectors = await hub.all(`connectors?stationId=${added.stationId}`)
      return connectors.find((one) => one.evseNumber === 1)?.status
    }
    expect(await ask({ name: 'availability', evse: 1, operative: false })).toMatchObject({ outcome: 'accepted' })
    await hub.until('out of service', async () => (await status()) === 'unavailable')
    expect(station.state.evses.map((one) => one.operative)).toEqual([false, true])
    expect(await ask({ name: 'availability', evse: 1, operative: true })).toMatchObject({ outcome: 'accepted' })
    await hub.until('in service', async () => (await status()) === 'available')
  })

  test('a local list is sent, changed and asked after', async () => {
    const accepted = { status: 'accepted' }
    const full = {
      name: 'send_list',
      mode: 'full',
      version: 7,
      entries: [
        { token: token(), authorization: accepted },
        { token: { value: '0A0B0C0D', kind: 'iso14443' }, authorization: { status: 'blocked' } },
      ],
    }
    expect(await ask(full)).toMatchObject({ outcome: 'accepted' })
    expect([...station.state.localList.entries].map(([key, entry]) => [key, entry?.status])).toEqual([
      [hub.card, 'Accepted'],
      ['0A0B0C0D', 'Blocked'],
    ])
    const less = {
      ...full,
      mode: 'differential',
      version: 8,
      entries: [{ token: { value: '0A0B0C0D', kind: 'iso14443' } }],
    }
    expect(await ask(less)).toMatchObject({ outcome: 'accepted' })
    expect([...station.state.localList.entries.keys()]).toEqual([hub.card])
    expect(await ask({ name: 'read_list_version' })).toMatchObject({ outcome: 'accepted', result: { version: 8 } })
    expect(await ask(less)).toMatchObject({ outcome: 'refused' })
  })

  test('messages are asked for out of turn', async () => {
    const told = (action: string) => station.exchanges.filter((one) => one.action === action).length
    for (const [message, action] of [
      ['heartbeat', 'Heartbeat'],
      ['status', 'StatusNotification'],
      ['meter', 'MeterValues'],
      ['firmware_status', 'FirmwareStatusNotification'],
      ['log_status', 'LogStatusNotification'],
      ['boot', 'BootNotification'],
    ] as const) {
      const before = told(action)
      expect(await ask({ name: 'trigger', message }), message).toMatchObject({ outcome: 'accepted' })
      await station.settled()
      expect(told(action), message).toBeGreaterThan(before)
    }
  })

  test('data goes to the vendor of the station and comes back; another vendor is refused', async () => {
    const body = { name: 'data_transfer', messageId: 'echo', data: 'there and back' }
    const echoed = await ask({ ...body, vendorId: 'Baywatt' })
    expect(echoed).toMatchObject({ outcome: 'accepted', result: { data: 'there and back' } })
    expect(await ask({ ...body, vendorId: 'somebody else' })).toMatchObject({ outcome: 'refused' })
  })

  test('a car is started and stopped from afar', async () => {
    await station.plug(1)
    expect(await ask({ name: 'start', evse: 1, token: token() })).toMatchObject({ outcome: 'started' })
    const [open] = (await hub.all(`charging-sessions?stationId=${added.stationId}`)).filter(
      (one) => one.endedAt === null,
    )
    expect(open).toMatchObject({ evseNumber: 1, idToken: hub.card })
    expect(await ask({ name: 'stop', sessionId: open.sessionId })).toMatchObject({ outcome: 'accepted' })
    await station.settled()
    expect(station.state.evses[0]?.transaction).toBeNull()
    await station.unplug(1)
  })

  test('settings are read and written', async () => {
    const key = v16 ? 'HeartbeatInterval' : 'OCPPCommCtrlr.HeartbeatInterval'
    expect(await ask({ name: 'write_setting', key, value: '240' })).toMatchObject({ outcome: 'accepted' })
    const read = await ask({ name: 'read_settings', keys: [key] })
    expect(read).toMatchObject({ outcome: 'accepted' })
    expect(JSON.stringify(read.result)).toContain('"240"')
    expect(await ask({ name: 'write_setting', key, value: 'often' })).toMatchObject({ outcome: 'refused' })
  })

  test('a restart is a boot with its reason', async () => {
    const boots = station.exchanges.filter((one) => one.action === 'BootNotification').length
    expect(await ask({ name: 'reset', mode: 'immediate' })).toMatchObject({ outcome: 'accepted' })
    await hub.until('the boot', async () => {
      const now = station.exchanges.filter((one) => one.action === 'BootNotification').length
      return now > boots && station.online()
    })
    await station.settled()
    expect(last('Reset')).toEqual({ type: v16 ? 'Hard' : 'Immediate' })
  })
})

describe.each(allVersions.filter((version) => version !== 'ocpp1.6'))('%s alone', (version) => {
  let added: AddedStation
  let station: SimulatedStation
  beforeAll(async () => {
    ;({ added, station } = await connected(version))
  }, 120_000)
  const ask = (body: object) => hub.command(added.stationId, body)

  test('the device model comes in parts and is listed', async () => {
    expect(await ask({ name: 'read_report', base: 'full' })).toMatchObject({ outcome: 'completed' })
    expect(station.exchanges.filter((one) => one.action === 'NotifyReport').length).toBeGreaterThan(1)
    const variables = await hub.all(`stations/${added.stationId}/variables`)
    const shown = new Map(
      variables
        .filter((one) => one.attribute === 'Actual')
        .map((one) => [`${one.component}.${one.variable}`, one.value]),
    )
    for (const [key, setting] of station.state.settings) {
      expect([key, shown.get(key)]).toEqual([key, setting.secret === true ? null : setting.value])
    }
  })

  test('what the station knows of a customer is told, and forgotten', async () => {
    station.state.authorizationCache.set(hub.card, 'Accepted')
    const body = { name: 'customer_information', token: token() }
    const told = await ask({ ...body, report: true, clear: true })
    expect(told).toMatchObject({ outcome: 'completed' })
    const parts = (await hub.all(`station-notices?stationId=${added.stationId}`)).filter((one) =>
      JSON.stringify(one.data).includes(`${hub.card}: Accepted`),
    )
    expect(parts).toHaveLength(1)
    expect(station.state.authorizationCache.has(hub.card)).toBe(false)
  })

  test('messages are shown, asked for and taken away', async () => {
    const message = { messageId: 5, priority: 'in_front', format: 'utf8', content: 'Niveau −2 geschlossen' }
    expect(await ask({ name: 'show_message', message })).toMatchObject({ outcome: 'accepted' })
    expect(await ask({ name: 'show_message', message: { ...message, messageId: 6 } })).toMatchObject({
      outcome: 'accepted',
    })
    expect(await ask({ name: 'read_messages' })).toMatchObject({ outcome: 'completed' })
    const parts = (await hub.all(`station-notices?stationId=${added.stationId}`)).filter((one) =>
      JSON.stringify(one.data).includes(message.content),
    )
    expect(parts).toHaveLength(2)
    expect(await ask({ name: 'clear_message', messageId: 5 })).toMatchObject({ outcome: 'accepted' })
    expect([...station.state.displayMessages.keys()]).toEqual([6])
    expect(await ask({ name: 'clear_message', messageId: 5 })).toMatchObject({ outcome: 'refused' })
  })

  test('profiles are set, reported and cleared', async () => {
    const profile = {
      profileId: 31,
      stackLevel: 1,
      purpose: 'default',
      kind: 'relative',
      schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit: 13 }] }],
    }
    expect(await ask({ name: 'set_profile', evse: 1, profile })).toMatchObject({ outcome: 'accepted' })
    expect(await ask({ name: 'read_profiles' })).toMatchObject({ outcome: 'completed' })
    expect(await ask({ name: 'clear_profiles', profileId: 31 })).toMatchObject({ outcome: 'accepted' })
    expect(station.state.profiles).toEqual([])
  })

  test('monitors are set, reported and cleared', async () => {
    const monitor = {
      target: { component: 'SmartChargingCtrlr', variable: 'Enabled' },
      kind: 'upper_threshold',
      value: 3,
      severity: 5,
    }
    expect(await ask({ name: 'set_monitors', monitors: [monitor] })).toMatchObject({ outcome: 'accepted' })
    expect(await ask({ name: 'read_monitors' })).toMatchObject({ outcome: 'completed' })
    expect(await ask({ name: 'clear_monitors', monitorIds: [1] })).toMatchObject({ outcome: 'accepted' })
    expect(station.state.monitors.size).toBe(0)
  })
})

describe('ocpp2.1 alone', () => {
  let added: AddedStation
  let station: SimulatedStation
  beforeAll(async () => {
    ;({ added, station } = await connected('ocpp2.1'))
  }, 120_000)
  const ask = (body: object) => hub.command(added.stationId, body)

  test('a default tariff is set, asked for and cleared', async () => {
    const tariff = { tariffId: 'T-1', currency: 'EUR', energy: { prices: [{ priceKwh: 0.4 }] } }
    expect(await ask({ name: 'set_default_tariff', evse: 1, tariff })).toMatchObject({ outcome: 'accepted' })
    const read = await ask({ name: 'read_tariffs' })
    expect(read).toMatchObject({ outcome: 'accepted' })
    expect(JSON.stringify(read.result)).toContain('"T-1"')
    expect(await ask({ name: 'clear_tariffs', tariffIds: ['T-1'] })).toMatchObject({ outcome: 'accepted' })
    expect(station.state.tariffs).toEqual([])
  })

  test('a DER control is set, reported and cleared', async () => {
    const control = {
      name: 'set_der_control',
      controlId: 'cap',
      controlType: 'LimitMaxDischarge',
      settings: { priority: 1, pctMaxDischargePower: 50 },
    }
    expect(await ask(control)).toMatchObject({ outcome: 'accepted' })
    expect(await ask({ name: 'read_der_controls' })).toMatchObject({ outcome: 'completed' })
    expect(await ask({ name: 'clear_der_controls', controlId: 'cap' })).toMatchObject({ outcome: 'accepted' })
    expect(station.state.derControls.size).toBe(0)
  })

  test('a stream of values is opened by a monitor, listed and adjusted', async () => {
    const monitor = {
      target: { component: 'SmartChargingCtrlr', variable: 'Enabled' },
      kind: 'periodic',
      value: 10,
      severity: 7,
      stream: { intervalSeconds: 10, values: 5 },
    }
    expect(await ask({ name: 'set_monitors', monitors: [monitor] })).toMatchObject({ outcome: 'accepted' })
    await station.settled()
    const opened = station.exchanges.findLast((one) => one.action === 'OpenPeriodicEventStream')
    expect(opened?.outcome).toMatchObject({ payload: { status: 'Accepted' } })
    expect(await ask({ name: 'adjust_stream', streamId: 1, intervalSeconds: 30 })).toMatchObject({
      outcome: 'accepted',
    })
    expect(station.state.streams.get(1)?.params).toMatchObject({ interval: 30 })
    const read = await ask({ name: 'read_streams' })
    expect(read).toMatchObject({ outcome: 'accepted' })
    expect(JSON.stringify(read.result)).toContain('30')
  })
})

async function connected(version: OcppVersion): Promise<{ added: AddedStation; station: SimulatedStation }> {
  const added = await hub.addStation(freshCode('CMD'), version)
  const station = hub.play(added)
  expect(await station.connect()).toBe('accepted')
  return { added, station }
}
