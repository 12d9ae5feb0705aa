// Owns reading CSV (RFC 4180) as spreadsheets write it: comma, semicolon or tab, a byte order mark, line ends of any kind.
// Must not know what the columns mean.

export interface CsvRow {
  /** Line on which it begins, the first being 1. */
  line: number
  cells: readonly string[]
}

export type Csv =
  | { kind: 'rows'; header: readonly string[]; rows: readonly CsvRow[] }
  | { kind: 'broken'; message: string }

export function readCsv(text: string): Csv {
  const plain = text.replace(/^\uFEFF/, '')
  const separator = separatorOf(plain)
  const rows: CsvRow[] = []
  let cells: string[] = []
  let cell = ''
  let quoted = false
  let line = 1
  let began = 1
  const endRow = () => {
    cells.push(cell)
    if (cells.some((one) => one.trim() !== '')) rows.push({ line: began, cells })
    cells = []
    cell = ''
  }
  for (let i = 0; i < plain.length; i++) {
    const char = plain.charAt(i)
    if (char === '\n') line += 1
    if (quoted) {
      if (char !== '"') cell += char
      else if (plain[i + 1] === '"') {
        cell += '"'
        i += 1
      } else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === separator) {
      cells.push(cell)
      cell = ''
    } else if (char === '\n') {
      endRow()
      began = line
    } else if (char !== '\r') cell += char
  }
  if (quoted) return { kind: 'broken', message: `The quotation mark of line ${began} is not closed.` }
  endRow()
  const [first, ...rest] = rows
  if (!first) return { kind: 'broken', message: 'There is no line in it.' }
  return { kind: 'rows', header: first.cells.map((one) => one.trim().toLowerCase()), rows: rest }
}

/** The one that the first line has most of. */
function separatorOf(text: string): string {
  const [first = ''] = text.split('\n', 1)
  const count = (mark: string) => first.split(mark).length
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
}
