// Owns what a document for a customer says, apart from how it looks: a receipt, an invoice, a statement.
// Must not know where it is printed; the same document becomes a page and a PDF.

export interface DocumentParty {
  name: string
  /** Address, registration and tax numbers, a line each. */
  lines: readonly string[]
}

export interface DocumentColumn {
  title: string
  align: 'start' | 'end'
}

export interface DocumentRow {
  cells: readonly string[]
  /** Smaller, below the row: how the amount came about. */
  notes?: readonly string[]
}

export interface DocumentTable {
  title?: string
  columns: readonly DocumentColumn[]
  rows: readonly DocumentRow[]
}

/** What happened when, drawn as bars over one common time: a receipt's stay, cable and energy. */
export interface DocumentBar {
  label: string
  value: string
  /** From and to, each between 0 (the beginning of all bars) and 1 (their end). */
  spans: readonly (readonly [from: number, to: number])[]
}

/** Every text is ready to print: words in its language, amounts, times and numbers in its locale. */
export interface PrintedDocument {
  /** BCP 47, for example `de-DE`. */
  locale: string
  title: string
  /** As people call it, for example `SF-000123`. */
  number: string
  /** Beside the title: that this is a copy, a draft. */
  mark?: string
  /** Below the title, set off: what this document corrects, and why. */
  notice?: string
  seller: DocumentParty
  buyer: DocumentParty | null
  /** Label and value: date, period of service, plate, station, meter readings. */
  facts: readonly (readonly [label: string, value: string])[]
  bars?: readonly DocumentBar[]
  tables: readonly DocumentTable[]
  /** Label and amount, the last of them the one to pay. */
  totals: readonly (readonly [label: string, amount: string])[]
  /** What came after the document was issued, set off from it; the last row is how it stands. */
  since?: { title: string; rows: readonly (readonly [label: string, amount: string])[] }
  /** Printed below: terms, disclosures, where signed meter data is found. */
  notes: readonly string[]
}
