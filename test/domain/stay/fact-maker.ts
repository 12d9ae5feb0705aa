// Owns short ways to write parking facts in tests.
// Must not hold expectations.
import type { ParkingFact, ReportedCredential } from '../../../core/domain/parking-fact.ts'
import type { StayFact } from '../../../core/domain/stay/index.ts'

export const start = Date.parse('2019-03-09T08:00:00Z')

/** Minutes after the start of the test's day. */
export function minute(n: number): Date {
  return new Date(start + n * 60_000)
}

export function plate(value: string, more: Partial<ReportedCredential> = {}): ReportedCredential {
  return { kind: 'plate', value, ...more }
}

export function card(value: string, more: Partial<ReportedCredential> = {}): ReportedCredential {
  return { kind: 'card', value, ...more }
}

type DataOf<T extends ParkingFact['type']> = Extract<ParkingFact, { type: T }>['data']
type Rest = Partial<Pick<ParkingFact, 'revision' | 'stayRef' | 'lane' | 'device' | 'backfilled'>>

/** `id` also names the row, together with the revision. */
export function fact<T extends ParkingFact['type']>(
  type: T,
  id: string,
  at: number,
  data: DataOf<T>,
  rest: Rest = {},
): StayFact {
  const revision = rest.revision ?? 1
  return {
    id,
    revision,
    type,
    occurredAt: minute(at),
    backfilled: false,
    data,
    ...rest,
    factId: `${id}/${revision}`,
  } as StayFact
}

export function entry(
  id: string,
  at: number,
  credentials: readonly ReportedCredential[],
  rest: Rest & { requestId?: string } = {},
) {
  const { requestId, ...others } = rest
  const data = { direction: 'entry' as const, credentials, ...(requestId ? { requestId } : {}) }
  return fact('gate.passed', id, at, data, { lane: 'in', ...others })
}

export function exit(
  id: string,
  at: number,
  credentials: readonly ReportedCredential[],
  rest: Rest & { requestId?: string } = {},
) {
  const { requestId, ...others } = rest
  const data = { direction: 'exit' as const, credentials, ...(requestId ? { requestId } : {}) }
  return fact('gate.passed', id, at, data, { lane: 'out', ...others })
}
