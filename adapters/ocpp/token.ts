// Owns the identity token as a station presents it, cleaned of what a model adds to it.
// Must not canonicalise cards; that is the credential plugins'.
import type { IdToken } from '../../core/plugin/index.ts'
import { sampleOf } from './deviations.ts'
import type { Reading } from './message.ts'

/** The token, or null for an empty text: stations without a reader send that (S19). */
export function tokenFrom(text: string | undefined, kind: string, reading: Reading): IdToken | null {
  if (text === undefined) return null
  let value = text.trim()
  const { tagCut } = reading.profile
  if (tagCut !== '') {
    for (let i = 0; i < value.length; i++) {
      if (!tagCut.includes(value.charAt(i))) continue
      reading.note('J13', sampleOf(value))
      reading.profile.used('tagCut')
      value = value.slice(0, i)
      break
    }
  }
  return value === '' && kind !== 'none' ? null : { value, kind }
}
