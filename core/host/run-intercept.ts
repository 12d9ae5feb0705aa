// Owns asking the interceptors of a point and making one answer of theirs.
// Must not change a record: the caller does what the answer says.
import type { Log } from '../domain/log.ts'
import { addableLineKinds, type InterceptPoint, type InterceptPoints } from '../plugin/index.ts'
import type { Run } from './run.ts'
import type { Interceptor } from './scope.ts'

export interface Asked {
  connectionId: string
  run: Run
  interceptor: Interceptor
}

export type InterceptAnswer<P extends InterceptPoint> = InterceptPoints[P]['answer']

export interface InterceptOutcome<P extends InterceptPoint> {
  answer: InterceptAnswer<P>
  /** Whose answer it is; null for "pass". */
  by: string | null
  /** Interceptors that were late, failed or answered nonsense, and were passed over. */
  skipped: { connectionId: string; reason: string }[]
}

type AnyAnswer = InterceptAnswer<InterceptPoint>

/**
 * All are asked at once: each sees the same frozen question, none the answer of another, so the time they may take together
 * is the longest of their deadlines. The first, in the order given, that does not pass is the answer; added lines add up.
 */
export async function runInterceptors<P extends InterceptPoint>(
  point: P,
  ask: InterceptPoints[P]['ask'],
  asked: readonly Asked[],
  log: Log,
): Promise<InterceptOutcome<P>> {
  const skipped: InterceptOutcome<P>['skipped'] = []
  const answers = await Promise.all(
    asked.map(async ({ connectionId, run, interceptor }) => {
      const question = deepFrozen(structuredClone(ask))
      try {
        const answer = await run.call(`the answer at "${point}"`, interceptor.options.deadlineMs, (signal) =>
          interceptor.answer(question, signal),
        )
        const wrong = problemOf(point, answer)
        if (wrong !== undefined) throw new Error(`it answered ${wrong}`)
        return { connectionId, answer }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        const { onTimeout } = interceptor.options
        log.warn({ connection: connectionId, point, reason, onTimeout }, 'an interceptor did not answer')
        const refusal = onTimeout === 'deny' ? refusals[point] : undefined
        if (refusal) return { connectionId, answer: refusal }
        skipped.push({ connectionId, reason })
        return { connectionId, answer: pass }
      }
    }),
  )
  const spoken = answers.filter(({ answer }) => answer.kind !== 'pass')
  const first = spoken[0]
  if (!first) return { answer: pass as InterceptAnswer<P>, by: null, skipped }
  const lines = spoken.flatMap(({ answer }) => (answer.kind === 'add' ? [...answer.lines] : []))
  const answer = first.answer.kind === 'add' ? { kind: 'add' as const, lines } : first.answer
  return { answer: answer as InterceptAnswer<P>, by: first.connectionId, skipped }
}

const pass = { kind: 'pass' } as const
const noAnswer = 'a check that has to be made did not answer in time'

/** What "deny" means at each point. A price cannot be refused, and a bill held without end would never be sent. */
const refusals: { [P in InterceptPoint]?: InterceptAnswer<P> } = {
  authorise: { kind: 'deny', reason: noAnswer },
  link: { kind: 'hold', reason: noAnswer },
  command: { kind: 'veto', reason: noAnswer },
}

/** Answers by point: an inline plugin's types were checked by the compiler, a vendor's were not. */
const kinds = {
  authorise: ['pass', 'deny'],
  link: ['pass', 'hold'],
  price: ['pass', 'add'],
  settle: ['pass', 'hold'],
  command: ['pass', 'veto'],
} as const satisfies { [P in InterceptPoint]: readonly InterceptAnswer<P>['kind'][] }

function problemOf(point: InterceptPoint, answer: AnyAnswer | undefined): string | undefined {
  const known: readonly string[] = kinds[point]
  if (typeof answer !== 'object' || answer === null || !known.includes(answer.kind))
    return `${JSON.stringify(answer)} instead of ${known.join(' or ')}`
  if (answer.kind === 'hold' && 'until' in answer && Number.isNaN(Date.parse(answer.until)))
    return `a hold until ${JSON.stringify(answer.until)}`
  if (answer.kind !== 'add') return undefined
  const addable: readonly string[] = addableLineKinds
  const forbidden = Array.isArray(answer.lines) ? answer.lines.find((line) => !addable.includes(line?.kind)) : undefined
  if (!Array.isArray(answer.lines)) return 'no lines'
  return forbidden === undefined
    ? undefined
    : `a line of the kind ${JSON.stringify(forbidden?.kind)}, which only a tariff may`
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) deepFrozen(each)
  return Object.freeze(value)
}
