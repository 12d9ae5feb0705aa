// Owns what a transaction event says in the hub's words: a passage at the gate, and the price that the hub bills.
// Must not depend on anything but the event and the visit it belongs to: a repeat has to say the same.
import { type ParkingFact, type ReportedCredential, vendorAmount } from '../../../core/plugin/index.ts'
import type { Ticket, TransactionEvent } from './read-event.ts'

export interface FactContext {
  stayRef: string
  revision: number
  currency: string
  backfilled: boolean
}

export function eventFacts(
  event: TransactionEvent,
  context: FactContext,
): { facts: ParkingFact[]; unfit: string | null } {
  const { stayRef, revision, currency, backfilled } = context
  const shared = { revision, occurredAt: event.at, backfilled, stayRef }
  const credentials = [credentialOf(event)]
  if (event.kind === 'started') {
    const data = { direction: 'entry' as const, credentials }
    return { facts: [{ ...shared, id: `started/${event.eventId}`, type: 'gate.passed', data }], unfit: null }
  }
  const passed: ParkingFact = {
    ...shared,
    id: `completed/${event.eventId}`,
    type: 'gate.passed',
    data: { direction: 'exit', credentials },
  }
  const amountMinor = vendorAmount(event.amount, currency)
  if (amountMinor === null || amountMinor < 0)
    return { facts: [passed], unfit: `/Amount is no amount in ${currency}: the price is left to a person` }
  const priced: ParkingFact = {
    ...shared,
    id: `price/${event.eventId}`,
    type: 'stay.priced',
    data: {
      amountMinor,
      currency,
      final: true,
      priceRef: event.eventId,
      ...(event.rateNo === null ? {} : { rate: event.rateNo }),
      ...(event.durationMinutes === null ? {} : { durationMinutes: event.durationMinutes }),
    },
  }
  return { facts: [passed, priced], unfit: null }
}

/** Of an entry that no event told of, and CalculateRate knows. */
export function foundEntry(ticket: Ticket, enteredAt: Date, stayRef: string): ParkingFact {
  return {
    id: `found/${stayRef}`,
    revision: 1,
    type: 'gate.passed',
    occurredAt: enteredAt,
    backfilled: true,
    stayRef,
    data: { direction: 'entry', credentials: [credentialOf(ticket)] },
  }
}

export function credentialOf({ ticketType, ticketNo }: Ticket): ReportedCredential {
  return { kind: ticketType === 0 ? 'ticket' : ticketType === 4 ? 'plate' : 'qr', value: ticketNo }
}
