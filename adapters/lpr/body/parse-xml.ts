// Owns turning XML text into a document or into the place where it is none.
// Must not know what it is about.
import { parseXml as parse } from '../../../core/plugin/index.ts'
import { bad, ok, type Read } from './body-problem.ts'

export function parseXml(text: string): Read<unknown> {
  const read = parse(text)
  return read.kind === 'ok' ? ok(read.value) : bad('', `cannot be read: ${read.detail}`)
}
