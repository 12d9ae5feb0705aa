// Owns what is wrong with a span of days that somebody asks for, both ends included.
// Must not know what is asked of it.
import { daysBetween } from '../../domain/local-time.ts'
import type { FieldProblem } from './outcome.ts'

export function daySpanProblem({ from, to }: { from: string; to: string }, longestDays: number): FieldProblem | null {
  const days = daysBetween(from, to) + 1
  if (days < 1) return { pointer: '/to', message: 'must not be before from' }
  return days > longestDays ? { pointer: '/to', message: `must be within ${longestDays} days of from` } : null
}
