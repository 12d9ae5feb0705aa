// Owns turning JSON text into a document or into the place where it is none.
// Must not know what it is about.
import { parseJson as parse } from '../../../core/plugin/index.ts'
import { bad, ok, type Read } from './body-problem.ts'

export function parseJson(text: string): Read<unknown> {
  const read = parse(text)
  return read.kind === 'ok' ? ok(read.value) : bad('', `is no JSON that can be read: ${read.detail}`)
}
