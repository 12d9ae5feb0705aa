// Owns the answer to a gate within its budget: from the same rules as chargers, or the site's fallback when time is up.
// Must not make the car wait for anything that is not the decision, such as storing it.
import type { GateDecision, GateQuestion, ParkingFact, ParkingResult } from '../../domain/parking-fact.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { AccessQuestion, Weighed } from './authorise.ts'

export interface DecideGateDeps extends Pick<ServiceDeps, 'clock' | 'newId' | 'log'> {
  weigh(question: AccessQuestion): Promise<Weighed>
  /** Keeps the decision as a fact, afterwards. */
  record(facts: readonly ParkingFact[]): Promise<ParkingResult[]>
  /** Resolves after so much REAL time: a car stands at the gate, whatever the hub's clock says. */
  deadline(ms: number): Promise<void>
  /** Default 200: parking systems want an answer within 250 ms, and the rest is for the way there and back. */
  budgetMs?: number
}

export interface GateDecider {
  /** Never rejects and never takes longer than the budget. */
  decide(question: GateQuestion): Promise<GateDecision>
  /** Resolves when every decision given so far is stored or given up. */
  settled(): Promise<void>
}

type Verdict = Omit<GateDecision, 'requestId'>

export function decideGate(deps: DecideGateDeps) {
  const budgetMs = deps.budgetMs ?? 200
  return (source: ParkingSource): GateDecider => {
    const storing = new Set<Promise<unknown>>()
    // What the site said the last time it could be asked: it is needed just when the database does not answer.
    let fallback: GateDecision['decision'] = 'notFound'

    const ask = async (question: GateQuestion): Promise<Verdict> => {
      const { organizationId, siteId, connectionId } = source
      const { credentials, direction } = question
      const weighed = await deps.weigh({
        organizationId,
        siteId,
        connectionId,
        place: 'gate',
        credentials,
        at: deps.clock.now(),
      })
      fallback = fallbackOf(weighed.siteSettings)
      return verdictOf(weighed, direction)
    }

    const late = ({ requestId }: GateQuestion): Verdict => {
      const { connectionId } = source
      deps.log.warn({ requestId, budgetMs, connectionId }, 'a gate was answered without looking: too slow')
      return { decision: fallback, reasonCode: 'deadline', message: 'The hub could not look it up in time.' }
    }

    const keep = (question: GateQuestion, verdict: Verdict) => {
      const { requestId } = question
      const storedDecision = deps.record([factOf(deps, question, verdict)]).then(
        (results) => {
          for (const result of results) {
            if (result.status === 'rejected')
              deps.log.error(
                { requestId, reason: result.reason, pointer: result.pointer },
                'a gate decision was not kept',
              )
          }
        },
        (error: unknown) => deps.log.error({ err: error, requestId }, 'a gate decision could not be stored'),
      )
      storing.add(storedDecision)
      void storedDecision.then(() => storing.delete(storedDecision))
    }

    return {
      async decide(question) {
        const looked = ask(question).catch((error: unknown): Verdict => {
          deps.log.error({ err: error, requestId: question.requestId }, 'a gate question could not be looked up')
          return { decision: fallback, reasonCode: 'unavailable', message: 'The hub cannot look it up at the moment.' }
        })
        const verdict = (await Promise.race([looked, deps.deadline(budgetMs).then(() => null)])) ?? late(question)
        keep(question, verdict)
        return { requestId: question.requestId, ...verdict }
      },
      async settled() {
        while (storing.size > 0) await Promise.all(storing)
      },
    }
  }
}

/** What a gate is told when the hub cannot look: by default that the hub does not know, so that the parking system decides. */
function fallbackOf(settings: Record<string, unknown>): GateDecision['decision'] {
  const { gate_fallback: set } = settings
  return set === 'granted' || set === 'declined' ? set : 'notFound'
}

function verdictOf(
  { authorization, openSince, accountSettings }: Weighed,
  direction: GateQuestion['direction'],
): Verdict {
  const { status, reason, validUntil } = authorization
  if (status === 'unknown') return { decision: 'notFound', reasonCode: 'unknown_credential', message: reason }
  if (status !== 'accepted') return { decision: 'declined', reasonCode: status, message: reason }
  const [since] = openSince
  // Antipassback belongs to the account, not to the card; it asks for passages, so a car that backed out may ask again.
  if (direction === 'entry' && since && accountSettings.allow_passback !== true) {
    const message = `The account's car came in at ${since.toISOString()} and has not left.`
    return { decision: 'declined', reasonCode: 'already_inside', message }
  }
  return { decision: 'granted', reasonCode: 'authorised', message: reason, ...(validUntil ? { validUntil } : {}) }
}

/** The hub's own facts are told from the vendor's by `hub:` in their id. A question asked twice is two decisions. */
function factOf({ clock, newId }: DecideGateDeps, question: GateQuestion, verdict: Verdict): ParkingFact {
  const { requestId, direction, credentials, lane } = question
  const { decision, reasonCode } = verdict
  return {
    id: `hub:${newId()}`,
    revision: 1,
    type: 'gate.decided',
    occurredAt: clock.now(),
    backfilled: false,
    lane,
    device: 'hub',
    data: {
      direction,
      requestId,
      credentials,
      decision: decision === 'notFound' ? 'unknown' : decision,
      reasonCode,
    },
  }
}
