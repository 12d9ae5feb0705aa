// Owns how a 2.0.1 charging station answers the hub's commands (OCPP 2.0.1 part 2, blocks B, D, E, F, G).
// Must not change the station itself; it asks for that through `controls`, after the answer has left.
import type { Answer, Controls, DialectContext, EvseState, Outgoing, Payload, TransactionEvent } from './model.ts'
import type { Settings } from './settings.ts'

interface Parts {
  controls: Controls
  settings: Settings
  ctx: DialectContext
  status(evse: EvseState | undefined): Outgoing
  event: TransactionEvent
}

const ok = (payload: Payload, after?: () => Promise<void>): Answer =>
  after ? { kind: 'result', payload, after } : { kind: 'result', payload }
const accepted = (after?: () => Promise<void>) => ok({ status: 'Accepted' }, after)
const rejected = ok({ status: 'Rejected' })

export function answer201(action: string, payload: Payload, parts: Parts): Answer {
  const { controls, settings, ctx } = parts
  const asked = payload.evseId ?? field(payload.evse, 'id')
  const evse = controls.evses.find((one) => one.id === asked)
  switch (action) {
    case 'RequestStartTransaction': {
      const target = evse ?? controls.evses.find((one) => !one.transaction?.energising)
      if (!target?.operative || target.transaction?.energising) return rejected
      if (ctx.quirks.remoteStartWithoutStart) return accepted()
      const idToken = payload.idToken
      const token = {
        value: String(field(idToken, 'idToken') ?? ''),
        type: String(field(idToken, 'type') ?? 'Central'),
      }
      const remoteStartId = typeof payload.remoteStartId === 'number' ? payload.remoteStartId : undefined
      return accepted(() => controls.remoteStart(target.id, token, remoteStartId))
    }
    case 'RequestStopTransaction': {
      const target = controls.evses.find((one) => one.transaction?.id === payload.transactionId)
      return target ? accepted(() => controls.finish(target.id, 'Remote')) : rejected
    }
    case 'Reset':
      return accepted(() => controls.reset(payload.type === 'OnIdle' ? 'onIdle' : 'hard'))
    case 'UnlockConnector': {
      if (!evse) return ok({ status: 'UnknownConnector' })
      return evse.transaction?.energising ? ok({ status: 'OngoingAuthorizedTransaction' }) : ok({ status: 'Unlocked' })
    }
    case 'ChangeAvailability': {
      const operative = payload.operationalStatus === 'Operative'
      const busy = controls.evses.some((one) => one.transaction && (asked === undefined || one === evse))
      return ok({ status: busy && !operative ? 'Scheduled' : 'Accepted' }, () =>
        controls.setOperative(evse?.id, operative),
      )
    }
    case 'TriggerMessage':
      return trigger(payload, evse, parts)
    case 'GetVariables':
      return ok({ getVariableResult: list(payload.getVariableData).map((one) => getVariable(one, settings)) })
    case 'SetVariables':
      return ok({ setVariableResult: list(payload.setVariableData).map((one) => setVariable(one, settings)) })
    case 'GetBaseReport':
      return accepted(() => controls.send([report(payload.requestId, parts)]))
    case 'GetTransactionStatus': {
      const running = controls.evses.some((one) => one.transaction && one.transaction.id === payload.transactionId)
      return ok({ ongoingIndicator: running, messagesInQueue: false })
    }
    case 'ClearCache':
    case 'SetChargingProfile':
    case 'SendLocalList':
      return accepted()
    case 'ClearChargingProfile':
      return ok({ status: 'Unknown' })
    case 'GetLocalListVersion':
      return ok({ versionNumber: 0 })
    case 'DataTransfer':
      return ok({ status: 'UnknownVendorId' })
    default:
      return { kind: 'error', code: 'NotImplemented', description: `${action} is not known here` }
  }
}

function trigger(payload: Payload, evse: EvseState | undefined, parts: Parts): Answer {
  const what = String(payload.requestedMessage)
  const { controls, ctx } = parts
  if (ctx.quirks.refuseTriggers?.includes(what)) return rejected
  const targets = evse ? [evse] : controls.evses
  const happening = (one: EvseState): Outgoing[] =>
    one.transaction
      ? [parts.event(one, one.transaction, { eventType: 'Updated', trigger: 'Trigger', context: 'Trigger' })]
      : []
  switch (what) {
    case 'BootNotification': {
      const { vendor, model, serial, firmware } = ctx.identity
      const chargingStation = { vendorName: vendor, model, serialNumber: serial, firmwareVersion: firmware }
      const boot = { reason: 'Triggered', chargingStation }
      return accepted(() => controls.send([{ action: 'BootNotification', kind: 'live', build: () => boot }]))
    }
    case 'Heartbeat':
      return accepted(() => controls.send([{ action: 'Heartbeat', kind: 'live', build: () => ({}) }]))
    case 'StatusNotification':
      return accepted(() => controls.send(targets.map((one) => parts.status(one))))
    case 'TransactionEvent':
      return accepted(() => controls.send(targets.flatMap(happening)))
    case 'MeterValues':
      return targets.some((one) => one.transaction)
        ? accepted(() => controls.send(targets.flatMap(happening)))
        : rejected
    default:
      return ok({ status: 'NotImplemented' })
  }
}

function nameOf(one: Payload): string {
  return `${field(one.component, 'name')}.${field(one.variable, 'name')}`
}

function getVariable(one: Payload, settings: Settings): Payload {
  const name = nameOf(one)
  const setting = settings.get(name)
  const component = one.component
  const variable = one.variable
  if (setting) return { attributeStatus: 'Accepted', attributeValue: setting.value, component, variable }
  return { attributeStatus: knows(settings, name) ? 'UnknownVariable' : 'UnknownComponent', component, variable }
}

function setVariable(one: Payload, settings: Settings): Payload {
  const name = nameOf(one)
  const result = settings.set(name, String(one.attributeValue))
  const unknown = knows(settings, name) ? 'UnknownVariable' : 'UnknownComponent'
  const attributeStatus = result === 'Unknown' ? unknown : result
  return { attributeStatus, component: one.component, variable: one.variable }
}

const knows = (settings: Settings, name: string) => {
  const component = name.slice(0, name.indexOf('.') + 1)
  return [...settings.all().keys()].some((key) => key.startsWith(component))
}

function report(requestId: unknown, parts: Parts): Outgoing {
  const reportData = [...parts.settings.all()].map(([key, setting]) => {
    const [component = '', variable = ''] = key.split('.')
    return {
      component: { name: component },
      variable: { name: variable },
      variableAttribute: [
        { type: 'Actual', value: setting.value, mutability: setting.readOnly ? 'ReadOnly' : 'ReadWrite' },
      ],
    }
  })
  const payload = { requestId, generatedAt: parts.ctx.now().toISOString(), seqNo: 0, tbc: false, reportData }
  return { action: 'NotifyReport', kind: 'live', build: () => payload }
}

function list(value: unknown): Payload[] {
  return Array.isArray(value) ? value : []
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Payload)[key] : undefined
}
