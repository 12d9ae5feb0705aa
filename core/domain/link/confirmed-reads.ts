// Owns what a confirmed link teaches about the cameras of its stay: which plate stood there, and what was read.
// Must not learn from links that rest on the plate alone, unless a person said so: the hub would prove itself right.
import { plateDistance } from '../credential/index.ts'
import type { Evidence } from './evidence.ts'
import type { SessionView, StayView } from './link-view.ts'
import { accountPlates, type KnownPlate, sessionPlates, stayPlates } from './plate-evidence.ts'
import { betweenReaders, type ConfirmedRead } from './plate-model.ts'

/** A read farther from the truth than this is another car: the driver came in a friend's. */
const farthest = 2
const mostSwaps = 2
const shortest = 4

/** Whether a link may teach: a person made or confirmed it, or a card or ticket says who it is beside whatever the plate says. */
export function isConfirmed(decidedBy: 'hub' | 'person', evidence: readonly Evidence[]): boolean {
  return (
    decidedBy === 'person' ||
    evidence.some(({ method, certain }) => certain && /^(?:credential|card-form|ticket)$/.test(method))
  )
}

/** Of a stay and a session that are confirmed to be one car. */
export function confirmedReads(stay: StayView, session: SessionView): ConfirmedRead[] {
  const reads = stayPlates(stay).filter(usable)
  const charger = sessionPlates(session).filter((plate) => !plate.lossy)
  const told = charger.filter(({ reader }) => reader === undefined)
  const seen = charger.filter(usable)
  const known = unique([...told, ...accountPlates([...(session.accountPlates ?? []), ...(stay.accountPlates ?? [])])])
  return [
    ...[...reads, ...seen].flatMap(({ text, reader }) => {
      const near = known.filter((truth) => comparable(text, truth))
      // Two plates of one account that are this near leave open which car it was.
      const [truth] = near
      return truth !== undefined && near.length === 1 ? [{ reader, truth, read: text }] : []
    }),
    // Nobody knows the true plate: two cameras are compared with each other, in both directions, as either may be wrong.
    ...(known.length > 0 ? [] : reads).flatMap((a) =>
      seen.flatMap((b) => {
        if (!comparable(a.text, b.text)) return []
        const reader = betweenReaders(a.reader, b.reader)
        return [
          { reader, truth: a.text, read: b.text },
          { reader, truth: b.text, read: a.text },
        ]
      }),
    ),
  ]
}

function usable(plate: KnownPlate): plate is KnownPlate & { reader: string } {
  return plate.reader !== undefined && !plate.lossy && plate.from !== 'candidate'
}

function unique(plates: readonly KnownPlate[]): string[] {
  return [...new Set(plates.filter(({ lossy }) => !lossy).map(({ text }) => text))]
}

function comparable(a: string, b: string): boolean {
  if (a.length !== b.length || a.length < shortest || plateDistance(a, b) > farthest) return false
  return [...a].filter((char, i) => char !== b.charAt(i)).length <= mostSwaps
}
