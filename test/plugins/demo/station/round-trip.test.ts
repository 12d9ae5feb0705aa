// Owns the proof that a well-behaved simulated charger speaks the standard: order, content and schema of its messages.
// Must not use the hub's own translation.
import { OCPP16, OCPP20 } from 'typed-ocpp'
import { describe, expect, it } from 'vitest'
import { baseWh, bench, callsOf, playSession, withHub } from './play.ts'

describe('a session at a 1.6 charge point', () => {
  it('boots, tells its status, starts, measures, stops and is free again', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      expect(await one.station.connect()).toMatchObject({ kind: 'accepted', intervalSeconds: 3600 })
      expect(one.station.protocol()).toBe('ocpp1.6')
      await playSession(one)
      await one.station.close()

      expect(hub.handshakes[0]?.path).toBe('/ocpp/CA-303')
      expect(hub.handshakes[0]?.headers.authorization).toBe(`Basic ${Buffer.from('CA-303:00ff41').toString('base64')}`)
      expect(hub.calls.map((call) => call.payload.status ?? call.action)).toEqual([
        'BootNotification',
        'Available',
        'Available',
        'Preparing',
        'Authorize',
        'StartTransaction',
        'MeterValues',
        'Charging',
        'MeterValues',
        'MeterValues',
        'SuspendedEV',
        'StopTransaction',
        'Finishing',
        'Available',
      ])
      const [begun] = callsOf(hub, 'StartTransaction')
      const [stopped] = callsOf(hub, 'StopTransaction')
      expect(begun?.payload).toEqual({
        connectorId: 1,
        idTag: '1EA68671',
        meterStart: baseWh,
        timestamp: '2019-03-04T16:02:00.000Z',
      })
      expect(stopped?.payload).toMatchObject({
        transactionId: 1,
        meterStop: baseWh + 6000,
        reason: 'Local',
        idTag: '1EA68671',
      })
      for (const { payload } of callsOf(hub, 'MeterValues')) expect(payload.transactionId).toBe(1)
    })
  })

  it('sends nothing that the schemas of the standard refuse', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      await one.station.connect()
      await playSession(one)
      await one.station.heartbeat()
      await one.station.close()
      for (const { text } of hub.frames)
        expect({ text, valid: OCPP16.validate(JSON.parse(text)) }).toEqual({ text, valid: true })
    })
  })
})

describe('a session at a 2.0.1 station', () => {
  for (const txStartPoint of ['EVConnected', 'Authorized'] as const) {
    it(`tells one transaction with the start point ${txStartPoint}`, async () => {
      await withHub(async (hub) => {
        const one = bench(hub, 'ocpp2.0.1', {}, { txStartPoint })
        await one.station.connect()
        await playSession(one)
        await one.station.close()

        const events = callsOf(hub, 'TransactionEvent').map((call) => call.payload)
        expect(events.map((event) => event.seqNo)).toEqual(events.map((_, i) => i))
        expect(
          new Set(events.map((event) => (event.transactionInfo as { transactionId: string }).transactionId)).size,
        ).toBe(1)
        expect(events.map((event) => `${event.eventType}:${event.triggerReason}`)).toEqual(
          txStartPoint === 'EVConnected'
            ? [
                'Started:CablePluggedIn',
                'Updated:Authorized',
                'Updated:ChargingStateChanged',
                'Updated:MeterValuePeriodic',
                'Updated:MeterValuePeriodic',
                'Updated:ChargingStateChanged',
                'Updated:StopAuthorized',
                'Ended:EVDeparted',
              ]
            : [
                'Started:Authorized',
                'Updated:ChargingStateChanged',
                'Updated:MeterValuePeriodic',
                'Updated:MeterValuePeriodic',
                'Updated:ChargingStateChanged',
                'Ended:StopAuthorized',
              ],
        )
        const register = (event: unknown) =>
          JSON.stringify(event).match(/"value":(\d+),"context":"[A-Za-z.]+","measurand":"Energy/)?.[1]
        expect(Number(register(events[0]))).toBe(baseWh)
        expect(Number(register(events.at(-1)))).toBe(baseWh + 6000)
        expect(events.some((event) => 'offline' in event)).toBe(false)
      })
    })

    it(`sends nothing that the schemas of the standard refuse (${txStartPoint})`, async () => {
      await withHub(async (hub) => {
        const one = bench(hub, 'ocpp2.0.1', {}, { txStartPoint })
        await one.station.connect()
        await playSession(one)
        await one.station.heartbeat()
        await one.station.close()
        for (const { text } of hub.frames)
          expect({ text, valid: OCPP20.validate(JSON.parse(text)) }).toEqual({ text, valid: true })
      })
    })
  }
})

describe('admission', () => {
  it('waits out a Pending boot and keeps transactions in the queue until it is accepted', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      hub.answer.set('BootNotification', () => ({ result: { status: 'Pending', currentTime: '', interval: 300 } }))
      expect(await one.station.connect()).toEqual({ kind: 'pending', intervalSeconds: 300 })
      await one.station.plugIn(1)
      await one.station.presentCard(1, { value: '1EA68671', type: 'ISO14443' })
      one.at(4)
      expect(await one.station.boot()).toEqual({ kind: 'tooEarly', waitSeconds: 60 })
      expect(hub.calls.map((call) => call.action)).toEqual(['BootNotification'])
      hub.answer.clear()
      one.at(5)
      expect(await one.station.boot()).toMatchObject({ kind: 'accepted' })
      expect(hub.calls.map((call) => call.payload.status ?? call.action)).toEqual([
        'BootNotification',
        'BootNotification',
        'Available',
        'Charging',
        'StartTransaction',
        'MeterValues',
      ])
      await one.station.close()
    })
  })

  it('does not start for a refused card, and starts at once for free vend', async () => {
    await withHub(async (hub) => {
      const one = bench(hub, 'ocpp1.6')
      hub.answer.set('Authorize', () => ({ result: { idTagInfo: { status: 'Invalid' } } }))
      await one.station.connect()
      await one.station.plugIn(1)
      expect(await one.station.presentCard(1, { value: 'AA', type: 'ISO14443' })).toEqual({
        kind: 'refused',
        status: 'Invalid',
      })
      expect(callsOf(hub, 'StartTransaction')).toEqual([])
      await one.station.startCharging(1, { value: 'FREEVEND', type: 'Local' })
      expect(callsOf(hub, 'StartTransaction')[0]?.payload.idTag).toBe('FREEVEND')
      await one.station.close()
    })
  })
})
