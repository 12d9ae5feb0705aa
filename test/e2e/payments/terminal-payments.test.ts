// Owns the proof that a driver who pays at a charger's terminal charges, is told the cost, and has paid exactly his bill, over real sockets.
// Must not test the rules' own cases; test/services/payments and test/domain/payment do.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SimulatedStation } from '../../sim/index.ts'
import { freshCode, type LiveHub, liveHub } from '../live-hub.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
  // Nobody unknown charges here; who pays at the terminal does.
  const terminals = [
    {
      vendorId: 'com.example.terminal',
      amounts: 'minor',
      messages: [
        { messageId: 'PreAuth', means: 'authorised', fields: { token: '/tag', reference: '/psp' } },
        ...[
          ['Captured', 'settled'],
          ['Declined', 'failed'],
          ['Refunded', 'refunded'],
        ].map(([messageId, means]) => ({
          messageId,
          means,
          fields: { reference: '/psp', amount: '/amount', currency: '/currency', token: '/tag', refund: '/refundId' },
        })),
      ],
    },
  ]
  const { settings } = await hub.call<Json>('GET', `sites/${hub.garage.siteId}`)
  const more = { anonymous_charging: 'reject', terminals }
  await hub.call('PATCH', `sites/${hub.garage.siteId}`, { settings: { ...settings, ...more } })
}, 300_000)
afterAll(() => hub?.stop(), 60_000)

const payload = async (station: SimulatedStation, action: string, body: Record<string, unknown>) => {
  const outcome = await station.call(action, body)
  expect(outcome.kind, JSON.stringify(outcome)).toBe('result')
  return outcome.kind === 'result' ? (outcome.payload as Json) : {}
}
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const register = (wh: number, context: string) => [
  { timestamp: ago(0), sampledValue: [{ value: wh, context, measurand: 'Energy.Active.Import.Register' }] },
]
const billOf = (sessionId: string) =>
  hub.until('the bill', async () => (await hub.all(`bills?sessionId=${sessionId}`))[0])
const paid = (billId: string, paidMinor: number) =>
  hub.until(`a bill of which ${paidMinor} are paid`, async () => {
    const bill = await hub.call<Json>('GET', `bills/${billId}`)
    return bill.settlement.paidMinor === paidMinor && bill
  })

test('2.1: a payment in place of a card charges, hears its cost, and is settled across a kill', async () => {
  const added = await hub.addStation(freshCode('TERM'), 'ocpp2.1')
  const costs: number[] = []
  const station = hub.play(added, {
    onFrame: (direction, text) => {
      if (direction === 'in' && text.includes('"CostUpdated"')) costs.push(JSON.parse(text)[3].totalCost)
    },
  })
  expect(await station.connect()).toBe('accepted')
  const idToken = { idToken: 'PSP-100', type: 'DirectPayment' }
  expect((await payload(station, 'Authorize', { idToken })).idTokenInfo.status).toBe('Accepted')
  expect(
    (await payload(station, 'Authorize', { idToken: { idToken: 'PSP-100', type: 'ISO14443' } })).idTokenInfo.status,
  ).not.toBe('Accepted')
  let seqNo = 0
  const event = (eventType: string, triggerReason: string, minutes: number, wh: number, info: object = {}) =>
    payload(station, 'TransactionEvent', {
      eventType,
      triggerReason,
      timestamp: ago(minutes),
      seqNo: seqNo++,
      evse: { id: 1, connectorId: 1 },
      transactionInfo: { transactionId: 'paid-here', chargingState: 'Charging', ...info },
      ...(seqNo === 1 ? { idToken } : {}),
      meterValue: register(wh, eventType === 'Ended' ? 'Transaction.End' : 'Sample.Periodic').map((one) => ({
        ...one,
        timestamp: ago(minutes),
      })),
    })
  const begun = await event('Started', 'Authorized', 40, 0, { transactionLimit: { maxCost: 20 } })
  expect(begun.idTokenInfo.status).toBe('Accepted')
  await event('Updated', 'MeterValuePeriodic', 20, 2_000)
  // 50 cents to begin with, and 40 for each kWh.
  await hub.until('the cost so far', async () => costs.includes(1.3))
  await event('Ended', 'EVDeparted', 10, 4_000, { chargingState: 'Idle', stoppedReason: 'EVDisconnected' })
  await hub.until('the whole cost', async () => costs.at(-1) === 2.1)

  const [session] = await hub.all(`charging-sessions?stationId=${added.stationId}`)
  expect(session.accountId).toBeNull()
  const bill = await billOf(session.sessionId)
  expect(bill.totalMinor).toBe(210)
  const settlement = {
    pspRef: 'PSP-100',
    transactionId: 'paid-here',
    status: 'Settled',
    settlementAmount: 2.1,
    settlementTime: ago(9),
    receiptId: 'R-100',
    receiptUrl: 'https://pay.example/R-100',
  }
  await payload(station, 'NotifySettlement', settlement)
  await hub.process.kill('SIGKILL')
  await hub.process.start()
  await hub.until('the station back', async () => {
    await station.cut()
    return (await station.connect()) === 'accepted'
  })
  // A terminal that was not sure that it was heard says it again.
  await payload(station, 'NotifySettlement', { ...settlement, settlementTime: ago(0) })
  const settled = await paid(bill.billId, 210)
  expect(settled.settlement.openMinor).toBe(0)
  expect(await hub.all(`payments?subjectKey=session:${session.sessionId}`)).toMatchObject([
    {
      kind: 'captured',
      method: 'terminal',
      amountMinor: 210,
      vendorTransaction: 'PSP-100',
      reason: expect.stringMatching(/R-100/),
    },
  ])
  // What contradicts it changes no money and is seen.
  await payload(station, 'NotifySettlement', { ...settlement, status: 'Failed', settlementTime: ago(0) })
  await hub.until('a person to be told', async () =>
    (await hub.all('reviews?kind=settlement')).some(({ reason }) => /PSP-100.*failed after/.test(reason)),
  )
  expect((await paid(bill.billId, 210)).settlement.openMinor).toBe(0)
}, 240_000)

test('2.1: a settlement that only its receipt names is told again after a reconnect with a clock set right: it is one', async () => {
  const added = await hub.addStation(freshCode('TERM'), 'ocpp2.1')
  const station = hub.play(added)
  expect(await station.connect()).toBe('accepted')
  const settlement = {
    pspRef: '',
    status: 'Settled',
    settlementAmount: 3.5,
    settlementTime: ago(400),
    receiptId: 'R-only',
  }
  const first = await payload(station, 'NotifySettlement', settlement)
  await station.cut()
  expect(await station.connect()).toBe('accepted')
  expect(await payload(station, 'NotifySettlement', { ...settlement, settlementTime: ago(5) })).toEqual(first)
  expect(await hub.all(`station-notices?stationId=${added.stationId}&topic=payment.settled`)).toHaveLength(1)
  await hub.until('it waits for its session', async () =>
    (await hub.all('reviews?kind=settlement_waiting')).some(({ data }) => data.stationId === added.stationId),
  )
}, 240_000)

test('1.6: a terminal that speaks by DataTransfer announces its card, settles and gives back', async () => {
  const added = await hub.addStation(freshCode('TERM'), 'ocpp1.6')
  const station = hub.play(added)
  expect(await station.connect()).toBe('accepted')
  const says = (messageId: string, data: unknown, vendorId = 'com.example.terminal') =>
    payload(station, 'DataTransfer', {
      vendorId,
      messageId,
      data: typeof data === 'string' ? data : JSON.stringify(data),
    })
  const start = (minutes: number) =>
    payload(station, 'StartTransaction', { connectorId: 1, idTag: 'TAG-1', meterStart: 0, timestamp: ago(minutes) })
  expect((await payload(station, 'Authorize', { idTag: 'TAG-1' })).idTagInfo.status).not.toBe('Accepted')
  for (let i = 0; i < 2; i++)
    expect(await says('PreAuth', { tag: 'TAG-1', psp: 'P-7' })).toEqual({ status: 'Accepted' })
  expect((await payload(station, 'Authorize', { idTag: 'TAG-1' })).idTagInfo.status).toBe('Accepted')
  const begun = await start(30)
  expect(begun.idTagInfo.status).toBe('Accepted')
  // Before the transaction is over, before there is a bill.
  for (let i = 0; i < 2; i++)
    expect(await says('Captured', { psp: 'P-7', tag: 'TAG-1', amount: 170, currency: 'EUR' })).toEqual({
      status: 'Accepted',
    })
  await payload(station, 'StopTransaction', {
    transactionId: begun.transactionId,
    idTag: 'TAG-1',
    meterStop: 3_000,
    timestamp: ago(5),
    reason: 'EVDisconnected',
  })
  const [session] = await hub.all(`charging-sessions?stationId=${added.stationId}`)
  const bill = await billOf(session.sessionId)
  expect(bill.totalMinor).toBe(170)
  expect((await paid(bill.billId, 170)).settlement.openMinor).toBe(0)
  for (let i = 0; i < 2; i++)
    expect(await says('Refunded', { psp: 'P-7', amount: 70, currency: 'EUR', refundId: 'RF-1' })).toEqual({
      status: 'Accepted',
    })
  expect((await paid(bill.billId, 100)).settlement.openMinor).toBe(70)

  expect(await says('Weather', {})).toEqual({ status: 'UnknownMessageId' })
  expect(await says('Captured', {}, 'com.other')).toEqual({ status: 'UnknownVendorId' })
  for (const data of ['{', '[]', { psp: 'P-8', amount: 'much' }, { psp: 'P-8', amount: 1, pan: '4111111111111111' }])
    expect((await says('Captured', data)).status).toBe('Rejected')
  const notices = await hub.all(`station-notices?stationId=${added.stationId}&topic=data_transfer`)
  expect(JSON.stringify(notices)).not.toContain('4111111111111111')
  expect(JSON.stringify(notices)).toContain('[card number]')
  const journal = await hub.all(`stations/${added.stationId}/messages`)
  expect(journal.some(({ frame }) => String(JSON.stringify(frame)).includes('[card number]'))).toBe(true)
  expect(JSON.stringify(journal)).not.toContain('4111111111111111')
}, 240_000)
