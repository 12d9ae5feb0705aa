// Owns the names of the facts that reads become, and finding the arrival again from such a name.
// Must not be made up elsewhere: a correction has to meet the name that it corrects.

export const factOfArrival = (arrivalId: string): string => `hub:read:${arrivalId}`

/** Null for a fact that no read has become. */
export function arrivalOfFact(vendorEventId: string): string | null {
  return /^hub:read:([0-9a-f-]{36})$/.exec(vendorEventId)?.[1] ?? null
}
