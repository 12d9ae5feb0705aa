// Owns whether hours of the week overlap, hide each other or leave nothing to the price beside them.
// Must not know what the hours are for.
import { type LintFinding, type LocalWindow, minutesOf, weekdays } from '../../core/plugin/index.ts'

const weekMinutes = 7 * 1440

export function unreachable(pointer: string, why: string, severity: LintFinding['severity'] = 'warning'): LintFinding {
  return { pointer, severity, code: 'unreachable', message: `This never holds. ${why}` }
}

/** @param rest pointer of the price that holds outside all of them */
export function hoursFindings(windows: readonly LocalWindow[], at: string, rest: string): LintFinding[] {
  const findings: LintFinding[] = []
  const taken = new Map<number, number>()
  for (const [i, window] of windows.entries()) {
    const minutes = minutesOfWeek(window)
    const hidden = minutes.filter((minute) => taken.has(minute))
    const first = taken.get(hidden[0] ?? -1)
    if (hidden.length === minutes.length) findings.push(unreachable(`${at}/${i}`, 'Hours before it cover all of it.'))
    else if (first !== undefined) {
      const message = `It overlaps ${at}/${first}, which comes first and holds there.`
      findings.push({ pointer: `${at}/${i}`, severity: 'warning', code: 'overlap', message })
    }
    if (window.from === window.to) {
      const message = 'It begins when it ends, so it is the whole day.'
      findings.push({ pointer: `${at}/${i}/to`, severity: 'info', code: 'whole-day', message })
    }
    for (const minute of minutes) if (!taken.has(minute)) taken.set(minute, i)
  }
  if (taken.size === weekMinutes) findings.push(unreachable(rest, 'The hours cover the whole week.', 'info'))
  return findings
}

function minutesOfWeek({ from, to, days }: LocalWindow): number[] {
  const start = minutesOf(from)
  const end = minutesOf(to)
  const length = end > start ? end - start : end + 1440 - start
  return weekdays.flatMap((day, index) =>
    days === undefined || days.includes(day)
      ? Array.from({ length }, (_, minute) => (index * 1440 + start + minute) % weekMinutes)
      : [],
  )
}
