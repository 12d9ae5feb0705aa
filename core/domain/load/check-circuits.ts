// Owns what a tree of circuits must keep to before anybody is told anything: no circles, and room for all failsafe shares at once.
// Must not name fields of a request; the service does.
import type { Circuit, LoadEvse } from './load-site.ts'
import { Accounts } from './worst-case.ts'

export type Placed = Pick<LoadEvse, 'circuitId' | 'phases' | 'phase' | 'failsafeA'>

/** Circuits whose failsafe shares and reserves together are above their limit: they could not hold when all goes silent. */
export function overbooked(
  circuits: readonly Circuit[],
  placed: readonly Placed[],
): { circuitId: string; amps: number }[] {
  const silent = circuits.map(
    (circuit): Circuit => ({ ...circuit, otherLoad: circuit.otherLoad && { ...circuit.otherLoad, reading: null } }),
  )
  const accounts = new Accounts({ circuits: silent }, new Date(0))
  for (const one of placed) accounts.take(one, one.failsafeA)
  return circuits
    .filter(({ circuitId }) => accounts.isOver(circuitId))
    .map(({ circuitId }) => ({ circuitId, amps: accounts.takenOf(circuitId) }))
}

/** Whether the way up from a circuit comes back to it. */
export function isCircular(circuits: readonly Pick<Circuit, 'circuitId' | 'parentId'>[], circuitId: string): boolean {
  const parents = new Map(circuits.map((circuit) => [circuit.circuitId, circuit.parentId]))
  const seen = new Set<string>()
  for (let at: string | null | undefined = circuitId; at != null; at = parents.get(at)) {
    if (seen.has(at)) return true
    seen.add(at)
  }
  return false
}
