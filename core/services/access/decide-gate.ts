// Owns the answer to a gate within its budget: from the same rules as chargers, or the site's fallback when time is up.
// Must not make the car wait for anything that is not the decision, such as storing it.
import type { GateDecision, GateQuestion, ParkingFact, ParkingResult } from '../../domain/parking-fact.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { AccessQuestion, Weighed } from './access-question.ts'

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

interface Verdict extends Omit<GateDecision, 'requestId'> {
  /** For the operator: it may name people, which no lane should show. */
  explanation: string
}

/** How long a decision waits to be stored for the answer that came too late. */
const hindsightMs = 5_000

export function decideGate(deps: DecideGateDeps) {
  const budgetMs = deps.budgetMs ?? 200
  return (source: ParkingSource): GateDecider => {
    const storing = new Set<Promise<unknown>>()
    // What the site said the last time it could be asked: it is needed just when the database does not answer.
    let fallback: GateDecision['decision'] = 'notFound'

    const ask = async (question: GateQuestion) => {
      const { organizationId, siteId, connectionId } = source
      const { credentials, direction, lane, requestId } = question
      const at = deps.clock.now()
      const asked = {
        organizationId,
        siteId,
        connectionId,
        at,
        place: 'gate',
        lane,
        direction,
        credentials,
        requestId,
      } as const
      const weighed = await deps.weigh(asked)
      fallback = fallbackOf(weighed.siteSettings)
      return { verdict: verdictOf(weighed, direction), giveBack: weighed.giveBack }
    }

    /** The car was told something else meanwhile, and the place stays free for it to ask again. */
    const tooLate = async (looking: ReturnType<typeof ask>, { requestId }: GateQuestion): Promise<void> => {
      try {
        await (await looking).giveBack?.()
      } catch (error) {
        deps.log.warn({ err: error, requestId }, 'a place that was promised too late is held until its time is over')
      }
    }

    const late = ({ requestId }: GateQuestion): Verdict => {
      const { connectionId } = source
      deps.log.warn({ requestId, budgetMs, connectionId }, 'a gate was answered without looking: too slow')
      return {
        decision: fallback,
        reasonCode: 'deadline',
        ...worded(fallback, 'The hub could not look it up in time.'),
      }
    }

    /** What was told, and as soon as it is known what would have been told in time: that is what the operator asks about. */
    const inHindsight = async (verdict: Verdict, looked: Promise<Verdict>): Promise<Verdict> => {
      const found = await Promise.race([looked, deps.deadline(hindsightMs).then(() => null)])
      const { explanation } = verdict
      if (found === null)
        return { ...verdict, explanation: `${explanation} It took longer than ${hindsightMs / 1_000} s.` }
      return {
        ...verdict,
        explanation: `${explanation} In time it would have been "${found.decision}": ${found.explanation}`,
      }
    }

    const keep = (question: GateQuestion, told: Promise<Verdict>) => {
      const { requestId } = question
      const fact = factOf(deps, question)
      const storedDecision = told
        .then((verdict) => deps.record([fact(verdict)]))
        .then(
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
        const looking = ask(question)
        const looked = looking.then(
          ({ verdict }) => verdict,
          (error: unknown): Verdict => {
            deps.log.error({ err: error, requestId: question.requestId }, 'a gate question could not be looked up')
            const words = worded(fallback, 'The hub cannot look it up at the moment.')
            return { decision: fallback, reasonCode: 'unavailable', ...words }
          },
        )
        const inTime = await Promise.race([looked, deps.deadline(budgetMs).then(() => null)])
        if (inTime === null && fallback !== 'granted') void tooLate(looking, question)
        const verdict = inTime ?? late(question)
        keep(question, inTime === null ? inHindsight(verdict, looked) : Promise.resolve(verdict))
        const { explanation: _, ...told } = verdict
        return { requestId: question.requestId, ...told }
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

function verdictOf({ authorization, code }: Weighed, direction: GateQuestion['direction']): Verdict {
  const { status, reason: explanation, validUntil } = authorization
  const decision = status === 'accepted' ? 'granted' : status === 'unknown' ? 'notFound' : 'declined'
  const message = decision === 'granted' ? greetings[direction] : (laneTexts[code] ?? 'Not valid here.')
  return {
    decision,
    reasonCode: code,
    message,
    explanation,
    ...(decision === 'granted' && validUntil ? { validUntil } : {}),
  }
}

function worded(decision: GateDecision['decision'], explanation: string): Pick<Verdict, 'message' | 'explanation'> {
  return { message: decision === 'granted' ? 'Please drive on.' : 'Please ask for help.', explanation }
}

const greetings = { entry: 'Welcome.', exit: 'Goodbye.', internal: 'Please drive on.' } as const

/** What a lane shows: two lines of twenty characters, and nothing about people. */
const laneTexts: Readonly<Record<string, string>> = {
  unknown_credential: 'Not known here.',
  form_learned: 'Not known here.',
  blocked: 'Blocked. Please ask for help.',
  expired: 'No longer valid.',
  invalid: 'Not valid.',
  outside_schedule: 'Not valid at this time.',
  already_inside: 'Already inside.',
  not_inside: 'No entry known. Please ask for help.',
  places_taken: 'All your places are taken.',
  already_used: 'Already used.',
  too_early: 'Too early.',
  cancelled: 'Cancelled.',
}

/** The hub's own facts are told from the vendor's by `hub:` in their id. A question asked twice is two decisions. */
function factOf({ clock, newId }: DecideGateDeps, question: GateQuestion): (told: Verdict) => ParkingFact {
  const { requestId, direction, credentials, lane, instead } = question
  const told = { id: `hub:${newId()}`, occurredAt: clock.now() }
  const again = instead === undefined ? '' : `Asked again, since it had been read as ${instead}. `
  return ({ decision, reasonCode, explanation }) => ({
    ...told,
    revision: 1,
    type: 'gate.decided',
    backfilled: false,
    lane,
    device: 'hub',
    data: {
      direction,
      requestId,
      credentials,
      decision: decision === 'notFound' ? 'unknown' : decision,
      reasonCode,
      explanation: `${again}${explanation}`,
    },
  })
}
