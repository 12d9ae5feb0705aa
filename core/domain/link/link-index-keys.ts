// Owns the strings under which stays and sessions find each other in an index.
// Must not score; a shared key only says that scoring the pair may be worth it.
import { partialKeys, plateNeighbourKeys, searchKeys } from '../credential/index.ts'
import { observedBays } from './bay-evidence.ts'
import { sessionPresentations } from './card-evidence.ts'
import type { LinkPresentation, SessionView, StayView } from './link-view.ts'
import { accountPlates, type KnownPlate, sessionPlates, stayPlates } from './plate-evidence.ts'

/**
 * Keys of a stay or a session, prefixed with the site: every pair that can reach the review threshold shares at least one.
 * Around 25 for a view with one card and one plate. Times are no keys; the store narrows by time beside them.
 */
export function linkIndexKeys(view: StayView | SessionView): string[] {
  const keys = new Set<string>()
  const add = (kind: string, value: string | null | undefined) => {
    if (value) keys.add(`${view.siteId}|${kind}:${value}`)
  }
  const session = 'evseId' in view
  add('a', view.accountId)
  add('v', view.vehicleId)
  for (const one of session ? sessionPresentations(view) : view.presentations) addPresentation(one, add)
  const plates: KnownPlate[] = session ? sessionPlates(view) : stayPlates(view)
  for (const { text } of [...plates, ...accountPlates(view.accountPlates)]) {
    for (const key of plateNeighbourKeys(text)) add('p', key)
  }
  if (session) add('b', view.bayId)
  else for (const { bayId } of observedBays(view)) add('b', bayId)
  return [...keys]
}

function addPresentation(one: LinkPresentation, add: (kind: string, value: string | null | undefined) => void): void {
  add('c', one.credentialId)
  if (one.kind === 'plate') return
  for (const key of searchKeys(one)) add('s', key)
  for (const key of partialKeys(one)) add('s', key)
}
