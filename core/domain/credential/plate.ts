// Owns the one written form of a number plate and the words cameras use when they saw none.
// Must not compare plates; plate-distance.ts does.

/** Stands for a plate whose country no camera reported. ISO 3166 keeps ZZ free for users. */
export const unknownCountry = 'ZZ'

export type PlateReading =
  | { outcome: 'plate'; text: string; country: string; lossy: boolean }
  | { outcome: 'refused'; reason: 'empty' | 'sentinel' | 'unreadable' | 'too-long'; detail: string }

// What cameras and PARCS write instead of leaving the field empty (Hikvision, Dahua, exports). A real vanity plate of that text
// loses plate evidence, which costs a review; taking the word for a plate would join every unread car with every other.
const sentinels: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'UNKNOWNPLATE',
  'NOPLATE',
  'NOPLATES',
  'NOPLATEFOUND',
  'NOPLATEDETECTED',
  'NONE',
  'NULL',
  'NIL',
  'NA',
  'NAN',
  'UNDEFINED',
  'UNREADABLE',
  'UNREAD',
  'NOREAD',
  'NOTREAD',
  'NOTFOUND',
  'NOTAVAILABLE',
  'NOTDETECTED',
  'UNLICENSED',
  'UNREGISTERED',
  'INVALID',
  'ERROR',
  'EMPTY',
  'MISSING',
  'HIDDEN',
  'DEFAULT',
  'ANONYMOUS',
  'REDACTED',
])

// Cyrillic and Greek letters that plates use because they look like these Latin ones (Vienna Convention 1968, annex 2).
const lookAlikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    А: 'A',
    В: 'B',
    Е: 'E',
    І: 'I',
    К: 'K',
    М: 'M',
    Н: 'H',
    О: 'O',
    Р: 'P',
    С: 'C',
    Т: 'T',
    У: 'Y',
    Х: 'X',
    Α: 'A',
    Β: 'B',
    Ε: 'E',
    Ζ: 'Z',
    Η: 'H',
    Ι: 'I',
    Κ: 'K',
    Μ: 'M',
    Ν: 'N',
    Ο: 'O',
    Ρ: 'P',
    Τ: 'T',
    Υ: 'Y',
    Χ: 'X',
    Ø: 'O',
    Ð: 'D',
    Đ: 'D',
    Ł: 'L',
    Æ: 'AE',
  }),
)

/** First digit of the scripts whose digits stand on plates: Arabic-Indic, Persian, Devanagari. */
const digitZeros = [0x660, 0x6f0, 0x966]
const longestPlate = 14

/**
 * Upper case, accents and separators gone, look-alike letters and foreign digits made Latin. `lossy` says that characters without a
 * Latin counterpart (a Chinese province, an Arabic letter) were dropped, so two cars may share the text.
 */
export function normalisePlate(raw: string, country?: string): PlateReading {
  if (raw.length > 64) return { outcome: 'refused', reason: 'too-long', detail: 'too long for a number plate' }
  let text = ''
  let lossy = false
  for (const char of raw.normalize('NFKD').toUpperCase()) {
    if (/[A-Z0-9]/.test(char)) text += char
    else if (/[?*#]/.test(char)) {
      return { outcome: 'refused', reason: 'unreadable', detail: 'some characters of the plate were not read' }
    } else {
      const latin = lookAlikes.get(char) ?? latinDigit(char)
      if (latin !== null) text += latin
      else if (/[\p{L}\p{N}]/u.test(char)) lossy = true
    }
  }
  if (text === '' && !lossy) return { outcome: 'refused', reason: 'empty', detail: 'no plate was reported' }
  if (sentinels.has(text) || /^(?:0{2,}|X{3,})$/.test(text)) {
    return {
      outcome: 'refused',
      reason: 'sentinel',
      detail: `"${raw.trim()}" is what the camera writes when it saw no plate`,
    }
  }
  if (text.length < 2) return { outcome: 'refused', reason: 'unreadable', detail: 'too little of the plate was read' }
  if (text.length > longestPlate)
    return { outcome: 'refused', reason: 'too-long', detail: 'too long for a number plate' }
  return { outcome: 'plate', text, country: plateCountry(country), lossy }
}

/** "us-ca" is "US-CA"; anything that is not an ISO 3166 shape is the unknown country. */
function plateCountry(country: string | undefined): string {
  const code = (country ?? '').trim().toUpperCase()
  return /^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/.test(code) ? code : unknownCountry
}

/** An unknown country conflicts with none; a country conflicts with its own subdivision only when both name different ones. */
export function countriesConflict(a: string, b: string): boolean {
  if (a === b || a === unknownCountry || b === unknownCountry) return false
  const [landA, partA] = a.split('-')
  const [landB, partB] = b.split('-')
  return landA !== landB || (partA !== undefined && partB !== undefined && partA !== partB)
}

function latinDigit(char: string): string | null {
  const code = char.codePointAt(0) ?? 0
  const zero = digitZeros.find((first) => code >= first && code <= first + 9)
  return zero === undefined ? null : String(code - zero)
}
