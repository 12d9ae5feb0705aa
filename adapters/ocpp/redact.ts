// Owns what of a frame must not be written down: passwords and keys of stations, wherever a frame may carry one.
// Must not touch the frame on the wire.

/** A name under which a secret may stand: AuthorizationKey (1.6), BasicAuthPassword (2.x), those of networks and of vendors. */
const secretName = /authorization_?key|passw(or)?d|passphrase|secret|psk$|simpin|(private|shared|preshared)_?key/i
/** A look at the text first: nearly no frame has one, and reading JSON twice would double the cost of all of them. */
const mayHold =
  /authorization_?key|passw(?:or)?d|passphrase|secret|psk"|simpin|(?:private|shared|preshared)_?key|"vpn"|:\/\/[^"\s/@]*@/i
const userInfo = /(:\/\/[^"\s/@:]*):[^"\s/@]*@/g
const mask = '***'

/** Fields that hold the value of what another field of the same object names. */
const valueFields = ['value', 'attributeValue', 'actualValue', 'variableAttribute'] as const

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value === null || value === '' ? value : mask
  const entries = Object.entries(value).map(([name, each]) => [name, name === 'value' ? masked(each) : each])
  return Object.fromEntries(entries)
}

function namesSecret(node: Record<string, unknown>): boolean {
  const { key, variable } = node
  if (typeof key === 'string' && 'value' in node && secretName.test(key)) return true
  const name = (variable as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && secretName.test(name)
}

/** Walks a parsed frame without recursion: a hostile one may be nested a million deep. */
function clean(root: unknown): void {
  const open: { node: unknown; within: string }[] = [{ node: root, within: '' }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, within } = next
    if (typeof node !== 'object' || node === null) continue
    if (Array.isArray(node)) {
      for (const each of node) open.push({ node: each, within })
      continue
    }
    const fields = node as Record<string, unknown>
    if (namesSecret(fields)) for (const name of valueFields) if (name in fields) fields[name] = masked(fields[name])
    for (const [name, value] of Object.entries(fields)) {
      // A vendor's own message carries what it likes, often JSON inside a text.
      const opaque = name === 'data' && typeof value === 'string' && secretName.test(value)
      const secret = opaque || secretName.test(name) || (within === 'vpn' && name === 'key')
      if (secret && (typeof value === 'string' || typeof value === 'number')) fields[name] = mask
      else if (typeof value === 'object') open.push({ node: value, within: name })
    }
  }
}

/** The frame as the journal may hold it. One that may hold a secret and cannot be read is kept by its length alone. */
export function redacted(text: string): string {
  if (!mayHold.test(text)) return text
  const without = text.replace(userInfo, `$1:${mask}@`)
  if (!mayHold.test(without.replaceAll(`:${mask}@`, ''))) return without
  try {
    const frame: unknown = JSON.parse(without)
    const before = JSON.stringify(frame)
    clean(frame)
    const after = JSON.stringify(frame)
    return after === before ? without : after
  } catch {
    return `(${text.length} characters that cannot be read and may hold a password)`
  }
}
