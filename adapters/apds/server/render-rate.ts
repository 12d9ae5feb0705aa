// Owns parking tariffs as APDS rate tables, as far as bands of time can be said in rate lines.
// Must not approximate: a tariff with rules that APDS has no words for, and every price of energy, is left out.
import type { BookedTariff } from '../../../core/plugin/index.ts'
import { ref, said } from './render-place.ts'

interface Band {
  untilMinutes?: number
  everyMinutes?: number
  price: string
}

/** Rules that change the price and that a rate table cannot carry. */
const unsaid = ['grace', 'lostTicket', 'parkers', 'validations', 'stayMaximum']

export function renderRate(tariff: BookedTariff, language: string): Record<string, unknown> | null {
  const rules = bandRules(tariff.rules)
  if (tariff.kind !== 'parking' || rules === null) return null
  const { tariffId, version, name, currency, validFrom, validUntil } = tariff
  const id = `${tariffId}.${version}`
  const lines = [
    ...(rules.free > 0 ? [{ from: 0, until: rules.free, every: undefined, price: '0' }] : []),
    ...rules.bands.map((band, index) => ({
      from: rules.free + (rules.bands[index - 1]?.untilMinutes ?? 0),
      until: band.untilMinutes === undefined ? undefined : rules.free + band.untilMinutes,
      every: band.everyMinutes,
      price: band.price,
    })),
  ]
  return {
    id,
    version,
    rateTableName: said({ language }, name),
    availability: 'public',
    rateType: 'hourly',
    // Both are required, and nowhere said what they are: the time from which it holds, and no hours but those of `validity`.
    validityStart: validFrom.toISOString(),
    activeTimes: [],
    validity: {
      validityStatus: 'definedByValidityTimeSpec',
      validityTimeSpecification: {
        overallStartTime: validFrom.toISOString(),
        ...(validUntil ? { overallEndTime: validUntil.toISOString() } : {}),
      },
    },
    rateLineCollections: [
      {
        ...ref(`${id}.1`, version),
        collectionSequence: 1,
        applicableCurrency: currency,
        resetTime: '00:00',
        validStart: validFrom.toISOString(),
        relativeTimes: false,
        taxIncluded: rules.tax?.included ?? true,
        ...(rules.tax ? { taxRate: Number(rules.tax.percent) } : {}),
        ...(rules.dayMaximum === undefined
          ? {}
          : { maxValueCollection: { currencyType: currency, currencyValue: Number(rules.dayMaximum) } }),
        rateLines: lines.map(({ from, until, every, price }, index) => ({
          ...ref(`${id}.1.${index + 1}`, version),
          sequence: index + 1,
          rateLineType:
            every !== undefined ? 'incrementingRate' : until === undefined && index === 0 ? 'flatRate' : 'flatRateTier',
          durationStart: span(from),
          ...(until === undefined ? {} : { durationEnd: span(until) }),
          ...(every === undefined ? {} : { incrementPeriod: `PT${every}M` }),
          value: Number(price),
        })),
      },
    ],
  }
}

/** The bands of the tariff engine that ships with the hub; null for rules of another shape. */
function bandRules(
  rules: unknown,
): { bands: Band[]; free: number; dayMaximum?: string; tax?: { included: boolean; percent: string } } | null {
  if (typeof rules !== 'object' || rules === null) return null
  const { bands, day, dayMaximum, freeMinutes, tax } = rules as Record<string, unknown>
  if (!Array.isArray(bands) || bands.length === 0 || unsaid.some((name) => name in rules)) return null
  // Only a day that ends at midnight can be said: resetTime is a time of day.
  if (day !== 'calendar' && (day !== 'none' || dayMaximum !== undefined)) return null
  const fit = bands.every((band: Band | null) => typeof band?.price === 'string' && /^\d+(\.\d+)?$/.test(band.price))
  return fit
    ? {
        bands,
        free: typeof freeMinutes === 'number' ? freeMinutes : 0,
        ...(typeof dayMaximum === 'string' ? { dayMaximum } : {}),
        ...(typeof tax === 'object' && tax !== null ? { tax: tax as { included: boolean; percent: string } } : {}),
      }
    : null
}

/** dd:hh:mm */
function span(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 1_440))}:${two(Math.floor((minutes % 1_440) / 60))}:${two(minutes % 60)}`
}
