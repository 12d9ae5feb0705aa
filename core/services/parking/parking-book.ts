// Owns the book that one parking connection may read in: its own site and organization, page by page.
// Must not let a vendor choose whose rows it sees, nor hand out what it has no use for.
import { HubError } from '../../domain/hub-error.ts'
import { isUuid } from '../../domain/ids.ts'
import type { BookedStay, Page, PageQuery, ParkingBook } from '../../domain/parking-book.ts'
import type { StayPlace, StayPresentation } from '../../domain/stay/index.ts'
import {
  type BookedStayRow,
  type BookScope,
  bookedCharging,
  bookedRights,
  bookedStays,
} from '../../store/parking-book.ts'
import { bookedCounters, bookedSite, bookedTariffs } from '../../store/parking-book-site.ts'
import { cursorOf, placeOf } from '../page-cursor.ts'
import type { ServiceDeps } from '../service-deps.ts'

const usualPage = 100
const largestPage = 500

/**
 * @example
 * const book = parkingBook({ db, clock })({ organizationId, siteId, connectionId })
 * const { items, next } = await book.stays({ changedSince: lastAskedAt, limit: 200 })
 */
export function parkingBook({ db, clock }: Pick<ServiceDeps, 'db' | 'clock'>): (scope: BookScope) => ParkingBook {
  return (scope) => ({
    async site() {
      const site = await bookedSite(db, scope)
      if (!site) throw new HubError('site_not_found', 'The site of this connection is gone.', { status: 404 })
      return site
    },
    counters: () => bookedCounters(db, scope),
    async stays({ stayIds, ...query }) {
      if (stayIds && !stayIds.some(isUuid)) return { items: [], next: null }
      const page = await bookedStays(db, scope, {
        ...asked(query),
        ...(stayIds ? { stayIds: stayIds.filter(isUuid) } : {}),
      })
      return { items: page.items.map((row) => stayOf(row, scope)), next: cursorOf(page.next) }
    },
    charging: async (query) => told(await bookedCharging(db, scope, asked(query))),
    async rights({ credentialIds, ...query }) {
      if (credentialIds && !credentialIds.some(isUuid)) return { items: [], next: null }
      const ids = credentialIds ? { credentialIds: credentialIds.filter(isUuid) } : {}
      return told(await bookedRights(db, scope, { ...asked(query), ...ids }))
    },
    tariffs: () => bookedTariffs(db, scope, clock.now()),
  })
}

function asked<Q extends PageQuery & { plate?: string }>({ after, limit = usualPage, plate, ...query }: Q) {
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage)
    throw new HubError('invalid_limit', `A page has 1 to ${largestPage} rows.`, {
      level: 'info',
      status: 422,
      pointer: '/limit',
    })
  const plateText = plate?.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  return { ...query, place: placeOf(after), limit, ...(plateText === undefined ? {} : { plateText }) }
}

function told<T>(page: { items: readonly T[]; next: readonly string[] | null }): Page<T> {
  return { items: page.items, next: cursorOf(page.next) }
}

function stayOf(
  { presentations, places, connectionId, stayRef, charging, ...row }: BookedStayRow,
  scope: BookScope,
): BookedStay {
  return {
    ...row,
    ...(stayRef !== null && connectionId === scope.connectionId ? { stayRef } : {}),
    credentials: shownForms(presentations),
    bays: baysOf(places, row.exitedAt),
    charging: charging.map(({ pluggedAt, unpluggedAt, ...session }) => ({
      ...session,
      pluggedAt: new Date(pluggedAt),
      unpluggedAt: unpluggedAt === null ? null : new Date(unpluggedAt),
    })),
  }
}

/** Each form once, as it was first shown. */
function shownForms(presentations: readonly StayPresentation[]): { kind: string; value: string }[] {
  const forms = presentations.map(({ kind, raw }) => ({ kind, value: raw }))
  return [...new Map(forms.map((form) => [`${form.kind} ${form.value}`, form])).values()]
}

/** A car is in a bay until it is seen in another place or leaves. */
function baysOf(places: readonly StayPlace[], exitedAt: Date | null): { code: string; from: Date; to: Date | null }[] {
  const inOrder = places.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return inOrder.flatMap(({ bay, at }, index) => {
    if (bay === null || inOrder[index - 1]?.bay === bay) return []
    const next = inOrder.slice(index + 1).find((place) => place.bay !== bay)
    return [{ code: bay, from: new Date(at), to: next ? new Date(next.at) : exitedAt }]
  })
}
