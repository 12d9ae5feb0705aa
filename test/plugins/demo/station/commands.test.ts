// Owns the proof that a simulated charger answers the hub's commands sensibly and does what it said.
// Must not test the hub.
import { OCPP16, OCPP20 } from 'typed-ocpp'
import { describe, expect, it } from 'vitest'
import type { EchoHub } from '../../../sim/index.ts'
import { bench, callsOf, card, withHub } from './play.ts'

const path = '/ocpp/CA-303'
const ask = async (hub: EchoHub, action: string, payload: Record<string, unknown>) =>
  (await hub.command(path, action, payload))[2]

describe('commands to a 1.6 charge point', () => {
  it('starts by remote without asking, and stops by remote', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      await station.plugIn(1)
      const started = station.started(1)
      expect(await ask(hub, 'RemoteStartTransaction', { idTag: 'APP-1', connectorId: 1 })).toEqual({
        status: 'Accepted',
      })
      await started
      await station.settled()
      expect(callsOf(hub, 'Authorize')).toEqual([])
      expect(callsOf(hub, 'StartTransaction')[0]?.payload.idTag).toBe('APP-1')
      expect(await ask(hub, 'RemoteStopTransaction', { transactionId: 99 })).toEqual({ status: 'Rejected' })
      expect(await ask(hub, 'RemoteStopTransaction', { transactionId: 1 })).toEqual({ status: 'Accepted' })
      await station.settled()
      expect(callsOf(hub, 'StopTransaction')[0]?.payload.reason).toBe('Remote')
      await station.close()
    })
  })

  it('starts a waiting remote start when the cable goes in', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      await ask(hub, 'RemoteStartTransaction', { idTag: 'APP-1', connectorId: 1 })
      await station.settled()
      expect(callsOf(hub, 'StartTransaction')).toEqual([])
      await station.plugIn(1)
      expect(callsOf(hub, 'StartTransaction')).toHaveLength(1)
      await station.close()
    })
  })

  it('resets: ends what runs, comes back and boots', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      await station.plugIn(1)
      await station.presentCard(1, card)
      expect(await ask(hub, 'Reset', { type: 'Soft' })).toEqual({ status: 'Accepted' })
      await station.settled()
      expect(callsOf(hub, 'StopTransaction')[0]?.payload.reason).toBe('SoftReset')
      expect(hub.handshakes).toHaveLength(2)
      expect(callsOf(hub, 'BootNotification')).toHaveLength(2)
      await station.close()
    })
  })

  it('reads and writes its configuration, and says what it does not know', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6', { readOnlyKeys: ['MeterValuesSampledData'] })
      await station.connect()
      expect(await ask(hub, 'ChangeConfiguration', { key: 'HeartbeatInterval', value: '60' })).toEqual({
        status: 'Accepted',
      })
      expect(await ask(hub, 'ChangeConfiguration', { key: 'MeterValuesSampledData', value: '' })).toEqual({
        status: 'Rejected',
      })
      expect(await ask(hub, 'ChangeConfiguration', { key: 'Nonsense', value: '1' })).toEqual({ status: 'NotSupported' })
      expect(await ask(hub, 'GetConfiguration', { key: ['HeartbeatInterval', 'Nonsense'] })).toEqual({
        configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '60' }],
        unknownKey: ['Nonsense'],
      })
      const all = (await ask(hub, 'GetConfiguration', {})) as { configurationKey: unknown[] }
      expect(all.configurationKey.length).toBeGreaterThan(10)
      await station.close()
    })
  })

  it('sends what a trigger asks for, changes availability, unlocks', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      for (const requestedMessage of ['BootNotification', 'Heartbeat', 'StatusNotification', 'MeterValues']) {
        const before = callsOf(hub, requestedMessage).length
        expect(await ask(hub, 'TriggerMessage', { requestedMessage, connectorId: 1 })).toEqual({ status: 'Accepted' })
        await station.settled()
        expect(callsOf(hub, requestedMessage).length).toBe(before + 1)
      }
      expect(await ask(hub, 'ChangeAvailability', { connectorId: 1, type: 'Inoperative' })).toEqual({
        status: 'Accepted',
      })
      await station.settled()
      expect(hub.calls.at(-1)?.payload.status).toBe('Unavailable')
      expect(await ask(hub, 'RemoteStartTransaction', { idTag: 'A', connectorId: 1 })).toEqual({ status: 'Rejected' })
      expect(await ask(hub, 'UnlockConnector', { connectorId: 1 })).toEqual({ status: 'Unlocked' })
      await station.close()
    })
  })

  it('answers within the schemas, and what it does not know with NotImplemented', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      const commands = [
        ['GetConfiguration', {}],
        ['ClearCache', {}],
        ['GetLocalListVersion', {}],
        ['DataTransfer', { vendorId: 'x' }],
        ['UnlockConnector', { connectorId: 1 }],
        ['TriggerMessage', { requestedMessage: 'FirmwareStatusNotification' }],
        ['GetCompositeSchedule', { connectorId: 1, duration: 60 }],
      ] as const
      for (const [action, payload] of commands) {
        const call = [2, 'm', action, payload] as unknown as OCPP16.Call
        const [, , result] = await hub.command(path, action, payload)
        const valid = OCPP16.checkCallResult([3, 'm', result] as OCPP16.UncheckedCallResult<object>, call)
        expect({ action, result, valid }).toEqual({ action, result, valid: true })
      }
      expect(await hub.command(path, 'GetDiagnostics', { location: 'ftp://x' })).toEqual([
        4,
        expect.any(String),
        'NotImplemented',
        expect.any(String),
        {},
      ])
      await station.close()
    })
  })
})

describe('commands to a 2.0.1 station', () => {
  it('starts and stops by request, and carries the remoteStartId', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp2.0.1')
      await station.connect()
      await station.plugIn(1)
      const started = station.started(1)
      const idToken = { idToken: 'APP-1', type: 'Central' }
      expect(await ask(hub, 'RequestStartTransaction', { evseId: 1, remoteStartId: 7, idToken })).toEqual({
        status: 'Accepted',
      })
      await started
      await station.settled()
      const [first] = callsOf(hub, 'TransactionEvent')
      expect(first?.payload).toMatchObject({
        triggerReason: 'RemoteStart',
        idToken,
        transactionInfo: { remoteStartId: 7 },
      })
      const { transactionId } = (first?.payload.transactionInfo ?? {}) as { transactionId?: string }
      expect(await ask(hub, 'GetTransactionStatus', { transactionId })).toEqual({
        ongoingIndicator: true,
        messagesInQueue: false,
      })
      expect(await ask(hub, 'RequestStopTransaction', { transactionId: 'no' })).toEqual({ status: 'Rejected' })
      expect(await ask(hub, 'RequestStopTransaction', { transactionId })).toEqual({ status: 'Accepted' })
      await station.settled()
      expect(callsOf(hub, 'TransactionEvent').at(-1)?.payload).toMatchObject({
        eventType: 'Ended',
        triggerReason: 'RemoteStop',
      })
      await station.close()
    })
  })

  it('resets when idle, reads and writes variables, reports its inventory', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp2.0.1')
      await station.connect()
      await station.plugIn(1)
      await station.presentCard(1, card)
      expect(await ask(hub, 'Reset', { type: 'OnIdle' })).toEqual({ status: 'Accepted' })
      await station.settled()
      expect(hub.handshakes).toHaveLength(1)
      await station.stop(1)
      expect(hub.handshakes).toHaveLength(2)

      const component = { name: 'OCPPCommCtrlr' }
      const variable = { name: 'HeartbeatInterval' }
      const set = { setVariableData: [{ component, variable, attributeValue: '60' }] }
      expect(await ask(hub, 'SetVariables', set)).toEqual({
        setVariableResult: [{ attributeStatus: 'Accepted', component, variable }],
      })
      const get = {
        getVariableData: [
          { component, variable },
          { component, variable: { name: 'Nonsense' } },
        ],
      }
      const read = await ask(hub, 'GetVariables', get)
      expect(read).toEqual({
        getVariableResult: [
          { attributeStatus: 'Accepted', attributeValue: '60', component, variable },
          { attributeStatus: 'UnknownVariable', component, variable: { name: 'Nonsense' } },
        ],
      })
      const call = [2, 'm', 'GetVariables', get] as unknown as OCPP20.Call
      expect(OCPP20.checkCallResult([3, 'm', read] as OCPP20.UncheckedCallResult<object>, call)).toBe(true)
      await ask(hub, 'GetBaseReport', { requestId: 1, reportBase: 'FullInventory' })
      await station.settled()
      const [notify] = callsOf(hub, 'NotifyReport')
      expect(OCPP20.validate([2, 'm', 'NotifyReport', notify?.payload])).toBe(true)
      await station.close()
    })
  })
})

describe('a charger that holds its answers', () => {
  it('lets its own calls pass meanwhile', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      const release = station.holdAnswers()
      const answer = ask(hub, 'ClearCache', {})
      await station.heartbeat()
      expect(callsOf(hub, 'Heartbeat')).toHaveLength(1)
      release()
      expect(await answer).toEqual({ status: 'Accepted' })
      await station.close()
    })
  })
})
