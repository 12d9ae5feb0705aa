// Owns which statements of transactions come so often that each connection plans them once.
// Must not run any.

/** A statement is prepared from this use on; a plan of its own for each use costs a job more than running it. */
const usesBefore = 20
/** Each connection keeps every plan, so there is an end to them (some 20 kB each). */
const mostPrepared = 400
/** Texts that are only counted; what is rarer than this many others is forgotten. */
const mostCounted = 2_000
/** Long texts are those of many rows at once, and differ from run to run. */
const longestText = 8_000

export interface FrequentStatements {
  /** The name to prepare it by, or undefined when it is to be planned anew. */
  nameOf(text: string): string | undefined
}

/** Statements that return `*` are left alone: a connection outlives a migration, and their rows would change shape. */
export function frequentStatements(): FrequentStatements {
  const names = new Map<string, string>()
  let counts = new Map<string, number>()
  return {
    nameOf(text) {
      const known = names.get(text)
      if (known !== undefined) return known
      if (
        names.size >= mostPrepared ||
        text.length > longestText ||
        /(?<!count\()\*/.test(text) ||
        !text.includes('$1')
      ) {
        return undefined
      }
      const count = (counts.get(text) ?? 0) + 1
      if (count < usesBefore) {
        if (counts.size >= mostCounted) counts = new Map()
        counts.set(text, count)
        return undefined
      }
      counts.delete(text)
      const name = `often-${names.size + 1}`
      names.set(text, name)
      return name
    },
  }
}
