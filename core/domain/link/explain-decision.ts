// Owns telling a decision in sentences a clerk understands.
// Must not add anything that the decision does not hold.
import type { Evidence } from './evidence.ts'
import type { LinkCandidate, LinkDecision } from './link-decision.ts'

/** How a stay is called in a sentence: by ticket, plate or entry time, whatever the reader knows it by. */
export type StayName = (stayId: string) => string

/**
 * The grounds of a decision, most important first; never empty.
 * @example explainDecision(decision) // ["Linked automatically, 99.9 % sure.", "Same card at gate and charger.", …]
 */
export function explainDecision(decision: LinkDecision, nameOf: StayName = (id) => `stay ${id}`): string[] {
  switch (decision.outcome) {
    case 'linked': {
      const opening =
        decision.decidedBy === 'person'
          ? 'A person linked this stay and this session.'
          : `Linked automatically, ${sure(decision.score)} sure.`
      const warning = decision.warning === undefined ? [] : [`Against it: ${lowerFirst(decision.warning)}`]
      return [opening, ...grounds(decision.evidence), ...warning, ...runnerUp(decision.others, nameOf)]
    }
    case 'review':
      return [
        `Not linked yet: a person has to look. ${decision.detail}`,
        ...decision.candidates.flatMap((one) => told(one, nameOf)),
      ]
    case 'none':
      return [
        `No stay linked. ${decision.detail}`,
        ...decision.excluded.map(({ stayId, detail }) => `${upperFirst(nameOf(stayId))}: ${lowerFirst(detail)}`),
      ]
  }
}

function told({ stayId, score, evidence, contradiction }: LinkCandidate, nameOf: StayName): string[] {
  const against = contradiction === undefined ? [] : [`Against it: ${lowerFirst(contradiction)}`]
  return [`${upperFirst(nameOf(stayId))}, ${sure(score)} likely:`, ...grounds(evidence), ...against]
}

function grounds(evidence: readonly Evidence[]): string[] {
  return evidence.map(({ weight, detail }) => (weight < 0 ? `Against it: ${lowerFirst(detail)}` : detail))
}

function runnerUp(others: readonly LinkCandidate[], nameOf: StayName): string[] {
  const [next] = others
  return next ? [`The next best is ${nameOf(next.stayId)}, ${sure(next.score)} likely.`] : []
}

/** Never "100 %": nothing here is. */
function sure(score: number): string {
  const percent = score * 100
  if (percent >= 99.9) return 'over 99.9 %'
  return `${percent >= 99 ? percent.toFixed(1) : Math.floor(percent)} %`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
