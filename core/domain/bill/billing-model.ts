// Owns who bills what at a site: the three billing models, which of them holds for a stay or session, and what each means in words.
// Must not look at what was decided after the stay or session began: it keeps the model that it began under.

/**
 * `hub`: one bill of the hub for parking and charging. `parcs`: the parking system bills the driver for both; what the hub
 * bills for charging is owed by the parking system's operator. `separate`: each bills its own.
 */
export const billingModels = ['hub', 'parcs', 'separate'] as const
export type BillingModel = (typeof billingModels)[number]

export interface BillingModelRule {
  ruleId: string
  /** Both null: for everybody at the site. */
  accountId: string | null
  groupId: string | null
  /** Null takes back what held before for the same account, group or site. */
  model: BillingModel | null
  validFrom: Date
  createdAt: Date
}

export interface ModelQuestion {
  /** Entry of the stay, or start of the session. */
  at: Date
  accountId: string | null
  /** What the account's own rules do not say, those of the account above it do. */
  parentAccountId: string | null
  groupIds: readonly string[]
}

export interface ChosenModel {
  model: BillingModel
  /** Whose rule it is; `default` where nobody made one. */
  by: 'account' | 'parent_account' | 'group' | 'site' | 'default'
  ruleId: string | null
}

export function chooseBillingModel(rules: readonly BillingModelRule[], ask: ModelQuestion): ChosenModel {
  const begun = rules.filter((rule) => rule.validFrom <= ask.at)
  const latest = (fits: (rule: BillingModelRule) => boolean) => begun.filter(fits).sort(newestFirst)[0]
  const account = (id: string | null) => (id === null ? undefined : latest((rule) => rule.accountId === id))
  const ofGroups = ask.groupIds
    .flatMap((id) => latest((rule) => rule.groupId === id) ?? [])
    .filter((rule) => rule.model !== null)
  const found: readonly (readonly [ChosenModel['by'], BillingModelRule | undefined])[] = [
    ['account', account(ask.accountId)],
    ['parent_account', account(ask.parentAccountId)],
    ['group', ofGroups.sort(newestFirst)[0]],
    ['site', latest((rule) => rule.accountId === null && rule.groupId === null)],
  ]
  for (const [by, rule] of found) {
    if (rule?.model != null) return { model: rule.model, by, ruleId: rule.ruleId }
  }
  return { model: 'hub', by: 'default', ruleId: null }
}

function newestFirst(a: BillingModelRule, b: BillingModelRule): number {
  return (
    b.validFrom.getTime() - a.validFrom.getTime() ||
    b.createdAt.getTime() - a.createdAt.getTime() ||
    (a.ruleId < b.ruleId ? 1 : -1)
  )
}

/** How a bill was decided upon, kept with it. */
export interface BilledUnder extends ChosenModel {
  /** ISO 8601, UTC. */
  begunAt: string
}

/** Who owes the hub what is on a bill. */
export function owedBy(billing: { model: BillingModel } | undefined): 'payer' | 'parcs' {
  return billing?.model === 'parcs' ? 'parcs' : 'payer'
}

const because: Readonly<Record<ChosenModel['by'], string>> = {
  account: 'as set for the account',
  parent_account: 'as set for the account above it',
  group: 'as set for a group of the account',
  site: 'as set for the site',
  default: 'since nothing else is set',
}

export function billingModelWords({ model, by }: Pick<ChosenModel, 'model' | 'by'>): string {
  switch (model) {
    case 'hub':
      return `One bill of the hub for parking and charging, ${because[by]}.`
    case 'parcs':
      return `The parking system bills the driver for parking and charging, ${because[by]}; its operator owes the charging to the hub.`
    case 'separate':
      return `The hub bills the charging and the parking system the parking, ${because[by]}.`
  }
}
