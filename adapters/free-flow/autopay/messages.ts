// Owns what Autopay tells, in the hub's words: an entry and its corrections, the end with its cost, and the word that nothing is due.
// Must not call Autopay, nor depend on the order in which the three arrive.
import type { ParkingBook as HubBook, ParkingFact } from '../../../core/plugin/index.ts'
import { type Fields, fieldsOf } from '../fields.ts'
import { readPrice } from '../price.ts'
import type { Heard } from '../receive.ts'
import { endedFact, plate, pricedFact } from '../stay-facts.ts'
import type { AutopayConfig } from './config.ts'
import type { ParkingBook } from './parking-book.ts'

export interface MessageDeps {
  config: Pick<AutopayConfig, 'zones' | 'claim'>
  parkings: ParkingBook
  hub(): Pick<HubBook, 'site'>
  now(): Date
  /** Something waits to be told to Autopay. */
  wake(): void
}

/** A cancellation stands against any price, whichever came first: no cost of Autopay has a revision as high. */
const cancelledRevision = 1_000_000_000

/** Parking API, entry webhook. The same event_id with another plate is the corrected entry. */
export function readEntry({ config, parkings, now, wake }: MessageDeps, json: unknown): Heard {
  const fields = fieldsOf(json, now())
  const eventId = fields.needText('/event_id')
  // Its first versions named the parking by the session alone.
  const sessionId = fields.text('/parking_session_id')
  const stayRef = fields.text('/parking_id') ?? sessionId ?? fields.needText('/parking_id')
  const at = fields.needInstant('/time_in_utc')
  const number = fields.needText('/plate/plate_number')
  const [country, subdivision] = [fields.text('/plate/country_alpha2_code'), fields.text('/plate/subdivision')]
  const [zoneCode, facilityCode] = [fields.text('/zone/code'), fields.text('/facility/code')]
  if (country !== undefined && !/^[A-Za-z]{2}$/.test(country))
    fields.wrong('/plate/country_alpha2_code', 'must be a country of ISO 3166-1 alpha-2')
  if (fields.errors.length > 0) return wrong(fields)
  if (config.zones.length > 0 && !config.zones.includes(zoneCode ?? ''))
    return { kind: 'other', reason: `The zone ${zoneCode ?? 'without a code'} is not of this site.` }
  const origin = country && subdivision ? `${country}-${subdivision}` : country
  const seen = {
    parkingId: stayRef,
    sessionId: sessionId ?? null,
    facilityCode: facilityCode ?? null,
    zoneCode: zoneCode ?? null,
    plate: number,
    country: country?.toUpperCase() ?? null,
    subdivision: subdivision ?? null,
  }
  return {
    kind: 'message',
    message: {
      name: `entry/${eventId}`,
      content: { ...seen, at: at.toISOString() },
      at,
      keep: () => parkings.seen(seen, config.claim === 'all', now()),
      ...(config.claim === 'all' ? { stored: wake } : {}),
      async facts({ revision }, backfilled): Promise<ParkingFact[]> {
        return [
          {
            id: `entry/${eventId}`,
            revision,
            type: 'gate.passed',
            occurredAt: at,
            backfilled,
            stayRef,
            ...(zoneCode === undefined ? {} : { lane: zoneCode }),
            data: { direction: 'entry', credentials: [plate(number, origin?.toUpperCase())] },
          },
        ]
      },
    },
  }
}

/** Payment API, success callback: the parking is over and costs this. */
export async function readEnded({ parkings, now }: MessageDeps, json: unknown): Promise<Heard> {
  const fields = fieldsOf(json, now())
  const parkingId = fields.needText('/parking_id')
  const reference = fields.text('/reference')
  const at = fields.needInstant('/end_time')
  const price = readPrice(fields, {
    currency: '/cost/currency',
    gross: '/cost/gross_amount',
    net: '/cost/net_amount',
    tax: '/cost/vat_amount',
  })
  if (fields.errors.length > 0) return wrong(fields)
  const stayRef = await stayRefOf(parkings, parkingId, reference)
  return {
    kind: 'message',
    message: {
      name: `ended/${parkingId}`,
      content: { stayRef, at: at.toISOString(), price },
      at,
      keep: () => parkings.calledBack(stayRef),
      async facts({ revision }, backfilled): Promise<ParkingFact[]> {
        const frame = { stayRef, revision, backfilled }
        return [endedFact(frame, at), pricedFact(frame, at, price, { priceRef: parkingId })]
      },
    },
  }
}

/** Payment API, cancel callback: Autopay lost track of the parking, and nothing may be charged for it, whatever was told before. */
export async function readCancelled({ parkings, hub, now }: MessageDeps, json: unknown): Promise<Heard> {
  const fields = fieldsOf(json, now())
  const parkingId = fields.needText('/parking_id')
  const reference = fields.text('/reference')
  if (fields.errors.length > 0) return wrong(fields)
  const stayRef = await stayRefOf(parkings, parkingId, reference)
  return {
    kind: 'message',
    message: {
      name: `cancelled/${parkingId}`,
      content: { stayRef },
      at: null,
      keep: () => parkings.calledBack(stayRef),
      async facts({ firstAt }, backfilled): Promise<ParkingFact[]> {
        const { currency } = await hub().site()
        const none = { amountMinor: 0, currency, taxMinor: 0 }
        return [
          // Revision 0: an end that Autopay did see, before or after, is better.
          endedFact({ stayRef, revision: 0, backfilled }, firstAt, 'cancelled'),
          pricedFact({ stayRef, revision: cancelledRevision, backfilled }, firstAt, none, {
            priceRef: parkingId,
            rate: 'cancelled by Autopay',
          }),
        ]
      },
    },
  }
}

async function stayRefOf(parkings: ParkingBook, parkingId: string, reference: string | undefined): Promise<string> {
  const claimed = reference === undefined ? undefined : await parkings.byReference(reference)
  return claimed?.parkingId ?? parkingId
}

function wrong(fields: Fields): Heard {
  return { kind: 'wrong', errors: fields.errors }
}
