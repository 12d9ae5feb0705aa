// Owns reading the file that a person chose or dropped: its text in whatever encoding, its columns, and its rows.
// Must not know what the columns mean, and must not refuse what the hub may still read.

/** UTF-8, or else what spreadsheets of Windows write. */
export async function textOfFile(file) {
  const bytes = await file.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/**
 * `{ columns, rows, lines }`: titles of the columns, cells of the rows below them, and the records where the file is JSON (a list, one
 * record, one for each line, or the `data` of an OCPI answer) and not CSV. Throws where neither can be read.
 */
export function readTableFile(text) {
  if (!/^\s*[[{]/.test(text)) {
    const [columns = [], ...rows] = csvRows(text)
    return { columns: columns.map((title) => title.trim()), rows, lines: null }
  }
  const lines = jsonRecords(text)
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line ?? {})))]
  return { columns, rows: lines.map((line) => columns.map((title) => String(line?.[title] ?? ''))), lines }
}

function jsonRecords(text) {
  let value
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const each = text.split(/\r?\n/).filter((line) => line.trim() !== '')
    try {
      return each.map((line) => JSON.parse(line))
    } catch {
      throw new Error(`This is no JSON: ${cause.message}`)
    }
  }
  const list = Array.isArray(value) ? value : Array.isArray(value.data) ? value.data : [value]
  return list
}

/** RFC 4180, with comma, semicolon or tab: whichever the first line has most of. Empty lines are left out. */
export function csvRows(text) {
  const [first = ''] = text.split('\n', 1)
  const mark = [',', ';', '\t'].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best))
  const rows = []
  let cells = []
  let cell = ''
  let quoted = false
  const endRow = () => {
    cells.push(cell)
    if (cells.some((one) => one.trim() !== '')) rows.push(cells)
    cells = []
    cell = ''
  }
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted) {
      if (char !== '"') cell += char
      else if (text[i + 1] === '"') {
        cell += '"'
        i += 1
      } else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === mark) {
      cells.push(cell)
      cell = ''
    } else if (char === '\n') endRow()
    else if (char !== '\r') cell += char
  }
  endRow()
  return rows
}

/** Cells as CSV that says the same, for sending a part of a file. */
export const csvOfCells = (rows) =>
  rows.map((cells) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`).join('')
