// Owns the form of a station profile: copy this file for a new maker or model, fill it in, and name it in index.ts.
// Must not be listed in index.ts itself, nor hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  // Which stations: by what they say of themselves at boot, without regard to case, spaces and dashes. Vendor and model are
  // looked for anywhere in the text, the firmware at its beginning; name as few parts as tell the model apart.
  match: { vendor: 'example', model: 'wall 22', firmware: ['1.4', 'v1.4'] },
  // What the hub is to do differently: names and values are in profile.ts. Empty where nothing helps.
  flags: { replyTimePrecision: 'seconds' },
  // Where these flags were learned, as owner/repository#number or a document, then what was seen. Null without flags.
  source: 'example/repository#1: times with fractions of a second are refused',
  // What else is known of the model and needs no flag, each with the line of the quirks catalogue and its own source.
  known: [{ line: 'T1', what: 'transaction id -1 after a start without connection', source: 'example/repository#2' }],
} satisfies ProfileFile
