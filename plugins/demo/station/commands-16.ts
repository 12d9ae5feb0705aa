// Owns how a 1.6 charge point answers the hub's commands (OCPP 1.6 section 5).
// Must not change the station itself; it asks for that through `controls`, after the answer has left.
import type { Answer, Controls, DialectContext, EvseState, Outgoing, Payload, Transaction } from './model.ts'
import type { Settings } from './settings.ts'

interface Parts {
  controls: Controls
  settings: Settings
  ctx: DialectContext
  status(evse: EvseState | undefined): Outgoing
  meterValues(evse: EvseState, tx: Transaction | undefined, context: string): Outgoing[]
  idFor(tx: Transaction): number | undefined
}

const ok = (payload: Payload, after?: () => Promise<void>): Answer =>
  after ? { kind: 'result', payload, after } : { kind: 'result', payload }
const accepted = (after?: () => Promise<void>) => ok({ status: 'Accepted' }, after)
const rejected = ok({ status: 'Rejected' })

export function answer16(action: string, payload: Payload, parts: Parts): Answer {
  const { controls, settings, ctx } = parts
  const evse = controls.evses.find((one) => one.id === payload.connectorId)
  switch (action) {
    case 'RemoteStartTransaction': {
      const target =
        evse ?? (ctx.quirks.remoteStartNeedsConnector ? undefined : controls.evses.find((e) => !e.transaction))
      if (!target?.operative || target.transaction) return rejected
      if (ctx.quirks.remoteStartWithoutStart) return accepted()
      const token = { value: String(payload.idTag ?? ''), type: 'Central' }
      return accepted(() => controls.remoteStart(target.id, token, undefined))
    }
    case 'RemoteStopTransaction': {
      const target = controls.evses.find((e) => e.transaction && parts.idFor(e.transaction) === payload.transactionId)
      return target ? accepted(() => controls.finish(target.id, 'Remote')) : rejected
    }
    case 'Reset':
      return accepted(() => controls.reset(payload.type === 'Hard' ? 'hard' : 'soft'))
    case 'UnlockConnector':
      if (!evse) return ok({ status: 'NotSupported' })
      return ok({ status: 'Unlocked' }, () => (evse.transaction ? controls.finish(evse.id, 'UnlockCommand') : done()))
    case 'ChangeAvailability': {
      const operative = payload.type === 'Operative'
      const busy = controls.evses.some((e) => e.transaction && (payload.connectorId === 0 || e === evse))
      return ok({ status: busy && !operative ? 'Scheduled' : 'Accepted' }, () =>
        controls.setOperative(evse?.id, operative),
      )
    }
    case 'TriggerMessage':
      return trigger(payload, evse, parts)
    case 'GetConfiguration': {
      const asked = Array.isArray(payload.key) ? payload.key.map(String) : [...settings.all().keys()]
      const found = asked.flatMap((key) => {
        const setting = settings.get(key)
        return setting ? [{ key, readonly: setting.readOnly, value: setting.value }] : []
      })
      return ok({ configurationKey: found, unknownKey: asked.filter((key) => !settings.get(key)) })
    }
    case 'ChangeConfiguration': {
      const result = settings.set(String(payload.key), String(payload.value))
      return ok({ status: result === 'Unknown' ? 'NotSupported' : result })
    }
    case 'ClearCache':
    case 'SetChargingProfile':
    case 'SendLocalList':
      return accepted()
    case 'ClearChargingProfile':
      return ok({ status: 'Unknown' })
    case 'GetLocalListVersion':
      return ok({ listVersion: 0 })
    case 'GetCompositeSchedule':
      return rejected
    case 'DataTransfer':
      return ok({ status: 'UnknownVendorId' })
    default:
      return { kind: 'error', code: 'NotImplemented', description: `${action} is not known here` }
  }
}

function trigger(payload: Payload, evse: EvseState | undefined, parts: Parts): Answer {
  const what = String(payload.requestedMessage)
  const { controls } = parts
  if (parts.ctx.quirks.refuseTriggers?.includes(what)) return rejected
  const targets = evse ? [evse] : controls.evses
  switch (what) {
    case 'BootNotification':
      return accepted(() => controls.send([bootMessage(parts.ctx)]))
    case 'Heartbeat':
      return accepted(() => controls.send([{ action: 'Heartbeat', kind: 'live', build: () => ({}) }]))
    case 'StatusNotification':
      return accepted(() => controls.send(targets.map((one) => parts.status(one))))
    case 'MeterValues':
      return accepted(() => controls.send(targets.flatMap((one) => parts.meterValues(one, one.transaction, 'Trigger'))))
    default:
      return ok({ status: 'NotImplemented' })
  }
}

function bootMessage(ctx: DialectContext): Outgoing {
  const { vendor, model, serial, firmware } = ctx.identity
  const payload = {
    chargePointVendor: vendor,
    chargePointModel: model,
    chargePointSerialNumber: serial,
    firmwareVersion: firmware,
  }
  return { action: 'BootNotification', kind: 'live', build: () => payload }
}

const done = async () => {}
