// Owns what a booking or visitor pass allows: in its window, with the site's patience, once or as often as it says.
// Must not write what became of it; the stays say that.
import type { AuthorizationStatus } from '../charger-fact.ts'
import type { RuleCheck } from './judge-access.ts'

export interface BookedTerms {
  kind: 'reservation' | 'visitor'
  state: string
  name: string | null
  from: Date
  until: Date
  rights: readonly string[]
  uses: 'single' | 'multiple'
}

/** How much earlier and later than booked a car may come. */
export interface Patience {
  earlyMs: number
  lateMs: number
}

const minuteMs = 60_000

export function patienceOf(settings: Record<string, unknown>): Patience {
  const minutes = (value: unknown) => (typeof value === 'number' ? value : 15) * minuteMs
  return { earlyMs: minutes(settings.booking_early_minutes), lateMs: minutes(settings.booking_late_minutes) }
}

export interface JudgedBooking {
  status: AuthorizationStatus
  code: string
  reason: string
  validUntil: Date
  check: RuleCheck
}

/**
 * Who came in on it is let out, however late: what he owes is a matter of the bill.
 * @param asks `charge` asks a charger; the others a gate
 */
export function judgeBooking(
  booking: BookedTerms,
  asks: 'entry' | 'exit' | 'internal' | 'charge',
  at: Date,
  { earlyMs, lateMs }: Patience,
): JudgedBooking {
  const { kind, name, state, from, until } = booking
  const what = `${kind === 'visitor' ? 'Visitor pass' : 'Booking'}${name ? ` of ${name}` : ''}`
  const opens = new Date(from.getTime() - earlyMs)
  const closes = new Date(until.getTime() + lateMs)
  const answer = (status: AuthorizationStatus, code: string, words: string): JudgedBooking => {
    const reason = `${what} ${words}`
    const outcome = status !== 'accepted' ? 'failed' : code === 'booking' ? 'passed' : 'flagged'
    return { status, code, reason, validUntil: closes, check: { rule: 'booking', outcome, detail: reason } }
  }
  const right = asks === 'charge' ? 'charge' : 'park'
  if (state === 'cancelled') return answer('invalid', 'cancelled', 'was cancelled.')
  if (!booking.rights.includes(right)) return answer('not_allowed_here', 'not_allowed_here', `may not ${right}.`)
  if (at < opens) return answer('invalid', 'too_early', `is valid only from ${iso(opens)}.`)
  if (asks === 'exit') {
    const late = at >= closes
    return answer('accepted', late ? 'overstay' : 'booking', late ? `ended ${iso(until)}; let out.` : 'may leave.')
  }
  if (at >= closes) return answer('expired', 'expired', `was valid until ${iso(until)}.`)
  if (asks === 'entry' && booking.uses === 'single' && state === 'used')
    return answer('not_allowed_here', 'already_used', 'is for one entry and was used.')
  return answer('accepted', 'booking', `may ${right} here until ${iso(until)}.`)
}

export type BookingState = 'booked' | 'used' | 'no_show' | 'expired' | 'cancelled'

/** What a booking is, by its entries so far and the clock. A car that came counts more than any word about it. */
export function bookingState(
  { state, uses, until }: Pick<BookedTerms, 'uses' | 'until'> & { state: BookingState },
  used: number,
  now: Date,
  { lateMs }: Patience,
): BookingState {
  if (state === 'cancelled') return state
  const over = now.getTime() >= until.getTime() + lateMs
  if (used === 0) return over ? 'no_show' : 'booked'
  return over && uses === 'multiple' ? 'expired' : 'used'
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.000Z$/, 'Z')
}
