// Owns finding out whose credentials were shown during a stay.
// Must not guess: credentials of two accounts make the holder unknown, and partial matches say nothing here.
import type { Kysely } from 'kysely'
import { claimsAt, matchPresentations, type Presentation } from '../../domain/credential/index.ts'
import { type DerivedStay, isNearKey, type StayPresentation } from '../../domain/stay/index.ts'
import {
  accountIdAt,
  type Enrolled,
  type EnrolledPlate,
  findEnrolled,
  findPlates,
  readParkers,
  vehicleIdAt,
} from '../../store/credentials.ts'
import type { HubTables } from '../../store/schema.ts'
import { enrolledPresentation } from '../access/identify-credential.ts'

export interface Holder {
  accountId: string | null
  vehicleId: string | null
  credentialId: string | null
  parkerKind: string | null
  ambiguous: boolean
}

/** Below this two forms are too likely to be alike by accident: numbers of 24 bits are just above, parts of numbers below. */
const sureEnough = 0.8

export type HeldStay = Pick<DerivedStay, 'enteredAt' | 'exitedAt' | 'factsAt' | 'presentations' | 'searchKeys'>

/** The holder of each stay, in order, as of when it began. Three queries, whatever the number of stays. */
export async function matchHolders(
  db: Kysely<HubTables>,
  organizationId: string,
  stays: readonly HeldStay[],
): Promise<Holder[]> {
  const searchKeys = [...new Set(stays.flatMap((stay) => stay.searchKeys.filter((key) => !isNearKey(key))))]
  if (searchKeys.length === 0) return stays.map(() => nobody(false))
  const enrolled = await findEnrolled(db, organizationId, searchKeys)
  const plates = await findPlates(
    db,
    organizationId,
    searchKeys.filter((key) => key.startsWith('pl:')),
  )
  const found = stays.map((stay) => shownDuring(stay, enrolled, plates))
  const parkerOf = await readParkers(db, organizationId, [
    ...new Set(found.flatMap(({ cards, cars }) => [...cards, ...cars].flatMap(({ accountId }) => accountId ?? []))),
  ])
  return found.map((one) => holderOf(one, parkerOf))
}

interface Shown {
  at: Date
  cards: { row: Enrolled; confidence: number; accountId: string | null; vehicleId: string | null }[]
  cars: { vehicleId: string; accountId: string | null }[]
}

function shownDuring(stay: HeldStay, enrolled: readonly Enrolled[], plates: readonly EnrolledPlate[]): Shown {
  const at = stay.enteredAt ?? stay.exitedAt ?? stay.factsAt
  const own = new Set(stay.searchKeys)
  const forms = enrolled.flatMap((row) => {
    if (row.partial || !own.has(row.searchKey)) return []
    const confidence = surest(stay.presentations, enrolledPresentation(row))
    return confidence < sureEnough ? [] : [{ ...row, confidence }]
  })
  // Two things shown may belong to two people; only enrolments of one and the same thing succeed each other.
  const cards = byThing(
    stay.presentations,
    forms,
    (shown, row) => matchPresentations(shown, enrolledPresentation(row)).equal,
  )
    .flatMap((claims) => claimsAt(claims, at))
    .map((row) => ({
      row,
      confidence: row.confidence,
      accountId: accountIdAt({ former: row.former, accountId: row.account?.accountId ?? null }, at),
      vehicleId: vehicleIdAt(row, at),
    }))
  const readings = plates.filter(
    ({ plateKey, plate, country }) =>
      own.has(plateKey) &&
      surest(stay.presentations, { raw: plate, kind: 'plate', country: country ?? undefined }) >= sureEnough,
  )
  const cars = [...new Set(readings.map(({ plateKey }) => plateKey))].flatMap((key) =>
    claimsAt(
      readings.filter(({ plateKey }) => plateKey === key),
      at,
    ).map((car) => ({ vehicleId: car.vehicleId, accountId: accountIdAt(car, at) })),
  )
  return { at, cards, cars: [...new Map(cars.map((car) => [car.vehicleId, car])).values()] }
}

/** What is enrolled for each thing that was shown; forms of one card that two readers reported are one thing. */
function byThing<R>(
  shown: readonly StayPresentation[],
  forms: readonly R[],
  equal: (shown: StayPresentation, form: R) => string,
): R[][] {
  const groups = new Map<string, R[]>()
  for (const one of shown) {
    const its = forms.filter((form) => ['exact', 'transformed'].includes(equal(one, form)))
    if (its.length > 0) groups.set(its.map((form) => forms.indexOf(form)).join(), its)
  }
  return [...groups.values()]
}

type ParkerOf = Awaited<ReturnType<typeof readParkers>>

function holderOf({ at, cards, cars }: Shown, parkerOf: ParkerOf): Holder {
  const known = (accountId: string | null) => (accountId !== null && parkerOf(accountId, at) ? accountId : null)
  const accounts = new Set([...cards, ...cars].flatMap(({ accountId }) => known(accountId) ?? []))
  if (accounts.size > 1) return nobody(true)
  const [accountId = null] = accounts
  // A thing held in the hand says more than a plate, the surer form more than the other; ids settle what is left.
  const [best] = cards
    .filter((card) => known(card.accountId) === accountId)
    .sort(
      (a, b) =>
        Number(a.row.kind === 'plate') - Number(b.row.kind === 'plate') ||
        b.confidence - a.confidence ||
        (a.row.credentialId < b.row.credentialId ? -1 : 1),
    )
  const [car, otherCar] = cars
  return {
    accountId,
    parkerKind: accountId === null ? null : (parkerOf(accountId, at)?.parkerKind ?? null),
    credentialId: best?.row.credentialId ?? null,
    vehicleId: car && !otherCar ? car.vehicleId : (best?.vehicleId ?? null),
    ambiguous: false,
  }
}

function surest(shown: readonly StayPresentation[], enrolled: Presentation): number {
  return shown.reduce((best, one) => {
    const match = matchPresentations(one, enrolled)
    return match.equal === 'partial' ? best : Math.max(best, match.confidence)
  }, 0)
}

function nobody(ambiguous: boolean): Holder {
  return { accountId: null, vehicleId: null, credentialId: null, parkerKind: null, ambiguous }
}
