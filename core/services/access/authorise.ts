// Owns the answer to "may this credential park or charge here?", for gates and chargers from the same rules.
// Must not remember anything between questions but the places it promised, and must not know protocols.

import {
  type AccessPlace,
  type Judged,
  judgeAccess,
  judgeBooking,
  patienceOf,
  type RuleCheck,
  unknownCredential,
} from '../../domain/access/index.ts'
import type { Authorization } from '../../domain/charger-fact.ts'
import {
  type CardProfiles,
  isPayment,
  kindOfTokenType,
  matchPresentations,
  noProfiles,
  type Presentation,
} from '../../domain/credential/index.ts'
import { dayBefore, localDate } from '../../domain/local-time.ts'
import type { ReportedCredential } from '../../domain/parking-fact.ts'
import { decodedCredential, presentationOf } from '../../domain/stay/index.ts'
import { type AccessFound, type AccessLookup, type Booking, findAccess } from '../../store/access-lookup.ts'
import { batchRead } from '../../store/batch-read.ts'
import type { Enrolled } from '../../store/credentials.ts'
import type { AccessQuestion, AuthoriseDeps, AuthoriseIntercept, Weighed } from './access-question.ts'
import { identifyCredential, lookupKeys, sureEnough } from './identify-credential.ts'
import { countPlaces, takePlace } from './take-place.ts'

/** What the site says about those it does not know. Transient parkers with a ticket charge by default. */
function anonymousCharging(settings: Record<string, unknown>): 'accept' | 'reject' {
  return settings.anonymous_charging === 'reject' ? 'reject' : 'accept'
}

/**
 * Weighs questions with one query for all that are asked in one turn of the event loop, whatever their number: a charger asks
 * at every transaction start. Only who has a limit of places is looked at a second time, under a lock.
 */
export function weighAccess(deps: AuthoriseDeps): (question: AccessQuestion) => Promise<Weighed> {
  const look = batchRead<string, Found>({ load: (lookups) => findAll(deps, lookups) })
  return async (question) => {
    if (question.place === 'charger' && !question.credentials && isPayment(question.token)) return paidAtTerminal
    const presented = presentedIn(question, await deps.profiles?.(question.organizationId))
    const keys = presented.map(({ presentation }) => lookupKeys(presentation))
    const found = (await look(JSON.stringify(lookupOf(question, keys.flat())))) ?? nothing
    const place = placeOf(question, found)
    const siteSettings = found.sites[question.siteId ?? '']?.settings ?? {}
    const judged = presented.map(({ reported, presentation }, index) => {
      const rows = (keys[index] ?? []).flatMap((key) => found.byKey.get(key) ?? [])
      return { reported, ...judgePresented(presentation, rows, place) }
    })
    const best = decisive(judged) ?? { reported: null, ...unknownCredential('No credential was presented.') }
    const { reported, ...verdict } = preferBooking(best, presented, found.bookings, question, siteSettings)
    const weighed: Weighed = { ...verdict, credential: reported, siteSettings, giveBack: null }
    if (place.place === 'charger' && weighed.authorization.status === 'unknown')
      return isGuest(weighed) ? anonymous(weighed, anonymousCharging(siteSettings)) : weighed
    return withPlace(deps, question, await intercepted(deps.intercept, question, weighed), verdict.limits)
  }
}

/**
 * @example
 * const may = authorise({ db })
 * const token = { value: '04A3C6CA', kind: 'iso14443' }
 * await may({ organizationId, siteId, place: 'charger', stationId, token, at: clock.now() })
 */
export function authorise(deps: AuthoriseDeps): (question: AccessQuestion) => Promise<Authorization> {
  const weigh = weighAccess(deps)
  return async (question) => (await weigh(question)).authorization
}

/** Forms that a link taught are looked at where no other fits. */
function judgePresented(presentation: Presentation, rows: readonly Enrolled[], place: AccessPlace): Judged {
  const byPeople = identifyCredential(
    presentation,
    rows.filter((row) => !row.learned),
    place.at,
  )
  const identified = byPeople.kind === 'none' ? identifyCredential(presentation, rows, place.at) : byPeople
  switch (identified.kind) {
    case 'none':
      return unknownCredential('This credential is not enrolled.')
    case 'several':
      return unknownCredential(`It fits ${identified.count} enrolled credentials of different holders.`)
    case 'one': {
      const { row, partial } = identified
      return judgeAccess({ credential: row, partial, learned: row.learned }, place)
    }
  }
}

const paysAtTerminal = "The driver pays at the charger's terminal."

/** Nobody's card, so nobody's account: whoever pays there charges, also where only known drivers may. */
const paidAtTerminal: Weighed = {
  authorization: { status: 'accepted', reason: paysAtTerminal },
  code: 'terminal_payment',
  trace: [{ rule: 'terminal', outcome: 'passed', detail: paysAtTerminal }],
  credential: null,
  siteSettings: {},
  giveBack: null,
}

interface Presented {
  reported: ReportedCredential
  presentation: Presentation
}

function presentedIn(question: AccessQuestion, profiles: CardProfiles = noProfiles): Presented[] {
  if (question.place === 'gate' || question.credentials) {
    const { credentials = [] } = question
    const at = {
      siteId: question.siteId,
      connectionId: question.place === 'gate' ? (question.connectionId ?? null) : null,
    }
    return credentials.map((reported) => ({
      reported,
      presentation: presentationOf(decodedCredential(reported, profiles, at)),
    }))
  }
  const { value, kind } = question.token
  if (kind === 'none' || value === '') return []
  const known = kindOfTokenType(kind)
  const presentation: Presentation = { raw: value, kind: known, readerProfile: profiles.ofStation(question.stationId) }
  return [{ reported: { kind: known === 'emaid' ? 'emaid' : known === 'card' ? 'card' : 'app', value }, presentation }]
}

interface Candidate extends Judged {
  reported: ReportedCredential | null
}

/** A thing held in the hand before a plate, a yes before a no, a reasoned no before "never heard of". */
function decisive<T extends Candidate>(judged: readonly T[]): T | undefined {
  const rank = ({ reported, authorization: { status } }: T) =>
    (status === 'accepted' ? 0 : status === 'unknown' ? 4 : 2) + (reported?.kind === 'plate' ? 1 : 0)
  return judged.toSorted((a, b) => rank(a) - rank(b))[0]
}

/** A booking helps who would not get in without it, but not who is blocked; its own no is told to who is not known otherwise. */
function preferBooking(
  best: Candidate,
  presented: readonly Presented[],
  bookings: readonly Booking[],
  question: AccessQuestion,
  settings: Record<string, unknown>,
): Candidate {
  const { status } = best.authorization
  if (status === 'accepted' || status === 'blocked') return best
  const asks = question.place === 'gate' ? question.direction : 'charge'
  const judged = presented.flatMap(({ reported, presentation }) =>
    bookings
      .filter((booking) => booking.siteId === question.siteId && isFor(booking, presentation))
      .map((booking) => {
        const {
          check,
          status: said,
          reason,
          code,
          validUntil,
        } = judgeBooking(booking, asks, question.at, patienceOf(settings))
        const account = booking.accountId === null ? {} : { accountId: booking.accountId }
        const until = said === 'accepted' ? { validUntil } : {}
        const authorization: Authorization = { status: said, reason, ...account, ...until }
        return { reported, authorization, code, trace: [...best.trace, check], limits: null }
      }),
  )
  const booked = decisive(judged)
  if (!booked) return best
  return booked.authorization.status === 'accepted' || status === 'unknown' ? booked : best
}

function isFor({ credentials }: Booking, presented: Presentation): boolean {
  return credentials.some((one) => {
    const match = matchPresentations(presented, presentationOf(one))
    return (match.equal === 'exact' || match.equal === 'transformed') && match.confidence >= sureEnough
  })
}

/**
 * A form that links alone taught is somebody's, who is not proven: charging as a guest on it would be billed to nobody, or to a
 * holder who may be wrong. It waits for a person, who adds the form or takes it away; until then no open site is open to it.
 */
function isGuest({ code }: Weighed): boolean {
  return code !== 'form_learned'
}

function anonymous(weighed: Weighed, rule: 'accept' | 'reject'): Weighed {
  const detail = rule === 'accept' ? 'This site lets everyone charge.' : 'This site lets only known drivers charge.'
  const trace: RuleCheck[] = [
    ...weighed.trace,
    { rule: 'anonymous', outcome: rule === 'accept' ? 'passed' : 'failed', detail },
  ]
  if (rule === 'reject') return { ...weighed, trace }
  const authorization: Authorization = { status: 'accepted', reason: `${weighed.authorization.reason} ${detail}` }
  return { ...weighed, authorization, code: 'anonymous', trace }
}

async function intercepted(
  intercept: AuthoriseIntercept | undefined,
  { place, siteId }: AccessQuestion,
  weighed: Weighed,
): Promise<Weighed> {
  const { authorization, credential } = weighed
  if (!intercept || !credential || authorization.status !== 'accepted') return weighed
  const answer = await intercept({ place, siteId, credential, accountId: authorization.accountId ?? null })
  if (answer.kind === 'pass') return weighed
  return refusedBy(weighed, 'plugin', 'not_allowed_here', answer.reason, 'not_allowed_here')
}

/** @param limits what must be free for the yes to hold */
export async function withPlace(
  deps: AuthoriseDeps,
  question: AccessQuestion,
  weighed: Weighed,
  limits: Judged['limits'],
): Promise<Weighed> {
  const { places = 'take' } = question
  if (limits === null || places === 'settled' || weighed.authorization.status !== 'accepted') return weighed
  const { room, giveBack } = await (places === 'take' ? takePlace : countPlaces)(deps, question, weighed, limits)
  const checks = room.checks.map(({ limit, taken }): RuleCheck => {
    const detail = `${limit.name}: ${taken} of ${limit.most} places taken.`
    return { rule: 'places', outcome: taken < limit.most ? 'passed' : 'failed', detail }
  })
  const counted = { ...weighed, trace: [...weighed.trace, ...checks] }
  if (room.full === null) return { ...counted, giveBack }
  return refusedBy(counted, 'places', 'concurrent', room.reason, 'places_taken')
}

/** A yes that became a no keeps whose it was. */
function refusedBy(
  weighed: Weighed,
  rule: string,
  status: Authorization['status'],
  reason: string,
  code: string,
): Weighed {
  const { accountId, credentialId, vehicleId } = weighed.authorization
  return {
    ...weighed,
    code,
    trace: [...weighed.trace, { rule, outcome: 'failed', detail: reason }],
    authorization: {
      status,
      reason,
      ...(accountId ? { accountId } : {}),
      ...(credentialId ? { credentialId } : {}),
      ...(vehicleId ? { vehicleId } : {}),
    },
  }
}

interface Found extends Omit<AccessFound, 'enrolled'> {
  byKey: ReadonlyMap<string, readonly Enrolled[]>
}

const nothing: Found = { byKey: new Map(), sites: {}, stations: [], lanes: [], bookings: [] }

export function lookupOf(question: AccessQuestion, searchKeys: readonly string[]): AccessLookup {
  const { organizationId, siteId, at } = question
  const isGate = question.place === 'gate'
  return {
    organizationId,
    searchKeys: [...new Set(searchKeys)],
    siteIds: siteId === null ? [] : [siteId],
    stationIds: isGate || question.stationId === null ? [] : [question.stationId],
    laneCodes: isGate ? [question.lane] : [],
    days: daysAround(at),
    gateSiteId: isGate ? siteId : null,
  }
}

const dayMs = 86_400_000
let around: { day: number; days: string[] } | null = null

/** What may be today, yesterday or the next day on any site's wall. The same for all of a day, so counted once for it. */
function daysAround(at: Date): string[] {
  const day = Math.floor(at.getTime() / dayMs)
  if (around?.day === day) return around.days
  const next = localDate(new Date((day + 2) * dayMs), 'UTC')
  const days = [next]
  for (let i = 0; i < 4; i++) days.push(dayBefore(days.at(-1) ?? next))
  around = { day, days }
  return days
}

export function placeOf(
  question: AccessQuestion,
  found: Pick<AccessFound, 'sites' | 'stations' | 'lanes'>,
): AccessPlace {
  const { siteId, at } = question
  const site = found.sites[siteId ?? '']
  const where = { siteId, at, time: site ? { zone: site.timeZone, holidays: site.holidays } : null }
  if (question.place === 'gate') {
    const lane = found.lanes.find((one) => one.siteId === siteId && one.code === question.lane)
    const { direction } = question
    return {
      place: 'gate',
      direction,
      lane: question.lane,
      laneId: lane?.laneId ?? null,
      areaId: lane?.areaId ?? null,
      ...where,
    }
  }
  const { stationId, evse } = question
  const station = found.stations.find((one) => one.stationId === stationId)
  const evses = (station?.evses ?? []).filter(({ number }) => evse === undefined || number === evse)
  return { place: 'charger', stationId, tags: station?.tags ?? [], evses, ...where }
}

const union = <T>(lists: readonly (readonly T[])[]): T[] => [...new Set(lists.flat())]

/** One query per organization and gate site; each question then picks its own rows by key. */
async function findAll(deps: AuthoriseDeps, texts: readonly string[]): Promise<Map<string, Found>> {
  const groups = new Map<string, { lookups: AccessLookup[]; texts: string[] }>()
  for (const text of texts) {
    const lookup = JSON.parse(text) as AccessLookup
    const name = `${lookup.organizationId}/${lookup.gateSiteId ?? ''}`
    const group = groups.get(name) ?? { lookups: [], texts: [] }
    group.lookups.push(lookup)
    group.texts.push(text)
    groups.set(name, group)
  }
  const answers = new Map<string, Found>()
  for (const { lookups, texts: asked } of groups.values()) {
    const [first] = lookups
    if (!first) continue
    const { enrolled, ...rest } = await findAccess(deps.db, {
      ...first,
      searchKeys: union(lookups.map(({ searchKeys }) => searchKeys)),
      siteIds: union(lookups.map(({ siteIds }) => siteIds)),
      stationIds: union(lookups.map(({ stationIds }) => stationIds)),
      laneCodes: union(lookups.map(({ laneCodes }) => laneCodes)),
      days: union(lookups.map(({ days }) => days)),
    })
    const byKey = new Map<string, Enrolled[]>()
    for (const row of enrolled) {
      const rows = byKey.get(row.searchKey)
      if (rows) rows.push(row)
      else byKey.set(row.searchKey, [row])
    }
    for (const text of asked) answers.set(text, { byKey, ...rest })
  }
  return answers
}
