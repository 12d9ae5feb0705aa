// Owns telling whether two JSON values say the same, whatever order their names are in (jsonb does not keep the sender's).
// Must not know what the values are.

/** Equal for equal content. Undefined members count as absent. */
export function contentText(value: unknown): string {
  return JSON.stringify(ordered(value))
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, item]) => [name, ordered(item)]))
}
