// Owns reading CSV by RFC 4180, strictly, for the tests of formats.
// Must not share code with what writes it.

/** Rows of cells; throws on a stray quotation mark, a line without its end, or rows of unequal width. */
export function readCsv(text: string, delimiter: string, newline: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at += 1; ; ) {
        const end = text.indexOf('"', at)
        if (end < 0) throw new Error(`a quoted cell never ends: ${text.slice(at, at + 80)}`)
        cell += text.slice(at, end)
        at = end + 1
        if (text[at] !== '"') break
        cell += '"'
        at += 1
      }
    } else {
      const start = at
      while (at < text.length && text[at] !== delimiter && !text.startsWith(newline, at)) at += 1
      cell = text.slice(start, at)
      if (/["\r\n]/.test(cell)) throw new Error(`a bare quotation mark or line end in: ${cell}`)
    }
    row.push(cell)
    if (text[at] === delimiter) {
      at += 1
      if (at < text.length) continue
      throw new Error('the file ends in a row')
    }
    if (!text.startsWith(newline, at)) throw new Error(`neither divider nor line end after: ${cell}`)
    at += newline.length
    rows.push(row)
    row = []
  }
  const widths = new Set(rows.map(({ length }) => length))
  if (widths.size > 1) throw new Error(`rows of different widths: ${[...widths].join(', ')}`)
  return rows
}

/** Rows by heading; throws when a heading is missing. */
export function readTable(text: string, delimiter: string, newline: string): ((heading: string) => string)[] {
  const [head = [], ...rows] = readCsv(text, delimiter, newline)
  return rows.map((row) => (heading) => {
    const at = head.indexOf(heading)
    if (at < 0) throw new Error(`no column ${heading} among ${head.join(', ')}`)
    return row[at] ?? ''
  })
}
