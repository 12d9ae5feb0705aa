// Owns the words in which a parking adapter tells an operator what its vendor's side can and cannot do.
// Must not be a judgement: it is shown beside the connection, so that nobody takes a template for a certified adapter.

/** Several words may stand beside each other, separated by a comma and a blank, where `several` says so. */
export const parcsTraitWords = {
  authorisation: { words: ['callout', 'preload', 'none'], several: true },
  pricing: { words: ['parcs', 'hub'], several: true },
  chargePush: {
    words: ['none', 'validation', 'promotion', 'product', 'prepaid', 'confirm', 'extraCharge'],
    several: true,
  },
  events: { words: ['webhook', 'socket', 'poll', 'file', 'none'], several: true },
  corrections: { words: ['sameId', 'none'], several: false },
  delivery: { words: ['atLeastOnce', 'atMostOnce', 'replay', 'none'], several: true },
  credentialTypes: { words: ['plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone'], several: true },
  /** Decode profiles its readers are known to need; free words. */
  decodeProfiles: { words: null, several: true },
  offlineBackfill: { words: ['yes', 'no'], several: false },
  clock: { words: ['utc', 'offset', 'local'], several: true },
  docStatus: { words: ['public', 'observed', 'nda', 'unknown'], several: false },
} as const satisfies Record<string, { words: readonly string[] | null; several: boolean }>

export type ParcsTrait = keyof typeof parcsTraitWords
export type ParcsTraits = Readonly<Record<ParcsTrait, string>>

/** What is wrong with the traits of a parking adapter, a sentence each; empty when all is said in the agreed words. */
export function parcsTraitFaults(traits: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(parcsTraitWords).flatMap(([name, { words, several }]) => {
    const text = traits?.[name]
    if (text === undefined || text.trim() === '') return [`The trait ${name} is missing.`]
    if (words === null) return []
    const said = text.split(', ')
    if (said.length > 1 && !several) return [`The trait ${name} is one word.`]
    const strange = said.find((word) => !(words as readonly string[]).includes(word))
    return strange === undefined ? [] : [`The trait ${name} says "${strange}"; it knows ${words.join(', ')}.`]
  })
}
