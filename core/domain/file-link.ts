// Owns the text of a signed link to one file, one upload slot or one receipt: what it carries and how it is read back.
// Must not hold the key nor a clock; core/runtime gives the one, the caller the other.

export type LinkPurpose = 'download' | 'upload' | 'receipt'

export interface FileLink {
  purpose: LinkPurpose
  organizationId: string
  /** Of the file, the upload slot, or the bill. */
  id: string
  expiresAt: Date
}

/** Keyed hash (HMAC-SHA-256) under the hub's own key for links. */
export type SignLink = (bytes: Uint8Array) => Uint8Array

export type LinkVerdict = { kind: 'valid'; link: FileLink } | { kind: 'expired' } | { kind: 'forged' }

const purposes: readonly LinkPurpose[] = ['download', 'upload', 'receipt']
/** Version and purpose in one byte, two ids, seconds since the epoch. */
const bodyBytes = 1 + 16 + 16 + 5
const signatureBytes = 32
const formatVersion = 1

/** Short, since OCPP 2.x allows 512 characters for a whole address and some stations fewer. */
export function linkToken(sign: SignLink, link: FileLink): string {
  const body = new Uint8Array(bodyBytes)
  body[0] = formatVersion * 16 + purposes.indexOf(link.purpose)
  body.set(uuidBytes(link.organizationId), 1)
  body.set(uuidBytes(link.id), 17)
  let seconds = Math.ceil(link.expiresAt.getTime() / 1000)
  for (let i = bodyBytes - 1; i >= 33; i--) {
    body[i] = seconds % 256
    seconds = Math.floor(seconds / 256)
  }
  const token = new Uint8Array(bodyBytes + signatureBytes)
  token.set(body)
  token.set(sign(body), bodyBytes)
  return Buffer.from(token).toString('base64url')
}

/** Whatever is wrong with it, the answer to the outside is the same word; only age has one of its own. */
export function readLink(sign: SignLink, token: string, now: Date): LinkVerdict {
  const bytes = new Uint8Array(Buffer.from(token.slice(0, 200), 'base64url'))
  // One token has one text: what decodes to the same bytes by leniency is not it.
  if (bytes.length !== bodyBytes + signatureBytes || Buffer.from(bytes).toString('base64url') !== token) {
    return { kind: 'forged' }
  }
  const body = bytes.subarray(0, bodyBytes)
  if (!sameBytes(sign(body), bytes.subarray(bodyBytes))) return { kind: 'forged' }
  const [head = 0] = body
  const purpose = purposes[head % 16]
  if (Math.floor(head / 16) !== formatVersion || purpose === undefined) return { kind: 'forged' }
  const seconds = body.subarray(33).reduce((sum, byte) => sum * 256 + byte, 0)
  const expiresAt = new Date(seconds * 1000)
  if (expiresAt <= now) return { kind: 'expired' }
  return {
    kind: 'valid',
    link: { purpose, organizationId: uuidText(body.subarray(1, 17)), id: uuidText(body.subarray(17, 33)), expiresAt },
  }
}

/** Takes as long whatever differs. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0)
  return difference === 0
}

function uuidBytes(id: string): Uint8Array {
  const hex = id.replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

function uuidText(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
