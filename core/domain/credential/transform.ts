// Owns the names of what separates two written forms of one credential.
// Must not apply them; card-bytes.ts and the readings do.

/** How one written form of a card differs from another. A list of these reads as "A and B are the same but for …". */
export type Transform =
  | 'byte-reversal'
  | 'complement'
  | 'bit-reversal'
  | 'decimal'
  | 'decimal-concat'
  | 'facility-card'
  | 'wiegand-frame'
  | 'leading-zeros'
  | 'trailing-zeros'
  | 'bcc'
  | 'cascade-tag'
  | 'first-3'
  | 'last-3'
  | 'first-4'
  | 'last-4'
  | 'first-6'
  | 'country-unknown'
  | 'check-digit'

const transformWords = {
  'byte-reversal': 'byte order reversed',
  complement: 'every bit inverted',
  'bit-reversal': 'bits reversed within each byte',
  decimal: 'written as a decimal number',
  'decimal-concat': 'bytes written one after another in decimal',
  'facility-card': 'written as facility and card number',
  'wiegand-frame': 'sent as a Wiegand frame with parity',
  'leading-zeros': 'leading zeros',
  'trailing-zeros': 'padded with zeros at the end',
  bcc: 'check byte added',
  'cascade-tag': 'cascade tag added',
  'first-3': 'only the first 3 bytes read',
  'last-3': 'only the last 3 bytes read',
  'first-4': 'only the first 4 bytes read',
  'last-4': 'only the last 4 bytes read',
  'first-6': 'only the first 6 bytes read',
  'country-unknown': 'country not reported by one camera',
  'check-digit': 'check digit left out',
} as const satisfies Record<Transform, string>

/** A transform list for a person: "byte order reversed, written as a decimal number". Empty for an empty list. */
export function describeTransforms(transforms: readonly Transform[]): string {
  return transforms.map((one) => transformWords[one]).join(', ')
}
