// Owns whether an EVSE gives alternating or direct current, as far as its connectors tell (OCPP 2.x ConnectorEnumType).
// Must not guess: plugs that carry either, and words that are not known, tell nothing.

const dc = /^(cCCS[12]|cG105|cMCS|cLECCS|cChaoJi|cUltraChaoJi|Pan)$/
const ac = /^(cType[12]|s309-.*|sBS1361|sCEE-7-7|sType[23]|Other[13]Ph.*)$/

/** Null where the connectors do not say, or say both. */
export function evseKindOf(standards: readonly string[]): 'AC' | 'DC' | null {
  if (standards.length === 0) return null
  if (standards.every((each) => dc.test(each))) return 'DC'
  return standards.every((each) => ac.test(each)) ? 'AC' : null
}
