// Owns the tests of frames as chargers really send them: catalogue rows J1 to J15 and X2, X3, X12, X13.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RepeatMemory, textHash } from '../../../adapters/ocpp/repeat-memory.ts'
import { startHub, startOfTest, type TestHub, until } from './hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ maxFrameBytes: 200_000, maxQueuedFrames: 8 })
})
afterAll(() => hub.stop())

const timestamp = '2025-06-01T11:59:30Z'
const last = (station: string) => hub.port.factsOf(station).at(-1)
const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' }

describe('fields', () => {
  test('J1 serial, model and vendor longer than allowed', async () => {
    const station = await hub.station('J1')
    const chargePointModel = 'EVlink Parking Station 22kW with much more'
    await station.ask('BootNotification', {
      chargePointVendor: 'Some Very Long Electric Vendor',
      chargePointModel,
      chargePointSerialNumber: 'S'.repeat(33),
    })
    expect(last('J1')).toMatchObject({ model: chargePointModel, serial: 'S'.repeat(33) })
    expect(hub.port.codesOf('J1')).toEqual(['J1'])
  })

  test('J2 tags of more than 20 characters, in full', async () => {
    const station = await hub.station('J2')
    const idTag = 'DE-ABC-C12345678-X-0123456789'
    await station.ask('StartTransaction', { connectorId: 1, idTag, meterStart: 0, timestamp })
    expect(last('J2')).toMatchObject({ token: { value: idTag } })
    expect(hub.port.codesOf('J2')).toEqual(['J2'])
  })

  test('J3 a configuration value longer than allowed', async () => {
    const station = await hub.station('J3')
    station.responder = () => ({ configurationKey: [{ key: 'K', readonly: true, value: 'v'.repeat(3000) }] })
    expect(await hub.port.deliver('J3', { name: 'read_settings' })).toEqual({
      kind: 'accepted',
      result: { settings: { K: { value: 'v'.repeat(3000), readonly: true } }, unknown: [] },
    })
    expect(hub.port.codesOf('J3')).toEqual(['J3'])
  })

  test('J4 unknown properties are accepted and survive in the journal', async () => {
    const station = await hub.station('J4')
    await station.ask('StatusNotification', { ...status, mood: 'fine', inner: { a: 1 } })
    expect(last('J4')).toMatchObject({ status: 'available' })
    expect(hub.port.codesOf('J4')).toEqual(['J4'])
    expect(hub.port.facts.at(-1)?.wire[0]?.text).toContain('"mood":"fine"')
  })

  test('J5 enumerations in another case, and unknown ones', async () => {
    const station = await hub.station('J5')
    await station.ask('StatusNotification', { connectorId: 1, errorCode: 'noerror', status: 'suspended_ev' })
    expect(last('J5')).toMatchObject({ status: 'suspended_vehicle' })
    expect(last('J5')).not.toHaveProperty('errorCode')
    await station.ask('StatusNotification', { connectorId: 1, errorCode: 'Error', status: 'Occupied' })
    expect(last('J5')).toMatchObject({ status: 'occupied', errorCode: 'Error' })
    await station.ask('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Dreaming' })
    expect(last('J5')).toMatchObject({ status: 'unknown', rawStatus: 'Dreaming' })
    expect(new Set(hub.port.codesOf('J5'))).toEqual(new Set(['J5']))
  })

  test('J5 the action in another case', async () => {
    const station = await hub.station('J5a')
    expect(await station.ask('bootnotification', { chargePointVendor: 'V', chargePointModel: 'M' })).toMatchObject({
      status: 'Accepted',
    })
    expect(hub.port.codesOf('J5a')).toEqual(['J5'])
  })

  test('J6 null where absence is meant, null payload, no payload', async () => {
    const station = await hub.station('J6')
    await station.ask('StatusNotification', { ...status, info: null, timestamp: null, vendorId: null })
    expect(last('J6')).toMatchObject({ time: { at: startOfTest, device: null } })
    expect(await station.ask('Heartbeat', null)).toHaveProperty('currentTime')
    station.expect('short', 'Heartbeat')
    station.raw('[2,"short","Heartbeat"]')
    expect(await station.answer('short')).toMatchObject({ kind: 'result' })
    expect(new Set(hub.port.codesOf('J6'))).toEqual(new Set(['J6', 'J19']))
  })

  test('J13 tags with a suffix, where the profile says so', async () => {
    const station = await hub.station('J13', 'ocpp1.6', { settings: { tagCut: ';_' } })
    await station.ask('Authorize', { idTag: 'A1B2;0042' })
    expect(last('J13')).toMatchObject({ token: { value: 'A1B2' } })
    await station.ask('Authorize', { idTag: 'A1B2_7' })
    expect(last('J13')).toMatchObject({ token: { value: 'A1B2' } })
    expect(hub.port.codesOf('J13')).toEqual(['J13', 'flag:tagCut', 'J13', 'flag:tagCut'])
  })

  test('J16 numbers, booleans and lists in the wrong JSON type', async () => {
    const station = await hub.station('J16')
    await station.ask('StartTransaction', { connectorId: '2', idTag: 12345678, meterStart: '1000.4', timestamp })
    expect(last('J16')).toMatchObject({ evse: 2, token: { value: '12345678' }, registerWh: 1000 })
    await station.ask('StatusNotification', [status])
    expect(last('J16')).toMatchObject({ evse: 1, status: 'available' })
    expect(new Set(hub.port.codesOf('J16'))).toEqual(new Set(['J16']))
  })

  test('J18 NUL and half surrogate pairs never reach the core', async () => {
    const station = await hub.station('J18')
    station.expect('nul', 'Authorize')
    station.raw('[2,"nul","Authorize",{"idTag":"A\\u0000B\\ud800"}]')
    await station.answer('nul')
    expect(last('J18')).toMatchObject({ token: { value: 'AB\ufffd' } })
    station.expect('raw', 'Authorize')
    station.raw('[2,"raw","Authorize",{"idTag":"A\0B"}]\0')
    await station.answer('raw')
    expect(last('J18')).toMatchObject({ token: { value: 'A B' } })
    for (const { frame } of hub.port.frames) expect(frame.text).not.toContain('\0')
    expect(hub.port.codesOf('J18')).toEqual(['J18', 'J7'])
  })
})

describe('frames', () => {
  test('J7 line breaks between and inside texts, a byte order mark', async () => {
    const station = await hub.station('J7')
    station.expect('7', 'BootNotification')
    station.raw('\ufeff[2,\r\n "7", "BootNotification",\n{"chargePointVendor":"Wall\nbox","chargePointModel":"M"}]\n')
    expect(await station.answer('7')).toMatchObject({ kind: 'result' })
    expect(last('J7')).toMatchObject({ vendor: 'Wall box' })
    expect(hub.port.codesOf('J7')).toEqual(['J7'])
  })

  test('J8 empty frames, J10 message type 1', async () => {
    const station = await hub.station('J8')
    station.raw('')
    station.raw('  \n')
    station.raw('[1,"a","Heartbeat",{}]')
    await station.settled()
    expect(station.received).toHaveLength(1)
    expect(hub.port.codesOf('J8')).toEqual(['J8', 'J8', 'J10'])
  })

  test('J9 a property twice: the last one counts', async () => {
    const station = await hub.station('J9')
    station.expect('9', 'Authorize')
    station.raw('[2,"9","Authorize",{"idTag":"first","idTag":"second"}]')
    await station.answer('9')
    expect(last('J9')).toMatchObject({ token: { value: 'second' } })
  })

  test('J14 binary frames and fragments', async () => {
    const station = await hub.station('J14')
    station.expect('b', 'Heartbeat')
    station.raw(Buffer.from('[2,"b","Heartbeat",{}]'), { binary: true })
    expect(await station.answer('b')).toMatchObject({ kind: 'result' })
    station.expect('f', 'Heartbeat')
    station.socket.send('[2,"f","Heart', { fin: false })
    station.socket.send('beat",{}]', { fin: true })
    expect(await station.answer('f')).toMatchObject({ kind: 'result' })
    expect(hub.port.codesOf('J14')).toEqual(['J14'])
  })

  test('message ids and types as numbers come back as they were', async () => {
    const station = await hub.station('ids')
    station.expect('42', 'Heartbeat')
    station.raw('["2",42,"Heartbeat",{}]')
    expect(await station.answer(42)).toMatchObject({ kind: 'result' })
    expect(await station.call('Heartbeat', {}, 'x'.repeat(50))).toMatchObject({ kind: 'result' })
    expect(hub.port.codesOf('ids')).toEqual(['J16', 'J16', 'J1'])
  })

  test('unparseable frames: 1.6 ignores what has no id, 2.0.1 answers with id -1', async () => {
    const older = await hub.station('broken16')
    older.raw('{"this":"is no frame"}')
    older.raw('garbage')
    older.raw('[2,"known-id","StartTransaction",{"connectorId":1,')
    expect(await older.answer('known-id')).toMatchObject({ kind: 'error', code: 'FormationViolation' })
    expect(older.received).toHaveLength(1)
    const newer = await hub.station('broken201', 'ocpp2.0.1')
    newer.raw('garbage')
    expect(await newer.answer('-1')).toMatchObject({ kind: 'error', code: 'RpcFrameworkError' })
    newer.raw('[2,77,"TransactionEvent",{]')
    expect(await newer.answer(77)).toMatchObject({ kind: 'error', code: 'FormatViolation' })
    expect(hub.port.frames.filter(({ frame }) => frame.text === 'garbage')).toHaveLength(2)
  })

  test('unknown actions are NotImplemented, requests of the hub sent by a station NotSupported', async () => {
    const station = await hub.station('unknown')
    expect(await station.call('MakeCoffee', {})).toMatchObject({ code: 'NotImplemented' })
    expect(await station.call('__proto__', {})).toMatchObject({ code: 'NotImplemented' })
    expect(await station.call('constructor', {})).toMatchObject({ code: 'NotImplemented' })
    expect(await station.call('RemoteStartTransaction', { idTag: 'A' })).toMatchObject({ code: 'NotSupported' })
    expect(await station.call('TransactionEvent', {})).toMatchObject({ code: 'NotImplemented' })
  })

  test('a frame above the limit closes with 1009', async () => {
    const station = await hub.station('large')
    station.raw(`[2,"1","Heartbeat",{"pad":"${'x'.repeat(200_000)}"}]`)
    expect((await station.closed()).code).toBe(1009)
    await until(() => !hub.port.isOpen('large'), 'the end to be told')
  })

  test('X13 message types 5 and 6 belong to 2.1', async () => {
    const older = await hub.station('X13a')
    older.raw('[6,"s","NotifyPeriodicEventStream",{}]')
    older.raw('[5,"e","InternalError","",{}]')
    await older.settled()
    expect(older.received).toHaveLength(1)
    const newer = await hub.station('X13b', 'ocpp2.0.1')
    newer.raw('[6,"s","NotifyPeriodicEventStream",{}]')
    expect(await newer.answer('s')).toMatchObject({ code: 'MessageTypeNotSupported' })
    expect(hub.port.codesOf('X13a')).toEqual(['X13', 'X13'])
  })
})

describe('message ids', () => {
  const start = { connectorId: 1, idTag: 'A', meterStart: 0, timestamp }

  test('J11, X3 ids begin again after a reconnect: a new message', async () => {
    const first = await hub.station('J11')
    await first.ask('StartTransaction', start, '1')
    const second = await hub.connect('/ocpp/J11')
    await second.ask('StartTransaction', start, '1')
    expect(hub.port.factsOf('J11')).toHaveLength(2)
  })

  test('a message repeated with its id gets the same answer and is stored once', async () => {
    const station = await hub.station('J21')
    const first = await station.ask('StartTransaction', start, '1')
    station.cast('StartTransaction', start, '1')
    await until(() => station.answersTo('1').length === 2, 'a second answer')
    expect(station.answersTo('1')[1]?.[2]).toEqual(first)
    expect(hub.port.factsOf('J21')).toHaveLength(1)
    expect(hub.port.codesOf('J21')).toEqual(['J21'])
  })

  test('J12 the same id with another payload is a message of its own', async () => {
    const station = await hub.station('J12')
    await station.ask('StatusNotification', { ...status, status: 'Available' }, '1')
    station.cast('StatusNotification', { ...status, status: 'Charging' }, '1')
    await until(() => hub.port.factsOf('J12').length === 2, 'both stored')
    station.cast('StatusNotification', { ...status, status: 'Available' }, '1')
    await until(() => hub.port.factsOf('J12').length === 3, 'the third stored too')
    expect(hub.port.codesOf('J12')).toEqual(['J12', 'J12'])
  })

  test('J9 a repeat while the first is still in work is answered once', async () => {
    const station = await hub.station('J9b')
    hub.port.hold()
    station.cast('StartTransaction', start, '1')
    station.cast('StartTransaction', start, '1')
    await station.settled()
    hub.port.release()
    await station.answer('1')
    await station.settled()
    expect(station.answersTo('1')).toHaveLength(1)
    expect(hub.port.factsOf('J9b')).toHaveLength(1)
    expect(hub.port.codesOf('J9b')).toEqual(['J9'])
  })

  test('a repeat long after is a message of its own; authorizations are always asked anew', async () => {
    const station = await hub.station('late')
    await station.ask('StatusNotification', status, '1')
    hub.pulse.advance(301_000)
    station.cast('StatusNotification', status, '1')
    await until(() => hub.port.factsOf('late').length === 2, 'both stored')
    await station.ask('Authorize', { idTag: 'A' }, '2')
    station.cast('Authorize', { idTag: 'A' }, '2')
    await until(() => hub.port.factsOf('late').length === 4, 'both asked')
  })

  test('only the last few are remembered', () => {
    const memory = new RepeatMemory()
    for (let i = 0; i < 20; i++) {
      expect(memory.recall(`${i}`, i + 1, 0, 1000)).toEqual({ kind: 'new' })
      memory.answered(`${i}`, i + 1, `a${i}`)
    }
    expect(memory.recall('19', 20, 0, 1000)).toEqual({ kind: 'answered', answer: 'a19' })
    expect(memory.recall('5', 6, 0, 1000)).toEqual({ kind: 'new' })
    memory.forget('19', 20)
    expect(memory.recall('19', 20, 0, 1000)).toEqual({ kind: 'new' })
    expect(textHash('a')).not.toBe(textHash('b'))
  })

  test('X2 several calls outstanding are answered in order', async () => {
    const station = await hub.station('X2')
    hub.port.hold()
    const ids = [1, 2, 3, 4].map((connectorId) => station.cast('StatusNotification', { ...status, connectorId }))
    await station.settled()
    hub.port.release()
    for (const id of ids) await station.answer(id)
    expect(hub.port.factsOf('X2').map((fact) => 'evse' in fact && fact.evse)).toEqual([1, 2, 3, 4])
    expect(station.received.filter((frame) => ids.includes(String(frame[1]))).map((frame) => frame[1])).toEqual(ids)
  })

  test('X12 answers to nothing are counted and ignored', async () => {
    const station = await hub.station('X12')
    station.raw('[3,"nobody-asked",{"status":"Accepted"}]')
    station.raw('[4,"nobody-asked","GenericError","",{}]')
    station.raw('[3]')
    await station.settled()
    expect(station.received).toHaveLength(1)
    expect(hub.port.codesOf('X12')).toEqual(['X12', 'X12', 'J19'])
  })
})

describe('journal', () => {
  test('every frame of both directions is in it, the fact with its frame', async () => {
    const station = await hub.station('journal')
    await station.ask('StatusNotification', status, 'j1')
    const frames = hub.port.frames.filter(({ station }) => station === 'journal').map(({ frame }) => frame)
    expect(frames).toEqual([
      {
        direction: 'in',
        at: startOfTest,
        action: 'StatusNotification',
        text: JSON.stringify([2, 'j1', 'StatusNotification', status]),
      },
      { direction: 'out', at: startOfTest, action: 'StatusNotification', text: '[3,"j1",{}]' },
    ])
  })
})
