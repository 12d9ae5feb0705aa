// Owns turning JSON text into a document, within a nesting no camera needs more of.
// Must not know what it is about.
import { bad, ok, type Read } from './body-problem.ts'

/** The deepest payload known (Rekor's coordinates in a candidate list) has seven levels. */
const deepest = 32

export function parseJson(text: string): Read<unknown> {
  const deep = tooDeepAt(text)
  if (deep !== null) return bad('', `has more than ${deepest} levels of nesting at position ${deep}`)
  try {
    return ok(JSON.parse(text))
  } catch (error) {
    return bad('', `is no JSON: ${reason(error)}`)
  }
}

/** Node quotes the body in its message; what is told must not carry a plate into a log. */
function reason(error: unknown): string {
  const at = /position (\d+)/.exec(String(error))?.[1]
  return at === undefined ? 'it breaks off or has something after its end' : `unexpected at position ${at}`
}

function tooDeepAt(text: string): number | null {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 91 || code === 123) {
      if (++depth > deepest) return i
    } else if (code === 93 || code === 125) depth--
  }
  return null
}
