// Owns answering with a printed document: the form a caller asks for, and the document as data, page or PDF.
// Must not know what kind of document it is.
import { createHash } from 'node:crypto'
import type { PrintedDocument } from '../domain/document/printed-document.ts'
import { pageStyle, renderPage } from '../services/documents/render-page.ts'
import { renderPdf } from '../services/documents/render-pdf.ts'
import type { Outcome } from '../services/manage/outcome.ts'
import { refused } from './problem.ts'

export type PrintedForm = 'json' | 'html' | 'pdf'

const forms = { 'application/json': 'json', 'text/html': 'html', 'application/pdf': 'pdf' } as const

/** What `Accept` asks for, where it asks for one of the forms by name. */
export function formOf(request: Request): PrintedForm | undefined {
  const ranges = (request.headers.get('accept') ?? '').split(',').map((range) => range.trim().split(';')[0])
  const named = ranges.find((range) => range !== undefined && range in forms)
  return named === undefined ? undefined : forms[named as keyof typeof forms]
}

/** A document that is data, page or PDF, as asked. */
export async function documentReply(
  outcome: Outcome<PrintedDocument>,
  { format }: { format?: PrintedForm | undefined },
  request: Request,
) {
  if (outcome.kind !== 'ok') return refused(outcome)
  const form = format ?? formOf(request) ?? 'json'
  return form === 'json' ? { status: 200 as const, body: asShown(outcome.value) } : printed(outcome.value, form)
}

export async function printed(document: PrintedDocument, form: 'html' | 'pdf'): Promise<Response> {
  const vary = { Vary: 'Accept, Accept-Language' }
  if (form === 'pdf') {
    const name = `${document.number.replace(/[^A-Za-z0-9._-]/g, '_')}.pdf`
    return new Response(Buffer.from(await renderPdf(document)), {
      headers: { 'Content-Type': 'application/pdf', 'Content-Disposition': `inline; filename="${name}"`, ...vary },
    })
  }
  return new Response(renderPage(document), {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`,
      'Referrer-Policy': 'no-referrer',
      ...vary,
    },
  })
}

const styleHash = createHash('sha256').update(pageStyle).digest('base64')

/** Lists of the document are its own; the answer gets copies. */
function asShown({ facts, totals, tables, notes, seller, buyer, bars: _, ...document }: PrintedDocument) {
  const party = (one: PrintedDocument['seller']) => ({ ...one, lines: [...one.lines] })
  return {
    ...document,
    seller: party(seller),
    buyer: buyer === null ? null : party(buyer),
    notes: [...notes],
    facts: facts.map((pair) => [...pair]),
    totals: totals.map((pair) => [...pair]),
    tables: tables.map(({ columns, rows, ...table }) => ({
      ...table,
      columns: columns.map((column) => ({ ...column })),
      rows: rows.map(({ cells, notes }) => ({
        cells: [...cells],
        ...(notes === undefined ? {} : { notes: [...notes] }),
      })),
    })),
  }
}
