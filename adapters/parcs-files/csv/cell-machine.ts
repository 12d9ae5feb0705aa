// Owns one step of reading CSV (RFC 4180, leniently): what a character means where it stands.
// Must not gather text: finding the ends of records and reading cells both go by it, so they can never disagree.

/** `closed`: after a quotation mark that may end the cell or, before another, stand for one. */
export type Where = 'start' | 'plain' | 'quoted' | 'closed'
export type Meaning = 'text' | 'cell' | 'record' | 'nothing'

export interface Step {
  where: Where
  means: Meaning
}

const quote = 34
const lineFeed = 10
const carriageReturn = 13

const steps = {
  text: { where: 'plain', means: 'text' },
  cell: { where: 'start', means: 'cell' },
  record: { where: 'start', means: 'record' },
  open: { where: 'quoted', means: 'nothing' },
  inside: { where: 'quoted', means: 'text' },
  close: { where: 'closed', means: 'nothing' },
} as const satisfies Record<string, Step>

/** `delimiter` is the code of the one that separates cells. A lone carriage return is dropped, as spreadsheets do. */
export function step(where: Where, code: number, delimiter: number): Step {
  if (where === 'quoted') return code === quote ? steps.close : steps.inside
  if (code === quote) {
    if (where === 'start') return steps.open
    // A doubled mark inside a quoted cell; elsewhere a mark is a character like any other.
    return where === 'closed' ? steps.inside : steps.text
  }
  if (code === delimiter) return steps.cell
  if (code === lineFeed) return steps.record
  if (code === carriageReturn) return { where, means: 'nothing' }
  return steps.text
}

/** The cells of one record, whose line end may be there or not. */
export function readCells(text: string, delimiter: string): string[] {
  const mark = delimiter.charCodeAt(0)
  const cells: string[] = []
  let cell = ''
  let where: Where = 'start'
  for (let i = 0; i < text.length; i++) {
    const { where: next, means } = step(where, text.charCodeAt(i), mark)
    where = next
    if (means === 'record') break
    if (means === 'text') cell += text[i]
    else if (means === 'cell') {
      cells.push(cell)
      cell = ''
    }
  }
  cells.push(cell)
  return cells
}
