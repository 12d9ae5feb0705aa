// Owns what a tariff is given and what it gives back: facts of one stay or session in, priced lines out.
// Must not price anything; tariff plugins do. Must not read a clock or a table: everything that matters is in the input.
import type { ParkerKind } from './parking-fact.ts'

/** What one plug-in was doing between two instants. `suspended_station`: we or the charger held the energy back. */
export interface SessionPeriod {
  from: string
  to: string
  state: 'charging' | 'suspended_vehicle' | 'suspended_station' | 'finished' | 'connected'
  /** Energy of this period where it is known; periods of one session add up to its energy. */
  energyWh: number
  /** As measured when it began, where it was: power in watts, current in milliamperes summed over the phases. */
  powerW?: number
  currentMa?: number
  /** The tariff that a charge detail record names for this period, where a record names more than one. */
  tariffRef?: string
}

/** The EVSE was held free for the driver. `expired`: nobody came. */
export interface PricedReservation {
  from: string
  to: string
  outcome: 'used' | 'expired' | 'cancelled'
}

export interface PricedSession {
  sessionId: string
  pluggedAt: string
  unpluggedAt: string
  startedAt: string
  endedAt: string
  energyWh: number
  periods: readonly SessionPeriod[]
  flags: readonly string[]
  /** While it was used the charger was kept for this driver until the car was plugged in. */
  reservation?: PricedReservation
  evseKind?: 'AC' | 'DC'
  /** How a driver without a contract paid at the station: the card's brand, how it was recognised. */
  payment?: { brand?: string; recognition?: string }
  /**
   * `record`: the periods are a partner's charge detail record, which begins a new one whenever the price may change; each
   * is then priced whole, by what held when it began. Else they are the hub's own, and cut wherever the price changes.
   */
  periodsOf?: 'hub' | 'record'
}

export interface AppliedDiscount {
  factId: string
  kind: 'validation' | 'promotion' | 'product' | 'prepaid'
  amountMinor?: number
  percent?: number
  minutes?: number
  providerNo?: string
  reason?: string
}

export interface PricedStay {
  stayId: string
  /** Null when only the exit is known. */
  enteredAt: string | null
  /** Null when the car must have left, but no exit was reported. */
  exitedAt: string | null
  parkerKind: ParkerKind
  /** In the order in which they were applied. */
  discounts: readonly AppliedDiscount[]
  /** The parking system let the car out as one whose ticket was lost. */
  lostTicket?: boolean
  /** When parking was last paid for, at or before the exit: what is allowed for the way out counts from it. */
  paidAt?: string
}

/** What one account was charged for in a stretch of time. */
export interface Usage {
  energyWh: number
  /** What was billed for it, without and with tax, in major units. */
  net: string
  gross: string
}

export interface PriceInput {
  scope: 'parking' | 'charging'
  rules: unknown
  currency: string
  /** IANA zone of the site; local rules run in it. */
  zone: string
  groups: readonly string[]
  stay: PricedStay | null
  session: PricedSession | null
  /** Who charges, where it is known; who parks is said by the stay. */
  parkerKind?: ParkerKind
  /** Of the same stay, for rules of parking that look at charging. */
  sessions?: readonly PricedSession[]
  /** By sessions of the same account that began earlier on the same local day, and in the same month. */
  used?: { day: Usage; month: Usage }
}

/** What rules look at beside the stay or session itself; it is only gathered for those that do. */
export type PriceNeed = 'sessions' | 'used'

export const lineKinds = [
  'PARKING',
  'ENERGY',
  'CHARGE_TIME',
  'IDLE',
  'SESSION',
  'MEMBERSHIP',
  'VALIDATION',
  'DISCOUNT',
  'REBATE',
  'CREDIT',
] as const
export type LineKind = (typeof lineKinds)[number]

/** Kinds of lines that a plugin may add to a bill; everything else is the tariff's. */
export const addableLineKinds = ['VALIDATION', 'DISCOUNT', 'REBATE', 'CREDIT'] as const satisfies readonly LineKind[]

/** What one of several taxes makes of a line, exact, in major units. */
export interface TaxShare {
  code: string
  percent: string
  amount: string
}

/** One priced line before it is posted. Amounts are exact decimals in major units, as text; the bill rounds once. */
export interface PricedLine {
  /** Stable name of the line inside its subject ("energy", "idle"): re-pricing meets the same key again. */
  key: string
  kind: LineKind
  description: string
  /** What was measured, in `unit`. */
  quantity: string
  /** What is charged for, after steps and grace. */
  billedQuantity: string
  unit: 'kWh' | 'second' | 'minute' | 'hour' | 'day' | 'session' | 'stay' | 'piece'
  unitPrice: string
  /** The unit price is for this many units, for example 30 (minutes); one when absent. */
  per?: string
  net: string
  /** Set when the tariff's prices include tax: the exact amount to pay. `net` is then only what is left of it. */
  gross?: string
  taxCode: string
  /** Percent as exact text, for example "8.1"; of several taxes, what they come to together. */
  taxRate: string
  /** Exact, in major units; counts before what the rate would give. */
  exactTax?: string
  /** By tax, where the tariff tells them apart. */
  taxes?: readonly TaxShare[]
  rulePath: string
  explanation: readonly string[]
}

export type PriceResult =
  | {
      kind: 'priced'
      lines: readonly PricedLine[]
      /** What somebody should look at though there is a price: "PERIOD_SPANS_BOUNDARY: …". */
      warnings?: readonly string[]
    }
  | { kind: 'unpriceable'; reason: string }

export type RulesCheck =
  | { kind: 'valid' }
  | { kind: 'invalid'; problems: readonly { pointer: string; message: string }[] }

/** What the rules are meant for, as far as it is known when they are checked. */
export interface RulesContext {
  scope: PriceInput['scope']
  currency: string
}

export interface LintContext extends RulesContext {
  zone: string
  /** ISO 3166-1 alpha-2, where the site is known: regulations differ. */
  country?: string
  /** Largest power of a charger that it is for. */
  maximumPowerKw?: number
  /** Federal money (23 CFR 680) pays for the site. */
  federallyFunded?: boolean
}

/** Something about valid rules that somebody should look at. `error`: not to be published where the context holds. */
export interface LintFinding {
  pointer: string
  severity: 'error' | 'warning' | 'info'
  /** Stable name: "overlap", "unreachable". */
  code: string
  message: string
}

/** What a tariff plugin provides. Pure: the same input gives the same result, today and in ten years. */
export interface TariffEngine {
  /** JSON Schema of the rules, for the form and for validation. */
  schema: object
  check(rules: unknown, context?: RulesContext): RulesCheck
  quote(input: PriceInput): PriceResult
  /** The price in plain words, before anybody starts. */
  describe(rules: unknown, context: { currency: string; zone: string }): readonly string[]
  /** What is doubtful about rules that are valid. */
  lint?(rules: unknown, context: LintContext): readonly LintFinding[]
  needs?(rules: unknown): readonly PriceNeed[]
}
