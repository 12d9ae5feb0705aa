// Owns the receipt as a page: readable by anybody, on any device and on paper, without a script or another file.
// Must not compute an amount: it shows what the stored receipt says.
import type { Receipt, ReceiptLine, ReceiptSession } from '../../domain/bill/index.ts'
import { html, Markup } from './html.ts'
import { receiptStyle } from './receipt-style.ts'

export { receiptStyle } from './receipt-style.ts'

/** A whole HTML document. Everything that comes from the receipt is escaped. */
export function renderReceipt(receipt: Receipt): string {
  const show = wording(receipt)
  const title = receipt.kind === 'bill' ? 'Receipt' : 'Correction'
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title} ${receipt.number} – ${receipt.seller.name}</title>
<style>${new Markup(receiptStyle)}</style>
</head>
<body>
<main>
${topOf(receipt, show, title)}
${sumOf(receipt, show)}
${clocksOf(receipt, show)}
<h2 id="lines">What it is for</h2>
${linesOf(receipt, show)}
${totalsOf(receipt, show)}
${stayOf(receipt, show)}
${sessionsOf(receipt, show)}
${notesOf(receipt)}
${footOf(receipt)}
</main>
</body>
</html>
`.text
}

interface Wording {
  money(amount: string): string
  price(amount: string): string
  number(value: string): string
  kwh(value: string): string
  time(at: string | null): Markup
}

function wording({ locale, currency, zone }: Receipt): Wording {
  const decimal = (value: string) => value as Intl.StringNumericLiteral
  const money = new Intl.NumberFormat(locale, { style: 'currency', currency })
  const price = new Intl.NumberFormat(locale, { style: 'currency', currency, maximumFractionDigits: 6 })
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 })
  const kwh = new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 })
  const time = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
  return {
    money: (amount) => money.format(decimal(amount)),
    price: (amount) => price.format(decimal(amount)),
    number: (value) => number.format(decimal(value)),
    kwh: (value) => `${kwh.format(decimal(value))} kWh`,
    time: (at) => (at === null ? html`not known` : html`<time datetime="${at}">${time.format(new Date(at))}</time>`),
  }
}

function topOf({ seller, site, number, issuedAt }: Receipt, show: Wording, title: string): Markup {
  return html`<header class="top">
<div><p class="seller">${seller.name}</p>
${seller.address && html`<address>${seller.address}</address>`}
${seller.taxId && html`<p class="soft small">Tax ID ${seller.taxId}</p>`}</div>
<div class="id"><p class="soft">${title}</p><p class="number">${number}</p>
<p class="soft small">${show.time(issuedAt)}</p>
<p class="soft small place">${site.name}${site.address !== null && site.address !== seller.address && `\n${site.address}`}</p></div>
</header>`
}

function sumOf(receipt: Receipt, show: Wording): Markup {
  const { due, totals, adjusts, reason, overall } = receipt
  const heading = receipt.kind === 'bill' ? 'Total' : 'Change'
  return html`<section class="sum" aria-label="Total">
<div><h1>${heading}</h1><p class="total">${show.money(totals.total)}</p></div>
${dueText(due, show)}
</section>
${
  adjusts !== null &&
  html`<p class="notice">This corrects ${adjusts.number}. ${reason} ${
    overall !== null &&
    html`All bills together came to <span class="n">${show.money(overall.before)}</span> and now come to <strong class="n">${show.money(overall.after)}</strong>.`
  }</p>`
}`
}

function dueText(due: string, show: Wording): Markup {
  if (/^-?0(\.0*)?$/.test(due)) return html`<p><span class="state">Nothing to pay</span></p>`
  if (due.startsWith('-'))
    return html`<p><span class="state open">${show.money(due.slice(1))} to be given back</span></p>`
  return html`<p><span class="state open">${show.money(due)} to pay</span></p>`
}

/** The three clocks over the same time, so that it can be seen what happened when. */
function clocksOf({ stay, sessions, clocks }: Receipt, show: Wording): Markup | null {
  const spans = {
    stay: stay === null ? [] : [[stay.enteredAt, stay.exitedAt] as const],
    plug: sessions.map((session) => [session.pluggedAt, session.unpluggedAt ?? session.endedAt] as const),
    energy: sessions.flatMap((session) => session.energising.map((span) => [span.from, span.to] as const)),
  }
  const known = Object.values(spans)
    .flat()
    .filter((span): span is readonly [string, string] => span[0] !== null && span[1] !== null)
  const times = known.flat().map((at) => Date.parse(at))
  const from = Math.min(...times)
  const length = Math.max(...times) - from
  if (!Number.isFinite(length) || length <= 0) return null
  const width = 600
  const bar = (kind: keyof typeof spans, y: number) =>
    spans[kind].map(([begin, end]) => {
      if (begin === null || end === null) return null
      const x = ((Date.parse(begin) - from) / length) * width
      const w = Math.max(((Date.parse(end) - Date.parse(begin)) / length) * width, 3)
      return html`<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${w.toFixed(1)}" height="10" rx="3"/>`
    })
  const track = (y: number) => html`<rect class="track" x="0" y="${y}" width="${width}" height="10" rx="3"/>`
  const rows = (['stay', 'plug', 'energy'] as const).filter((kind) => spans[kind].length > 0)
  const figure = html`<svg class="clocks" viewBox="0 0 ${width} ${rows.length * 18 - 8}" aria-hidden="true" preserveAspectRatio="none">
${rows.map((kind, i) => html`${track(i * 18)}${bar(kind, i * 18)}`)}</svg>`
  const item = (kind: string, seconds: number | null, words: string) =>
    html`<li class="${kind}"><strong>${seconds === null ? 'not known' : durationText(seconds)}</strong>${words}</li>`
  return html`<h2>Your visit</h2>
${figure}
<ul class="legend">
${stay !== null && item('stay', clocks.staySeconds, 'parked')}
${sessions.length > 0 && item('plug', clocks.pluggedSeconds, 'plugged in')}
${sessions.length > 0 && item('energy', clocks.energisingSeconds, `charging, ${show.kwh(energyOf(sessions))}`)}
</ul>`
}

/** Kilowatt-hours of three digits each, added in watt-hours. */
function energyOf(sessions: readonly ReceiptSession[]): string {
  const wattHours = sessions.reduce((sum, session) => sum + BigInt(session.energyKwh.replace('.', '')), 0n)
  const digits = `${wattHours}`.padStart(4, '0')
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`
}

const unitWords: Readonly<Record<string, string>> = {
  kWh: 'kWh',
  second: 's',
  minute: 'min',
  hour: 'h',
  day: 'day',
  session: 'session',
  stay: 'stay',
  piece: '×',
}

function linesOf({ lines }: Receipt, show: Wording): Markup {
  const included = shownWithTax(lines)
  return html`<table class="lines" aria-labelledby="lines">
<thead><tr><th scope="col">Item</th><th scope="col" class="r">Quantity</th><th scope="col" class="r">Unit price</th>
<th scope="col" class="r">Tax</th><th scope="col" class="r">${included ? 'Amount' : 'Net amount'}</th></tr></thead>
<tbody>
${lines.map((line) => {
  const unit = unitWords[line.unit] ?? line.unit
  const counted = line.unit === 'piece' && line.billedQuantity === '1'
  const per = line.per === '1' ? unit : `${show.number(line.per)} ${unit}`
  const quantity = (value: string) => (line.unit === 'kWh' ? show.kwh(value) : `${show.number(value)} ${unit}`)
  const stepped = line.quantity !== line.billedQuantity && !line.quantity.startsWith('-')
  return html`<tr${line.total.startsWith('-') && new Markup(' class="back"')}><th scope="row">${line.description}${
    stepped && html`<span class="small soft">measured ${quantity(line.quantity)}</span>`
  }</th>
<td class="r n quantity">${counted ? '' : quantity(line.billedQuantity)}</td>
<td class="r n price">${counted ? '' : `${show.price(line.unitPrice)} / ${per}`}</td>
<td class="r n tax">${show.number(line.taxRate)} %</td>
<td class="r n amount">${show.money(included ? line.total : line.net)}</td></tr>`
})}
</tbody></table>`
}

/** Amounts are shown as they were announced: with tax when any price held it, else without. */
function shownWithTax(lines: readonly ReceiptLine[]): boolean {
  return lines.some((line) => line.taxIncluded)
}

function totalsOf(receipt: Receipt, show: Wording): Markup {
  const { totals, taxes, payments, due } = receipt
  const row = (label: Markup | string, amount: string, kind = '') =>
    html`<tr class="${kind}"><th scope="row">${label}</th><td class="r n">${show.money(amount)}</td></tr>`
  const tax = taxes
    .filter((each) => each.code !== 'none' || Number(each.tax) !== 0)
    .map((each) => row(`${each.code} ${show.number(each.rate)} % on ${show.money(each.net)}`, each.tax))
  const paid = payments
    .filter((each) => each.kind !== 'failed')
    .map((each) => {
      const what = each.kind === 'refunded' ? 'Given back' : 'Paid'
      const how = [each.method, each.reference].filter((text) => text !== null).join(', ')
      const label = html`${what}${how !== '' && ` by ${how}`}<br><span class="small">${show.time(each.at)}</span>`
      return row(label, each.kind === 'refunded' ? each.amount : `-${each.amount}`)
    })
  const grand = receipt.kind === 'bill' ? 'Total' : 'Change'
  return html`<table class="totals" aria-label="Total, tax and payments"><tbody>
${row('Net', totals.net)}
${tax}
${row(grand, totals.total, 'grand')}
${receipt.overall !== null && row('All bills together', receipt.overall.after, 'rule')}
${paid}
${(paid.length > 0 || receipt.overall !== null) && row(due.startsWith('-') ? 'To be given back' : 'To pay', due.replace('-', ''), 'rule strong')}
</tbody></table>`
}

function entry(term: string, value: Markup | string | null | undefined | false): Markup | null {
  return value === null || value === undefined || value === false || value === ''
    ? null
    : html`<div><dt>${term}</dt><dd>${value}</dd></div>`
}

const parkerWords: Readonly<Record<string, string>> = {
  transient: 'Visitor',
  contract: 'Contract parker',
  member: 'Member',
  reservation: 'Reservation',
}

function stayOf({ stay, clocks }: Receipt, show: Wording): Markup | null {
  if (stay === null) return null
  return html`<h2>Parking</h2>
<dl>
${entry('In', show.time(stay.enteredAt))}
${entry('Out', show.time(stay.exitedAt))}
${entry('Parked', clocks.staySeconds !== null && durationText(clocks.staySeconds))}
${entry('Plate', stay.plate)}
${entry('Parked as', parkerWords[stay.parkerKind] ?? stay.parkerKind)}
${entry('Lanes', [stay.entryLane, stay.exitLane].filter((lane) => lane !== null).join(' → '))}
</dl>`
}

function sessionsOf({ sessions }: Receipt, show: Wording): Markup | null {
  if (sessions.length === 0) return null
  return html`<h2>Charging</h2>
${sessions.map((session) => {
  const { station, evse, meter } = session
  const name = station.name === '' || station.name === station.code ? station.code : `${station.name} (${station.code})`
  const power = [session.current, session.maxPowerKw !== null && `${show.number(session.maxPowerKw)} kW`]
    .filter(Boolean)
    .join(', ')
  return html`<section class="session"><h3>${name}</h3>
<dl>
${entry('EVSE', evse.code ?? `${evse.number}`)}
${entry('Bay', session.bay)}
${entry('Maximum power', power)}
${entry('Energy', html`<span class="n">${show.kwh(session.energyKwh)}</span>`)}
${entry('Plugged in', show.time(session.pluggedAt))}
${entry('Unplugged', session.unpluggedAt !== null && show.time(session.unpluggedAt))}
${entry('Charging began', show.time(session.startedAt))}
${entry('Charging ended', session.endedAt !== null && show.time(session.endedAt))}
${entry('Charging', durationText(session.energisingSeconds))}
${entry('Idle', session.idleSeconds > 0 && durationText(session.idleSeconds))}
${entry('Held back by the station', session.heldBackSeconds > 0 && durationText(session.heldBackSeconds))}
${entry('Meter at the start', meter !== null && show.kwh(meter.first.kwh))}
${entry('Meter at the end', meter !== null && show.kwh(meter.last.kwh))}
</dl></section>`
})}`
}

/** How each price was reached, and the prices that held. */
function notesOf({ lines, tariffs }: Receipt): Markup {
  const explained = lines.filter((line) => line.explanation.length > 0)
  return html`${
    explained.length > 0 &&
    html`<h2>How it was worked out</h2>
<ul class="notes">${explained.map((line) => html`<li><strong>${line.description}</strong><br>${line.explanation.join(' ')}</li>`)}</ul>`
  }
${
  tariffs.length > 0 &&
  html`<h2>Prices</h2>
<ul class="notes">${tariffs.map(
    (tariff) => html`<li><strong>${tariff.name}</strong> (${tariff.code}, version ${tariff.version})
<ul>${tariff.words.map((words) => html`<li>${words}</li>`)}</ul></li>`,
  )}</ul>`
}`
}

function footOf({ seller, number, site, zone, currency }: Receipt): Markup {
  return html`<footer>
<span>${number} · ${site.code}</span>
<span>Times in ${zone}, amounts in ${currency}</span>
${seller.phone && html`<span>Help: ${seller.phone}</span>`}
${seller.email && html`<span>${seller.email}</span>`}
${seller.website && html`<span>${seller.website}</span>`}
</footer>`
}

function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`)
  return said.length === 0 ? (seconds > 0 ? `${seconds} s` : '0 min') : said.join(' ')
}
