// Owns the tests of times as chargers really write them: catalogue rows C1 to C8.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceTime, timeText } from '../../../adapters/ocpp/device-time.ts'
import { startHub, startOfTest, type TestHub } from './hub.ts'

const received = new Date('2025-06-01T12:00:00.000Z')

function read(text: string | undefined, zone: string | null = null) {
  const codes: string[] = []
  const { at, device } = deviceTime(text, received, zone, { note: (code) => codes.push(code) })
  return { at: at.toISOString(), device: device === null ? null : device.toISOString(), codes }
}

const good = (iso: string, ...codes: string[]) => ({ at: iso, device: iso, codes })

describe('reading', () => {
  test.each([
    ['2025-06-01T11:00:00Z', good('2025-06-01T11:00:00.000Z')],
    ['2025-06-01T11:00:00.123456789Z', good('2025-06-01T11:00:00.123Z')],
    ['2025-06-01T13:00:00+02:00', good('2025-06-01T11:00:00.000Z')],
    ['2025-06-01T05:30:00-05:30', good('2025-06-01T11:00:00.000Z')],
  ])('standard %s', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test.each([
    ['2025-06-01T11:00:00', good('2025-06-01T11:00:00.000Z', 'C1')],
    ['2025-06-01 11:00:00.5', good('2025-06-01T11:00:00.500Z', 'C1')],
    ['2025-06-01', good('2025-06-01T00:00:00.000Z', 'C1')],
    ['20250601T110000', good('2025-06-01T11:00:00.000Z', 'C1')],
  ])('C1 no time zone means UTC: %s', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test('C1 a zone of the model, over both changes of the clock', () => {
    expect(read('2025-06-01T11:00:00', 'Europe/Berlin').at).toBe('2025-06-01T09:00:00.000Z')
    expect(read('2025-01-15T11:00:00', 'Europe/Berlin').at).toBe('2025-01-15T10:00:00.000Z')
    expect(read('2025-03-30T01:59:59', 'Europe/Berlin').at).toBe('2025-03-30T00:59:59.000Z')
    expect(read('2025-03-30T03:00:00', 'Europe/Berlin').at).toBe('2025-03-30T01:00:00.000Z')
    expect(read('2024-10-27T01:59:00', 'Europe/Berlin').at).toBe('2024-10-26T23:59:00.000Z')
    expect(read('2024-10-27T03:00:00', 'Europe/Berlin').at).toBe('2024-10-27T02:00:00.000Z')
    expect(read('2025-05-31T18:00:00', 'America/Los_Angeles').at).toBe('2025-06-01T01:00:00.000Z')
    expect(read('2025-06-01T11:00:00', 'Nowhere/Land').at).toBe('2025-06-01T11:00:00.000Z')
  })

  test.each([
    ['2025-06-01T13:00:00+02', good('2025-06-01T11:00:00.000Z', 'C2')],
    ['2025-06-01T13:00:00.250+0200', good('2025-06-01T11:00:00.250Z', 'C2')],
    ['2025-06-01 11:00:00Z', good('2025-06-01T11:00:00.000Z', 'C2')],
    ['2025-06-01T11:00:00z', good('2025-06-01T11:00:00.000Z', 'C2')],
    ['2025/6/1 11:00:00 UTC', good('2025-06-01T11:00:00.000Z', 'C2')],
    ['2025-06-01T11:00Z', good('2025-06-01T11:00:00.000Z', 'C2')],
    ['  2025-06-01T11:00:00Z\n', good('2025-06-01T11:00:00.000Z', 'C2')],
  ])('C2 loose forms: %j', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test('C3 a clock that was never set: kept, but the receive time counts', () => {
    expect(read('1970-01-01T00:03:20Z')).toEqual({
      at: received.toISOString(),
      device: '1970-01-01T00:03:20.000Z',
      codes: ['C3'],
    })
    expect(read('0001-01-01T00:00:00Z')).toEqual({
      at: received.toISOString(),
      device: '0001-01-01T00:00:00.000Z',
      codes: ['C3'],
    })
    expect(read('2014-12-31T23:59:59Z').codes).toEqual(['C3'])
    expect(read('2015-01-01T00:00:00Z').codes).toEqual([])
  })

  test('C3 more than a day ahead of the receive time', () => {
    expect(read('2025-06-02T12:00:01Z')).toEqual({
      at: received.toISOString(),
      device: '2025-06-02T12:00:01.000Z',
      codes: ['C3'],
    })
    expect(read('2025-06-02T11:59:59Z')).toEqual(good('2025-06-02T11:59:59.000Z', 'C4'))
  })

  test('C4 local time marked as UTC is ahead of us and counted', () => {
    expect(read('2025-06-01T14:00:00Z').codes).toEqual(['C4'])
    expect(read('2025-06-01T12:00:59Z').codes).toEqual([])
  })

  test('C6 old times are believed', () => {
    expect(read('2023-02-03T04:05:06Z')).toEqual(good('2023-02-03T04:05:06.000Z'))
  })

  test('C7 seconds and milliseconds since 1970', () => {
    expect(read('1748775600')).toEqual(good('2025-06-01T11:00:00.000Z', 'C7'))
    expect(read('1748775600123')).toEqual(good('2025-06-01T11:00:00.123Z', 'C7'))
  })

  test.each([
    'banana',
    '',
    '2025-13-01T00:00:00Z',
    '2025-06-32T00:00:00Z',
    '2025-06-01T25:00:00Z',
    '0000-00-00T00:00:00Z',
    '0',
  ])('C8 unreadable: %j', (text) => {
    expect(read(text)).toEqual({ at: received.toISOString(), device: null, codes: ['C8'] })
  })

  test('nothing said: the receive time, without a complaint', () => {
    expect(read(undefined)).toEqual({ at: received.toISOString(), device: null, codes: [] })
  })

  test('any text gives a usable instant, any ISO time is read exactly', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { at, device } = deviceTime(text, received, null, { note() {} })
        return Number.isFinite(at.getTime()) && (device === null || device.getUTCFullYear() >= 0)
      }),
    )
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2015-01-01T00:00:00Z'), max: received, noInvalidDate: true }),
        (date) => read(date.toISOString()).at === date.toISOString(),
      ),
    )
  })
})

describe('answering', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub()
  })
  afterAll(() => hub.stop())

  test('C5 always Z; whole seconds for models that refuse fractions', async () => {
    expect(timeText(new Date('2025-06-01T12:00:00.123Z'), 'milliseconds')).toBe('2025-06-01T12:00:00.123Z')
    const picky = await hub.station('C5', 'ocpp1.6', { settings: { replyTimePrecision: 'seconds' } })
    expect(await picky.ask('Heartbeat', {})).toEqual({ currentTime: '2025-06-01T12:00:00Z' })
    expect(await picky.ask('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })).toMatchObject({
      currentTime: '2025-06-01T12:00:00Z',
    })
  })

  test('C3 over the wire: device and effective time are both stored', async () => {
    const station = await hub.station('C3')
    await station.ask('StartTransaction', {
      connectorId: 1,
      idTag: 'A',
      meterStart: 0,
      timestamp: '1970-01-01T00:00:20Z',
    })
    expect(hub.port.factsOf('C3')).toMatchObject([
      { time: { at: startOfTest, device: new Date('1970-01-01T00:00:20Z') } },
    ])
    expect(hub.port.codesOf('C3')).toEqual(['C3'])
  })
})
