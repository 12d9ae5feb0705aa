// Owns making text of people harmless in a file: one line, no controls, no formula, no letters the file cannot hold.
// Must not touch amounts, dates or account numbers; those are checked, never changed.

/** Nearly every text: there is nothing to do. */
const harmless = /^(?:[!-~]+(?: [!-~]+)*)?$/

/** One line of well-formed text without controls, at most `longest` UTF-16 units, never half a character. */
export function plainText(text: string, longest: number): string {
  if (text.length <= longest && harmless.test(text)) return text
  const line = text
    // A description may be a megabyte: only what can be left of it is worth the work. NFC never makes text longer than three times.
    .slice(0, longest * 4 + 64)
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
  if (line.length <= longest) return line
  const cut = line.slice(0, longest)
  return (/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut).trimEnd()
}

/** First characters with which a spreadsheet takes a cell for a formula, in both widths (OWASP, CSV injection). */
const formula = /^[=+\-@＝＋－＠]/u

/** Text for a cell that a person may open in a spreadsheet. */
export function cellText(text: string, longest: number): string {
  const plain = plainText(text, longest)
  return formula.test(plain) ? `'${plainText(plain, longest - 1)}` : plain
}

/** Why this cannot stand in a cell as it is; null when it can. For names that have to arrive unchanged. */
export function cellFault(text: string, longest: number): string | null {
  if (text.length > longest) return `is longer than ${longest} characters`
  if (plainText(text, longest) !== text)
    return 'has control characters, line breaks, or spaces at its ends or next to each other'
  if (formula.test(text)) return 'begins with =, +, - or @, which a spreadsheet takes for a formula'
  return null
}
