// Owns what a reservation costs: its own elements, its own fee, and what an expired one costs instead.
// Must not touch what charging costs.
import { Decimal, meteredSegments, type PricedSession } from '../../core/plugin/index.ts'
import { activeComponents, edgesOf, type ReservationWord } from './match-element.ts'
import type { Dimension, OcpiRules } from './tariff.ts'
import { type UsageBook, use } from './usage.ts'

/**
 * An expired reservation has the prices of RESERVATION_EXPIRES; for a dimension without one there, the reservation's.
 * @returns what is wrong with the reservation's times, or null
 */
export function useReservation(
  book: UsageBook,
  { tariff, edition }: OcpiRules,
  { reservation }: PricedSession,
  zone: string,
): string | null {
  if (reservation === undefined) return null
  const { from, to, outcome } = reservation
  const metered = meteredSegments(
    {
      sessionId: 'reservation',
      pluggedAt: from,
      unpluggedAt: to,
      startedAt: from,
      endedAt: to,
      energyWh: 0,
      periods: [{ from, to, state: 'connected', energyWh: 0 }],
      flags: [],
    },
    edgesOf([tariff], zone),
  )
  if (metered.kind === 'wrong') return `The reservation: ${metered.reason}`
  const words: ReservationWord[] = outcome === 'expired' ? ['RESERVATION_EXPIRES', 'RESERVATION'] : ['RESERVATION']
  const paid = new Set<Dimension>()
  for (const segment of metered.segments) {
    const held = words.map((word) => activeComponents(tariff, 0, edition, segment, zone, word))
    const fee = held.map((each) => each.get('FLAT')).find((each) => each !== undefined)
    if (fee !== undefined && !paid.has('FLAT')) {
      use(book, fee, new Decimal(1))
      paid.add('FLAT')
    }
    const time = held.map((each) => each.get('TIME')).find((each) => each !== undefined)
    if (time !== undefined && segment.to > segment.from) {
      use(book, time, new Decimal(segment.to - segment.from).div(1000))
    }
  }
  return null
}
