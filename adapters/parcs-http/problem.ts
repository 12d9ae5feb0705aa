// Owns the words of each reason for which a fact is not kept.
// Must not decide what is refused.
import { type Problem, problem } from '../../core/plugin/index.ts'

/** Reasons of the core, which checks again what any adapter hands over. */
const words: Readonly<Record<string, string>> = {
  revision_conflict: 'This id and revision were sent before with other content. Send the change as a higher revision.',
  occurred_at_unbelievable: 'The time is before 2000 or more than a year ahead.',
  instant_unbelievable: 'The time is not a date, before 2000 or more than a year ahead.',
  text_unstorable: 'The text holds a character that cannot be stored (NUL, or half of a surrogate pair).',
  stay_ref_required: 'This type needs stayRef.',
  device_required: 'This type needs device.',
  not_storable: 'The database refused this fact; the hub’s log says why.',
}

export function factProblem(reason: string, pointer: string | undefined): Problem {
  const message = words[reason] ?? `The value is not acceptable (${reason}).`
  return problem(422, reason, 'The fact was not kept.', message, [{ pointer: pointer ?? '', message }])
}
