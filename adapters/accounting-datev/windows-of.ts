// Owns the stretches of a period that one batch of DATEV may cover: inside one calendar year and one fiscal year.
// Must not look at entries.
import { dayBefore } from '../../core/plugin/index.ts'

export interface BatchWindow {
  /** Dates, both included. */
  from: string
  to: string
  fiscalYearStart: string
}

const pad = (value: number) => String(value).padStart(2, '0')

/** The windows of a period, in order, for fiscal years that begin on the first of a month. */
export function windowsOf(from: string, to: string, startMonth: number): BatchWindow[] {
  const starts: string[] = []
  for (let year = Number(from.slice(0, 4)) - 1; year <= Number(to.slice(0, 4)); year++)
    for (const month of new Set([1, startMonth])) starts.push(`${year}-${pad(month)}-01`)
  starts.sort()
  const edges = [from, ...starts.filter((start) => start > from && start <= to)]
  return edges.map((edge, i) => {
    const next = edges[i + 1]
    const fiscal = starts.filter((start) => start <= edge && Number(start.slice(5, 7)) === startMonth)
    return { from: edge, to: next === undefined ? to : dayBefore(next), fiscalYearStart: fiscal.at(-1) ?? edge }
  })
}
