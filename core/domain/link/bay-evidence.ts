// Owns what the bay says about a link: where the stay's car was seen against the bay the EVSE serves.
// Must not use bays that are known only from a charging session: that would prove a link by itself.
import { normalisePlate, plateDistance } from '../credential/index.ts'
import { durationText, type Evidence, instant, minutesBetween } from './evidence.ts'
import type { LinkPolicy } from './link-policy.ts'
import type { BayInterval, SessionView, StayView } from './link-view.ts'
import { linkWeights } from './link-weights.ts'
import { stayPlates } from './plate-evidence.ts'

export function observedBays(stay: StayView): readonly BayInterval[] {
  return stay.bays.filter(({ source }) => source !== 'session')
}

export function bayEvidence(stay: StayView, session: SessionView, policy: LinkPolicy): Evidence | null {
  const plugged = instant(session.pluggedAt)
  if (session.bayId === null || plugged === null) return null
  const tolerance = policy.skewToleranceMinutes
  const there = observedBays(stay).filter((bay) => covers(bay, plugged, tolerance))
  let best: Evidence | null = null
  for (const bay of there) {
    if (bay.bayId !== session.bayId) continue
    const found = sameBay(stay, bay, plugged)
    if (!best || found.weight > best.weight) best = found
  }
  if (best) return best
  // Only a bay held well before and after the cable went in speaks against another bay: the car may just have moved.
  const elsewhere = observedBays(stay).some((bay) => bay.bayId !== session.bayId && covers(bay, plugged, -tolerance))
  if (!elsewhere) return null
  return {
    method: 'bay',
    weight: linkWeights.otherBay,
    detail: 'When the cable went in, the car of this stay was seen in another bay.',
    certain: false,
  }
}

function sameBay(stay: StayView, bay: BayInterval, plugged: number): Evidence {
  const from = instant(bay.from) ?? plugged
  const gap = durationText(Math.abs(minutesBetween(from, plugged)))
  const when =
    from <= plugged ? `${gap} before the cable went in` : `${gap} after the cable went in by the charger's clock`
  const read = bay.plate === undefined ? null : normalisePlate(bay.plate)
  if (read?.outcome === 'plate') {
    const gate = stayPlates(stay).filter(({ from: source }) => source === 'read')
    if (gate.some(({ text }) => plateDistance(text, read.text) <= 0.5)) {
      return {
        method: 'bay-plate',
        weight: linkWeights.bayPlate,
        detail: `The camera at this charger's bay read the plate of this stay, ${read.text}, ${when}.`,
        certain: true,
      }
    }
  }
  const camera = bay.source === 'camera' || bay.source === 'parcs'
  return {
    method: 'bay',
    weight: camera ? linkWeights.bayCamera : linkWeights.bay,
    detail: `The car of this stay took the bay of this charger ${when}.`,
    certain: false,
  }
}

/** A negative tolerance asks for that much more on both sides. */
function covers(bay: BayInterval, at: number, toleranceMinutes: number): boolean {
  const from = instant(bay.from)
  const to = instant(bay.to)
  const slack = toleranceMinutes * 60_000
  return from !== null && from - slack <= at && (to === null || at <= to + slack)
}
