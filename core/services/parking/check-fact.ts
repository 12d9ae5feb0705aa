// Owns what makes a fact impossible to keep, whichever adapter handed it over.
// Must not judge plausibility: doubtful facts are kept and flagged by what is derived from them.
import { credentialKinds } from '../../domain/credential/index.ts'
import { type ParkingFact, parkingFactTypes, type ReportedCredential } from '../../domain/parking-fact.ts'
import { credentialsOf, requestIdOf } from '../../domain/stay/index.ts'

export interface FactProblem {
  reason: string
  pointer: string
}

const longestId = 255
const mostCredentials = 50
const largestMinor = 1_000_000_000_000
const largestInteger = 2_147_483_647
const earliest = Date.UTC(2000, 0, 1)
/** A clock this far ahead is broken; its facts would stay "the newest" for years. */
const furthestAheadMs = 366 * 86_400_000

export function checkFact(fact: ParkingFact, now: Date): FactProblem | null {
  const { id, revision, type, occurredAt, stayRef } = fact
  if (!isText(id, longestId)) return { reason: 'id_invalid', pointer: '/id' }
  if (!isCount(revision)) return { reason: 'revision_invalid', pointer: '/revision' }
  if (!parkingFactTypes.includes(type)) return { reason: 'type_unknown', pointer: '/type' }
  if (!isInstant(occurredAt, now)) return { reason: 'occurred_at_unbelievable', pointer: '/occurredAt' }
  for (const name of ['stayRef', 'lane', 'device'] as const) {
    if (fact[name] !== undefined && !isText(fact[name], longestId))
      return { reason: 'text_invalid', pointer: `/${name}` }
  }
  const requestId = requestIdOf(fact)
  if (requestId !== null && !isText(requestId, longestId)) return { reason: 'text_invalid', pointer: '/data/requestId' }
  if (type.startsWith('stay.') && stayRef === undefined) return { reason: 'stay_ref_required', pointer: '/stayRef' }
  const text = unstorable(fact.data, '/data')
  if (text) return { reason: 'text_unstorable', pointer: text }
  const credential = checkCredentials(fact.type === 'reservation.changed' ? fact.data.credentials : credentialsOf(fact))
  return credential ?? checkData(fact, now)
}

function checkCredentials(credentials: readonly ReportedCredential[]): FactProblem | null {
  if (credentials.length > mostCredentials) return { reason: 'too_many_credentials', pointer: '/data/credentials' }
  for (const [index, one] of credentials.entries()) {
    const pointer = `/data/credentials/${index}`
    if (!(credentialKinds as readonly string[]).includes(one.kind)) {
      return { reason: 'credential_kind_unknown', pointer: `${pointer}/kind` }
    }
    if (typeof one.value !== 'string') return { reason: 'credential_value_invalid', pointer: `${pointer}/value` }
  }
  return null
}

function checkData(fact: ParkingFact, now: Date): FactProblem | null {
  switch (fact.type) {
    case 'stay.opened':
    case 'stay.closed':
      return instants(fact.data, ['enteredAt', 'exitedAt'], now, '/data')
    case 'stay.corrected':
      return instants(fact.data.changed, ['enteredAt', 'exitedAt'], now, '/data/changed')
    case 'payment.captured':
    case 'payment.refunded':
    case 'payment.failed': {
      const { amountMinor, currency } = fact.data
      if (!isAmount(amountMinor)) return { reason: 'amount_invalid', pointer: '/data/amountMinor' }
      if (!/^[A-Z]{3}$/.test(currency)) return { reason: 'currency_invalid', pointer: '/data/currency' }
      return instants(fact.data, ['paidUntil'], now, '/data')
    }
    case 'stay.priced': {
      const { amountMinor, taxMinor = 0, currency, durationMinutes = 0 } = fact.data
      if (!isAmount(amountMinor)) return { reason: 'amount_invalid', pointer: '/data/amountMinor' }
      if (!isAmount(taxMinor) || taxMinor > amountMinor) return { reason: 'amount_invalid', pointer: '/data/taxMinor' }
      if (!/^[A-Z]{3}$/.test(currency)) return { reason: 'currency_invalid', pointer: '/data/currency' }
      if (typeof fact.data.final !== 'boolean') return { reason: 'final_invalid', pointer: '/data/final' }
      return isCount(durationMinutes) ? null : { reason: 'count_invalid', pointer: '/data/durationMinutes' }
    }
    case 'occupancy.changed': {
      for (const name of ['free', 'occupied', 'capacity'] as const) {
        const value = fact.data[name]
        // Counters drift below zero until somebody resets them; that is worth seeing.
        if (value !== undefined && !(Number.isInteger(value) && Math.abs(value) <= largestInteger)) {
          return { reason: 'count_invalid', pointer: `/data/${name}` }
        }
      }
      return texts(fact.data, ['counter', 'category', 'area'])
    }
    case 'equipment.changed':
      return fact.device === undefined ? { reason: 'device_required', pointer: '/device' } : null
    case 'bay.changed':
      return texts(fact.data, ['bay'])
    case 'credential.observed':
      return texts(fact.data, ['bay', 'evse'])
    case 'reservation.changed': {
      const { reservationRef, state, amountMinor, currency } = fact.data
      if (!isText(reservationRef, longestId)) return { reason: 'text_invalid', pointer: '/data/reservationRef' }
      if (!bookingStates.includes(state)) return { reason: 'state_unknown', pointer: '/data/state' }
      if (amountMinor !== undefined && !isAmount(amountMinor)) {
        return { reason: 'amount_invalid', pointer: '/data/amountMinor' }
      }
      if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) {
        return { reason: 'currency_invalid', pointer: '/data/currency' }
      }
      return instants(fact.data, ['from', 'until'], now, '/data')
    }
    default:
      return null
  }
}

const bookingStates: readonly string[] = ['booked', 'changed', 'used', 'expired', 'cancelled']

function isAmount(minor: number): boolean {
  return Number.isSafeInteger(minor) && minor >= 0 && minor <= largestMinor
}

function instants<K extends string>(
  data: { readonly [name in K]?: string | null },
  names: readonly K[],
  now: Date,
  at: string,
): FactProblem | null {
  const wrong = names.find((name) => {
    const text = data[name]
    return text !== undefined && text !== null && !isInstant(new Date(text), now)
  })
  return wrong === undefined ? null : { reason: 'instant_unbelievable', pointer: `${at}/${wrong}` }
}

/** Codes that rows are found by. */
function texts<K extends string>(data: { readonly [name in K]?: string }, names: readonly K[]): FactProblem | null {
  const wrong = names.find((name) => data[name] !== undefined && !isText(data[name], longestId))
  return wrong === undefined ? null : { reason: 'text_invalid', pointer: `/data/${wrong}` }
}

function isInstant(at: Date, now: Date): boolean {
  const ms = at.getTime()
  return ms >= earliest && ms <= now.getTime() + furthestAheadMs
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= largestInteger
}

export function isText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value !== '' && value.length <= longest && isStorable(value)
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

/** Pointer to the first text, anywhere in the value, that cannot be stored. */
export function unstorable(value: unknown, pointer: string): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : pointer
  if (typeof value !== 'object' || value === null) return null
  for (const [name, item] of Object.entries(value)) {
    if (!isStorable(name)) return pointer
    const found = unstorable(item, `${pointer}/${name}`)
    if (found !== null) return found
  }
  return null
}
