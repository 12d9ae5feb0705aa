// Owns the OCPP-J frame: text in, one of the known frame kinds out, and the texts of the frames that are sent.
// Must not look inside a payload; what a message means is the dialect's.
import { type Noter, sampleOf } from './deviations.ts'

/** Ids are texts; a station that sends a number gets the same number back, or it could not match the answer. */
export type FrameId = string | number

export type Frame =
  | { kind: 'call'; id: FrameId; action: string; payload: unknown }
  | { kind: 'result'; id: string; payload: unknown }
  | { kind: 'error'; id: string; code: string; description: string }
  /** 2.1 SEND: a message that is never answered. */
  | { kind: 'send'; action: string; payload: unknown }
  /** 2.1 CALLRESULTERROR: the station could not use an answer of ours. */
  | { kind: 'result_error'; code: string; description: string }
  /** No frame that could be answered as a call; `id` is what could be saved of it. */
  | { kind: 'broken'; id: FrameId | null; reason: 'format' | 'message_type' }
  /** Nothing to do: counted and forgotten. */
  | { kind: 'ignored' }

const ignored: Frame = { kind: 'ignored' }
const broken = (id: FrameId | null, reason: 'format' | 'message_type'): Frame => ({ kind: 'broken', id, reason })

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const controls = /[\u0000-\u001f\u007f\ufeff]/g
const unreadableId = /^\s*\[\s*"?2"?\s*,\s*(?:"([^"\\]{1,64})"|(\d{1,18}))/
const halfPair = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

function parseJson(text: string, noter: Noter): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    // Line breaks inside texts (J7), a byte order mark, or the NUL that ends a C string.
    const cleaned = text.replace(controls, ' ')
    if (cleaned === text) return null
    try {
      const value: unknown = JSON.parse(cleaned)
      noter.note('J7')
      return { value }
    } catch {
      return null
    }
  }
}

/** Without what no database text can hold: NUL, and halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').replace(halfPair, '\ufffd')
}

/** Makes every text of a frame storable. Iterative: depth is the sender's choice. */
function scrub(root: unknown[], noter: Noter): void {
  const open: (unknown[] | Record<string, unknown>)[] = [root]
  let found = false
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const better = storable(value)
      if (better !== value) found = true
      return better
    }
    if (typeof value === 'object' && value !== null) open.push(value as Record<string, unknown>)
    return value
  }
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node)) for (let i = 0; i < node.length; i++) node[i] = clean(node[i])
    else {
      for (const key of Object.keys(node)) {
        // No property of the standard has such a name, and records that keep payloads whole could not hold it.
        if (clean(key) === key) node[key] = clean(node[key])
        else delete node[key]
      }
    }
  }
  if (found) noter.note('J18')
}

function isId(value: unknown): value is FrameId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
}

/**
 * Reads one frame. Tolerant: every departure that can be understood is noted and accepted.
 * @param extended whether the version has the message types 5 and 6 (2.1 part 4, 4.2.4 and 4.2.5); elsewhere they are unknown
 */
export function decodeFrame(text: string, noter: Noter, extended = false): Frame {
  if (text.trim() === '') {
    noter.note('J8')
    return ignored
  }
  const parsed = parseJson(text, noter)
  if (parsed === null) {
    noter.note('J19', sampleOf(text))
    const saved = unreadableId.exec(text)
    return broken(saved === null ? null : (saved[1] ?? Number(saved[2])), 'format')
  }
  const frame = parsed.value
  if (!Array.isArray(frame)) {
    noter.note('J19', sampleOf(frame))
    return broken(null, 'format')
  }
  // An answer must carry the very id that was sent.
  const id: unknown = frame[1]
  if (text.includes('\\u')) scrub(frame, noter)
  let type: unknown = frame[0]
  if (typeof type === 'string' && /^\d$/.test(type)) {
    noter.note('J16', `message type "${type}"`)
    type = Number(type)
  }
  switch (type) {
    case 2:
      return decodeCall(frame, id, noter)
    case 3:
    case 4:
      if (!isId(id)) {
        noter.note('J19', 'answer without id')
        return ignored
      }
      if (type === 3) return { kind: 'result', id: String(id), payload: frame[2] ?? {} }
      return {
        kind: 'error',
        id: String(id),
        code: asText(frame[2], 'GenericError'),
        description: asText(frame[3], ''),
      }
    case 1:
      noter.note('J10')
      return ignored
    case 5:
    case 6:
      if (extended) return type === 5 ? decodeResultError(frame) : decodeSend(frame, noter)
      noter.note('X13', `message type ${type}`)
      return broken(isId(id) ? id : null, 'message_type')
    default:
      noter.note('J19', `message type ${sampleOf(type)}`)
      return broken(isId(id) ? id : null, typeof type === 'number' ? 'message_type' : 'format')
  }
}

function decodeResultError(frame: readonly unknown[]): Frame {
  return { kind: 'result_error', code: asText(frame[2], 'GenericError'), description: asText(frame[3], '') }
}

/** Never answered, not even when it cannot be read (2.1 part 4, 4.2.5). */
function decodeSend(frame: readonly unknown[], noter: Noter): Frame {
  const action = frame[2]
  if (typeof action === 'string') return { kind: 'send', action, payload: frame[3] }
  noter.note('J19', 'send without action')
  return ignored
}

function decodeCall(frame: readonly unknown[], id: unknown, noter: Noter): Frame {
  const action = frame[2]
  if (!isId(id) || typeof action !== 'string') {
    noter.note('J19', 'call without id or action')
    return broken(isId(id) ? id : null, 'format')
  }
  if (typeof id === 'number') noter.note('J16', 'message id as a number')
  else if (id.length > 36) noter.note('J1', 'message id')
  if (frame.length !== 4) noter.note('J19', `${frame.length} elements`)
  return { kind: 'call', id, action, payload: frame[3] }
}

function asText(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}

export function callFrame(id: string, action: string, payload: object): string {
  return `[2,${JSON.stringify(id)},"${action}",${JSON.stringify(payload)}]`
}

export function resultFrame(id: FrameId, payload: string): string {
  return `[3,${JSON.stringify(id)},${payload}]`
}

/** CALLRESULTERROR: an answer of the station could not be used (2.1 part 4, 4.2.4). */
export function resultErrorFrame(id: FrameId, code: string, description: string): string {
  return `[5,${JSON.stringify(id)},"${code}",${JSON.stringify(description.slice(0, 255))},{}]`
}

/** @param description at most 255 characters are sent (OCPP-J 1.6 4.2.3, 2.0.1 part 4 4.2.3) */
export function errorFrame(id: FrameId, code: string, description: string): string {
  return `[4,${JSON.stringify(id)},"${code}",${JSON.stringify(description.slice(0, 255))},{}]`
}
