// Owns reading a refusal of the database: which rule of a table, or which limit of a type, an insert or update ran into.
// Must not turn it into words for a caller; services and core/http do.

export type Violation =
  /** A row with the same values in these columns exists. */
  | { kind: 'unique'; columns: readonly string[] }
  /** These columns point at a row that is not there, or are still pointed at. */
  | { kind: 'reference'; columns: readonly string[] }
  /** A value that the column's type or check does not take. */
  | { kind: 'value' }

/** Null for everything that is not the fault of the values. */
export function violation(error: unknown): Violation | null {
  if (!(error instanceof Error)) return null
  const { code, detail } = error as Error & { code?: unknown; detail?: unknown }
  if (typeof code !== 'string') return null
  const columns = typeof detail === 'string' ? (/^Key \(([^)]+)\)=/.exec(detail)?.[1]?.split(', ') ?? []) : []
  switch (code) {
    case '23505':
      return { kind: 'unique', columns: columns.filter((column) => column !== 'organization_id') }
    case '23503':
      return { kind: 'reference', columns: columns.filter((column) => column !== 'organization_id') }
    case '23514':
      return { kind: 'value' }
    default:
      // Class 22 is data_exception: out of range, unreadable date, a character the encoding does not have.
      return /^22...$/.test(code) ? { kind: 'value' } : null
  }
}
