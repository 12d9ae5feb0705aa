// Owns comma-separated files of what a table shows (RFC 4180), made in the browser.
// Must not let a cell become a formula in somebody's spreadsheet.

/** Columns with `csv(row)` in their order, under `csvLabel` where the file has another unit than the screen; text as it is, numbers with a point. */
export function csvText(columns, rows) {
  const fields = columns.filter((column) => column.csv)
  const lines = [
    fields.map(({ label, csvLabel }) => csvLabel ?? label),
    ...rows.map((row) => fields.map(({ csv }) => csv(row))),
  ]
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('')
}

function cell(value) {
  if (value === null || value === undefined) return ''
  const text = String(value)
  // A leading sign of a formula is disarmed (OWASP, CSV injection); a number may begin with a minus.
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The mark at the front of a table tells spreadsheets that it is UTF-8. */
export function download(name, text, type = 'text/csv') {
  const parts = type === 'text/csv' ? ['\ufeff', text] : [text]
  const address = URL.createObjectURL(new Blob(parts, { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
