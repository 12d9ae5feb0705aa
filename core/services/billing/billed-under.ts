// Owns under which billing model a stay or session is billed, and what that leaves to the hub.
// Must not change the model of something that was billed already, unless it is billed to another account.
import {
  type BilledUnder,
  type BillingModel,
  type BillingSettings,
  chooseBillingModel,
  type SubjectFacts,
} from '../../domain/bill/index.ts'
import { readGroups } from '../../store/billing-facts.ts'
import { rulesAbout } from '../../store/billing-models.ts'
import type { IssuedBill } from '../../store/bills.ts'
import { leaveElsewhere, type Payment } from '../../store/payments.ts'
import type { Db } from '../../store/record-table.ts'

export async function modelFor(
  db: Db,
  of: { organizationId: string; siteId: string; accountId: string | null; at: Date },
): Promise<BilledUnder> {
  const { rules, parentAccountId } = await rulesAbout(db, of)
  const groups =
    of.accountId === null || !rules.some((rule) => rule.groupId !== null)
      ? []
      : await readGroups(db, of.organizationId, of.accountId)
  const chosen = chooseBillingModel(rules, {
    at: of.at,
    accountId: of.accountId,
    parentAccountId,
    groupIds: groups.map((group) => group.groupId),
  })
  return { ...chosen, begunAt: of.at.toISOString() }
}

export async function billedUnder(
  db: Db,
  of: { organizationId: string; siteId: string; facts: SubjectFacts },
  earlier: readonly IssuedBill[],
): Promise<BilledUnder> {
  const { facts } = of
  const session = facts.sessions[0]
  const accountId = facts.stay?.accountId ?? facts.sessions.find((each) => each.accountId !== null)?.accountId ?? null
  const at = facts.stay === null ? (session?.startedAt ?? null) : (facts.stay.enteredAt ?? facts.stay.exitedAt)
  const begun = at ?? facts.stay?.factsAt ?? new Date(0)
  const last = earlier.at(-1)
  if (last !== undefined && last.accountId === accountId) {
    return last.basis.billing ?? { model: 'hub', by: 'default', ruleId: null, begunAt: begun.toISOString() }
  }
  const chosen = await modelFor(db, { ...of, accountId, at: begun })
  // No parking system can bill a session that it has no stay for.
  return facts.stay === null && chosen.model === 'parcs' ? { ...chosen, model: 'separate' } : chosen
}

/** Parking is somebody else's where the hub does not bill it, and a pay station has to know the energy before the car leaves. */
export function settingsUnder(model: BillingModel, settings: BillingSettings): BillingSettings {
  switch (model) {
    case 'hub':
      return settings
    case 'separate':
      return { ...settings, billParking: false }
    case 'parcs':
      return { ...settings, billParking: false, openStayHoldMs: 0 }
  }
}

const theirs: Readonly<Record<BillingModel, readonly Payment['scope'][]>> = {
  hub: [],
  parcs: ['parking', 'energy', 'both'],
  separate: ['parking', 'both'],
}

/** What drivers paid to a parking system that bills them itself. False where nobody does. */
export async function leaveToParcs(
  trx: Db,
  of: { organizationId: string; siteId: string; stayId: string },
  model: BillingModel,
  at: Date,
): Promise<boolean> {
  const scopes = theirs[model]
  if (scopes.length === 0) return false
  await leaveElsewhere(trx, of, { scopes, reason: `The parking system bills it (billing model ${model}).`, at })
  return true
}
