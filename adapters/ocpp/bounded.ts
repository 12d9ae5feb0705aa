// Owns the depth of structures that are passed on as a station sent them.
// Must not look at what they mean.

/** The standard nests eight deep at most (a price schedule inside a profile); vendors' own data may go further. */
const deepest = 32

/** A copy without what lies deeper than any honest message: neither JSON nor a database takes any depth. */
export function bounded<T>(value: T, depth = deepest): T {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return null as T
  if (Array.isArray(value)) return value.map((each: unknown) => bounded(each, depth - 1)) as T
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, bounded(each as unknown, depth - 1)])) as T
}
