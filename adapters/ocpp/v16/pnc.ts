// Owns the envelope of "Using ISO 15118 Plug & Charge with OCPP 1.6" (OCA): a DataTransfer whose data is a 2.0.1 payload as JSON.
// Must not know the messages inside.
import type { OCPP16 } from 'typed-ocpp'
import type { CommandReply } from '../../../core/plugin/index.ts'
import { ask, type CallAnswer, type CommandSteps, type OutgoingCall, refused } from '../command.ts'
import { storable } from '../frame.ts'

const pncVendor = 'org.openchargealliance.iso15118pnc'

/** The vendor id is a CiString (4.3): case says nothing. */
export const isPnc = (vendorId: string) => vendorId.toLowerCase() === pncVendor

/** What the data holds, its texts storable like those of the frame around it; null for anything but a JSON object. */
export function unpack(data: unknown): Record<string, unknown> | null {
  if (typeof data !== 'string') return null
  try {
    const held: unknown = JSON.parse(data, (_key, value) => (typeof value === 'string' ? storable(value) : value))
    return typeof held === 'object' && held !== null && !Array.isArray(held) ? (held as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Sends one message in the envelope; what its answer holds, or the reply that ends the command. */
export function* askPnc(
  messageId: string,
  payload: object,
): Generator<OutgoingCall, { held: Record<string, unknown> } | { ended: CommandReply }, CallAnswer> {
  const said = yield* ask<OCPP16.DataTransferRequest, OCPP16.DataTransferResponse>('DataTransfer', {
    vendorId: pncVendor,
    messageId,
    data: JSON.stringify(payload),
  })
  if ('ended' in said) return said
  const { status, data } = said.answer
  if (status === 'UnknownVendorId' || status === 'UnknownMessageId') {
    return { ended: { kind: 'unsupported', reason: `the station knows no Plug & Charge ${messageId}: ${status}` } }
  }
  if (status !== 'Accepted') {
    const why = status ?? 'the answer holds no status'
    return { ended: refused(data === undefined || data === '' ? why : `${why}: ${data.slice(0, 200)}`) }
  }
  const held = unpack(data)
  return held === null ? { ended: refused('the data of the answer is no JSON object') } : { held }
}

/** Sends one message whose answer is a status. */
export function* askPncForStatus(messageId: string, payload: object): CommandSteps {
  const said = yield* askPnc(messageId, payload)
  if ('ended' in said) return said.ended
  const { status } = said.held
  if (status === 'Accepted') return { kind: 'accepted' }
  if (status === 'NotImplemented') return { kind: 'unsupported', reason: status }
  return refused(typeof status === 'string' ? status.slice(0, 60) : 'the answer holds no status')
}
