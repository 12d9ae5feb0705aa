// Owns a printed document as a page: readable by anybody, on any device and on paper, without a script or another file.
// Must not know what kind of document it is, and must not form a number.
import type {
  DocumentBar,
  DocumentParty,
  DocumentTable,
  PrintedDocument,
} from '../../domain/document/printed-document.ts'
import { html, Markup } from './html.ts'
import { pageStyle } from './page-style.ts'

export { pageStyle } from './page-style.ts'

/** A whole HTML document. Everything that comes from the document is escaped. */
export function renderPage(document: PrintedDocument): string {
  const { title, number, seller, buyer, mark, notice, facts, bars, tables, totals, since, notes } = document
  const toPay = since?.rows.at(-1) ?? totals.at(-1)
  return html`<!doctype html>
<html lang="${document.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title} ${number} – ${seller.name}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<main>
<header class="top">
${partyOf(seller, 'seller')}
<div class="id"><h1>${title}${mark !== undefined && html` <span class="mark">${mark}</span>`}</h1><p class="number">${number}</p></div>
</header>
${toPay !== undefined && html`<section class="sum"><p class="soft">${toPay[0]}</p><p class="total">${toPay[1]}</p></section>`}
${notice !== undefined && html`<p class="notice">${notice}</p>`}
${buyer !== null && html`<section class="buyer">${partyOf(buyer, 'name')}</section>`}
<dl>${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${bars !== undefined && bars.length > 0 && barsOf(bars)}
${tables.map(tableOf)}
${sumsOf(totals)}
${since !== undefined && html`<section class="since"><h2>${since.title}</h2>${sumsOf(since.rows)}</section>`}
${notes.length > 0 && html`<footer>${notes.map((note) => html`<p>${note}</p>`)}</footer>`}
</main>
</body>
</html>
`.text
}

function sumsOf(rows: PrintedDocument['totals']): Markup {
  return html`<table class="totals"><tbody>
${rows.map(([label, amount], i) => html`<tr${new Markup(i === rows.length - 1 ? ' class="strong"' : '')}><th scope="row">${label}</th><td class="r n">${amount}</td></tr>`)}
</tbody></table>`
}

function partyOf({ name, lines }: DocumentParty, kind: string): Markup {
  return html`<div class="party"><p class="${kind}">${name}</p>
<address>${lines.map((line) => html`${line}<br>`)}</address></div>`
}

const width = 600

function barsOf(bars: readonly DocumentBar[]): Markup {
  const rects = ({ spans }: DocumentBar, i: number) =>
    spans.map(([from, to]) => {
      const w = Math.max((to - from) * width, 3)
      return html`<rect class="bar${i % 3}" x="${(from * width).toFixed(1)}" y="${i * 18}" width="${w.toFixed(1)}" height="10" rx="3"/>`
    })
  return html`<svg class="bars" viewBox="0 0 ${width} ${bars.length * 18 - 8}" aria-hidden="true" preserveAspectRatio="none">
${bars.map((bar, i) => html`<rect class="track" x="0" y="${i * 18}" width="${width}" height="10" rx="3"/>${rects(bar, i)}`)}</svg>
<ul class="legend">${bars.map((bar, i) => html`<li class="bar${i % 3}"><strong>${bar.value}</strong>${bar.label}</li>`)}</ul>`
}

function tableOf({ title, columns, rows }: DocumentTable): Markup {
  const side = (i: number) => (columns[i]?.align === 'end' ? 'r n' : '')
  const headed = columns.some((column) => column.title !== '')
  return html`${title !== undefined && html`<h2>${title}</h2>`}
<table class="rows${!headed && ' plain'}">${
    headed &&
    html`<thead><tr>${columns.map((column, i) => html`<th scope="col" class="${side(i)}">${column.title}</th>`)}</tr></thead>`
  }
<tbody>${rows.map(
    ({ cells, notes = [] }) => html`
<tr>${cells.map((cell, i) => html`<td class="${side(i)}">${cell}${i === 0 && notes.map((note) => html`<span class="note">${note}</span>`)}</td>`)}</tr>`,
  )}
</tbody></table>`
}
