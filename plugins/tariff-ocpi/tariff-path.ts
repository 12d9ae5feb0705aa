// Owns where a tariff stands in the rules.
// Must not read the rules.

/** JSON pointer of the main tariff (0) or of an alternative. */
export function tariffPath(place: number): string {
  return place === 0 ? '/tariff' : `/alternatives/${place - 1}`
}
