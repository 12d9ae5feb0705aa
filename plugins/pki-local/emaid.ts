// Owns when two writings name the same contract: separators, case and the optional check digit tell nothing apart.
// Must not check the check digit: contracts with a wrong one are in the field.

/** Upper case without separators, 14 characters; null when it is no eMAID (ISO 15118-2 annex H). */
export function contractOf(text: string): string | null {
  const plain = text.toUpperCase().replace(/[\s*-]/g, '')
  return /^[A-Z]{2}[A-Z0-9]{12,13}$/.test(plain) ? plain.slice(0, 14) : null
}
