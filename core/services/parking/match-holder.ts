// Owns finding out whose credentials were shown during a stay.
// Must not guess: credentials of two accounts make the holder unknown, and partial matches say nothing here.
import type { Kysely } from 'kysely'
import { matchPresentations, type Presentation } from '../../domain/credential/index.ts'
import type { DerivedStay, StayPresentation } from '../../domain/stay/index.ts'
import { type Enrolled, type EnrolledVehicle, findEnrolled, findVehicles } from '../../store/credentials.ts'
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

/** The holder of each stay, in order. Two queries, whatever the number of stays. */
export async function matchHolders(
  db: Kysely<HubTables>,
  organizationId: string,
  stays: readonly DerivedStay[],
): Promise<Holder[]> {
  const searchKeys = [...new Set(stays.flatMap((stay) => stay.searchKeys))]
  if (searchKeys.length === 0) return stays.map(() => nobody(false))
  const { enrolled } = await findEnrolled(db, { organizationId, searchKeys, siteIds: [] })
  const vehicles = await findVehicles(
    db,
    organizationId,
    searchKeys.filter((key) => key.startsWith('pl:')),
  )
  return stays.map((stay) => holderOf(stay, enrolled, vehicles))
}

function holderOf(stay: DerivedStay, enrolled: readonly Enrolled[], vehicles: readonly EnrolledVehicle[]): Holder {
  const own = new Set(stay.searchKeys)
  const cards = enrolled.flatMap((row) => {
    if (row.partial || !own.has(row.searchKey)) return []
    const confidence = surest(stay.presentations, enrolledPresentation(row))
    return confidence < sureEnough ? [] : [{ row, confidence }]
  })
  const cars = vehicles.filter(
    ({ plateKey, plate, country }) =>
      own.has(plateKey) &&
      surest(stay.presentations, { raw: plate, kind: 'plate', country: country ?? undefined }) >= sureEnough,
  )
  const accounts = new Map<string, string | null>()
  for (const { row } of cards) if (row.account) accounts.set(row.account.accountId, row.account.parkerKind)
  for (const { accountId, parkerKind } of cars) if (accountId !== null) accounts.set(accountId, parkerKind)
  if (accounts.size > 1) return nobody(true)
  const [account] = accounts
  // A thing held in the hand says more than a plate, the surer form more than the other; ids settle what is left.
  const [best] = cards
    .filter(({ row }) => (row.account?.accountId ?? null) === (account?.[0] ?? null))
    .sort(
      (a, b) =>
        Number(a.row.kind === 'plate') - Number(b.row.kind === 'plate') ||
        b.confidence - a.confidence ||
        (a.row.credentialId < b.row.credentialId ? -1 : 1),
    )
  const [car, otherCar] = cars
  return {
    accountId: account?.[0] ?? null,
    parkerKind: account?.[1] ?? null,
    credentialId: best?.row.credentialId ?? null,
    vehicleId: car && !otherCar ? car.vehicleId : (best?.row.vehicleId ?? null),
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
