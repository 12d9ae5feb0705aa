// Owns DataTransfer: an echo for the simulator's own vendor; Plug & Charge messages and shown costs inside 1.6.
// Must not understand other vendors.
import { type Block, type Core, given, ok, status } from '../core.ts'
import type { Payload } from '../options.ts'
import { askForCertificate, certificates } from './certificates.ts'

/** Names of the OCA application note "Using ISO 15118 Plug & Charge with OCPP 1.6". */
const plugAndCharge = 'org.openchargealliance.iso15118pnc'

/** Names of the OCA application note "OCPP & California Pricing Requirements"; a display that has the setting knows them. */
const costs = 'org.openchargealliance.costmsg'
const runningFields = { transactionId: 'number', timestamp: 'string', meterValue: 'number', cost: 'number' }
const finalFields = { transactionId: 'number', cost: 'number', priceText: 'string' }

function shownCost({ state }: Core, messageId: string, text: unknown) {
  const running = messageId === 'RunningCost'
  if (!running && messageId !== 'FinalCost') return status('UnknownMessageId')
  let told: Payload
  try {
    told = JSON.parse(String(text)) as Payload
  } catch {
    return status('Rejected')
  }
  const whole = Object.entries(running ? runningFields : finalFields).every(
    ([name, type]) => typeof told[name] === type,
  )
  const priced = (told.state === 'Charging' || told.state === 'Idle') && typeof told.chargingPrice === 'object'
  if (!whole || (running && (!priced || Number.isNaN(Date.parse(String(told.timestamp)))))) return status('Rejected')
  state.costs.set(String(told.transactionId), Number(told.cost))
  state.costMessages.push(told)
  return status('Accepted')
}

function plugAndChargeAnswer(core: Core, messageId: string, text: unknown) {
  let data: Payload
  try {
    data = JSON.parse(String(text)) as Payload
  } catch {
    return status('Rejected')
  }
  if (messageId === 'TriggerMessage') {
    return ok({ status: 'Accepted', data: JSON.stringify({ status: 'Accepted' }) }, () =>
      askForCertificate(core, 'V2GCertificate'),
    )
  }
  const handler = certificates[messageId]
  if (handler === undefined) return status('UnknownMessageId')
  // Inside DataTransfer these messages have the shapes of 2.0.1.
  const reply = handler(data, { ...core, v16: false })
  return reply !== 'silence' && 'payload' in reply
    ? ok({ status: 'Accepted', data: JSON.stringify(reply.payload) })
    : status('Rejected')
}

export const dataTransfer: Block = {
  DataTransfer: ({ vendorId, messageId, data }, core) => {
    if (vendorId === plugAndCharge && core.v16) return plugAndChargeAnswer(core, String(messageId), data)
    if (vendorId === costs && core.state.settings.get('CustomDisplayCostAndPrice')?.value === 'true')
      return shownCost(core, String(messageId), data)
    if (vendorId !== core.identity.vendor) return status('UnknownVendorId')
    return ok(given({ status: 'Accepted', data }))
  },
}
