// Owns a printed document as a PDF: the same document gives the same bytes, in any alphabet the font has.
// Must not know what kind of document it is, and must not form a number or read a clock.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import PDFDocument from 'pdfkit'
import type {
  DocumentBar,
  DocumentParty,
  DocumentTable,
  PrintedDocument,
} from '../../domain/document/printed-document.ts'

type Pdf = InstanceType<typeof PDFDocument>

/** Noto Sans (SIL Open Font License): Latin with all its marks, Greek, Cyrillic, Vietnamese. */
const fontFiles = {
  regular: '@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf',
  bold: '@expo-google-fonts/noto-sans/600SemiBold/NotoSans_600SemiBold.ttf',
} as const
const { resolve } = createRequire(import.meta.url)
const fontBytes = new Map<string, Buffer>()

function fontOf(name: keyof typeof fontFiles): Buffer {
  const known = fontBytes.get(name)
  if (known !== undefined) return known
  const bytes = readFileSync(resolve(fontFiles[name]))
  fontBytes.set(name, bytes)
  return bytes
}

const margin = 48
const ink = '#17211d'
const soft = '#5a6862'
const rule = '#c9d2cd'
const barColours = ['#8fa39a', '#3c8f7c', '#0b6b57']
/** Where paper is Letter (CLDR), not A4. */
const letterRegions = new Set(['US', 'CA', 'MX', 'CL', 'CO', 'CR', 'GT', 'PA', 'PH', 'PR', 'SV', 'VE'])
/** The file's own dates would make two prints of one document two files. */
const noDate = new Date(0)

export function renderPdf(document: PrintedDocument): Promise<Uint8Array> {
  const region = new Intl.Locale(document.locale).region ?? ''
  const pdf = new PDFDocument({
    size: letterRegions.has(region) ? 'LETTER' : 'A4',
    margins: { top: margin, left: margin, right: margin, bottom: margin + 20 },
    bufferPages: true,
    lang: document.locale,
    displayTitle: true,
    pdfVersion: '1.7',
    info: {
      Title: clean(`${document.title} ${document.number}`),
      Author: clean(document.seller.name),
      CreationDate: noDate,
    },
  })
  const chunks: Buffer[] = []
  const done = new Promise<Uint8Array>((resolved, failed) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
    pdf.on('end', () => resolved(Buffer.concat(chunks)))
    pdf.on('error', failed)
  })
  pdf.registerFont('regular', fontOf('regular'))
  pdf.registerFont('bold', fontOf('bold'))
  head(pdf, document)
  facts(pdf, document.facts)
  if (document.bars !== undefined && document.bars.length > 0) bars(pdf, document.bars)
  for (const each of document.tables) table(pdf, each)
  totals(pdf, document.totals)
  if (document.since !== undefined) since(pdf, document.since)
  notes(pdf, document.notes)
  feet(pdf, document)
  pdf.end()
  return done
}

/** No control characters, and only spaces that fonts have. */
function clean(text: string): string {
  return text
    .replace(/[\u202f\u2007\u2009]/g, '\u00a0')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 4000)
}

interface Style {
  font?: 'regular' | 'bold'
  size?: number
  color?: string
  align?: 'left' | 'right'
}

function style(pdf: Pdf, { font = 'regular', size = 9, color = ink }: Style): Pdf {
  return pdf.font(font).fontSize(size).fillColor(color)
}

const innerWidth = (pdf: Pdf) => pdf.page.width - 2 * margin
const bottom = (pdf: Pdf) => pdf.page.height - margin - 20

/** What does not fit goes to the next page whole. */
function room(pdf: Pdf, height: number): boolean {
  if (pdf.y + height <= bottom(pdf) || pdf.y <= margin) return false
  pdf.addPage()
  return true
}

function heightOf(pdf: Pdf, text: string, width: number, how: Style): number {
  return style(pdf, how).heightOfString(clean(text) || ' ', { width })
}

/** Writes at a place and leaves the cursor alone. Text that is taller than a page is cut at its end. */
function put(pdf: Pdf, text: string, x: number, y: number, width: number, how: Style): void {
  const height = bottom(pdf) - y
  style(pdf, how).text(clean(text), x, y, { width, align: how.align ?? 'left', height, ellipsis: true })
}

function head(pdf: Pdf, { title, number, mark, notice, seller, buyer }: PrintedDocument): void {
  const half = innerWidth(pdf) / 2 - 8
  const right = margin + half + 16
  const sellerEnd = party(pdf, seller, margin, margin, half, 12)
  const name = mark === undefined ? title : `${title} (${mark})`
  const titleHow: Style = { font: 'bold', size: 14, align: 'right' }
  const numberHow: Style = { size: 10, color: soft, align: 'right' }
  put(pdf, name, right, margin, half, titleHow)
  const numberAt = margin + heightOf(pdf, name, half, titleHow)
  put(pdf, number, right, numberAt, half, numberHow)
  pdf.y = Math.max(sellerEnd, numberAt + heightOf(pdf, number, half, numberHow)) + 14
  if (buyer !== null) pdf.y = party(pdf, buyer, margin, pdf.y, half, 10) + 14
  if (notice === undefined) return
  const how: Style = { size: 9.5 }
  const height = heightOf(pdf, notice, innerWidth(pdf) - 20, how)
  room(pdf, height + 12)
  const top = pdf.y
  pdf.rect(margin, top, 3, height + 12).fill('#8a4b0f')
  put(pdf, notice, margin + 12, top + 6, innerWidth(pdf) - 20, how)
  pdf.y = top + height + 24
}

function party(pdf: Pdf, { name, lines }: DocumentParty, x: number, y: number, width: number, size: number): number {
  const nameHow: Style = { font: 'bold', size }
  const lineHow: Style = { color: soft }
  put(pdf, name, x, y, width, nameHow)
  let at = y + heightOf(pdf, name, width, nameHow)
  for (const line of lines) {
    put(pdf, line, x, at, width, lineHow)
    at += heightOf(pdf, line, width, lineHow)
  }
  return at
}

function facts(pdf: Pdf, all: PrintedDocument['facts']): void {
  const gap = 16
  const width = (innerWidth(pdf) - gap) / 2
  const label: Style = { size: 8, color: soft }
  for (let i = 0; i < all.length; i += 2) {
    const pair = all.slice(i, i + 2)
    const height = Math.max(
      ...pair.map(([name, value]) => heightOf(pdf, name, width, label) + heightOf(pdf, value, width, {})),
    )
    room(pdf, height)
    const top = pdf.y
    for (const [n, [name, value]] of pair.entries()) {
      const x = margin + n * (width + gap)
      put(pdf, name, x, top, width, label)
      put(pdf, value, x, top + heightOf(pdf, name, width, label), width, {})
    }
    pdf.y = top + height + 5
  }
  pdf.y += 8
}

function bars(pdf: Pdf, all: readonly DocumentBar[]): void {
  const label: Style = { size: 8, color: soft }
  const labelWidth = 150
  const left = margin + labelWidth
  const width = innerWidth(pdf) - labelWidth
  room(pdf, all.length * 14)
  for (const [i, { label: name, value, spans }] of all.entries()) {
    const top = pdf.y
    put(pdf, `${name}: ${value}`, margin, top, labelWidth - 8, label)
    pdf.rect(left, top + 2, width, 7).fill('#eef1ee')
    for (const [from, to] of spans) {
      pdf
        .rect(left + from * width, top + 2, Math.max((to - from) * width, 1.5), 7)
        .fill(barColours[i % barColours.length] ?? ink)
    }
    pdf.y = top + Math.max(14, heightOf(pdf, `${name}: ${value}`, labelWidth - 8, label) + 2)
  }
  pdf.y += 8
}

/** The first column takes what the others leave; each of those is as wide as its widest cell, up to a share. */
function widthsOf(pdf: Pdf, { columns, rows }: DocumentTable): number[] {
  const most = columns.length <= 2 ? innerWidth(pdf) * 0.62 : (innerWidth(pdf) * 0.66) / (columns.length - 1)
  const rest = columns.slice(1).map(({ title }, i) => {
    const texts = [title, ...rows.map(({ cells }) => cells[i + 1] ?? '')]
    style(pdf, { font: 'bold' })
    return Math.min(most, Math.max(...texts.map((text) => pdf.widthOfString(clean(text).slice(0, 200)))) + 10)
  })
  return [innerWidth(pdf) - rest.reduce((sum, width) => sum + width, 0), ...rest]
}

function table(pdf: Pdf, all: DocumentTable): void {
  const widths = widthsOf(pdf, all)
  const headed = all.columns.some((column) => column.title !== '')
  const align = (i: number): Style => (all.columns[i]?.align === 'end' ? { align: 'right' } : {})
  const lefts = widths.map((_, i) => margin + widths.slice(0, i).reduce((sum, width) => sum + width, 0))
  const inner = (i: number) => (widths[i] ?? 0) - (i === 0 ? 8 : 0)
  const row = (cells: readonly string[], how: Style, extra: readonly string[] = []) => {
    const noteHow: Style = { size: 7.5, color: soft }
    const noteWidth = (widths[0] ?? 0) + (widths[1] ?? 0) * 0.5 - 8
    const line = Math.max(...cells.map((cell, i) => heightOf(pdf, cell, inner(i), { ...how, ...align(i) })))
    const height = line + extra.reduce((sum, note) => sum + heightOf(pdf, note, noteWidth, noteHow), 0)
    const fresh = room(pdf, height + 7)
    if (fresh && headed && how.font !== 'bold') header()
    const top = pdf.y + 3
    for (const [i, cell] of cells.entries()) put(pdf, cell, lefts[i] ?? margin, top, inner(i), { ...how, ...align(i) })
    let at = top + line
    for (const note of extra) {
      put(pdf, note, margin, at, noteWidth, noteHow)
      at += heightOf(pdf, note, noteWidth, noteHow)
    }
    line1(pdf, top + height + 3)
    pdf.y = top + height + 4
  }
  const header = () =>
    row(
      all.columns.map((column) => column.title),
      { font: 'bold', size: 8, color: soft },
    )
  if (all.title !== undefined) {
    const titleHow: Style = { font: 'bold', size: 10 }
    const height = heightOf(pdf, all.title, innerWidth(pdf), titleHow)
    room(pdf, height + 40)
    const top = pdf.y
    put(pdf, all.title, margin, top, innerWidth(pdf), titleHow)
    pdf.y = top + height + 2
  }
  if (headed) header()
  for (const { cells, notes: extra } of all.rows) row(cells, {}, extra)
  pdf.y += 12
}

function line1(pdf: Pdf, y: number): void {
  pdf
    .moveTo(margin, y)
    .lineTo(margin + innerWidth(pdf), y)
    .lineWidth(0.5)
    .strokeColor(rule)
    .stroke()
}

function totals(pdf: Pdf, all: PrintedDocument['totals']): void {
  const width = innerWidth(pdf) * 0.62
  const amountWidth = 130
  const left = margin + innerWidth(pdf) - width
  room(pdf, Math.min(all.length * 16, 240))
  for (const [i, [label, amount]] of all.entries()) {
    const how: Style = i === all.length - 1 ? { font: 'bold', size: 11 } : { color: soft }
    const height = Math.max(
      heightOf(pdf, label, width - amountWidth - 8, how),
      heightOf(pdf, amount, amountWidth, { ...how, align: 'right' }),
    )
    room(pdf, height + 4)
    const top = pdf.y
    put(pdf, label, left, top, width - amountWidth - 8, how)
    put(pdf, amount, left + width - amountWidth, top, amountWidth, { ...how, align: 'right' })
    pdf.y = top + height + 3
  }
  pdf.y += 12
}

function since(pdf: Pdf, { title, rows }: NonNullable<PrintedDocument['since']>): void {
  const how: Style = { font: 'bold', size: 10 }
  const height = heightOf(pdf, title, innerWidth(pdf), how)
  room(pdf, height + 40)
  line1(pdf, pdf.y)
  const top = pdf.y + 6
  put(pdf, title, margin, top, innerWidth(pdf), how)
  pdf.y = top + height + 4
  totals(pdf, rows)
}

function notes(pdf: Pdf, all: readonly string[]): void {
  const how: Style = { size: 8, color: soft }
  for (const note of all) {
    const height = heightOf(pdf, note, innerWidth(pdf), how)
    room(pdf, Math.min(height, 200))
    const top = pdf.y
    put(pdf, note, margin, top, innerWidth(pdf), how)
    pdf.y = Math.min(top + height, bottom(pdf)) + 3
  }
}

function feet(pdf: Pdf, { title, number }: PrintedDocument): void {
  const { start, count } = pdf.bufferedPageRange()
  for (let i = start; i < start + count; i++) {
    pdf.switchToPage(i)
    // Below the margin, where text would else begin another page.
    pdf.page.margins.bottom = 0
    const how: Style = { size: 7.5, color: soft }
    const y = pdf.page.height - margin + 4
    style(pdf, how).text(clean(`${title} ${number}`), margin, y, {
      width: innerWidth(pdf) * 0.8,
      height: 10,
      ellipsis: true,
    })
    style(pdf, how).text(`${i + 1} / ${count}`, margin, y, { width: innerWidth(pdf), align: 'right', lineBreak: false })
  }
}
