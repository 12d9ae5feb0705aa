// Owns making one message of a body, whatever its encoding: one document (JSON, XML or form fields) and the images beside it.
// Must not know a vendor, nor trust a content type further than for the boundary.
import { decodeText } from '../../../core/plugin/index.ts'
import { bad, ok, type Read } from './body-problem.ts'
import { imageType } from './image-type.ts'
import { parseJson } from './parse-json.ts'
import { parseXml } from './parse-xml.ts'
import { boundaryOf, type Part, splitMultipart } from './split-multipart.ts'

export interface NamedImage {
  /** The part's name. */
  name: string
  contentType: string
  bytes: Uint8Array
}

export interface Body {
  /** Undefined where there is none: an empty body, or images alone. */
  document: unknown
  images: readonly NamedImage[]
}

const mostFields = 200

export async function readMessage(bytes: Uint8Array, contentType: string): Promise<Read<Body>> {
  const boundary = boundaryOf(contentType)
  if (boundary === undefined) return bad('', 'is multipart without a boundary')
  if (boundary === null) return single({ name: '', contentType, bytes })
  const parts = await splitMultipart(bytes, boundary)
  return parts.kind === 'ok' ? together(parts.value) : parts
}

function single(part: Part): Read<Body> {
  const image = imageOf(part)
  if (image) return ok({ document: undefined, images: [image] })
  const text = decodeText(part.bytes, part.contentType)
  if (text.trim() === '') return ok({ document: undefined, images: [] })
  const document = parseDocument(text) ?? parseForm(text)
  return document.kind === 'ok' ? ok({ document: document.value, images: [] }) : document
}

function together(parts: readonly Part[]): Read<Body> {
  const images: NamedImage[] = []
  const fields: [string, string][] = []
  let document: unknown
  for (const [index, part] of parts.entries()) {
    const image = imageOf(part)
    if (image) {
      images.push(image)
      continue
    }
    // Empty: an image that firmware announces and does not send.
    if (part.bytes.length === 0) continue
    const text = decodeText(part.bytes, part.contentType)
    const parsed = parseDocument(text)
    if (parsed?.kind === 'problem') return bad(`/${index}`, `(part "${part.name}") ${parsed.problem.message}`)
    if (parsed) document ??= parsed.value
    else fields.push([part.name, text])
  }
  return ok({ document: document ?? (fields.length > 0 ? Object.fromEntries(fields) : undefined), images })
}

function imageOf({ name, bytes }: Part): NamedImage | null {
  const type = imageType(bytes)
  return type === null ? null : { name, contentType: type, bytes }
}

/** Null where the text is neither JSON nor XML. */
function parseDocument(text: string): Read<unknown> | null {
  const first = /\S/.exec(text)?.[0]
  if (first === '<') return parseXml(text.trimStart())
  return first === '{' || first === '[' ? parseJson(text) : null
}

function parseForm(text: string): Read<unknown> {
  if (!/^[^=&\s]{1,100}=/.test(text)) return bad('', 'is neither JSON nor XML nor a form')
  const fields = [...new URLSearchParams(text)]
  if (fields.length > mostFields) return bad('', `has more than ${mostFields} form fields`)
  return ok(Object.fromEntries(fields))
}
