// Owns the report on ticket numbers: which of those that a parking system counts up were never told of.
// Must not say why; a gap is a ticket taken without a record, a facts lost, or a number spoiled.
import { type TicketGap, ticketGaps } from '../../store/report-revenue.ts'
import { type Access, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { reportSpans, type SpanQuery } from './report-span.ts'

export interface TicketSequence {
  siteId: string
  connectionId: string
  /** What stands before the number. */
  prefix: string
  first: string
  last: string
  issued: number
  voided: number
  missing: number
  gaps: TicketGap[]
}

export function ticketSequence(deps: Pick<ServiceDeps, 'db'>) {
  return async (
    access: Access,
    query: SpanQuery,
  ): Promise<Outcome<{ from: string; to: string; sequences: TicketSequence[] }>> => {
    const spans = await reportSpans(deps.db, access, query)
    if (spans.kind !== 'ok') return spans
    const sequences: TicketSequence[] = []
    for (const span of spans.value.spans) {
      for (const found of await ticketGaps(deps.db, span)) {
        const missing = found.gaps.reduce((sum, gap) => sum + gap.missing, 0)
        sequences.push({ siteId: span.siteId, ...found, missing })
      }
    }
    return ok({ from: spans.value.from, to: spans.value.to, sequences })
  }
}
