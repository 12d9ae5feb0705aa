// Owns DataTransfer: an echo for the simulator's own vendor, and Plug & Charge messages inside 1.6.
// Must not understand other vendors.
import { type Block, type Core, given, ok, status } from '../core.ts'
import type { Payload } from '../options.ts'
import { askForCertificate, certificates } from './certificates.ts'

/** Names of the OCA application note "Using ISO 15118 Plug & Charge with OCPP 1.6". */
const plugAndCharge = 'org.openchargealliance.iso15118pnc'

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
    if (vendorId !== core.identity.vendor) return status('UnknownVendorId')
    return ok(given({ status: 'Accepted', data }))
  },
}
