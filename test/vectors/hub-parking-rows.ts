// Owns reading a parking example: its card as rate card, products and event; its stay as entry, exit and validations.
// Must not price.
import { type AppliedDiscount, Decimal, localDate, type PricedStay, toMinor } from '../../core/plugin/index.ts'
import type { ParkingProduct, ParkingRules, RateCard } from '../../plugins/tariff-standard/rules.ts'
import {
  currencyOf,
  type Fields,
  fieldsOf,
  iso,
  minutesLater,
  pricedRow,
  quoteRow,
  refuse,
  someMorning,
  taxRule,
} from './row-reader.ts'
import type { PricedVector, Vector } from './vector.ts'

export function parkingRow(vector: Vector): PricedVector {
  const tariff = fieldsOf(vector.tariff, 'tariff')
  const currency = currencyOf(tariff, vector)
  const stay = stayOf(fieldsOf(vector.session, 'session'), currency)
  const rules = rulesOf(tariff, stay, vector.time_zone)
  tariff.done()
  return pricedRow(
    quoteRow({ scope: 'parking', rules, currency, zone: vector.time_zone, stay: stay.priced, session: null }),
  )
}

interface RowStay {
  priced: PricedStay
  enteredAt: number
  exitedAt: number
  event: boolean
}

function stayOf(session: Fields, currency: string): RowStay {
  const minutes = session.number('stay_minutes')
  const entry = session.text('entry')
  const exit = session.text('exit')
  const enteredAt = entry === undefined ? someMorning : Date.parse(entry)
  const exitedAt =
    exit === undefined ? minutesLater(enteredAt, minutes ?? refuse('session has no length')) : Date.parse(exit)
  if (Number.isNaN(enteredAt) || Number.isNaN(exitedAt)) refuse('session.entry or exit is no date and time')
  const event = session.flag('event')
  const lostTicket = session.flag('lost_ticket')
  const contract = session.flag('monthly') || session.flag('contract')
  const one = session.object('validation')
  const validations =
    one === undefined ? (session.list('validations') ?? []).map((each, i) => fieldsOf(each, `validations.${i}`)) : [one]
  const discounts = validations.map((each, i) => validation(each, i, currency))
  session.done()
  const priced: PricedStay = {
    stayId: 'row',
    enteredAt: iso(enteredAt),
    exitedAt: iso(exitedAt),
    parkerKind: contract ? 'contract' : 'transient',
    discounts,
    ...(lostTicket ? { lostTicket } : {}),
  }
  return { priced, enteredAt, exitedAt, event }
}

function validation(fields: Fields, index: number, currency: string): AppliedDiscount {
  const amount = fields.text('amount')
  const percent = fields.number('percent')
  const minutes = fields.number('minutes') ?? fields.number('free_minutes')
  const treatment = fields.text('treatment') ?? fields.text('type') ?? fields.text('kind') ?? 'discount'
  const paid = ['payment', 'third_party_payment', 'third_party', 'credit'].includes(treatment)
  if (!paid && treatment !== 'discount') refuse(`a validation cannot be a ${treatment}`)
  fields.done()
  return {
    factId: `validation-${index}`,
    kind: paid ? 'prepaid' : 'validation',
    ...(amount === undefined ? {} : { amountMinor: toMinor(new Decimal(amount), currency) }),
    ...(percent === undefined ? {} : { percent }),
    ...(minutes === undefined ? {} : { minutes }),
  }
}

function rulesOf(tariff: Fields, stay: RowStay, zone: string): ParkingRules {
  const tax = taxRule(tariff.text('tax_percent'))
  const eventFlat = tariff.text('event_flat')
  const select = tariff.text('select')
  const listed = (tariff.list('products') ?? []).map((each, i) => productOf(fieldsOf(each, `tariff.products.${i}`)))
  // A product without a condition is what holds otherwise.
  const standard = listed.findIndex(({ conditions, product }) => conditions === 0 && product.rates !== undefined)
  const products = listed.filter((_, i) => i !== standard).map(({ product }) => product)
  if (eventFlat !== undefined && stay.event) {
    products.unshift({ name: 'event', event: around(stay, zone), flat: eventFlat })
  }
  const otherwise = tariff.object('otherwise')
  otherwise?.ignore('currency')
  const own = otherwise ?? tariff
  const card = listed[standard]?.product.rates ?? cardOf(own)
  return {
    scope: 'parking',
    ...tax,
    ...card,
    ...(products.length === 0 ? {} : { products, select: select === 'cheapest' ? 'cheapest' : 'first' }),
  }
}

/** The row says only that the stay was part of the event: its hours are those of the stay. */
function around({ enteredAt, exitedAt }: RowStay, zone: string): { from: string; to: string } {
  const day = (at: number) => localDate(new Date(at), zone)
  return { from: `${day(enteredAt)}T00:00`, to: `${day(exitedAt + 86_400_000)}T00:00` }
}

function productOf(fields: Fields): { product: ParkingProduct; conditions: number } {
  const name = fields.text('id') ?? fields.text('name') ?? 'product'
  const flat = fields.text('flat')
  const entry = windowsOf(fields, 'entry')
  const exit = windowsOf(fields, 'exit')
  const sameDay = fields.flag('same_day')
  const before = fields.text('exit_before')
  const max = fields.number('max_stay_min')
  const conditions = {
    ...(entry === undefined ? {} : { entry }),
    ...(exit === undefined ? {} : { exit }),
    ...(sameDay ? { sameDay } : {}),
    ...(before === undefined ? {} : { exitBefore: momentOf(before) }),
    ...(max === undefined ? {} : { maxMinutes: max }),
  }
  const rates = flat === undefined ? { rates: cardOf(fields) } : { flat }
  fields.done()
  return { product: { name, ...conditions, ...rates } as ParkingProduct, conditions: Object.keys(conditions).length }
}

function windowsOf(fields: Fields, side: 'entry' | 'exit'): object[] | undefined {
  const hours = fields.list(`${side}_window`)
  const days = fields.list(`${side}_days`)?.map(dayOf)
  if (hours === undefined && days === undefined) return undefined
  const [from = '00:00', to = '24:00'] = (hours ?? []).map(String)
  return [{ from, to, ...(days === undefined ? {} : { days }) }]
}

/** "MON 00:00", or a time alone. */
function momentOf(text: string): object {
  const [first = '', second] = text.split(' ')
  return second === undefined ? { time: first } : { day: dayOf(first), time: second }
}

const dayOf = (day: unknown) => String(day).slice(0, 3).toLowerCase()

const days: Record<string, RateCard['day']> = {
  rolling_24h: 'rolling',
  rolling: 'rolling',
  entry: 'rolling',
  calendar: 'calendar',
  operating: 'operating',
  business: 'operating',
  none: 'none',
}

function cardOf(fields: Fields): RateCard {
  const named = fields.text('day') ?? 'none'
  const startsAt = fields.text('day_starts_at') ?? fields.text('day_start') ?? fields.text('day_cut')
  const day = startsAt === undefined ? (days[named] ?? refuse(`there is no day "${named}"`)) : 'operating'
  const totals = (fields.list('bands') ?? []).map((each, i) => fieldsOf(each, `bands.${i}`))
  const added = (fields.list('bands_cumulative') ?? []).map((each, i) => fieldsOf(each, `bands_cumulative.${i}`))
  const increments = (fields.list('increments') ?? []).map((each, i) => fieldsOf(each, `increments.${i}`))
  if (totals.length > 0 && added.length > 0) refuse('bands and cumulative bands cannot be mixed')
  const tables = [...totals, ...added].map((band) => ({
    untilMinutes: band.number('up_to_min'),
    price: band.text('price') ?? band.text('add') ?? '0',
  }))
  const intervals = increments.map((each) => ({
    from: each.number('from_min') ?? 0,
    everyMinutes: each.number('every_min'),
    untilMinutes: each.number('until_min'),
    price: each.text('price') ?? '0',
  }))
  for (const each of [...totals, ...added, ...increments]) each.done()
  const bands = [...tables, ...intervals.map(({ from: _, ...band }) => band)].map((band, i, all) => {
    const next = intervals[i + 1 - tables.length]?.from
    const last = i === all.length - 1
    // The end of a table is the end of a day, or the tariff is silent about longer stays: its last price holds.
    const until = last && (day !== 'none' || !('everyMinutes' in band)) ? undefined : (band.untilMinutes ?? next)
    const { untilMinutes: _, ...rest } = band
    return { ...defined(rest), ...(until === undefined ? {} : { untilMinutes: until }) }
  })
  const dayMaximum = fields.text('day_max')
  const weekMaximum = fields.text('week_max')
  const week = fields.text('week')
  const grace = fields.object('grace')
  const maxStay = fields.number('max_stay_min')
  return {
    bands,
    ...(totals.length > 0 ? { bandPrices: 'total' } : {}),
    day,
    ...defined({
      dayStartsAt: startsAt,
      stayMaximum: fields.text('stay_max'),
      lostTicket: fields.text('lost_ticket'),
      freeMinutes: fields.number('free_min'),
      exitMinutes: fields.number('exit_grace_min'),
    }),
    // Without days, a maximum per day is one per entry.
    ...(dayMaximum === undefined ? {} : day === 'none' ? { stayMaximum: dayMaximum } : { dayMaximum }),
    ...(weekMaximum === undefined ? {} : { weekMaximum, week: week?.startsWith('calendar') ? 'calendar' : 'rolling' }),
    ...(grace === undefined ? {} : graceOf(grace)),
    ...(maxStay === undefined ? {} : { maxStay: { minutes: maxStay } }),
  } as RateCard
}

function graceOf(fields: Fields): Partial<RateCard> {
  const mode = fields.text('mode') ?? 'continuous'
  const minutes = fields.number('minutes') ?? 0
  if (minutes === 0) return {}
  if (mode === 'continuous' || mode === 'interval') return { grace: { minutes, mode: 'interval' } }
  if (mode === 'turnaround' || mode === 'entry') return { grace: { minutes, mode: 'turnaround' } }
  if (mode === 'exit') return { exitMinutes: minutes }
  if (mode === 'free' || mode === 'threshold') return { freeMinutes: minutes }
  return refuse(`there is no grace "${mode}"`)
}

function defined(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}
