// Owns the receipt: everything that a driver, an accountant or an inspector needs, as it was when the bill was issued.
// Must not need another record to be read: it is stored on the bill and never made again.
import { kwhText, wh } from '../energy.ts'
import { withOffset } from '../local-time.ts'
import { type Minor, majorText, minor } from '../money.ts'
import type { BillLine } from './bill-line.ts'
import type { SessionFacts, StayFacts } from './subject-facts.ts'
import { taxSums, totalsOf } from './totals.ts'

/** Amounts are decimal text in the currency's major unit; times carry the site's offset; lengths are seconds. */
export interface Receipt {
  schema: 1
  kind: 'bill' | 'adjustment'
  billId: string
  number: string
  adjusts: { billId: string; number: string } | null
  reason: string | null
  issuedAt: string
  currency: string
  zone: string
  /** BCP 47, for the forms of numbers and dates. */
  locale: string
  seller: {
    name: string
    address: string | null
    taxId: string | null
    phone: string | null
    email: string | null
    website: string | null
  }
  site: { siteId: string; code: string; name: string; address: string | null; country: string | null }
  stay: ReceiptStay | null
  sessions: ReceiptSession[]
  /** Three clocks that are never merged: gate to gate, cable in, power flowing. Null where the time is not known. */
  clocks: { staySeconds: number | null; pluggedSeconds: number | null; energisingSeconds: number }
  lines: ReceiptLine[]
  taxes: { code: string; rate: string; net: string; tax: string; total: string }[]
  totals: { net: string; tax: string; total: string }
  /** Of an adjustment: what all bills of this stay or session came to before it, and come to with it. */
  overall: { before: string; after: string } | null
  payments: {
    paymentId: string
    at: string
    kind: string
    method: string | null
    amount: string
    reference: string | null
  }[]
  /** Still to pay over all bills of this stay or session; negative: to be given back. */
  due: string
  tariffs: { tariffId: string; code: string; name: string; version: number; words: readonly string[] }[]
  /** What the rules set at the site ask for and this receipt lacks. Left out before that was looked at. */
  missing?: { regime: string; item: string }[]
}

/** What was paid and given back after a receipt was issued. The receipt itself never changes. */
export interface ReceiptSince {
  /** Of the latest of them. */
  asOf: string
  payments: Receipt['payments']
  /** Open over all bills of this stay or session; negative: to be given back. */
  due: string
}

export interface ReceiptStay {
  stayId: string
  enteredAt: string | null
  exitedAt: string | null
  seconds: number | null
  parkerKind: string
  plate: string | null
  entryLane: string | null
  exitLane: string | null
}

export interface ReceiptSession {
  sessionId: string
  station: { code: string; name: string }
  evse: { number: number; code: string | null }
  bay: string | null
  current: 'AC' | 'DC' | null
  maxPowerKw: string | null
  pluggedAt: string
  unpluggedAt: string | null
  startedAt: string
  endedAt: string | null
  pluggedSeconds: number | null
  energisingSeconds: number
  /** When power flowed. */
  energising: { from: string; to: string }[]
  idleSeconds: number
  /** Time in which the station, not the car, held the energy back. */
  heldBackSeconds: number
  energyKwh: string
  /** Register readings that the energy rests on. */
  meter: { first: { at: string; kwh: string }; last: { at: string; kwh: string } } | null
  /** Signed meter data that is kept for it: how many records, and the hash over theirs, in order. Left out before it was kept. */
  signed?: { records: number; sha256: string } | null
}

export interface ReceiptLine {
  kind: string
  description: string
  quantity: string
  billedQuantity: string
  unit: string
  unitPrice: string
  per: string
  taxIncluded: boolean
  taxCode: string
  taxRate: string
  net: string
  tax: string
  total: string
  sessionId: string | null
  explanation: readonly string[]
}

export interface ReceiptPlace {
  sessionId: string
  stationCode: string
  stationName: string
  evseCode: string | null
  bay: string | null
  maxPowerW: number | null
  connectors: readonly string[]
  registers: readonly (readonly [at: string, wh: number])[]
  signed: { records: number; sha256: string } | null
}

export interface ReceiptPayment {
  paymentId: string
  at: Date
  kind: 'captured' | 'refunded' | 'failed'
  method: string | null
  amountMinor: Minor
  reference: string | null
}

export interface ReceiptSource {
  bill: Pick<Receipt, 'kind' | 'billId' | 'number' | 'adjusts' | 'reason'> & { issuedAt: Date; currency: string }
  site: {
    siteId: string
    code: string
    name: string
    address: string | null
    country: string | null
    zone: string
    settings: unknown
  }
  organizationName: string
  stay: StayFacts | null
  sessions: readonly SessionFacts[]
  places: readonly ReceiptPlace[]
  lines: readonly BillLine[]
  beforeMinor: Minor
  payments: readonly ReceiptPayment[]
  tariffs: Receipt['tariffs']
}

export function buildReceipt(source: ReceiptSource): Receipt {
  const { bill, site, stay, lines } = source
  const { currency } = bill
  const money = (amount: Minor) => majorText(amount, currency)
  const time = (at: Date) => withOffset(at, site.zone)
  const totals = totalsOf(lines)
  const after = minor(source.beforeMinor + totals.totalMinor)
  const paid = source.payments.reduce(
    (sum, each) =>
      sum + (each.kind === 'captured' ? each.amountMinor : each.kind === 'refunded' ? -each.amountMinor : 0),
    0,
  )
  const sessions = source.sessions.map((session) => receiptSession(session, source.places, time))
  const plugged = sessions.map((session) => session.pluggedSeconds)
  return {
    schema: 1,
    kind: bill.kind,
    billId: bill.billId,
    number: bill.number,
    adjusts: bill.adjusts,
    reason: bill.reason,
    issuedAt: time(bill.issuedAt),
    currency,
    zone: site.zone,
    locale: localeOf(site),
    seller: sellerOf(site, source.organizationName),
    site: { siteId: site.siteId, code: site.code, name: site.name, address: site.address, country: site.country },
    stay: stay === null ? null : receiptStay(stay, time),
    sessions,
    clocks: {
      staySeconds: stay === null ? null : secondsBetween(stay.enteredAt, stay.exitedAt),
      pluggedSeconds: plugged.every((seconds) => seconds !== null) ? plugged.reduce((sum, s) => sum + s, 0) : null,
      energisingSeconds: sessions.reduce((sum, session) => sum + session.energisingSeconds, 0),
    },
    lines: lines.map((line) => receiptLine(line, money)),
    taxes: taxSums(lines).map((sum) => ({
      code: sum.code,
      rate: sum.rate,
      net: money(sum.netMinor),
      tax: money(sum.taxMinor),
      total: money(sum.totalMinor),
    })),
    totals: { net: money(totals.netMinor), tax: money(totals.taxMinor), total: money(totals.totalMinor) },
    overall: bill.kind === 'adjustment' ? { before: money(source.beforeMinor), after: money(after) } : null,
    payments: source.payments.map((each) => paidOnReceipt(each, bill.currency, site.zone)),
    due: money(minor(after - paid)),
    tariffs: source.tariffs,
  }
}

function paidOnReceipt(paid: ReceiptPayment, currency: string, zone: string): Receipt['payments'][number] {
  const { paymentId, at, kind, method, amountMinor, reference } = paid
  return { paymentId, at: withOffset(at, zone), kind, method, amount: majorText(amountMinor, currency), reference }
}

/** Null while nothing came after it. */
export function sinceReceipt(
  { payments, currency, zone }: Receipt,
  all: readonly ReceiptPayment[],
  openMinor: number,
): ReceiptSince | null {
  const frozen = new Set(payments.map(({ paymentId }) => paymentId))
  const later = all.filter(({ paymentId, kind }) => kind !== 'failed' && !frozen.has(paymentId))
  const latest = later.reduce<Date | null>((max, { at }) => (max === null || at > max ? at : max), null)
  if (latest === null) return null
  return {
    asOf: withOffset(latest, zone),
    payments: later.map((each) => paidOnReceipt(each, currency, zone)),
    due: majorText(minor(openMinor), currency),
  }
}

function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from === null || to === null ? null : Math.round((to.getTime() - from.getTime()) / 1000)
}

function receiptStay(stay: StayFacts, time: (at: Date) => string): ReceiptStay {
  return {
    stayId: stay.stayId,
    enteredAt: stay.enteredAt === null ? null : time(stay.enteredAt),
    exitedAt: stay.exitedAt === null ? null : time(stay.exitedAt),
    seconds: secondsBetween(stay.enteredAt, stay.exitedAt),
    parkerKind: stay.parkerKind,
    plate: stay.plate,
    entryLane: stay.entryLane,
    exitLane: stay.exitLane,
  }
}

function receiptSession(
  session: SessionFacts,
  places: readonly ReceiptPlace[],
  time: (at: Date) => string,
): ReceiptSession {
  const place = places.find((each) => each.sessionId === session.sessionId)
  const first = place?.registers[0]
  const last = place?.registers.at(-1)
  const reading = ([at, value]: readonly [string, number]) => ({ at: time(new Date(at)), kwh: kwhText(wh(value)) })
  return {
    sessionId: session.sessionId,
    station: { code: place?.stationCode ?? session.stationId, name: place?.stationName ?? '' },
    evse: { number: session.evseNumber, code: place?.evseCode ?? null },
    bay: place?.bay ?? null,
    current: currentOf(place?.connectors ?? []),
    maxPowerKw: place?.maxPowerW == null ? null : kwhText(wh(place.maxPowerW)).replace(/\.?0+$/, ''),
    pluggedAt: time(session.pluggedAt),
    unpluggedAt: session.unpluggedAt === null ? null : time(session.unpluggedAt),
    startedAt: time(session.startedAt),
    endedAt: session.endedAt === null ? null : time(session.endedAt),
    pluggedSeconds: secondsBetween(session.pluggedAt, session.unpluggedAt),
    energisingSeconds: session.chargingSeconds,
    energising: session.periods
      .filter((period) => period.state === 'charging')
      .map((period) => ({ from: time(new Date(period.from)), to: time(new Date(period.to)) })),
    idleSeconds: session.idleSeconds,
    heldBackSeconds: session.suspendedStationSeconds,
    energyKwh: kwhText(wh(session.energyWh)),
    meter: first === undefined || last === undefined ? null : { first: reading(first), last: reading(last) },
    signed: place?.signed ?? null,
  }
}

/** OCPP names of connectors: the combined and CHAdeMO ones carry direct current. */
function currentOf(connectors: readonly string[]): 'AC' | 'DC' | null {
  if (connectors.length === 0) return null
  const direct = connectors.filter((name) => /ccs|chademo|nacs_dc|gbt_dc|mcs/i.test(name)).length
  return direct === connectors.length ? 'DC' : direct === 0 ? 'AC' : null
}

function receiptLine(line: BillLine, money: (amount: Minor) => string): ReceiptLine {
  return {
    kind: line.kind,
    description: line.description,
    quantity: line.quantity,
    billedQuantity: line.billedQuantity,
    unit: line.unit,
    unitPrice: line.unitPrice,
    per: line.per,
    taxIncluded: line.taxIncluded,
    taxCode: line.taxCode,
    taxRate: line.taxRate,
    net: money(line.netMinor),
    tax: money(line.taxMinor),
    total: money(line.totalMinor),
    sessionId: line.sessionId,
    explanation: line.explanation,
  }
}

function texts(value: unknown): Record<string, string | undefined> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === 'string' && each !== ''))
}

/** Site setting `legal`: name, address, tax_id, phone, email, website of who issues the bill. */
export function sellerOf(site: ReceiptSource['site'], organizationName: string): Receipt['seller'] {
  const legal = texts((site.settings as { legal?: unknown } | null)?.legal)
  return {
    name: legal.name ?? organizationName,
    address: legal.address ?? site.address,
    taxId: legal.tax_id ?? null,
    phone: legal.phone ?? null,
    email: legal.email ?? null,
    website: legal.website ?? null,
  }
}

const localesByCountry: Readonly<Record<string, string>> = {
  AT: 'de-AT',
  CA: 'en-CA',
  CH: 'de-CH',
  DE: 'de-DE',
  FR: 'fr-FR',
  GB: 'en-GB',
  IT: 'it-IT',
  NL: 'nl-NL',
  US: 'en-US',
}

export function localeOf(site: ReceiptSource['site']): string {
  const own = texts(site.settings).locale
  return own !== undefined && isLocale(own) ? own : (localesByCountry[site.country ?? ''] ?? 'en-GB')
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}
