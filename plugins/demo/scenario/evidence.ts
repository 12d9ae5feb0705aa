// Owns the judgement of what a person with all facts in hand could know about a session and its stay.
// Must not look at anything the hub decided.
import type { ChargingPart } from './charging-steps.ts'
import type { Seen } from './facts-of-visit.ts'
import type { Evidence, TruthSession, TruthStay } from './month.ts'
import type { Visit } from './visits.ts'

export interface Judgement {
  evidence: Evidence[]
  linkable: TruthSession['linkable']
  reason: string
}

/**
 * @param rivals plates read at the gates for other cars that were in at the same time
 */
export function judge(
  visit: Visit,
  stay: TruthStay,
  seen: Seen,
  part: ChargingPart,
  sessionId: string,
  rivals: ReadonlySet<string>,
): Judgement {
  const { person, plate } = visit
  const gatePlate = seen.entryPlate === plate || seen.exitPlate === plate
  const atGate = seen.entryToken || seen.exitToken
  const ownToken = part.start === 'card' || part.start === 'app' || part.start === 'ticket'
  const evidence: Evidence[] = []
  if (ownToken && person.kind !== 'plate' && atGate) evidence.push('credential')
  const accountShown = part.start === 'card' || part.start === 'app'
  if (accountShown && person.plateEnrolled && gatePlate) evidence.push('account')
  if (seen.chargerPlates.get(sessionId) === plate && gatePlate) evidence.push('plate')
  if (seen.bayPlates.get(sessionId) === plate && gatePlate) evidence.push('bay')

  if (evidence.length === 0) return { evidence, ...nothingExact(visit, seen, part, sessionId, ownToken) }
  if (stay.entryMissing) return { evidence, linkable: 'doubtful', reason: 'nobody saw the car come in' }
  if (evidence.includes('credential'))
    return { evidence, linkable: 'certain', reason: 'the same credential at gate and charger' }
  if (rivals.has(plate)) return { evidence, linkable: 'doubtful', reason: 'two cars were in under the same plate' }
  if (seen.entryPlate !== plate) {
    return {
      evidence,
      linkable: 'doubtful',
      reason: 'the plate was misread on the way in and right only on the way out',
    }
  }
  return { evidence, linkable: 'certain', reason: `known by ${evidence.join(' and ')}` }
}

function nothingExact(visit: Visit, seen: Seen, part: ChargingPart, sessionId: string, ownToken: boolean) {
  const someone = ownToken || seen.bayPlates.has(sessionId) || seen.chargerPlates.has(sessionId)
  if (!someone) {
    const reason =
      part.start === 'stranger' ? 'a card that nobody knows' : 'the charger asked nobody and no camera saw the car'
    return { linkable: 'none' as const, reason }
  }
  const inexact = seen.entryPlate !== visit.plate || (visit.person.kind === 'card' && !seen.entryToken)
  return inexact
    ? { linkable: 'doubtful' as const, reason: 'only a misread plate or a cut card connects them' }
    : { linkable: 'doubtful' as const, reason: 'the camera at the bay misread the plate' }
}
