// Owns the tests of the adapter in front of the real core on a real database: whole charges in both versions, and hostile input.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/runtime/system-clock.ts'
import { type ChargerHarness, chargerHarness } from '../../services/charger/charger-harness.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Station, TestHub, until } from './hub.ts'
import { mutated, nasty } from './mutations.ts'
import type { Version } from './official-schemas.ts'
import { frames16, frames21, frames201 } from './sample-frames.ts'

let database: TestDatabase
let core: ChargerHarness
let hub: TestHub
let count = 0

beforeAll(async () => {
  database = await createTestDatabase()
  core = await chargerHarness(database)
  hub = await new TestHub({ pingIntervalSeconds: 0 }, { port: core.gateway.port, clock: systemClock }).listen()
})
afterAll(async () => {
  await hub.stop()
  await core.close()
  await database.drop()
})

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

async function charger(version: Version) {
  const code = `REAL-${++count}`
  const stationId = await core.addStation(code)
  const authorization = `Basic ${Buffer.from(`${code}:secret`).toString('base64')}`
  const connect = () => hub.connect(`/ocpp/${code}`, version, { headers: { authorization } })
  const transactions = () =>
    database.db
      .selectFrom('ocpp_transaction')
      .selectAll()
      .where('station_id', '=', stationId)
      .orderBy('started_at')
      .execute()
  const reviews = () => database.db.selectFrom('review_item').selectAll().where('station_id', '=', stationId).execute()
  return { station: await connect(), connect, stationId, transactions, reviews }
}

const boot16 = { chargePointVendor: 'Acme', chargePointModel: 'Wall 11' }
const boot201 = { reason: 'PowerUp', chargingStation: { vendorName: 'Acme', model: 'Wall 22' } }

test('a wrong password is refused before the upgrade', async () => {
  const code = `REAL-${++count}`
  await core.addStation(code)
  const authorization = `Basic ${Buffer.from(`${code}:guess`).toString('base64')}`
  await expect(hub.connect(`/ocpp/${code}`, 'ocpp1.6', { headers: { authorization } })).rejects.toMatchObject({
    status: 401,
  })
})

test('a charge in 1.6, its stop repeated after a reconnect with -1', async () => {
  const { station, connect, transactions } = await charger('ocpp1.6')
  expect(await station.ask('BootNotification', boot16)).toMatchObject({ status: 'Accepted' })
  await station.ask('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing' })
  const start = { connectorId: 1, idTag: 'CARD', meterStart: 1_000, timestamp: minutesAgo(30) }
  const { transactionId } = await station.ask('StartTransaction', start)
  expect(transactionId).toBeGreaterThan(0)
  expect(await station.ask('StartTransaction', start)).toMatchObject({ transactionId })
  await station.ask('MeterValues', {
    connectorId: 1,
    transactionId,
    meterValue: [{ timestamp: minutesAgo(20), sampledValue: [{ value: '2.5', unit: 'kWh' }] }],
  })
  const stop = { transactionId, idTag: 'CARD', meterStop: 4_000, timestamp: minutesAgo(10) }
  await station.ask('StopTransaction', stop)
  const again = await connect()
  await again.ask('StopTransaction', { ...stop, transactionId: -1 })
  const rows = await transactions()
  expect(rows).toMatchObject([{ number: transactionId, state: 'ended', meter_start_wh: 1_000, meter_stop_wh: 4_000 }])
})

test('a charge in 2.0.1, its events out of order', async () => {
  const { station, transactions } = await charger('ocpp2.0.1')
  expect(await station.ask('BootNotification', boot201)).toMatchObject({ status: 'Accepted' })
  const event = (eventType: string, seqNo: number, minutes: number, value: number, more: object = {}) => ({
    eventType,
    seqNo,
    timestamp: minutesAgo(minutes),
    triggerReason: 'MeterValuePeriodic',
    transactionInfo: { transactionId: 'tx-1' },
    meterValue: [{ timestamp: minutesAgo(minutes), sampledValue: [{ value, unitOfMeasure: { unit: 'Wh' } }] }],
    ...more,
  })
  const idToken = { idToken: 'CARD', type: 'ISO14443' }
  await station.ask('TransactionEvent', event('Ended', 2, 10, 4_000))
  expect(
    await station.ask('TransactionEvent', event('Started', 0, 30, 1_000, { evse: { id: 1, connectorId: 1 }, idToken })),
  ).toEqual({
    idTokenInfo: { status: 'Accepted' },
  })
  await station.ask('TransactionEvent', event('Updated', 1, 20, 2_500))
  expect(await transactions()).toMatchObject([{ station_ref: 'tx-1', state: 'ended' }])
})

test('a charge in 2.1 with an ad hoc payment, its stream, its report in parts and its noes', async () => {
  const { station, stationId, transactions } = await charger('ocpp2.1')
  expect(await station.ask('BootNotification', boot201)).toMatchObject({ status: 'Accepted' })
  await station.ask('StatusNotification', {
    timestamp: minutesAgo(31),
    connectorStatus: 'Occupied',
    evseId: 1,
    connectorId: 1,
  })
  const idToken = { idToken: 'PAY-0815', type: 'DirectPayment' }
  expect(await station.ask('Authorize', { idToken })).toEqual({ idTokenInfo: { status: 'Accepted' } })
  const event = (eventType: string, seqNo: number, minutes: number, value: number, more: object = {}) =>
    station.ask('TransactionEvent', {
      eventType,
      seqNo,
      timestamp: minutesAgo(minutes),
      triggerReason: 'RunningCost',
      transactionInfo: { transactionId: 'tx-21', tariffId: 'T1' },
      meterValue: [{ timestamp: minutesAgo(minutes), sampledValue: [{ value, unitOfMeasure: { unit: 'Wh' } }] }],
      ...more,
    })
  expect(await event('Started', 0, 30, 1_000, { evse: { id: 1, connectorId: 1 }, idToken })).toEqual({
    idTokenInfo: { status: 'Accepted' },
  })
  await event('Updated', 1, 20, 2_500)
  await event('Ended', 2, 10, 4_000)
  expect(await transactions()).toMatchObject([{ station_ref: 'tx-21', state: 'ended', meter_start_wh: 1_000 }])
  station.send([
    6,
    's',
    'NotifyPeriodicEventStream',
    { id: 1, pending: 0, basetime: minutesAgo(5), data: [{ t: 0, v: '1' }] },
  ])
  await station.ask('NotifyReport', {
    requestId: 1,
    generatedAt: minutesAgo(1),
    seqNo: 0,
    reportData: [
      {
        component: { name: 'EVSE' },
        variable: { name: 'Power' },
        variableAttribute: [{ type: 'Actual', value: '22' }],
      },
    ],
  })
  expect(await station.ask('SignCertificate', { csr: 'PEM' })).toMatchObject({ status: 'Rejected' })
  expect(
    await station.ask('NotifySettlement', {
      pspRef: 'p',
      status: 'Settled',
      settlementAmount: 1.5,
      settlementTime: minutesAgo(1),
    }),
  ).toEqual({})
  const notices = await database.db
    .selectFrom('station_notice')
    .select('topic')
    .where('station_id', '=', stationId)
    .execute()
  expect(notices.map(({ topic }) => topic).sort()).toEqual([
    'certificate.sign',
    'payment.settled',
    'report.part',
    'stream.values',
  ])
})

test('T8, T18 what cannot be matched or read is answered and waits for review', async () => {
  const { station, reviews } = await charger('ocpp1.6')
  expect(await station.ask('StopTransaction', { transactionId: 4711, meterStop: 5, timestamp: minutesAgo(5) })).toEqual(
    {},
  )
  const start = await station.ask('StartTransaction', {})
  expect(start.transactionId).toBeGreaterThan(0)
  expect((await reviews()).length).toBeGreaterThanOrEqual(1)
})

test('what a 1.6 station tells and asks beside charging is kept, NUL inside vendor data or not', async () => {
  const { station, stationId } = await charger('ocpp1.6')
  await station.ask('BootNotification', boot16)
  await station.ask('FirmwareStatusNotification', { status: 'DownloadFailed' })
  await station.ask('SecurityEventNotification', { type: 'FirmwareUpdated', timestamp: minutesAgo(1) })
  const data = JSON.stringify({ csr: 'C\u0000SR\ud800' })
  const pnc = { vendorId: 'org.openchargealliance.iso15118pnc', messageId: 'SignCertificate', data }
  expect(await station.ask('DataTransfer', pnc)).toEqual({ status: 'Accepted', data: '{"status":"Rejected"}' })
  expect(await station.ask('DataTransfer', { vendorId: 'com.example' })).toEqual({ status: 'UnknownVendorId' })
  const notices = await database.db
    .selectFrom('station_notice')
    .select(['topic', 'data'])
    .where('station_id', '=', stationId)
    .orderBy('notice_id')
    .execute()
  expect(notices).toEqual([
    { topic: 'firmware.status', data: { status: 'download_failed' } },
    { topic: 'security.event', data: { type: 'FirmwareUpdated' } },
    { topic: 'certificate.sign', data: { csr: 'CSR\ufffd', use: 'v2g' } },
    { topic: 'data_transfer', data: { vendorId: 'com.example' } },
  ])
})

test('M 500 statuses in a burst are stored in order', async () => {
  const { station, stationId } = await charger('ocpp1.6')
  const statuses = ['Available', 'Preparing', 'Charging', 'SuspendedEV', 'Finishing']
  const ids = Array.from({ length: 500 }, (_, i) =>
    station.cast('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: statuses[i % 5] }),
  )
  for (const id of ids) await station.answer(id)
  const connector = await database.db
    .selectFrom('connector')
    .selectAll()
    .where('station_id', '=', stationId)
    .executeTakeFirst()
  expect(connector).toMatchObject({ status: 'finishing' })
})

test('W11 a second socket wins over the first', async () => {
  const { station, connect } = await charger('ocpp1.6')
  await station.ask('BootNotification', boot16)
  const newer = await connect()
  await newer.ask('BootNotification', boot16)
  await station.closed()
  await newer.ask('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available' })
})

describe.each(['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] as const)('hostile input in %s', (version) => {
  const frames = { 'ocpp1.6': frames16, 'ocpp2.0.1': frames201, 'ocpp2.1': frames21 }[version]
  const any = fc.oneof(
    ...Object.entries(frames).map(([name, make]) => {
      const [action = ''] = name.split(' ')
      return fc.oneof(mutated(make), nasty).map((payload) => ({ action, payload }))
    }),
  )

  test('every call is answered, and the station is served on', async () => {
    const { station } = await charger(version)
    // A fact that the core cannot store is tried again by the pulse; it must not come to that.
    const answered = (each: Station, id: string) => until(() => each.answersTo(id).length > 0, `an answer to ${id}`)
    await fc.assert(
      fc.asyncProperty(any, async ({ action, payload }) => {
        await answered(station, station.cast(action, payload))
      }),
      { numRuns: 300 },
    )
    expect(hub.log.filter(({ message }) => message.includes('could not be'))).toEqual([])
    await station.settled()
  })
})
