// Owns reading from and writing into a document by paths (JSON pointers; attributes of XML as "@name"), whatever its shape.
// Must not know what a path means, nor throw on any document.
import { pointerParts, pointerTo } from '../../core/plugin/index.ts'

/** The value at a path; undefined where the document has none. A list of one and the thing itself are the same: XML cannot tell. */
export function at(document: unknown, path: string): unknown {
  let here: unknown = document
  for (const step of pointerParts(path)) {
    if (Array.isArray(here) && !/^\d+$/.test(step)) here = here[0]
    if (typeof here !== 'object' || here === null) return undefined
    if (!Array.isArray(here) && step === '0' && !Object.hasOwn(here, '0')) continue
    here = Object.hasOwn(here, step) ? (here as Record<string, unknown>)[step] : undefined
  }
  return here
}

/** Text or number as clean text of at most `most` characters; undefined when there is nothing in it. */
export function textAt(document: unknown, path: string | undefined, most = 255): string | undefined {
  if (path === undefined) return undefined
  const found = at(document, path)
  const single = Array.isArray(found) ? found[0] : found
  const own = typeof single === 'object' && single !== null ? (single as Record<string, unknown>)['#text'] : single
  if (typeof own !== 'string' && typeof own !== 'number') return undefined
  // Control characters and halves of surrogate pairs cannot be stored, and no name or plate has them.
  const clean = String(own)
    .replace(/[\p{Cc}\p{Cs}]/gu, '')
    .trim()
  return clean === '' || clean.length > most ? undefined : clean
}

export function listAt(document: unknown, path: string | undefined, most: number): unknown[] | 'too_many' {
  const found = path === undefined ? document : at(document, path)
  if (found === undefined || found === null || found === '') return []
  if (!Array.isArray(found)) return [found]
  return found.length > most ? 'too_many' : found
}

/** A document made of values at paths; what has no path or no value is left out. */
export function documentOf(entries: readonly (readonly [path: string | undefined, value: unknown])[]): object {
  const made = Object.create(null) as Record<string, unknown>
  for (const [path, value] of entries) {
    if (path === undefined || value === undefined) continue
    const steps = pointerParts(path)
    const last = steps.pop() ?? ''
    let here = made
    for (const step of steps) {
      const next = here[step]
      if (typeof next !== 'object' || next === null) here[step] = Object.create(null) as object
      here = here[step] as Record<string, unknown>
    }
    here[last] = value
  }
  return made
}

/** Where things stand in a document, for whoever has to fill the map; never what stands there. */
export function pathsIn(document: unknown, most = 40): string[] {
  const found: string[] = []
  const walk = (node: unknown, path: string, depth: number) => {
    if (found.length >= most || depth > 8) return
    if (typeof node !== 'object' || node === null) {
      found.push(path === '' ? '/' : path)
      return
    }
    for (const [name, inner] of Object.entries(node)) walk(inner, `${path}${pointerTo(name).slice(0, 61)}`, depth + 1)
  }
  walk(document, '', 0)
  return found
}
