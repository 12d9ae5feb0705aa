// Owns the step from one record of the vendor, "17|E-1|1|+|2019-03-10T07:01:00Z|T-1|north|BAY1", to a fact of the hub.
// Must not keep or send anything.
import { type FieldError, type ParkingFact, parseFact } from 'baywatt/plugin'

export type ReadRecord =
  /** `sequence` is the vendor's place in the feed: confirming it confirms all before it. */
  | { kind: 'ok'; fact: ParkingFact; sequence: number }
  | { kind: 'unfit'; errors: readonly FieldError[]; sequence?: number }

const directions: Readonly<Record<string, string>> = { '+': 'entry', '-': 'exit' }

export function readRecord(text: string): ReadRecord {
  const [place = '', id, version = '', sign = '', when, ticket, gate, plate] = text.split('|')
  const sequence = /^\d{1,12}$/.test(place) ? Number(place) : undefined
  if (sequence === undefined) return { kind: 'unfit', errors: [{ pointer: '', message: 'has no place in the feed' }] }
  const parsed = parseFact({
    id,
    revision: Number(version),
    type: 'gate.passed',
    occurredAt: when,
    backfilled: false,
    stayRef: ticket,
    lane: gate,
    data: { direction: directions[sign], credentials: plate ? [{ kind: 'plate', value: plate }] : [] },
  })
  return parsed.kind === 'ok'
    ? { kind: 'ok', fact: parsed.value, sequence }
    : { kind: 'unfit', errors: parsed.errors, sequence }
}
