// Owns the proof that nothing of a transaction is lost or reordered when the network cable is pulled.
// Must not use timers.
import { describe, expect, it } from 'vitest'
import { createAcknowledged } from '../../../sim/index.ts'
import { bench, callsOf, card, playOffline, playSession, withHub } from './play.ts'

describe('the queue of a charger without network', () => {
  it('sends a whole 1.6 session in order after the reconnect, with its own times and the number it was given', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      await one.station.connect()
      await playOffline(one)
      const told = callsOf(hub, 'StartTransaction', 'MeterValues', 'StopTransaction')
      expect(told.map((call) => call.action)).toEqual([
        'StartTransaction',
        'MeterValues',
        'MeterValues',
        'MeterValues',
        'StopTransaction',
      ])
      expect(told[0]?.payload.timestamp).toBe('2019-03-04T16:02:00.000Z')
      expect(told[4]?.payload.timestamp).toBe('2019-03-04T17:30:00.000Z')
      expect(told.slice(1).map((call) => call.payload.transactionId)).toEqual([1, 1, 1, 1])
      expect(one.station.outbox.size()).toBe(0)
      await one.station.close()
    })
  })

  it('marks 2.0.1 events of that time as offline and keeps their sequence', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp2.0.1')
      await one.station.connect()
      await playOffline(one)
      const events = callsOf(hub, 'TransactionEvent').map((call) => call.payload)
      expect(events.map((event) => event.seqNo)).toEqual([0, 1, 2, 3, 4, 5])
      expect(events.every((event) => event.offline === true)).toBe(true)
      await one.station.close()
    })
  })

  it('repeats what was not answered before the cut, with a new message id', async () => {
    await withHub(async (hub) => {
      const acknowledged = createAcknowledged()
      const one = bench(hub, 'ocpp1.6', {}, { onAcked: acknowledged.onAcked })
      await one.station.connect()
      await one.station.plugIn(1)
      one.station.cutOnNext('StartTransaction')
      await one.station.presentCard(1, card)
      expect(one.station.connected()).toBe(false)
      expect([...acknowledged.transactions.values()]).toEqual([])
      one.at(3)
      await one.station.goOnline()
      // The cut may be faster than the first frame; what counts is that the answered one is there, and the same.
      const starts = callsOf(hub, 'StartTransaction')
      expect(starts.length).toBeGreaterThanOrEqual(1)
      expect(new Set(starts.map((call) => call.messageId)).size).toBe(starts.length)
      expect(new Set(starts.map((call) => JSON.stringify(call.payload))).size).toBe(1)
      expect([...acknowledged.transactions.values()]).toMatchObject([{ stationId: 'CA-303', evse: 1, ended: false }])
      await one.station.close()
    })
  })

  it('gives a message up after three errors and goes on with the next', async () => {
    await withHub(async (hub) => {
      hub.answer.set('MeterValues', () => ({ error: 'InternalError' }))
      const one = bench(hub, 'ocpp1.6')
      await one.station.connect()
      await playSession(one)
      expect(callsOf(hub, 'MeterValues')).toHaveLength(9)
      expect(callsOf(hub, 'StopTransaction')).toHaveLength(1)
      expect(one.station.outbox.givenUp.map(({ code }) => code)).toEqual([
        'InternalError',
        'InternalError',
        'InternalError',
      ])
      await one.station.close()
    })
  })

  it('keeps a message that gets no answer, and its followers behind it', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6', {}, { callTimeoutMs: 30 })
      await one.station.connect()
      await one.station.plugIn(1)
      hub.answer.set('StartTransaction', () => 'silence')
      await one.station.presentCard(1, card)
      await one.station.meter(1, 100)
      expect(callsOf(hub, 'MeterValues')).toEqual([])
      hub.answer.clear()
      await one.station.flush()
      expect(callsOf(hub, 'MeterValues').map((call) => call.payload.transactionId)).toEqual([1, 1])
      await one.station.close()
    })
  })

  it('ends a transaction with PowerLoss once the power is back, at the time when it went', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      await one.station.connect()
      await one.station.plugIn(1)
      await one.station.presentCard(1, card)
      one.at(30)
      await one.station.powerLoss({ deliveredWh: [2500] })
      one.at(40)
      await one.station.powerOn()
      expect(callsOf(hub, 'StopTransaction')[0]?.payload).toMatchObject({
        reason: 'PowerLoss',
        timestamp: '2019-03-04T16:30:00.000Z',
        meterStop: 1_002_500,
      })
      await one.station.close()
    })
  })

  it('forgets the transaction when told to, and the next one begins while it is open', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      await one.station.connect()
      await one.station.plugIn(1)
      await one.station.presentCard(1, card)
      await one.station.powerLoss({ forget: true })
      await one.station.powerOn()
      await one.station.presentCard(1, card)
      expect(callsOf(hub, 'StartTransaction')).toHaveLength(2)
      expect(callsOf(hub, 'StopTransaction')).toHaveLength(0)
      await one.station.close()
    })
  })
})
