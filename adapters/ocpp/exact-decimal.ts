// Owns the amounts that a JSON number holds exactly.
// Must not round one.

/** A double holds any decimal of 15 digits, so that the number in the frame reads as the text did. */
const exactDecimal = /^-?(?=(?:\D*\d){1,15}\D*$)\d+(?:\.\d+)?$/

/** Null for what is no such decimal. */
export function exactNumber(text: string): number | null {
  return exactDecimal.test(text) ? Number(text) : null
}
