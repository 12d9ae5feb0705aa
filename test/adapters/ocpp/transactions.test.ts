// Owns the tests of transaction messages as chargers really send them: catalogue rows T1 to T19. Matching and review are the
// core's; here the adapter hands over what the core needs, always answers, and never with an error.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Station, startHub, startOfTest, type TestHub } from './hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub()
})
afterAll(() => hub.stop())

const timestamp = '2025-06-01T11:59:30Z'
const start = { connectorId: 1, idTag: 'A1B2C3D4', meterStart: 100, timestamp }
const last = (station: string) => hub.port.factsOf(station).at(-1)

async function fresh(code: string, version: 'ocpp1.6' | 'ocpp2.0.1' = 'ocpp1.6'): Promise<Station> {
  return hub.station(code, version)
}

test('T1 stop and meter values with transaction id -1', async () => {
  const station = await fresh('T1')
  const { transactionId } = await station.ask('StartTransaction', start)
  await station.ask('MeterValues', {
    connectorId: 1,
    transactionId: -1,
    meterValue: [{ timestamp, sampledValue: [{ value: '150' }] }],
  })
  expect(last('T1')).toMatchObject({ kind: 'meter', evse: 1, name: { by: 'hub', number: null } })
  await station.ask('StopTransaction', { transactionId: -1, idTag: 'A1B2C3D4', meterStop: 200, timestamp })
  expect(last('T1')).toMatchObject({ phase: 'ended', name: { by: 'hub', number: null }, registerWh: 200 })
  expect(transactionId).toBe(1)
  expect(hub.port.codesOf('T1')).toEqual(['T1', 'T1'])
})

test('T2 stop with transaction id 0', async () => {
  const station = await fresh('T2')
  expect(await station.ask('StopTransaction', { transactionId: 0, meterStop: 200, timestamp })).toEqual({})
  expect(last('T2')).toMatchObject({ name: { by: 'hub', number: null } })
  expect(hub.port.codesOf('T2')).toEqual(['T2'])
})

test('T3 a negative, huge or foreign id', async () => {
  const station = await fresh('T3')
  for (const transactionId of [-559038737, 3_000_000_000, 2 ** 53]) {
    await station.ask('StopTransaction', { transactionId, meterStop: 200, timestamp })
    expect(last('T3')).toMatchObject({ name: { by: 'hub', number: null } })
  }
  expect(hub.port.codesOf('T3').filter((code) => code === 'T3')).toHaveLength(3)
  await station.ask('StopTransaction', { transactionId: 424242, meterStop: 200, timestamp })
  expect(last('T3')).toMatchObject({ name: { by: 'hub', number: 424242 } })
})

test('T4 meter values without transaction id name no transaction', async () => {
  const station = await fresh('T4')
  await station.ask('MeterValues', { connectorId: 1, meterValue: [{ timestamp, sampledValue: [{ value: '150' }] }] })
  expect(last('T4')).not.toHaveProperty('name')
})

test('T5 meter values before the start is answered: stored in the order they came', async () => {
  const station = await fresh('T5')
  hub.port.hold()
  const first = station.cast('StartTransaction', start)
  const second = station.cast('MeterValues', {
    connectorId: 1,
    meterValue: [{ timestamp, sampledValue: [{ value: '150' }] }],
  })
  await station.settled()
  expect(station.answersTo(first)).toEqual([])
  hub.port.release()
  await station.answer(second)
  expect(hub.port.factsOf('T5').map(({ kind }) => kind)).toEqual(['transaction', 'meter'])
  expect(hub.port.codesOf('T5')).toContain('X2')
})

test('T6 start resent with a new message id gets the same number', async () => {
  const station = await fresh('T6')
  const first = await station.ask('StartTransaction', start)
  expect(await station.ask('StartTransaction', start)).toEqual(first)
  expect(hub.port.factsOf('T6')).toHaveLength(2)
})

test('T7 stop resent: answered the same', async () => {
  const station = await fresh('T7')
  const { transactionId } = await station.ask('StartTransaction', start)
  const stop = { transactionId, idTag: 'A1B2C3D4', meterStop: 300, timestamp }
  const first = await station.ask('StopTransaction', stop)
  expect(await station.ask('StopTransaction', stop)).toEqual(first)
})

test('T8, T19 only the stop arrives, for a transaction never seen: answered, and again', async () => {
  const station = await fresh('T8')
  const stop = { transactionId: 99, meterStop: 300, timestamp }
  expect(await station.ask('StopTransaction', stop)).toEqual({})
  expect(await station.ask('StopTransaction', stop)).toEqual({})
  expect(last('T8')).toMatchObject({ phase: 'ended', name: { by: 'hub', number: 99 } })
})

test('T10 a new start on a connector with an open transaction is answered as any', async () => {
  const station = await fresh('T10')
  const first = await station.ask('StartTransaction', start)
  const second = await station.ask('StartTransaction', { ...start, timestamp: '2025-06-01T12:00:00Z' })
  expect(second.transactionId).not.toBe(first.transactionId)
})

test('T11 history replayed after a reconnect keeps its old times', async () => {
  const station = await fresh('T11')
  await station.ask('StartTransaction', { ...start, timestamp: '2024-11-05T08:00:00Z' })
  const at = new Date('2024-11-05T08:00:00Z')
  expect(last('T11')).toMatchObject({ time: { at, device: at } })
  expect(hub.port.codesOf('T11')).toEqual([])
})

test('T12 stop by another tag, or without one', async () => {
  const station = await fresh('T12')
  const { transactionId } = await station.ask('StartTransaction', start)
  hub.port.verdicts.set('OTHER', { status: 'invalid', reason: 'not the one who started' })
  const other = { transactionId, idTag: 'OTHER', meterStop: 300, timestamp }
  expect(await station.ask('StopTransaction', other)).toEqual({ idTagInfo: { status: 'Invalid' } })
  expect(await station.ask('StopTransaction', { transactionId, meterStop: 300, timestamp })).toEqual({})
})

test('T13 numbers fit 32 bits with sign', async () => {
  const station = await fresh('T13')
  await station.ask('StopTransaction', { transactionId: 2 ** 31 - 1, meterStop: 1, timestamp })
  expect(last('T13')).toMatchObject({ name: { number: 2 ** 31 - 1 } })
  await station.ask('StopTransaction', { transactionId: 2 ** 31, meterStop: 1, timestamp })
  expect(last('T13')).toMatchObject({ name: { number: null } })
})

describe('2.x', () => {
  const event = (more: object = {}) => ({
    eventType: 'Updated',
    timestamp,
    triggerReason: 'MeterValuePeriodic',
    seqNo: 3,
    transactionInfo: { transactionId: 'tx-1' },
    ...more,
  })

  test('T14 a transaction id used again: the fact carries id, time and sequence for the core to tell apart', async () => {
    const station = await fresh('T14', 'ocpp2.0.1')
    await station.ask('TransactionEvent', event({ eventType: 'Started', seqNo: 0 }))
    await station.ask('TransactionEvent', event({ eventType: 'Started', seqNo: 0, timestamp: '2025-06-01T12:00:00Z' }))
    expect(hub.port.factsOf('T14')).toMatchObject([
      { name: { ref: 'tx-1' }, sequence: 0, time: { at: new Date(timestamp) } },
      { name: { ref: 'tx-1' }, sequence: 0, time: { at: startOfTest } },
    ])
  })

  test('T15 no sequence number, no offline flag, gaps', async () => {
    const station = await fresh('T15', 'ocpp2.0.1')
    await station.ask('TransactionEvent', event({ seqNo: undefined }))
    expect(last('T15')).not.toHaveProperty('sequence')
    expect(last('T15')).toMatchObject({ offline: false })
    expect(hub.port.codesOf('T15')).toEqual(['J17', 'T15'])
    await station.ask('TransactionEvent', event({ seqNo: 17 }))
    expect(last('T15')).toMatchObject({ sequence: 17 })
  })

  test('T15 an event type that cannot be read is told from the rest', async () => {
    const station = await fresh('T15e', 'ocpp2.0.1')
    await station.ask('TransactionEvent', event({ eventType: 'Begin', seqNo: 0 }))
    await station.ask('TransactionEvent', event({ eventType: undefined, seqNo: 1 }))
    const transactionInfo = { transactionId: 'tx-1', stoppedReason: 'Local' }
    await station.ask('TransactionEvent', event({ eventType: null, seqNo: 2, transactionInfo }))
    await station.ask('TransactionEvent', event({ eventType: 'ENDED', seqNo: 3 }))
    expect(hub.port.factsOf('T15e')).toMatchObject([
      { phase: 'started' },
      { phase: 'updated' },
      { phase: 'ended' },
      { phase: 'ended' },
    ])
  })

  test('T16 EVSE without connector, EVSE as a bare number', async () => {
    const station = await fresh('T16', 'ocpp2.0.1')
    await station.ask('TransactionEvent', event({ evse: { id: 2 } }))
    expect(last('T16')).toMatchObject({ evse: 2 })
    expect(last('T16')).not.toHaveProperty('connector')
    await station.ask('TransactionEvent', event({ seqNo: 4, evse: 2 }))
    expect(last('T16')).toMatchObject({ evse: 2 })
    expect(hub.port.codesOf('T16')).toEqual(['T16', 'J16', 'T16'])
  })

  test('X5 sequence number 0 in every event', async () => {
    const station = await fresh('X5', 'ocpp2.0.1')
    await station.ask('TransactionEvent', event({ seqNo: 0 }))
    expect(hub.port.codesOf('X5')).toEqual(['X5'])
  })

  test('T18 an event with nothing readable is stored and answered', async () => {
    const station = await fresh('T18b', 'ocpp2.0.1')
    for (const payload of [{}, null, [], 'text', 7, { transactionInfo: 'x', evse: [], seqNo: {}, meterValue: 'x' }]) {
      expect(await station.ask('TransactionEvent', payload)).toEqual({})
      expect(last('T18b')).toMatchObject({ kind: 'transaction', name: { by: 'station', ref: '' } })
    }
  })
})

test('T17 the stop reason is passed on as sent, also an unknown one', async () => {
  const station = await fresh('T17')
  await station.ask('StopTransaction', { transactionId: 5, meterStop: 1, timestamp, reason: 'DeAuthorized' })
  expect(last('T17')).toMatchObject({ stopReason: 'DeAuthorized' })
  await station.ask('StopTransaction', { transactionId: 5, meterStop: 1, timestamp, reason: 'powerloss' })
  expect(last('T17')).toMatchObject({ stopReason: 'PowerLoss' })
  await station.ask('StopTransaction', { transactionId: 5, meterStop: 1, timestamp, reason: 'CatAte it' })
  expect(last('T17')).toMatchObject({ stopReason: 'CatAte it' })
})

test('T18 an unreadable start gets a number and no error', async () => {
  const station = await fresh('T18')
  for (const payload of [{}, null, [], 'text', 7, { connectorId: {}, idTag: [], meterStart: 'many', timestamp: {} }]) {
    const answer = await station.ask('StartTransaction', payload)
    expect(answer).toEqual({ transactionId: expect.any(Number), idTagInfo: { status: 'Invalid' } })
    expect(answer.transactionId).toBeGreaterThan(0)
    expect(last('T18')).toEqual({
      kind: 'transaction',
      phase: 'started',
      name: { by: 'hub', number: null },
      time: { at: startOfTest, device: null },
      samples: [],
      offline: false,
    })
  }
  expect(hub.port.frames.filter(({ station, frame }) => station === 'T18' && frame.direction === 'in')).toHaveLength(6)
})

test('T18 unreadable stops, meter values and statuses are stored and answered', async () => {
  const station = await fresh('T18c')
  for (const payload of [{}, null, [], 'text', { transactionId: 'x', connectorId: null, meterValue: 3, status: 9 }]) {
    for (const action of ['StopTransaction', 'MeterValues', 'StatusNotification']) {
      expect(await station.ask(action, payload)).toEqual({})
    }
  }
  expect(hub.port.factsOf('T18c')).toHaveLength(15)
  const statuses = hub.port.factsOf('T18c').filter(({ kind }) => kind === 'connector.status')
  for (const fact of statuses) expect(fact).toMatchObject({ status: 'unknown', evse: 0 })
})
