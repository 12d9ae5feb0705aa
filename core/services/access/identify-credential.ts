// Owns telling which enrolled credential something presented is, if that can be told.
// Must not ask whether it may do anything; judge-access.ts does.
import {
  claimsAt,
  matchPresentations,
  type Presentation,
  partialKeys,
  searchKeys,
} from '../../domain/credential/index.ts'
import { accountIdAt, type Enrolled, vehicleIdAt } from '../../store/credentials.ts'

/** An enrolled credential with its holder at the instant that is asked about. */
export interface Held extends Enrolled {
  accountId: string | null
}

export type Identified =
  | { kind: 'one'; row: Held; partial: boolean }
  /** Fits credentials of more than one holder. */
  | { kind: 'several'; count: number }
  | { kind: 'none' }

/** Below this two forms are too likely to be alike by accident. */
export const sureEnough = 0.8

/** Index keys under which the credential may be enrolled. Those for cut readings propose only. */
export function lookupKeys(presented: Presentation): string[] {
  return [...searchKeys(presented), ...partialKeys(presented)]
}

/**
 * Whole matches count before partial ones. A partial match identifies a card only where no second enrolled card fits, not by a
 * piece that many enrolled cards share, and never a plate: what was dropped from a plate is what tells two cars apart.
 * @param at the instant it was shown; what is found is told as it was held then
 */
export function identifyCredential(presented: Presentation, found: readonly Enrolled[], at: Date): Identified {
  const matches = found.map((row) => ({ row, match: matchPresentations(presented, enrolledPresentation(row)) }))
  const whole = matches.filter(
    ({ match, row }) =>
      !row.crowded && (match.equal === 'exact' || match.equal === 'transformed') && match.confidence >= sureEnough,
  )
  const exact = whole.filter(({ match }) => match.equal === 'exact')
  const partial = matches.filter(({ match, row }) => match.equal === 'partial' && row.presentationKind !== 'plate')
  for (const [rows, isPartial] of [
    [exact, false],
    [whole, false],
    [partial, true],
  ] as const) {
    const all = rows.map(({ row }) => row)
    // Parts fit several cards at once, so none of them takes over from another.
    const then = isPartial ? all.filter(({ until }) => until === null || until > at) : claimsAt(all, at)
    if (isPartial && then.some(({ crowded }) => crowded)) {
      return { kind: 'several', count: new Set(then.map(({ credentialId }) => credentialId)).size }
    }
    if (then.length > 0) {
      return only(
        then.map((row) => heldThen(row, at)),
        isPartial,
      )
    }
  }
  return { kind: 'none' }
}

/** The row as it was held at that instant. Of an earlier holder no more than the id is known here. */
function heldThen(row: Enrolled, at: Date): Held {
  const { account } = row
  const now = account && (account.archivedAt === null || account.archivedAt > at) ? account : null
  const accountId = accountIdAt({ former: row.former, accountId: now?.accountId ?? null }, at)
  return { ...row, accountId, account: now?.accountId === accountId ? now : null, vehicleId: vehicleIdAt(row, at) }
}

export function enrolledPresentation(row: Enrolled): Presentation {
  return {
    raw: row.raw,
    kind: row.presentationKind as Presentation['kind'],
    encoding: row.encoding ?? undefined,
    bitLength: row.bitLength ?? undefined,
  }
}

/** A card given on to somebody else is enrolled twice, once revoked. */
function only(rows: readonly Held[], partial: boolean): Identified {
  const live = rows.filter(({ status }) => status !== 'revoked')
  const byCredential = new Map((live.length > 0 ? live : rows).map((row) => [row.credentialId, row]))
  const credentials = [...byCredential.values()].sort(
    (a, b) => rank(a) - rank(b) || (a.credentialId < b.credentialId ? -1 : 1),
  )
  const holders = new Set(credentials.map((row) => row.accountId ?? row.credentialId))
  const [row] = credentials
  return row && holders.size === 1 ? { kind: 'one', row, partial } : { kind: 'several', count: credentials.length }
}

function rank({ status }: Enrolled): number {
  return status === 'active' ? 0 : 1
}
