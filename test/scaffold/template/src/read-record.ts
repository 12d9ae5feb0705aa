// Owns the step from one event of the vendor to a fact of the hub, or to what is wrong with it.
// Must not keep or send anything.
import { type FieldError, type ParkingFact, parseFact } from 'baywatt/plugin'

export type ReadRecord =
  | { kind: 'ok'; fact: ParkingFact }
  /** `receipt` names it to the vendor, when it has a name at all. */
  | { kind: 'unfit'; errors: readonly FieldError[]; receipt?: string }

export function readRecord(event: unknown): ReadRecord {
  const { no, version, kind, when, ticket, gate, plate } = fields(event)
  const direction = kind === 'ENTRY' ? 'entry' : kind === 'EXIT' ? 'exit' : undefined
  // The hub's own schema looks at every fact: bring the vendor's values into place, and let parseFact judge them.
  const parsed = parseFact(
    withoutGaps({
      id: no,
      revision: version,
      type: 'gate.passed',
      occurredAt: when,
      backfilled: false,
      stayRef: ticket,
      lane: gate,
      data: withoutGaps({ direction, credentials: plate === undefined ? [] : [{ kind: 'plate', value: plate }] }),
    }),
  )
  if (parsed.kind === 'ok') return { kind: 'ok', fact: parsed.value }
  return {
    kind: 'unfit',
    errors: parsed.errors,
    ...(typeof no === 'string' ? { receipt: `${no}#${String(version)}` } : {}),
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function withoutGaps(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))
}
