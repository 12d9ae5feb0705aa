// Owns turning a body of the vendor's side into a document, and a document into an answer, in JSON or XML as the vendor speaks.
// Must not know what a message means.
import { XMLBuilder } from 'fast-xml-parser'
import { decodeText, parseJson, parseXml, type Read } from '../../core/plugin/index.ts'

export interface Message {
  form: 'json' | 'xml'
  document: unknown
}

/** The first character decides, not the content type: proxies rewrite the one and never the other. */
export function readMessage(bytes: Uint8Array, contentType: string): Read<Message> {
  const text = decodeText(bytes, contentType).trimStart()
  const form = text.startsWith('<') ? 'xml' : 'json'
  const read = form === 'xml' ? parseXml(text) : parseJson(text)
  if (read.kind === 'bad') return read
  if (typeof read.value !== 'object' || read.value === null)
    return { kind: 'bad', code: 'message_not_object', detail: 'The body is no object and no list.' }
  return { kind: 'ok', value: { form, document: read.value } }
}

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true })

export function writeMessage(form: Message['form'], document: object): Response {
  if (form === 'json') return Response.json(document)
  const xml = `<?xml version="1.0" encoding="UTF-8"?>${builder.build(document)}`
  return new Response(xml, { headers: { 'content-type': 'application/xml; charset=utf-8' } })
}
