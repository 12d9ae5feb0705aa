// Owns setting who bills what, from now on or later, and telling which model holds for whom.
// Must not reach back: what began under a model keeps it.
import { type BilledUnder, type BillingModel, billingModelWords } from '../../domain/bill/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { type BillingModelRecord, billingModelRules } from '../../store/billing-models.ts'
import { accounts, groups } from '../../store/people.ts'
import { sites } from '../../store/places.ts'
import { getRecord, insertRecord } from '../../store/record-table.ts'
import { columnsOf, refusable } from '../manage/manage-record.ts'
import { type Access, invalid, type Outcome, ok } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { modelFor } from './billed-under.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export interface BillingModelInput {
  siteId: string
  accountId?: string | null
  groupId?: string | null
  model: BillingModel | null
  validFrom?: string | Date
}

export function setBillingModel(deps: Deps) {
  return (access: Access, input: BillingModelInput): Promise<Outcome<BillingModelRecord>> =>
    refusable<BillingModelRecord>(deps, async (trx) => {
      const refusal = await broken(trx, access, [
        theSite(input.siteId),
        { pointer: '/accountId', table: accounts, id: input.accountId },
        { pointer: '/groupId', table: groups, id: input.groupId },
      ])
      if (refusal !== undefined) return refusal
      if (input.accountId != null && input.groupId != null)
        return invalid('/groupId', 'is for a rule without an account')
      const now = deps.clock.now()
      const validFrom = input.validFrom === undefined ? now : new Date(input.validFrom)
      if (validFrom < now) return invalid('/validFrom', 'must not be in the past')
      const { organizationId } = access
      const rule = await insertRecord(trx, billingModelRules, {
        organization_id: organizationId,
        rule_id: deps.newId(),
        ...columnsOf(billingModelRules, { ...input, validFrom, createdAt: now, createdBy: access.actor }),
      })
      await appendAudit(trx, organizationId, {
        auditId: deps.newId(),
        siteId: rule.siteId,
        at: now,
        actor: access.actor,
        action: 'billing_model.set',
        subjectType: 'billing_model_rule',
        subjectId: rule.ruleId,
        before: null,
        after: rule,
        requestId: access.requestId,
      })
      return ok(rule)
    })
}

/** For what begins at an instant. */
export function answerBillingModel(deps: Pick<Deps, 'db' | 'clock'>) {
  return async (
    access: Access,
    ask: { siteId: string; accountId?: string; at?: string | Date },
  ): Promise<Outcome<BilledUnder & { words: string }>> => {
    const site = await getRecord(deps.db, sites, access, ask.siteId)
    if (site === undefined) return invalid('/siteId', 'no such site')
    const at = ask.at === undefined ? deps.clock.now() : new Date(ask.at)
    const { organizationId } = access
    const accountId = ask.accountId ?? null
    const chosen = await modelFor(deps.db, { organizationId, siteId: site.siteId, accountId, at })
    return ok({ ...chosen, words: billingModelWords(chosen) })
  }
}
