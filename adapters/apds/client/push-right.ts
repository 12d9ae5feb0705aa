// Owns bringing the hub's credentials to the partner as assigned rights, and asking what became of it.
// Must not write without having looked: what stands there already is not sent again.
import type { ActionOutcome, OutcomeInquiry, ParkingAction, PreloadedCredential } from '../../../core/plugin/index.ts'
import { toApds } from '../credential-words.ts'
import { sameContent } from '../intake.ts'
import type { AssignedRight } from '../objects.ts'
import type { Api, Called } from './api.ts'

export interface PushDeps {
  api: Api
  rightSpec: { id: string; version: number }
}

const rightId = (credentialId: string) => `hub-${credentialId}`
const pathOf = (credentialId: string) => `rights/assigned/${encodeURIComponent(rightId(credentialId))}`

export async function pushRight(
  { api, rightSpec }: PushDeps,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  if (action.kind !== 'credential.put' && action.kind !== 'credential.remove')
    return { kind: 'refused', reason: 'APDS has no such call.' }
  const { credentialId } = action.data
  const path = pathOf(credentialId)
  const found = await api.call('GET', path, { signal })
  if (found.kind !== 'answer') return { kind: 'later', reason: found.reason, ...pauseOf(found) }
  const there = found.status === 200 ? rightOf(found.body) : null
  if (found.status !== 200 && found.status !== 404)
    return { kind: 'later', reason: `The partner answered ${found.status} to the question what it has.` }
  const reference = rightId(credentialId)
  if (action.kind === 'credential.remove') {
    if (!there) return { kind: 'done', reference }
    const gone = await api.call('DELETE', path, { signal })
    return gone.kind === 'answer' && gone.status === 404 ? { kind: 'done', reference } : outcomeOf(gone, reference)
  }
  const wanted = rightFor(action.data, rightSpec)
  if (there && stands(there, wanted)) return { kind: 'done', reference }
  const sent = there
    ? await api.call('PUT', path, { body: { ...wanted, version: there.version + 1 }, signal })
    : await api.call('POST', 'rights/assigned', { body: { ...wanted, version: 1 }, signal })
  return outcomeOf(sent, reference)
}

export async function askRight(
  { api, rightSpec }: PushDeps,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<OutcomeInquiry> {
  if (action.kind !== 'credential.put' && action.kind !== 'credential.remove') return { kind: 'not_done' }
  const { credentialId } = action.data
  const found = await api.call('GET', pathOf(credentialId), { signal })
  if (found.kind !== 'answer') return { kind: 'unknown', reason: found.reason }
  const there = found.status === 200 ? rightOf(found.body) : null
  if (found.status !== 404 && !there) return { kind: 'unknown', reason: `The partner answered ${found.status}.` }
  const done =
    action.kind === 'credential.remove' ? !there : there !== null && stands(there, rightFor(action.data, rightSpec))
  return done ? { kind: 'done', reference: rightId(credentialId) } : { kind: 'not_done' }
}

function rightFor(
  { credentialId, presentations, plates, validFrom, validUntil }: PreloadedCredential,
  rightSpecification: PushDeps['rightSpec'],
): Omit<AssignedRight, 'version'> {
  const forms = [
    ...presentations.map(({ kind, value }) => toApds(kind, value)),
    ...plates.map(({ text }) => toApds('plate', text)),
  ]
  const credentials = [...new Map(forms.map((form) => [`${form.type} ${form.identifier.id}`, form])).values()]
  const until = validUntil?.toISOString()
  return {
    id: rightId(credentialId),
    rightSpecification,
    rightHolder: { credentials },
    ...(until ? { expiry: until } : {}),
    ...(validFrom
      ? { plannedUses: [{ startTime: validFrom.toISOString(), ...(until ? { endTime: until } : {}) }] }
      : {}),
  }
}

/** Compares what the hub would send; what the partner adds of its own does not count. */
function stands(there: AssignedRight, wanted: Omit<AssignedRight, 'version'>): boolean {
  const essence = (right: Omit<AssignedRight, 'version'>) => ({
    spec: right.rightSpecification?.id,
    credentials: (right.rightHolder?.credentials ?? [])
      .map(({ type, identifier }) => `${type} ${identifier.id}`)
      .sort(),
    expiry: right.expiry ? Date.parse(right.expiry) : null,
    uses: (right.plannedUses ?? []).map(({ startTime, endTime }) => [
      Date.parse(startTime),
      endTime ? Date.parse(endTime) : null,
    ]),
  })
  return sameContent(essence(there), essence(wanted))
}

function rightOf(body: unknown): AssignedRight | null {
  const right = body as AssignedRight | null | undefined
  return typeof right === 'object' &&
    right !== null &&
    Number.isSafeInteger(right.version) &&
    Array.isArray(right.rightHolder?.credentials ?? [])
    ? right
    : null
}

function outcomeOf(called: Called, reference: string): ActionOutcome {
  if (called.kind === 'unknown') return called
  if (called.kind === 'not_done') return { kind: 'later', reason: called.reason, ...pauseOf(called) }
  const { status, body } = called
  if (status >= 200 && status < 300) return { kind: 'done', reference }
  const { message } = (typeof body === 'object' && body !== null ? body : {}) as { message?: unknown }
  const reason =
    typeof message === 'string' && message !== '' ? message.slice(0, 500) : `The partner answered ${status}.`
  // Somebody else changed the right meanwhile, or it went away: look again.
  return status === 404 || status === 409
    ? { kind: 'later', reason }
    : { kind: 'refused', reason, code: String(status) }
}

function pauseOf(called: Called): { retryAfterSeconds?: number } {
  return called.kind === 'not_done' && called.retryAfterSeconds ? { retryAfterSeconds: called.retryAfterSeconds } : {}
}
