// Owns doing an action at the vendor as the profile says, and telling done, refused, later and unknown apart.
// Must not try twice: the hub asks after what is unknown.
import {
  type ActionOutcome,
  AuthFailed,
  failedOutcome,
  NotReady,
  type OutcomeInquiry,
  type ParkingAction,
  succeeded,
  type VendorAnswer,
} from '../../core/plugin/index.ts'
import { buildRequest } from './build-request.ts'
import type { AnswerRule, Profile, RequestTemplate } from './profile.ts'
import { termsOf } from './read-record.ts'
import { at, holdsAll, type Spot, type Terms } from './take-value.ts'
import type { VendorLine } from './vendor-line.ts'

export interface ActDeps {
  profile: Profile
  baseUrl: string
  line: VendorLine
  site(): Promise<{ zone: string; currency: string }>
}

export async function act(deps: ActDeps, action: ParkingAction, signal: AbortSignal): Promise<ActionOutcome> {
  const map = deps.profile.actions?.[action.kind]
  if (!map) return { kind: 'refused', reason: 'The profile of this vendor has no such call.' }
  const holdMs = deps.line.holdMs()
  if (holdMs > 0)
    return { kind: 'later', reason: 'The vendor asked for a pause.', retryAfterSeconds: Math.ceil(holdMs / 1_000) }
  const asked = await ask(deps, map.request, action, signal)
  if (asked.kind !== 'answer') return asked
  const told = judged(map.answers ?? [], asked.answer, asked.terms)
  if (told) return told.kind === 'not_done' ? { kind: 'later', reason: 'The vendor says it was not done.' } : told
  return succeeded(asked.answer) ? { kind: 'done' } : failedOutcome(asked.answer)
}

export async function askOutcome(deps: ActDeps, action: ParkingAction, signal: AbortSignal): Promise<OutcomeInquiry> {
  const question = deps.profile.actions?.[action.kind]?.ask
  if (!question)
    return { kind: 'unknown', reason: 'The profile knows no way to ask what became of this; a person has to look.' }
  const asked = await ask(deps, question.request, action, signal)
  // Not having been able to ask says nothing about the action itself.
  if (asked.kind !== 'answer') return { kind: 'unknown', reason: asked.reason }
  const told = judged(question.answers, asked.answer, asked.terms)
  return told ?? { kind: 'unknown', reason: 'The vendor’s answer to the question is none that the profile knows.' }
}

type Asked =
  | { kind: 'answer'; answer: VendorAnswer; terms: Terms }
  | { kind: 'refused'; reason: string }
  | { kind: 'later'; reason: string }

async function ask(
  deps: ActDeps,
  template: RequestTemplate,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<Asked> {
  const currency = 'currency' in action.data ? action.data.currency : undefined
  const terms = termsOf(deps.profile, await deps.site(), action.askedAt)
  const ofAction = currency === undefined ? terms : { ...terms, currency }
  // As data: instants become the texts that `writeTime` reads.
  const document: unknown = JSON.parse(JSON.stringify(action))
  const built = buildRequest(template, deps.baseUrl, document, ofAction)
  if (built.kind === 'wrong') return { kind: 'refused', reason: `The request cannot be made: ${built.reason}.` }
  try {
    return { kind: 'answer', answer: await deps.line.call(built.request, signal), terms: ofAction }
  } catch (error) {
    // Without a token nothing was sent.
    if (error instanceof AuthFailed || error instanceof NotReady) return { kind: 'later', reason: error.message }
    throw error
  }
}

function judged(rules: readonly AnswerRule[], answer: VendorAnswer, terms: Terms): OutcomeInquiry | undefined {
  if (answer.kind !== 'answered') return undefined
  const root: Spot = { value: answer.json, pointer: '' }
  const rule = rules.find(
    ({ status, when = [] }) =>
      (status?.includes(answer.status) ?? succeeded(answer)) && holdsAll(when, { record: root, message: root }, terms),
  )
  if (!rule) return undefined
  const text = (path: string | undefined) => {
    const { value } = path === undefined ? { value: undefined } : at(root, path)
    return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 500) : undefined
  }
  const reason = text(rule.reason) ?? `The vendor answered ${answer.status}.`
  const reference = text(rule.reference)
  switch (rule.means) {
    case 'done':
      return { kind: 'done', ...(reference === undefined ? {} : { reference }) }
    case 'refused':
      return { kind: 'refused', reason, code: text(rule.code) ?? String(answer.status) }
    case 'later': {
      const seconds = Number(answer.headers.get('retry-after'))
      return { kind: 'later', reason, ...(seconds > 0 && seconds <= 86_400 ? { retryAfterSeconds: seconds } : {}) }
    }
    case 'unknown':
      return { kind: 'unknown', reason }
    case 'not_done':
      return { kind: 'not_done' }
  }
}
