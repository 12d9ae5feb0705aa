// Owns the simulated people: who has an account, which credentials they hold, how they open the gate and start a charger.
// Must not place them in time; visits.ts does.
import type { Random } from '../random.ts'
import { newUid } from './cards.ts'
import type { AccountSetup, CredentialSetup, SiteSetup } from './month.ts'
import { createPlates } from './plates.ts'

/**
 * `card`: one card opens gate and charger. `plate`: the gate knows the plate, the charger a card of the same account.
 * `app`: one app token for both. `ticket`: no account; a ticket per visit.
 */
type PersonKind = 'card' | 'plate' | 'app' | 'ticket'

export interface Person {
  ref: string
  kind: PersonKind
  account: string | null
  plate: string
  /** The plate is enrolled with the account. */
  plateEnrolled: boolean
  uid: string | null
  app: string | null
  /** How often they come, against the others. */
  weight: number
}

export interface People {
  drivers: readonly Person[]
  /** Parkers who never charge. */
  others: readonly Person[]
  /** Cards that must not open the gate: blocked ones and ones nobody knows. */
  refusedCards: readonly string[]
  setup: Pick<SiteSetup, 'accounts' | 'vehicles' | 'credentials'>
}

export interface PeopleOptions {
  drivers: number
  others: number
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export function createPeople(options: PeopleOptions, random: Random): People {
  const nextPlate = createPlates(random.fork('plates'))
  const accounts: AccountSetup[] = []
  const vehicles: SiteSetup['vehicles'][number][] = []
  const credentials: CredentialSetup[] = []
  const uids = new Set<string>()
  const kinds = random.fork('kinds')
  const cards = random.fork('cards')

  const uid = () => {
    for (;;) {
      const candidate = newUid(cards)
      // The first three bytes are all that a 26-bit reader passes on: unique, so that truth stays decidable for a person.
      if (uids.has(candidate.slice(0, 6))) continue
      uids.add(candidate.slice(0, 6))
      return candidate
    }
  }

  const enrol = (ref: string, parkerKind: AccountSetup['parkerKind'], status: AccountSetup['status'] = 'active') => {
    accounts.push({ ref, name: `Parker ${ref}`, kind: 'person', parkerKind, status })
    return ref
  }
  const enrolCard = (account: string, value: string, status: CredentialSetup['status'] = 'active') => {
    credentials.push({ ref: `card-${account}`, account, kind: 'card', value, status })
    return value
  }

  const person = (ref: string, kind: PersonKind, weight: number): Person => {
    const plate = nextPlate()
    if (kind === 'ticket') {
      return { ref, kind, account: null, plate, plateEnrolled: false, uid: null, app: null, weight }
    }
    const account = enrol(ref, kind === 'card' ? 'contract' : 'member')
    const plateEnrolled = kind === 'plate' || kinds.chance(0.7)
    if (plateEnrolled) vehicles.push({ ref: `car-${ref}`, account, plate, country: 'US' })
    if (kind !== 'app')
      return { ref, kind, account, plate, plateEnrolled, uid: enrolCard(account, uid()), app: null, weight }
    const token = `APP-${Array.from({ length: 10 }, () => crockford[cards.int(0, 31)]).join('')}`
    credentials.push({ ref: `app-${ref}`, account, kind: 'app', value: token, status: 'active' })
    return { ref, kind, account, plate, plateEnrolled, uid: null, app: token, weight }
  }

  const share = (kind: PersonKind) => ({ card: 55, plate: 15, app: 12, ticket: 18 })[kind]
  const drivers = Array.from({ length: options.drivers }, (_, i) => {
    const kind = kinds.weighted<PersonKind>(['card', 'plate', 'app', 'ticket'], share)
    // A few come nearly every day, most now and then: the shape of the garage's published user counts.
    const regular = 1 / (i + 8)
    return person(`d${String(i + 1).padStart(3, '0')}`, kind, kind === 'ticket' ? regular / 3 : regular)
  })
  const others = Array.from({ length: options.others }, (_, i) =>
    person(`p${String(i + 1).padStart(3, '0')}`, kinds.chance(0.45) ? 'card' : 'ticket', 1),
  )
  const refusedCards = Array.from({ length: 8 }, (_, i) => {
    const value = uid()
    if (i >= 4) return value
    return enrolCard(enrol(`x${i + 1}`, 'contract', 'suspended'), value, 'blocked')
  })
  return { drivers, others, refusedCards, setup: { accounts, vehicles, credentials } }
}
