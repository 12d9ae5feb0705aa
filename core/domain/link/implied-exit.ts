// Owns when a stay must have ended because its car was seen entering again.
// Must not change a stay; it only casts doubt on linking to one whose exit is missing.
import { normalisePlate, plateDistance, searchKeys } from '../credential/index.ts'
import { instant } from './evidence.ts'
import type { StayView } from './link-view.ts'
import { stayPlates } from './plate-evidence.ts'

/**
 * For each stay without an exit, the first later entry of the same vehicle, card, ticket or plate. Missing exits are far more
 * common than one card let in twice; where the gates read two different plates it is two cars, and nothing follows.
 */
export function impliedExits(stays: readonly StayView[]): ReadonlyMap<string, Date> {
  const byCar = new Map<string, StayView[]>()
  for (const stay of stays) {
    if (stay.state === 'voided' || instant(stay.enteredAt) === null) continue
    for (const key of carKeys(stay)) {
      const same = byCar.get(key)
      if (same) same.push(stay)
      else byCar.set(key, [stay])
    }
  }
  const implied = new Map<string, Date>()
  for (const group of byCar.values()) {
    if (group.length < 2) continue
    for (const stay of group) {
      if (stay.exitedAt !== null) continue
      for (const later of group) {
        const from = instant(later.enteredAt) ?? 0
        if (from <= (instant(stay.enteredAt) ?? 0) || twoCars(stay, later)) continue
        const known = implied.get(stay.id)
        if (!known || from < known.getTime()) implied.set(stay.id, new Date(from))
      }
    }
  }
  return implied
}

/** Names of the car itself; an account is none, it may have several. */
function carKeys(stay: StayView): Set<string> {
  const keys = new Set<string>()
  if (stay.vehicleId !== null) keys.add(`v:${stay.vehicleId}`)
  for (const one of stay.presentations) {
    if (one.credentialId) keys.add(`c:${one.credentialId}`)
    if (one.kind && ['plate', 'pin', 'app', 'phone'].includes(one.kind)) continue
    // A partial reading has no search key, so it cannot join two cars here.
    for (const key of searchKeys(one)) keys.add(`s:${key}`)
  }
  for (const { text } of stay.plateReads) {
    const plate = normalisePlate(text)
    if (plate.outcome === 'plate' && !plate.lossy && plate.text.length >= 4) keys.add(`p:${plate.text}`)
  }
  return keys
}

function twoCars(a: StayView, b: StayView): boolean {
  const read = (stay: StayView) => stayPlates(stay).filter(({ from }) => from === 'read')
  const [one, other] = [read(a), read(b)]
  return one.length > 0 && other.length > 0 && one.every((x) => other.every((y) => plateDistance(x.text, y.text) > 1))
}
