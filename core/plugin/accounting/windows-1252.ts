// Owns text as bytes of Windows-1252, for programs that know no other encoding.
// Must not fail: a letter without a place becomes its nearest Latin one, everything else a question mark.

/** What stands from 0x80 on; a gap is a place nobody has. */
const upper = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'
const codes = new Map([...upper].map((letter, i): [string, number] => [letter, 0x80 + i]))
codes.delete(' ')

/** Latin letters that do not come apart into a letter and a mark. */
const nearest: Readonly<Record<string, string>> = {
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ı: 'i',
  ħ: 'h',
  Ħ: 'H',
  ŧ: 't',
  Ŧ: 'T',
  ẞ: 'SS',
}

const plain = /^[\t\r\n -~]*$/
/** What may stand for another letter: never a mark that divides cells, quotes them or begins a formula. */
const harmless = /^[\p{L}\p{Nd}]+$/u

function codeOf(letter: string): number | undefined {
  const point = letter.codePointAt(0) ?? 0
  return point < 0x80 || (point >= 0xa0 && point <= 0xff) ? point : codes.get(letter)
}

function latin(letter: string): string {
  if (codeOf(letter) !== undefined) return letter
  const bare = nearest[letter] ?? letter.normalize('NFKD').replace(/\p{M}+/gu, '')
  return harmless.test(bare) && isLatinText(bare) ? bare : '?'
}

/** The text as it can be written: what `windows1252` encodes without loss. */
export const latinText = (text: string): string => (plain.test(text) ? text : Array.from(text, latin).join(''))

/** Whether every letter has a place. */
export const isLatinText = (text: string): boolean =>
  plain.test(text) || [...text].every((letter) => codeOf(letter) !== undefined)

export function windows1252(text: string): Uint8Array {
  if (plain.test(text)) return Buffer.from(text, 'latin1')
  const latinOnly = latinText(text)
  const bytes = new Uint8Array(latinOnly.length)
  for (let i = 0; i < latinOnly.length; i++) bytes[i] = codeOf(latinOnly.charAt(i)) ?? 0x3f
  return bytes
}
