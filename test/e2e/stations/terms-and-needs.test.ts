// Owns what OCPP 2.1 stations tell beside energy and cards, played end to end: terms, settlements, VAT numbers, needs, dynamic profiles.
// Must not look into the hub; its API tells.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../conformance/covers.ts'
import type { SimulatedStation } from '../../sim/index.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from '../live-hub.ts'

let hub: LiveHub
let added: AddedStation
let station: SimulatedStation
beforeAll(async () => {
  hub = await liveHub()
  added = await hub.addStation(freshCode('TERMS'), 'ocpp2.1')
  station = hub.play(added)
  expect(await station.connect()).toBe('accepted')
}, 300_000)
afterAll(() => hub.stop())

const payloadOf = async (action: string, payload: Record<string, unknown>) => {
  const outcome = await station.call(action, payload)
  expect(outcome.kind, JSON.stringify(outcome)).toBe('result')
  return outcome.kind === 'result' ? outcome.payload : {}
}
const stamp = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString()
const sessionOf = async (ref: string) => {
  for (const session of await hub.all(`charging-sessions?stationId=${added.stationId}`)) {
    const [transaction] = await hub.all(`charging-sessions/${session.sessionId}/transactions`)
    if (transaction?.stationRef === ref) return { session, transaction }
  }
  throw new Error(`no session of ${ref}`)
}
const event = (ref: string, seqNo: number, minutesAgo: number, more: object = {}, info: object = {}) =>
  payloadOf('TransactionEvent', {
    eventType: seqNo === 0 ? 'Started' : 'Updated',
    timestamp: stamp(minutesAgo),
    triggerReason: seqNo === 0 ? 'Authorized' : 'Trigger',
    seqNo,
    evse: { id: 1, connectorId: 1 },
    transactionInfo: { transactionId: ref, ...info },
    ...more,
  })
const costDetails = (total: number) => ({
  totalCost: { currency: 'EUR', typeOfCost: 'NormalCost', total: { inclTax: total } },
  totalUsage: { energy: 5_000, chargingTime: 600, idleTime: 0 },
})

describe('ocpp2.1', () => {
  covers('ocpp2.1', 'TransactionEvent', 'in')
  covers('ocpp2.1', 'NotifySettlement', 'in')
  covers('ocpp2.1', 'VatNumberValidation', 'in')
  covers('ocpp2.1', 'PullDynamicScheduleUpdate', 'in')
  covers('ocpp2.1', 'NotifyEVChargingNeeds', 'in')

  test('cost, limits, tariff and operation mode of a transaction are shown, the newest of each, in whatever order they come', async () => {
    const idToken = { idToken: hub.card, type: 'ISO14443' }
    await event('terms', 0, 30, { idToken }, { operationMode: 'ChargingOnly', tariffId: 'day' })
    await event(
      'terms',
      3,
      10,
      { costDetails: costDetails(4.2) },
      { transactionLimit: { maxEnergy: 20_000.4, maxSoC: 80 } },
    )
    await event(
      'terms',
      1,
      20,
      { costDetails: costDetails(1.1) },
      { tariffId: 'evening', transactionLimit: { maxCost: 9.5 } },
    )
    const { transaction } = await sessionOf('terms')
    expect(transaction.terms).toMatchObject({
      operationMode: 'charging_only',
      limit: { energyWh: 20_000, soc: 80 },
      cost: { totalCost: { total: { inclTax: 4.2 } } },
    })
  }, 120_000)

  test('what a car needs stands with its session; without a plan the station is told that there is none', async () => {
    const chargingNeeds = {
      requestedEnergyTransfer: 'AC_three_phase',
      departureTime: '2026-12-01T06:30:00.000Z',
      acChargingParameters: { energyAmount: 18_000, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 230 },
    }
    const answer = await payloadOf('NotifyEVChargingNeeds', { evseId: 1, maxScheduleTuples: 3, chargingNeeds })
    expect(answer.status).toBe('NoChargingProfile')
    const { session } = await sessionOf('terms')
    expect(session.needs).toMatchObject({
      departureAt: '2026-12-01T06:30:00.000Z',
      energyWh: 18_000,
      transfer: 'ac_three_phase',
      maxScheduleTuples: 3,
      sent: { acChargingParameters: { evMaxCurrent: 16 } },
    })
    // An EVSE at which nobody charges: taken note of, no session is touched.
    await payloadOf('NotifyEVChargingNeeds', { evseId: 2, chargingNeeds: { requestedEnergyTransfer: 'DC' } })
    expect((await sessionOf('terms')).session.needs.transfer).toBe('ac_three_phase')
    const notices = await hub.all(`station-notices?stationId=${added.stationId}&topic=ev.needs`)
    expect(notices).toHaveLength(2)
  }, 120_000)

  test('a settlement that is told twice is one', async () => {
    const settlement = {
      pspRef: 'psp-1',
      transactionId: 'terms',
      status: 'Settled',
      settlementAmount: 12.34,
      settlementTime: stamp(1),
      receiptId: 'R-1',
      vatNumber: 'DE136695976',
    }
    const first = await payloadOf('NotifySettlement', settlement)
    await station.cut()
    expect(await station.connect()).toBe('accepted')
    expect(await payloadOf('NotifySettlement', { ...settlement, settlementTime: stamp(0) })).toEqual(first)
    await payloadOf('NotifySettlement', { ...settlement, pspRef: 'psp-2', status: 'Canceled', settlementAmount: 0 })
    const notices = await hub.all(`station-notices?stationId=${added.stationId}&topic=payment.settled`)
    expect(notices.map(({ data }) => [data.pspRef, data.status, data.amount, data.transaction]).sort()).toEqual([
      ['psp-1', 'settled', '12.34', 'terms'],
      ['psp-2', 'canceled', '0', 'terms'],
    ])
    // Events are listed in their order, once no older transaction runs: with the last one there, none of these is to come.
    const settled = await hub.until('the last event', async () => {
      const path = `events?type=station.notice&subjectId=${added.stationId}&limit=200`
      const { items } = await hub.call<{ items: { data: { topic: string; data: { pspRef: string } } }[] }>('GET', path)
      const told = items.filter(({ data }) => data.topic === 'payment.settled').map(({ data }) => data.data.pspRef)
      return told.includes('psp-2') && told
    })
    expect(settled).toEqual(['psp-1', 'psp-2'])
  }, 120_000)

  test('a VAT number is accepted by its form, and otherwise refused with a reason', async () => {
    expect(await payloadOf('VatNumberValidation', { vatNumber: 'DE136695976', evseId: 1 })).toEqual({
      status: 'Accepted',
      vatNumber: 'DE136695976',
      evseId: 1,
    })
    expect(await payloadOf('VatNumberValidation', { vatNumber: 'DE1' })).toMatchObject({
      status: 'Rejected',
      statusInfo: { additionalInfo: expect.stringContaining('DE') },
    })
  }, 120_000)

  test('a dynamic profile is pulled with the values that the hub set last', async () => {
    const pull = (chargingProfileId: number) => payloadOf('PullDynamicScheduleUpdate', { chargingProfileId })
    expect(await pull(41)).toMatchObject({ status: 'Rejected' })
    const profile = {
      profileId: 41,
      stackLevel: 0,
      purpose: 'default',
      kind: 'dynamic',
      updateIntervalSeconds: 60,
      schedules: [{ unit: 'W', periods: [{ startSeconds: 0, limit: 7_000 }] }],
    }
    expect(await hub.command(added.stationId, { name: 'set_profile', evse: 1, profile })).toMatchObject({
      outcome: 'accepted',
    })
    expect(await pull(41)).toMatchObject({ status: 'Accepted', scheduleUpdate: { limit: 7_000 } })
    const update = { name: 'update_schedule', profileId: 41, limits: { limit: 4_200 } }
    expect(await hub.command(added.stationId, update)).toMatchObject({ outcome: 'accepted' })
    expect(await pull(41)).toMatchObject({ status: 'Accepted', scheduleUpdate: { limit: 4_200 } })
    expect(await pull(42)).toMatchObject({ status: 'Rejected' })
  }, 120_000)
})
