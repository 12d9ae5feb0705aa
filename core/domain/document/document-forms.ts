// Owns the forms of amounts, prices, numbers, times and lengths of time in a document: by its locale and its site's zone.
// Must not round an amount: it shows every digit that was billed.
import { Decimal } from '../money.ts'
import type { DocumentWords } from './document-words.ts'

export interface DocumentForms {
  money(amount: string): string
  price(amount: string): string
  number(value: string): string
  percent(rate: string): string
  kwh(value: string): string
  time(at: string | null): string
  duration(seconds: number | null): string
}

export function documentForms(
  { locale, currency, zone }: { locale: string; currency: string; zone: string },
  words: DocumentWords,
): DocumentForms {
  // Exact decimals go in as text: Intl reads them without a float in between.
  const decimal = (value: string) => value as Intl.StringNumericLiteral
  const money = new Intl.NumberFormat(locale, { style: 'currency', currency })
  const price = new Intl.NumberFormat(locale, { style: 'currency', currency, maximumFractionDigits: 6 })
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 4 })
  const kwh = new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 6 })
  const time = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
  const unit = (name: string) => new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' })
  const parts = [
    [86_400, Number.POSITIVE_INFINITY, unit('day')],
    [3600, 24, unit('hour')],
    [60, 60, unit('minute')],
  ] as const
  return {
    money: (amount) => money.format(decimal(amount)),
    price: (amount) => price.format(decimal(amount)),
    number: (value) => number.format(decimal(value)),
    percent: (rate) => percent.format(decimal(new Decimal(rate).div(100).toString())),
    kwh: (value) => `${kwh.format(decimal(value))} kWh`,
    time: (at) => (at === null ? words.unknown : time.format(new Date(at))),
    duration(seconds) {
      if (seconds === null) return words.unknown
      if (seconds > 0 && seconds < 60) return unit('second').format(seconds)
      const said = parts.flatMap(([length, most, form]) => {
        const count = Math.floor(seconds / length) % most
        return count > 0 ? [form.format(count)] : []
      })
      return said.length === 0 ? unit('minute').format(0) : said.join(' ')
    },
  }
}
