// Owns the tests of the costs that a 1.6 station is told, by what it says of itself and of the message.
// Every frame is judged by the official schema when the hub stops.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CostStanding, StationCommand } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { startHub, type TestHub } from './hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

coversAll(['ocpp1.6'], 'out', { DataTransfer: [] })

type Payload = Record<string, unknown>
interface Nature {
  /** CustomDisplayCostAndPrice; null where it has no such setting. */
  shows?: string | null
  status?: string
  settings?: Payload
}

let count = 0
async function station({ shows = 'true', status = 'Accepted', settings = {} }: Nature = {}) {
  const code = `cost-${++count}`
  const one = await hub.station(code, 'ocpp1.6', { settings })
  const asked: string[] = []
  const told: { messageId: unknown; data: Payload }[] = []
  one.responder = (action, payload) => {
    asked.push(action)
    if (action === 'GetConfiguration') {
      const key = 'CustomDisplayCostAndPrice'
      const known = shows === null ? [] : [{ key, readonly: true, value: shows }]
      return { configurationKey: known, unknownKey: shows === null ? [key] : [] }
    }
    expect(payload.vendorId).toBe('org.openchargealliance.costmsg')
    told.push({ messageId: payload.messageId, data: JSON.parse(String(payload.data)) as Payload })
    return { status }
  }
  return { asked, told, tell: (command: StationCommand) => hub.port.deliver(code, command) }
}

const standing: CostStanding = {
  currency: 'EUR',
  energyWh: 12_345,
  registerWh: 1_234_567,
  at: '2025-06-01T11:59:00.000Z',
  state: 'charging',
}
const cost = (more: Partial<CostStanding> = {}): StationCommand => ({
  name: 'update_cost',
  transaction: { number: 77 },
  totalCost: '4.20',
  standing: { ...standing, ...more },
})

describe('RunningCost', () => {
  test('is the cost with the reading that it rests on and the prices that it grows by', async () => {
    const { asked, told, tell } = await station()
    const prices = { kwh: '0.40', hour: '1.20', flat: '0.50', idle: { hour: '6', graceMinutes: 15 } }
    expect(await tell(cost({ prices }))).toEqual({ kind: 'accepted', result: { message: 'RunningCost' } })
    expect(told).toEqual([
      {
        messageId: 'RunningCost',
        data: {
          transactionId: 77,
          timestamp: '2025-06-01T11:59:00.000Z',
          meterValue: 1_234_567,
          cost: 4.2,
          state: 'Charging',
          chargingPrice: { kWhPrice: 0.4, hourPrice: 1.2, flatFee: 0.5 },
          idlePrice: { graceMinutes: 15, hourPrice: 6 },
        },
      },
    ])
    // What it says of itself is asked once.
    await tell(cost({ state: 'idle' }))
    expect(asked).toEqual(['GetConfiguration', 'DataTransfer', 'DataTransfer'])
    // Prices that are not simple are none: the cost is shown as it is told.
    expect(told[1]?.data).toMatchObject({ state: 'Idle', chargingPrice: {} })
    expect(told[1]?.data).not.toHaveProperty('idlePrice')
  })

  test('is in the numbers of a meter that counts kWh, and in times that the station can read', async () => {
    const { told, tell } = await station({ settings: { energyScale: 1_000, replyTimePrecision: 'seconds' } })
    await tell(cost())
    expect(told[0]?.data).toMatchObject({ meterValue: 1_235, timestamp: '2025-06-01T11:59:00Z' })
  })
})

test('FinalCost is the cost in number and words', async () => {
  const { told, tell } = await station({ shows: '1' })
  expect(await tell(cost({ state: 'ended' }))).toEqual({ kind: 'accepted', result: { message: 'FinalCost' } })
  expect(told).toEqual([
    { messageId: 'FinalCost', data: { transactionId: 77, cost: 4.2, priceText: '4.20 EUR, 12.345 kWh' } },
  ])
})

describe('nothing is told', () => {
  test.each([
    [null, 'it has no setting CustomDisplayCostAndPrice'],
    ['false', 'CustomDisplayCostAndPrice is "false"'],
  ])('where the setting is %s', async (shows, reason) => {
    const { asked, tell } = await station({ shows })
    const reply = { kind: 'unsupported', reason: expect.stringContaining(reason) }
    expect(await tell(cost())).toEqual(reply)
    expect(await tell(cost())).toEqual(reply)
    expect(asked).toEqual(['GetConfiguration'])
  })

  test('where the model shows none, and told unasked where it does without saying so', async () => {
    const none = await station({ settings: { showsCost: 'no' } })
    expect(await none.tell(cost())).toEqual({ kind: 'unsupported', reason: 'this model shows no costs' })
    expect(none.asked).toEqual([])
    const some = await station({ shows: null, settings: { showsCost: 'yes' } })
    expect(await some.tell(cost())).toMatchObject({ kind: 'accepted' })
    expect(some.asked).toEqual(['DataTransfer'])
  })

  test.each(['UnknownVendorId', 'UnknownMessageId'])('again where it was answered %s', async (status) => {
    const { told, tell } = await station({ status })
    const reply = { kind: 'unsupported', reason: expect.stringContaining(status) }
    expect(await tell(cost())).toEqual(reply)
    expect(await tell(cost())).toEqual(reply)
    expect(told).toHaveLength(1)
    // The other message is one of its own.
    expect(await tell(cost({ state: 'ended' }))).toEqual(reply)
    expect(told).toHaveLength(2)
  })

  test.each([
    ['a number', { transaction: { ref: 'x' } }, 'number'],
    ['an amount', { totalCost: '4,20' }, 'totalCost'],
    ['a meter value', { standing: undefined }, 'meter value'],
  ])('without %s', async (_what, more, reason) => {
    const { asked, tell } = await station()
    const command = { ...cost(), ...more } as StationCommand
    expect(await tell(command)).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) })
    expect(asked).toEqual([])
  })

  test('twice where it was refused', async () => {
    const { told, tell } = await station({ status: 'Rejected' })
    expect(await tell(cost())).toEqual({ kind: 'refused', reason: 'Rejected' })
    expect(told).toHaveLength(1)
  })
})
