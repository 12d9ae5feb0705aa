// Owns the chart of accounts of the hub: the code, kind and name of everything that can be posted to.
// Must not know an accounting system's numbers; a mapping per organization names these there.
import type { AccountKind, BookAccount } from '../closed-period.ts'
import type { LineKind } from '../price.ts'

export const accounts = {
  receivable: 'receivable',
  /** Owed by whoever pays validations and prepaid credentials for the driver. */
  thirdParty: 'third_party.receivable',
  parking: 'revenue.parking',
  energy: 'revenue.energy',
  chargeTime: 'revenue.charge_time',
  idle: 'revenue.idle',
  sessionFee: 'revenue.session_fee',
  membership: 'revenue.membership',
  /** Contra revenue. */
  discounts: 'discounts.given',
  rebates: 'rebates.given',
  cash: 'cash',
  bank: 'bank',
  /** Money received that belongs to no stay or session yet. */
  unapplied: 'payments.unapplied',
  /** Money that accounts have paid in before they used it. */
  prepaid: 'prepaid.balances',
  /** Contra revenue: let out without paying, by somebody who may. */
  freeVend: 'free_vend.given',
  badDebts: 'bad_debts',
  /** Memberships that are paid for and still to be served. */
  deferred: 'revenue.deferred',
  /** Given as a security; still the giver's. */
  depositsHeld: 'deposits.held',
  energyCost: 'energy.cost',
  energyPayable: 'energy.payable',
  /** Earned from incentive and low-carbon programs, not yet paid out. */
  credits: 'credits.receivable',
  creditIncome: 'revenue.credits',
  ownerShare: 'share.owner',
  ownerPayable: 'owner.payable',
  partnerShare: 'share.partner',
  partnerPayable: 'partner.payable',
  partnerReceivable: 'partner.receivable',
} as const

type OwnAccount = (typeof accounts)[keyof typeof accounts]

const catalogue: Readonly<Record<OwnAccount, readonly [AccountKind, string]>> = {
  receivable: ['asset', 'Receivable from drivers and accounts'],
  'third_party.receivable': ['asset', 'Receivable from whoever pays for the driver'],
  'revenue.parking': ['revenue', 'Parking'],
  'revenue.energy': ['revenue', 'Charging energy'],
  'revenue.charge_time': ['revenue', 'Charging time'],
  'revenue.idle': ['revenue', 'Idle fees'],
  'revenue.session_fee': ['revenue', 'Session fees'],
  'revenue.membership': ['revenue', 'Memberships'],
  'discounts.given': ['revenue', 'Discounts given'],
  'rebates.given': ['revenue', 'Rebates given'],
  cash: ['asset', 'Cash'],
  bank: ['asset', 'Bank'],
  'payments.unapplied': ['liability', 'Payments that belong to no bill'],
  'prepaid.balances': ['liability', 'Prepaid balances'],
  'free_vend.given': ['revenue', 'Free vends given'],
  bad_debts: ['expense', 'Bad debts'],
  'revenue.deferred': ['liability', 'Deferred revenue'],
  'deposits.held': ['liability', 'Deposits held'],
  'energy.cost': ['expense', 'Energy'],
  'energy.payable': ['liability', 'Payable for energy'],
  'credits.receivable': ['asset', 'Credits receivable'],
  'revenue.credits': ['revenue', 'Credits earned'],
  'share.owner': ['expense', 'Share of the garage owner'],
  'owner.payable': ['liability', 'Payable to the garage owner'],
  'share.partner': ['expense', 'Share of charging partners'],
  'partner.payable': ['liability', 'Payable to charging partners'],
  'partner.receivable': ['asset', 'Receivable from charging partners'],
}

/** Accounts with a fixed code; those per tax code and per way of paying come as they are posted to. */
export const chartOfAccounts: readonly BookAccount[] = Object.entries(catalogue)
  .map(([code, [kind, name]]) => ({ code, name, kind }))
  .sort((a, b) => (a.code < b.code ? -1 : 1))

export const taxPayable = (code: string): string => `tax.payable.${code}`

/** Ways of paying in which no money is on its way from anybody. */
const settledBy: Readonly<Record<string, string>> = {
  cash: accounts.cash,
  prepaid: accounts.prepaid,
  free: accounts.freeVend,
  write_off: accounts.badDebts,
}

/** Money on its way from whoever took it: the card processor, the parking system, … */
export const clearing = (method: string | null): string => {
  const name = (method ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return Object.hasOwn(settledBy, name) ? (settledBy[name] as string) : `clearing.${name === '' ? 'unknown' : name}`
}

/** Null for what the hub never posts to. */
export function bookAccount(code: string): BookAccount | null {
  const own = Object.hasOwn(catalogue, code) ? catalogue[code as OwnAccount] : undefined
  if (own !== undefined) return { code, name: own[1], kind: own[0] }
  const tax = /^tax\.payable\.(.+)$/su.exec(code)?.[1]
  if (tax !== undefined) return { code, name: `Tax payable, ${tax}`, kind: 'liability' }
  const method = /^clearing\.([a-z0-9_]+)$/.exec(code)?.[1]
  return method === undefined ? null : { code, name: `Clearing, ${method}`, kind: 'asset' }
}

/** The account whose balance the net of a line changes; the other side is the receivable. */
export const accountOf: Readonly<Record<LineKind, string>> = {
  PARKING: accounts.parking,
  ENERGY: accounts.energy,
  CHARGE_TIME: accounts.chargeTime,
  IDLE: accounts.idle,
  SESSION: accounts.sessionFee,
  MEMBERSHIP: accounts.membership,
  VALIDATION: accounts.discounts,
  DISCOUNT: accounts.discounts,
  REBATE: accounts.rebates,
  CREDIT: accounts.thirdParty,
}
