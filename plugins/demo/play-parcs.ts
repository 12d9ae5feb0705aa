// Owns the playing of the parking system's steps over real HTTP, and the count of how the hub answered.
// Must not order steps; run.ts does.
import type { Parcs } from './parcs/index.ts'
import type { ParcsStep } from './scenario/index.ts'

export interface ParcsCounts {
  facts: number
  /** Gate questions and how many of the answers were the right ones. */
  asked: number
  answeredRight: number
  unanswered: number
  /** The slowest answer at the gate, milliseconds of real time. */
  slowestMs: number
  wrongAnswers: { requestId: string; expected: string; decision: string; message: string }[]
  payments: number
  paidMinor: number
}

export interface ParcsPlayerDeps {
  parcs: Parcs
  counts: ParcsCounts
  currency: string
  price(enteredAt: Date, exitedAt: Date): Promise<number | undefined>
}

export function createParcsPlayer(deps: ParcsPlayerDeps) {
  const { parcs, counts } = deps

  const ask = async (step: Extract<ParcsStep, { kind: 'parcs.ask' }>) => {
    // The lane's own facts come before its question.
    await parcs.flush()
    const answer = await parcs.askGate(step.question)
    if (answer.kind === 'noAnswer') {
      counts.unanswered += 1
      return
    }
    counts.asked += 1
    counts.slowestMs = Math.max(counts.slowestMs, answer.millis)
    const granted = answer.decision.decision === 'granted'
    if (granted === (step.expected === 'granted')) counts.answeredRight += 1
    else {
      const { decision, message } = answer.decision
      counts.wrongAnswers.push({ requestId: step.question.requestId, expected: step.expected, decision, message })
    }
  }

  const pay = async (step: Extract<ParcsStep, { kind: 'parcs.pay' }>) => {
    const amountMinor = await deps.price(step.enteredAt, step.exitedAt)
    if (!amountMinor) return
    counts.payments += 1
    counts.paidMinor += amountMinor
    counts.facts += 1
    parcs.record({
      id: step.factId,
      revision: 1,
      type: 'payment.captured',
      occurredAt: step.at.toISOString(),
      backfilled: false,
      stayRef: step.stayRef,
      data: {
        amountMinor,
        currency: deps.currency,
        method: step.method,
        scope: 'parking',
        vendorTransaction: `T-${step.factId}`,
      },
    })
  }

  return {
    async play(step: ParcsStep): Promise<void> {
      switch (step.kind) {
        case 'parcs.fact':
          counts.facts += 1
          return parcs.record(step.fact)
        case 'parcs.ask':
          return ask(step)
        case 'parcs.pay':
          return pay(step)
        case 'parcs.line':
          if (!step.online) return parcs.goOffline()
          await parcs.goOnline()
      }
    },
    flush: () => parcs.flush(),
  }
}
