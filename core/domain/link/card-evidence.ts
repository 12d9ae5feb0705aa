// Owns what cards, tickets, contracts and other tokens at gate and charger say about a link.
// Must not look at plates, places or times.
import {
  type CredentialKind,
  describeTransforms,
  inferKind,
  kindOfTokenType,
  matchPresentations,
  type PresentationMatch,
} from '../credential/index.ts'
import type { Evidence } from './evidence.ts'
import type { LinkPresentation, SessionView, StayView } from './link-view.ts'
import { linkWeights } from './link-weights.ts'

const nouns: Partial<Record<CredentialKind, string>> = {
  emaid: 'charging contract',
  ticket: 'ticket',
  qr: 'code',
  phone: 'telephone number',
  mac: 'vehicle connection id',
  app: 'token',
  pin: 'PIN',
}

/** Presentations of a session, with the kind its token type states where they have none. */
export function sessionPresentations(session: SessionView): readonly LinkPresentation[] {
  const kind = kindOfTokenType(session.idTokenKind)
  return kind ? session.presentations.map((one) => (one.kind ? one : { ...one, kind })) : session.presentations
}

/** The strongest thing that gate and charger were both shown, or null. */
export function cardEvidence(stay: StayView, session: SessionView): Evidence | null {
  let best: Evidence | null = null
  for (const gate of stay.presentations) {
    for (const charger of sessionPresentations(session)) {
      const found = pairEvidence(gate, charger)
      if (
        found &&
        (!best || found.weight > best.weight || (found.weight === best.weight && found.detail < best.detail))
      ) {
        best = found
      }
    }
  }
  return best
}

function pairEvidence(gate: LinkPresentation, charger: LinkPresentation): Evidence | null {
  if (gate.kind === 'plate' || charger.kind === 'plate') return null
  const fits = Math.max(gate.fitsEnrolled ?? 0, charger.fitsEnrolled ?? 0)
  if (gate.credentialId && gate.credentialId === charger.credentialId && fits <= 1) {
    return certain('credential', linkWeights.credential, 'The same enrolled credential was used at gate and charger.')
  }
  const match = matchPresentations(gate, charger)
  if (match.equal === 'no') return null
  const kind = gate.kind ?? charger.kind ?? inferKind(gate.raw)
  if (kind === 'phone' && match.equal !== 'exact') {
    const detail = 'The telephone numbers at gate and charger end alike.'
    return { method: 'credential', weight: linkWeights.shortText, certain: false, detail }
  }
  if (match.equal === 'partial') return partialEvidence(match, fits)
  const noun = nouns[kind] ?? 'card'
  // A four-digit PIN or a short text is no one's alone.
  if (kind === 'pin' || (match.equal === 'exact' && match.bitsMatched < 20)) {
    return {
      method: 'credential',
      weight: linkWeights.shortText,
      certain: false,
      detail: `Same short ${noun} at gate and charger.`,
    }
  }
  if (kind === 'ticket' || charger.kind === 'ticket') {
    return certain('ticket', linkWeights.ticket, 'Same ticket at gate and charger.')
  }
  if (match.equal === 'exact' || kind === 'emaid') {
    return certain('credential', linkWeights.credential, `Same ${noun} at gate and charger.`)
  }
  return transformedEvidence(match)
}

function certain(method: 'credential' | 'ticket', weight: number, detail: string): Evidence {
  return { method, weight, detail, certain: true }
}

function transformedEvidence(match: PresentationMatch): Evidence {
  const detail = `Same card at gate and charger (between the two readers: ${describeTransforms(match.transform)}).`
  if (match.bitsMatched >= 32) return { method: 'card-form', weight: linkWeights.cardForm, detail, certain: true }
  const reordered = match.transform.some((one) => /reversal|complement/.test(one))
  const weight = reordered ? linkWeights.cardFormShortReordered : linkWeights.cardFormShort
  return { method: 'card-form', weight, detail, certain: false }
}

function partialEvidence({ bitsMatched, bitsKnown, transform }: PresentationMatch, fits: number): Evidence {
  const bits = bitsMatched >= 48 ? 48 : bitsMatched >= 32 ? 32 : 24
  const seen = `One reader sees only a part of the card; the ${bitsMatched} of ${bitsKnown} bits it saw fit (${describeTransforms(transform)})`
  if (fits > 1) {
    const detail = `${seen}, but ${fits} enrolled cards fit.`
    return { method: 'card-form', weight: linkWeights.partialAmbiguous, detail, certain: false, ambiguous: true }
  }
  return fits === 1
    ? {
        method: 'card-form',
        weight: linkWeights.partialUnique[bits],
        detail: `${seen}, and no other enrolled card fits.`,
        certain: false,
        unique: true,
      }
    : { method: 'card-form', weight: linkWeights.partialUnknown[bits], detail: `${seen}.`, certain: false }
}
