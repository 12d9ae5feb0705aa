// Owns what a receipt says as a document to print: everything of the stored receipt, in the reader's language and forms.
// Must not compute an amount, and must not leave out what a rule asks for (core/domain/bill/receipt-rules.ts).
import type { Receipt, ReceiptLine, ReceiptSession, ReceiptSince } from '../bill/receipt.ts'
import { type DocumentForms, documentForms } from './document-forms.ts'
import { type DocumentLanguage, languageOf } from './document-locale.ts'
import { type DocumentWords, documentWords, phraseIn } from './document-words.ts'
import type { DocumentBar, DocumentParty, DocumentRow, DocumentTable, PrintedDocument } from './printed-document.ts'
import { reasonIn } from './reason-words.ts'

interface Saying {
  words: DocumentWords
  show: DocumentForms
  english: boolean
}

type Fact = readonly [label: string, value: string]

export function receiptDocument(
  receipt: Receipt,
  options: { locale: string; copy?: boolean; since?: ReceiptSince | null },
): PrintedDocument {
  const { locale } = options
  const language = languageOf(locale) ?? 'en'
  const words = documentWords[language]
  const saying: Saying = { words, show: documentForms({ ...receipt, locale }, words), english: language === 'en' }
  const bars = barsOf(receipt, saying)
  return {
    locale: languageOf(locale) === null ? 'en' : locale,
    title: receipt.kind === 'bill' ? words.receipt : words.correction,
    number: receipt.number,
    ...(options.copy ? { mark: words.copy } : {}),
    ...noticeOf(receipt, saying, language),
    seller: sellerOf(receipt, words),
    buyer: null,
    facts: factsOf(receipt, saying),
    ...(bars.length === 0 ? {} : { bars }),
    tables: [linesOf(receipt, saying), ...receipt.sessions.map((session) => sessionOf(session, saying))],
    totals: totalsOf(receipt, saying),
    ...(options.since == null ? {} : { since: sinceOf(options.since, saying) }),
    notes: notesOf(receipt, saying),
  }
}

function noticeOf(
  { adjusts, reason, overall }: Receipt,
  { words, show }: Saying,
  language: DocumentLanguage,
): { notice?: string } {
  if (adjusts === null) return {}
  const sums = overall === null ? [] : [words.overall(show.money(overall.before), show.money(overall.after))]
  return {
    notice: [words.corrects(adjusts.number), reason && reasonIn(language, reason), ...sums]
      .filter((text) => text !== null)
      .join(' '),
  }
}

function sellerOf({ seller }: Receipt, words: DocumentWords): DocumentParty {
  return {
    name: seller.name,
    lines: [
      ...(seller.address?.split('\n') ?? []),
      ...(seller.taxId === null ? [] : [`${words.taxId} ${seller.taxId}`]),
      ...(seller.phone === null ? [] : [`${words.help}: ${seller.phone}`]),
      ...[seller.email, seller.website].filter((text) => text !== null),
    ],
  }
}

function told(facts: readonly (readonly [string, string | null | false])[]): Fact[] {
  return facts.flatMap(([label, value]) => (value === null || value === false || value === '' ? [] : [[label, value]]))
}

function factsOf({ issuedAt, site, stay, clocks }: Receipt, { words, show }: Saying): Fact[] {
  const place = [site.name, site.code, ...(site.address?.split('\n') ?? [])].filter((text) => text !== '')
  const parkers: Readonly<Record<string, string>> = words.parkers
  return told([
    [words.issued, show.time(issuedAt)],
    [words.site, [...new Set(place)].join(', ')],
    ...(stay === null
      ? []
      : ([
          [words.entry, show.time(stay.enteredAt)],
          [words.exit, show.time(stay.exitedAt)],
          [words.parked, show.duration(clocks.staySeconds)],
          [words.plate, stay.plate],
          [words.parkedAs, parkers[stay.parkerKind] ?? stay.parkerKind],
          [words.lanes, [stay.entryLane, stay.exitLane].filter((lane) => lane !== null).join(' – ')],
        ] as const)),
  ])
}

/** The three clocks over the same time, so that it can be seen what happened when. */
function barsOf({ stay, sessions, clocks }: Receipt, { words, show }: Saying): DocumentBar[] {
  const rows = [
    [words.parked, show.duration(clocks.staySeconds), stay === null ? [] : [[stay.enteredAt, stay.exitedAt]]],
    [
      words.plugged,
      show.duration(clocks.pluggedSeconds),
      sessions.map((session) => [session.pluggedAt, session.unpluggedAt ?? session.endedAt]),
    ],
    [
      words.charging,
      show.duration(clocks.energisingSeconds),
      sessions.flatMap((session) => session.energising.map((span) => [span.from, span.to])),
    ],
  ] as const
  const known = rows.map(([label, value, spans]) => ({
    label,
    value,
    spans: spans.flatMap(([from, to]) =>
      from == null || to == null ? [] : [[Date.parse(from), Date.parse(to)] as const],
    ),
  }))
  const times = known.flatMap(({ spans }) => spans.flat())
  const first = times.reduce((earliest, at) => Math.min(earliest, at), Number.POSITIVE_INFINITY)
  const length = times.reduce((latest, at) => Math.max(latest, at), Number.NEGATIVE_INFINITY) - first
  if (!(length > 0)) return []
  return known
    .filter(({ spans }) => spans.length > 0)
    .map((bar) => ({
      ...bar,
      spans: bar.spans.map(([from, to]) => [(from - first) / length, (to - first) / length] as const),
    }))
}

function linesOf({ lines }: Receipt, { words, show, english }: Saying): DocumentTable {
  // Amounts are shown as they were announced: with tax when any price held it, else without.
  const included = lines.some((line) => line.taxIncluded)
  const units: Readonly<Record<string, string>> = {
    second: 's',
    minute: 'min',
    hour: 'h',
    day: words.day,
    session: words.session,
    stay: words.stay,
    piece: '×',
  }
  const unitOf = (line: ReceiptLine) => units[line.unit] ?? line.unit
  const quantity = (line: ReceiptLine, value: string) =>
    line.unit === 'kWh' ? show.kwh(value) : `${show.number(value)} ${unitOf(line)}`
  const row = (line: ReceiptLine): DocumentRow => {
    const counted = line.unit === 'piece' && line.billedQuantity === '1'
    const per = line.per === '1' ? unitOf(line) : `${show.number(line.per)} ${unitOf(line)}`
    const stepped = line.quantity !== line.billedQuantity && !line.quantity.startsWith('-')
    const notes = [
      ...(stepped ? [`${words.measured}: ${quantity(line, line.quantity)}`] : []),
      // Tariffs explain in English; in another language the numbers of the line speak for themselves.
      ...(english && line.explanation.length > 0 ? [line.explanation.join(' ')] : []),
    ]
    return {
      cells: [
        phraseIn(words, line.description),
        counted ? '' : quantity(line, line.billedQuantity),
        counted ? '' : `${show.price(line.unitPrice)} / ${per}`,
        show.percent(line.taxRate),
        show.money(included ? line.total : line.net),
      ],
      ...(notes.length === 0 ? {} : { notes }),
    }
  }
  return {
    title: words.lines,
    columns: [
      { title: words.item, align: 'start' },
      { title: words.quantity, align: 'end' },
      { title: words.unitPrice, align: 'end' },
      { title: words.tax, align: 'end' },
      { title: included ? words.amount : words.netAmount, align: 'end' },
    ],
    rows: lines.length === 0 ? [{ cells: [words.nothing, '', '', '', ''] }] : lines.map(row),
  }
}

function sessionOf(session: ReceiptSession, { words, show }: Saying): DocumentTable {
  const { station, evse, meter } = session
  const name = station.name === '' || station.name === station.code ? station.code : `${station.name} (${station.code})`
  const power = [session.current, session.maxPowerKw === null ? null : `${show.number(session.maxPowerKw)} kW`]
  const facts = told([
    [words.evse, evse.code ?? `${evse.number}`],
    [words.bay, session.bay],
    [words.power, power.filter((part) => part !== null).join(', ')],
    [words.energy, show.kwh(session.energyKwh)],
    [words.plugged, show.time(session.pluggedAt)],
    [words.unplugged, session.unpluggedAt !== null && show.time(session.unpluggedAt)],
    [words.began, show.time(session.startedAt)],
    [words.ended, session.endedAt !== null && show.time(session.endedAt)],
    [words.charging, show.duration(session.energisingSeconds)],
    [words.idle, session.idleSeconds > 0 && show.duration(session.idleSeconds)],
    [words.heldBack, session.heldBackSeconds > 0 && show.duration(session.heldBackSeconds)],
    [words.meterStart, meter !== null && `${show.kwh(meter.first.kwh)}, ${show.time(meter.first.at)}`],
    [words.meterEnd, meter !== null && `${show.kwh(meter.last.kwh)}, ${show.time(meter.last.at)}`],
  ])
  return {
    title: `${words.charging}: ${name}`,
    columns: [
      { title: '', align: 'start' },
      { title: '', align: 'end' },
    ],
    rows: facts.map((cells) => ({ cells })),
  }
}

function totalsOf(receipt: Receipt, { words, show }: Saying): Fact[] {
  const { totals, taxes, payments, due, overall } = receipt
  const taxed = taxes.filter((each) => each.code !== 'none' || !/^-?0(\.0*)?$/.test(each.tax))
  const paid = payments.filter((each) => each.kind !== 'failed')
  return [
    [words.net, show.money(totals.net)],
    ...taxed.map(
      (each): Fact => [words.taxOn(each.code, show.percent(each.rate), show.money(each.net)), show.money(each.tax)],
    ),
    [receipt.kind === 'bill' ? words.total : words.change, show.money(totals.total)],
    ...(overall === null ? [] : [[words.together, show.money(overall.after)] as const]),
    ...paid.map((each) => paymentOf(each, words, show)),
    due.startsWith('-') ? [words.toGiveBack, show.money(due.slice(1))] : [words.toPay, show.money(due)],
  ]
}

function paymentOf(each: Receipt['payments'][number], words: DocumentWords, show: DocumentForms): Fact {
  const back = each.kind === 'refunded'
  const how = [back ? words.givenBack : words.paid, show.time(each.at), each.method, each.reference]
  return [how.filter((text) => text !== null).join(', '), show.money(back ? each.amount : negative(each.amount))]
}

function sinceOf(
  { asOf, payments, due }: ReceiptSince,
  { words, show }: Saying,
): NonNullable<PrintedDocument['since']> {
  const open = /^-?0(\.0*)?$/.test(due) ? words.settledNow : due.startsWith('-') ? words.toGiveBack : words.openNow
  return {
    title: `${words.since} (${show.time(asOf)})`,
    rows: [
      ...payments.map((each) => paymentOf(each, words, show)),
      [open, show.money(due.startsWith('-') ? due.slice(1) : due)],
    ],
  }
}

function negative(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`
}

function notesOf({ tariffs, sessions, zone, currency }: Receipt, { words, english }: Saying): string[] {
  return [
    ...tariffs.map((tariff) => {
      const name = `${words.tariff} ${tariff.name} (${tariff.code}, ${words.version} ${tariff.version})`
      return english && tariff.words.length > 0 ? `${name}: ${tariff.words.join(' ')}` : name
    }),
    ...sessions.flatMap(({ signed }) =>
      signed == null || signed.records === 0 ? [] : [words.signed(signed.records, signed.sha256)],
    ),
    words.forms(zone, currency),
  ]
}
