// Owns the shape of a worked price example: a tariff, a session, and what it costs.
// Must not price anything; each kind of tariff has its own module beside this one.

export interface Vector {
  name: string
  group: string
  engine: string
  /** Rows that are worth knowing but bind nobody say false. */
  gate: boolean
  /** IANA zone in which local rules run. */
  time_zone: string
  tariff: unknown
  session: unknown
  expected: {
    /** Decimal text in major units. */
    total_excl?: string
    total_incl?: string
    lines?: readonly Partial<VectorLine>[]
    [more: string]: unknown
  }
  compare: { scale: number; mode: 'round_half_up_of_exact' | 'floor' }
}

/** Amounts and quantities are decimal text; `excl` and `incl` are exact. */
export interface VectorLine {
  dimension: string
  billed_quantity: string
  unit: string
  unit_price: string
  tax_percent: string
  excl: string
  incl: string
}

export type PricedVector =
  | {
      kind: 'priced'
      /** Exact. */
      totalExcl: string
      totalIncl?: string
      lines: readonly VectorLine[]
      /** Other expectations by their name in `expected`. */
      more?: Readonly<Record<string, unknown>>
      explanation: readonly string[]
    }
  | { kind: 'refused'; reason: string }

/** Prices the rows of one kind of tariff with the hub's own engines. */
export type VectorEngine = (vector: Vector) => PricedVector
