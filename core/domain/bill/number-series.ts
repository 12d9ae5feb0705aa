// Owns the legal series that bills are numbered in: which one a document belongs to, and how its numbers are printed.
// Must not count; core/store/bills.ts does, under a lock.

/** What has a series of its own where the site asks for it. An adjustment that gives back is what others call a credit note. */
export const numberedKinds = ['bill', 'adjustment'] as const
export type NumberedKind = (typeof numberedKinds)[number]

/** Printed before the number. With `{year}` in it a new series begins every year; `{site}` is the site's code. */
export type Numbering = Readonly<Record<NumberedKind, { prefix: string; digits: number }>>

export interface NumberSeries {
  /** Who counts: the same series, the same counter. */
  series: string
  /** "RE-2026-000042" */
  print(number: number): string
}

const standardDigits = 6

/**
 * A prefix ends with a separator, so that no number of one series reads as one of another, and holds the year whenever it
 * restarts, so that a printed number never comes twice.
 */
const prefixForm = /^(?:[A-Za-z0-9]|[-/._](?![-/._])|\{year\}|\{site\})*[-/._]$/

/** Of the site setting `bill_numbering`; what is not fit is left out, as the API refuses it beforehand. */
export function numberingOf(given: unknown, standardSeries: string, siteCode: string): Numbering {
  const rules = objectOf(given)
  const rule = (kind: NumberedKind) => {
    const { prefix, digits } = objectOf(rules[kind])
    const own = typeof prefix === 'string' && prefixForm.test(prefix) ? prefix.replaceAll('{site}', siteCode) : null
    return {
      prefix: own ?? `${standardSeries}-`,
      digits: Number.isInteger(digits) && Number(digits) >= 1 && Number(digits) <= 12 ? Number(digits) : standardDigits,
    }
  }
  return { bill: rule('bill'), adjustment: rule('adjustment') }
}

/** Where a setting is not fit, for whoever sets it. */
export function brokenNumbering(settings: unknown): { pointer: string; message: string } | null {
  const rules = objectOf(objectOf(settings).bill_numbering)
  for (const kind of numberedKinds) {
    const { prefix } = objectOf(rules[kind])
    if (prefix !== undefined && (typeof prefix !== 'string' || !prefixForm.test(prefix))) {
      return {
        pointer: `/bill_numbering/${kind}/prefix`,
        message: 'letters, digits, {year}, {site} and single separators (- / . _), ending with a separator',
      }
    }
  }
  return null
}

/** @param day the local day of issuing, "2026-11-22" */
export function seriesOf(numbering: Numbering, kind: NumberedKind, day: string): NumberSeries {
  const { prefix: form, digits } = numbering[kind]
  const prefix = form.replaceAll('{year}', day.slice(0, 4))
  // Without its hyphen: a site that wrote down the prefix it had counts on where it was.
  const series = prefix.endsWith('-') ? prefix.slice(0, -1) : prefix
  return { series, print: (number) => `${prefix}${`${number}`.padStart(digits, '0')}` }
}

/** As bills print it that have no number of their own stored: "GARAGE-000042". */
export function billNumber(series: string, number: number): string {
  return `${series}-${`${number}`.padStart(standardDigits, '0')}`
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
