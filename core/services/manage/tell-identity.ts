// Owns telling that people, vehicles or credentials changed in a way that may say anew whose stays and sessions are.
// Must not look for those stays and sessions: the job does, once for all changes that gather.
import {
  normalisePlate,
  type Presentation,
  partialKeys,
  plateNeighbourKeys,
  searchKeys,
} from '../../domain/credential/index.ts'
import {
  addIdentityChange,
  endHolding,
  type HoldingSubject,
  type IdentityChange,
} from '../../store/identity-changes.ts'
import type { Making } from './manage-record.ts'
import { invalid, type Refusal } from './outcome.ts'

/** Since when a change holds. Left out: from now on, so that what happened before stays with whom it was. */
export interface AsOf {
  asOf?: string
}

export async function tellIdentity({ trx, access, now, newId }: Making, ...parts: IdentityChange[]): Promise<void> {
  const change = {
    searchKeys: parts.flatMap((part) => part.searchKeys),
    indexKeys: parts.flatMap((part) => part.indexKeys),
  }
  if (change.searchKeys.length + change.indexKeys.length === 0) return
  await addIdentityChange(trx, access.organizationId, newId(), change, now)
}

/** Keys by which stays and sessions are found that this was shown in, as core/domain/link/link-index-keys.ts writes them. */
export function keysOfPresentation(presented: Presentation): IdentityChange {
  const keys = searchKeys(presented)
  if (presented.kind !== 'plate')
    return { searchKeys: keys, indexKeys: [...keys, ...partialKeys(presented)].map((key) => `s:${key}`) }
  const plate = normalisePlate(presented.raw, presented.country)
  const near = plate.outcome === 'plate' ? plateNeighbourKeys(plate.text) : []
  return { searchKeys: keys, indexKeys: near.map((key) => `p:${key}`) }
}

export function keysOfRecords(kind: 'a' | 'v' | 'c', ids: readonly (string | null)[]): IdentityChange {
  return { searchKeys: [], indexKeys: ids.flatMap((id) => (id === null ? [] : [`${kind}:${id}`])) }
}

export function brokenAsOf({ asOf }: AsOf, now: Date): Refusal | undefined {
  return asOf !== undefined && Date.parse(asOf) > now.getTime() ? invalid('/asOf', 'lies in the future') : undefined
}

/**
 * Notes what was held before the change; false when nothing about it changed. An `asOf` without a change corrects only since when.
 */
export async function noteHolding<R extends object>(
  { trx, access, now }: Making,
  subject: Pick<HoldingSubject, 'kind' | 'subjectId'>,
  { asOf }: AsOf,
  [before, after]: readonly [R, R],
): Promise<boolean> {
  const changed = JSON.stringify(before) !== JSON.stringify(after)
  if (!changed && asOf === undefined) return false
  const since = asOf === undefined ? now : new Date(asOf)
  await endHolding(trx, { organizationId: access.organizationId, ...subject }, since, changed ? before : null)
  return true
}
