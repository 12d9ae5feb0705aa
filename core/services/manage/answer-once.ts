// Owns that a request with an Idempotency-Key has its effect once: effect and answer are stored in one transaction.
// Must not hold an answer readable: answers may show a secret, so they are sealed with the caller's own key.
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { type AnswerKey, findAnswer, forgetAnswers, holdKey, keepAnswer } from '../../store/idempotency.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

export type Once =
  | { kind: 'answered'; answer: Answer }
  | { kind: 'replayed'; answer: Answer }
  /** The first request of this key has not ended. */
  | { kind: 'running' }
  /** The key was used for something else. */
  | { kind: 'reused' }

export interface OnceInput {
  organizationId: string
  /** Keys of two callers are two keys. */
  principal: string
  /** As the caller sent it. */
  key: string
  operation: string
  /** Everything that makes the request what it is. */
  request: string
}

export interface OnceDeps extends ServiceDeps {
  /** The hub's own secret. */
  secret: Uint8Array
  /** Real time. */
  now(): Date
  entropy(into: Uint8Array): void
}

export const answersKeptMs = 48 * 3600 * 1000

/** Undoes what a refused request wrote on its way; a refusal is not kept, so that it can be sent again. */
class Refused extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super('refused')
    this.answer = answer
  }
}

/**
 * Runs `effect` inside the transaction that also stores its answer: a crash leaves both or neither, and a second request of
 * the key meets either the lock or the answer.
 */
export function answerOnce(deps: OnceDeps) {
  return async (input: OnceInput, effect: (trx: ServiceDeps['db']) => Promise<Answer>): Promise<Once> => {
    const { organizationId, principal } = input
    const at: AnswerKey = { organizationId, principal, key: createHash('sha256').update(input.key).digest('hex') }
    const requestHash = createHash('sha256').update(`${input.operation}\n${input.request}`).digest()
    try {
      return await transaction(deps.db, async (trx): Promise<Once> => {
        if (!(await holdKey(trx, at))) return { kind: 'running' }
        const now = deps.now()
        const stored = await findAnswer(trx, at)
        if (stored && now.getTime() - stored.createdAt.getTime() < answersKeptMs) {
          if (!stored.requestHash.equals(requestHash)) return { kind: 'reused' }
          return {
            kind: 'replayed',
            answer: { status: stored.status, headers: stored.headers, body: open(deps, input, stored.body) },
          }
        }
        const answer = await effect(trx)
        if (answer.status >= 400) throw new Refused(answer)
        await keepAnswer(trx, at, {
          requestHash,
          operation: input.operation,
          status: answer.status,
          headers: answer.headers,
          body: seal(deps, input, answer.body),
          createdAt: now,
        })
        return { kind: 'answered', answer }
      })
    } catch (error) {
      if (error instanceof Refused) return { kind: 'answered', answer: error.answer }
      throw error
    }
  }
}

/** For the nightly cleaning. Returns how many answers were forgotten. */
export function forgetOldAnswers(deps: Pick<OnceDeps, 'db' | 'now'>) {
  return (): Promise<number> => forgetAnswers(deps.db, new Date(deps.now().getTime() - answersKeptMs))
}

function sealingKey(deps: OnceDeps, { principal, key }: OnceInput): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', deps.secret, key, `baywatt idempotency ${principal}`, 32))
}

function seal(deps: OnceDeps, input: OnceInput, text: string): string {
  const iv = new Uint8Array(12)
  deps.entropy(iv)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(deps, input), iv)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
}

function open(deps: OnceDeps, input: OnceInput, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(deps, input), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
