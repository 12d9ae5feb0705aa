// Owns the written forms of VAT numbers by country: what a number of the European Union, and of its neighbours, looks like.
// Must not claim that a number is registered; only a register knows.

/**
 * After the prefix, without blanks and punctuation. Source: the structure of VAT identification numbers that the European
 * Commission publishes for VIES; GB, CH and NO by their own tax offices.
 */
const forms = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^(?:[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z])$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(?:\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W])$/,
  IT: /^\d{11}$/,
  LT: /^(?:\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{10}01$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  XI: /^(?:\d{9}|\d{12}|(?:GD|HA)\d{3})$/,
  GB: /^(?:\d{9}|\d{12}|(?:GD|HA)\d{3})$/,
  CH: /^E\d{9}(?:MWST|TVA|IVA)?$/,
  NO: /^\d{9}(?:MVA)?$/,
} as const satisfies Record<string, RegExp>

type Country = keyof typeof forms

export const vatCountries = Object.keys(forms) as readonly Country[]

export type VatVerdict = { kind: 'well_formed'; country: Country; number: string } | { kind: 'not'; reason: string }

/**
 * Whether a text has the form of a VAT number of its country.
 * @example checkVatNumber('de 136 695 976') // { kind: 'well_formed', country: 'DE', number: 'DE136695976' }
 */
export function checkVatNumber(text: string): VatVerdict {
  const plain = text.replace(/[\s.\-/]/g, '').toUpperCase()
  // Greece is EL to VIES and GR to everybody else.
  const prefix = plain.startsWith('GR') ? 'EL' : plain.slice(0, 2)
  if (!Object.hasOwn(forms, prefix))
    return { kind: 'not', reason: 'It does not begin with a country that is known here.' }
  const country = prefix as Country
  const rest = plain.slice(2)
  return forms[country].test(rest)
    ? { kind: 'well_formed', country, number: `${country}${rest}` }
    : { kind: 'not', reason: `A VAT number of ${country} looks different.` }
}
