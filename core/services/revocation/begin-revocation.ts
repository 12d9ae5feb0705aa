// Owns noticing that a credential lost its rights, by a change or by the clock, and beginning to follow that to every place.
// Must not look for those places; follow-revocation.ts does, after the change is committed.
import { addJobs } from '../../store/event-log.ts'
import { type Account, belongingsOf, type Credential } from '../../store/people.ts'
import type { Db } from '../../store/record-table.ts'
import { beginRevocationRow, type RevocationCause, revocationJob } from '../../store/revocations.ts'
import { credentialStanding } from '../../store/standing.ts'
import { clearTimer, setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

/** The change at hand: core/services/manage makes it. */
export interface ChangeAtHand {
  trx: Db
  access: { organizationId: string }
  now: Date
  newId: ServiceDeps['newId']
}

export async function beginRevocations(
  { trx, access, now, newId }: ChangeAtHand,
  credentialIds: readonly string[],
  cause: RevocationCause,
): Promise<void> {
  const { organizationId } = access
  const jobs = []
  for (const credentialId of [...credentialIds].sort()) {
    const of = { organizationId, revocationId: newId(), credentialId, cause }
    const { revocationId } = await beginRevocationRow(trx, of, now)
    jobs.push(revocationJob(organizationId, revocationId))
  }
  await addJobs(trx, jobs)
}

/** Called with every change of a credential; a new one has lost nothing. */
export async function followCredential(at: ChangeAtHand, before: Credential | null, after: Credential): Promise<void> {
  const { credentialId, validUntil } = after
  if (before?.validUntil?.getTime() !== validUntil?.getTime()) await watchEnd(at, { credentialId }, validUntil)
  const cause = before === null ? null : credentialCause(before, after, at.now)
  if (cause !== null) await beginRevocations(at, [credentialId], cause)
}

/** Called with every change of an account: it takes all its credentials with it. */
export async function followAccount(at: ChangeAtHand, before: Account | null, after: Account): Promise<void> {
  const { accountId, validUntil } = after
  if (before?.validUntil?.getTime() !== validUntil?.getTime()) await watchEnd(at, { accountId }, validUntil)
  const cause = before === null ? null : accountCause(before, after, at.now)
  if (cause === null) return
  const { credentialIds } = await belongingsOf(at.trx, at.access.organizationId, accountId)
  await beginRevocations(at, credentialIds, cause)
}

function credentialCause(before: Credential, after: Credential, now: Date): RevocationCause | null {
  if (before.status !== after.status && after.status !== 'active') {
    return after.status === 'revoked' ? 'revoked' : 'blocked'
  }
  if (before.archivedAt === null && after.archivedAt !== null) return 'archived'
  if (hasEnded(after.validUntil, now) && !hasEnded(before.validUntil, now)) return 'expired'
  const limits = ({ accountId, vehicleId, siteIds, rights }: Credential) =>
    JSON.stringify([accountId, vehicleId, siteIds, rights])
  return limits(before) === limits(after) ? null : 'moved'
}

function accountCause(before: Account, after: Account, now: Date): RevocationCause | null {
  if (before.status !== after.status && after.status === 'suspended') return 'account_suspended'
  if (before.status !== after.status && after.status === 'closed') return 'account_closed'
  return hasEnded(after.validUntil, now) && !hasEnded(before.validUntil, now) ? 'account_expired' : null
}

function hasEnded(until: Date | null, now: Date): boolean {
  return until !== null && until <= now
}

type Ending = { credentialId: string } | { accountId: string }

/** Nobody changes anything when a validity runs out: an appointment does. */
async function watchEnd({ trx, access, now }: ChangeAtHand, of: Ending, until: Date | null): Promise<void> {
  const { organizationId } = access
  const timer = { organizationId, kind: 'access.ended', key: `access:${Object.values(of)[0]}` }
  if (until === null || until <= now) await clearTimer(trx, timer)
  else await setTimer(trx, { ...timer, siteId: null, dueAt: until, data: { organizationId, ...of } })
}

/** Task `access.ended`. */
export function accessEnded(deps: ServiceDeps) {
  return async (
    of: { organizationId: string } & Partial<{ credentialId: string; accountId: string }>,
  ): Promise<void> => {
    const { organizationId, credentialId, accountId } = of
    const now = deps.clock.now()
    await transaction(deps.db, async (trx) => {
      const at = { trx, access: { organizationId }, now, newId: deps.newId }
      const ids =
        credentialId !== undefined
          ? [credentialId]
          : accountId === undefined
            ? []
            : (await belongingsOf(trx, organizationId, accountId)).credentialIds
      for (const id of ids) {
        const standing = await credentialStanding(trx, organizationId, id)
        const expired = accountId === undefined ? standing?.validUntil : standing?.accountValidUntil
        if (hasEnded(expired ?? null, now))
          await beginRevocations(at, [id], accountId === undefined ? 'expired' : 'account_expired')
      }
    })
  }
}
