// Owns bringing a credential of the hub to the service: one multiple-use identifier for each plate, barcode or QR text.
// Must not promise an end: the interface has no call for it, so that what is created carries its last day where it has one.
import type { Kysely } from 'kysely'
import { type ActionOutcome, failedOutcome, type PreloadedCredential, succeeded } from '../../../core/plugin/index.ts'
import { type MobileApi, refusalOf } from './api.ts'
import type { Ticket } from './read-event.ts'
import type { MobileTables } from './tables.ts'

export interface IdentifierDeps {
  db: Kysely<MobileTables>
  connectionId: string
  api: MobileApi
  facilityNo: number
  carparkNos: readonly number[]
  productId: string
  productOfGroup: Readonly<Record<string, string>>
}

export async function putIdentifier(
  deps: IdentifierDeps,
  credential: PreloadedCredential,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const { credentialId, groups, validFrom, validUntil, allowPassback } = credential
  const tickets = ticketsOf(credential)
  if (tickets.length === 0)
    return {
      kind: 'refused',
      reason: 'The MobileAPI takes plates, barcodes and QR texts; this credential is none of them.',
    }
  const group = groups.find((code) => deps.productOfGroup[code] !== undefined)
  const product = (group === undefined ? undefined : deps.productOfGroup[group]) ?? deps.productId
  for (const { ticketType, ticketNo } of tickets) {
    const body = {
      FacilityNo: deps.facilityNo,
      ValidCarparks: deps.carparkNos,
      TicketNo: ticketNo,
      TicketType: ticketType,
      ProductId: product,
      ...(validFrom ? { ValidFrom: validFrom.toISOString() } : {}),
      ...(validUntil ? { ValidUntil: validUntil.toISOString() } : {}),
      IsNeutral: allowPassback,
      ReferenceNo: credentialId,
    }
    const answer = await deps.api('CreateMultipleUseIdentifier', body, signal)
    if (!succeeded(answer)) return failedOutcome(answer, refusalOf)
    await deps.db
      .insertInto('identifier')
      .values({
        connection_id: deps.connectionId,
        ticket_type: ticketType,
        ticket_no: ticketNo,
        reference_no: credentialId,
        asked_at: null,
      })
      .onConflict((conflict) =>
        conflict.columns(['connection_id', 'ticket_type', 'ticket_no']).doUpdateSet({ reference_no: credentialId }),
      )
      .execute()
  }
  return { kind: 'done', reference: credentialId }
}

function ticketsOf({ presentations, plates }: PreloadedCredential): Ticket[] {
  const all: Ticket[] = [
    ...presentations
      .filter(({ kind }) => kind === 'qr' || kind === 'ticket')
      .map(({ value }) => ({ ticketType: 5 as const, ticketNo: value })),
    ...presentations
      .filter(({ kind }) => kind === 'plate')
      .map(({ value }) => ({ ticketType: 4 as const, ticketNo: value })),
    ...plates.map(({ text }) => ({ ticketType: 4 as const, ticketNo: text })),
  ]
  return [...new Map(all.map((one) => [`${one.ticketType} ${one.ticketNo}`, one])).values()]
}
