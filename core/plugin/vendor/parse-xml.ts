// Owns turning XML text into a document of plain objects: tags without prefixes, attributes as "@name", text as text.
// Must not expand anything: a DTD is refused, so that no entity can be declared (billion laughs, external files).
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import type { Read } from './read-json.ts'

const deepest = 32
/** The largest alert known (ISAPI with every optional block) has about 400. */
const mostTags = 20_000

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
  maxNestedTags: deepest,
})

export function parseXml(text: string): Read<unknown> {
  if (/<!(?:doctype|entity)/i.test(text)) return bad('It has a document type declaration, which is refused.')
  const flooded = beyond(text, mostTags)
  if (flooded !== null) return bad(`It has more than ${mostTags} tags at position ${flooded}.`)
  try {
    const fault = XMLValidator.validate(text)
    if (fault !== true)
      return bad(`It is no XML at line ${fault.err.line}, column ${fault.err.col} (${fault.err.code}).`)
    return { kind: 'ok', value: plain(parser.parse(text)) }
  } catch {
    return bad(`It is no XML that can be read (nested deeper than ${deepest}, or with names that are refused).`)
  }
}

function bad(detail: string): Read<unknown> {
  return { kind: 'bad', code: 'xml_invalid', detail }
}

function beyond(text: string, most: number): number | null {
  let seen = 0
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) if (++seen > most) return at
  return null
}

/** The five entities that need no declaration, and characters by number. */
function plain(node: unknown): unknown {
  if (typeof node === 'string') return unescaped(node)
  if (Array.isArray(node)) return node.map(plain)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, plain(value)]))
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, decimal, hex) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
