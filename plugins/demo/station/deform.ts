// Owns how quirks bend what leaves the charger: tags, timestamps, payload shapes, frame texts. Pure.
// Must not decide when something is sent.
import type { Payload } from './model.ts'
import type { OcppVersion, Quirks, TagForm } from './quirks.ts'

const bytesOf = (hex: string) => hex.match(/../g) ?? []

const tagForms: Record<TagForm, (tag: string) => string> = {
  reversed: (tag) => bytesOf(tag).reverse().join(''),
  lowerCase: (tag) => tag.toLowerCase(),
  // Block check character: the exclusive or of all bytes, appended by readers that pass the anticollision frame on.
  checkByte: (tag) => {
    const sum = bytesOf(tag).reduce((x, byte) => x ^ Number.parseInt(byte, 16), 0)
    return tag + sum.toString(16).padStart(2, '0').toUpperCase()
  },
  zeroPadded: (tag) => tag.padEnd(14, '0'),
  suffix: (tag) => `${tag}_1`,
  separators: (tag) => bytesOf(tag).join(':'),
  tooLong: (tag) => tag.padEnd(28, 'F'),
}

/** The tag as this charger's reader spells it. Only card UIDs (hex) are bent; other tokens are not read by the reader. */
export function deformTag(tag: string, quirks: Quirks): string {
  if (!/^([0-9A-F]{2})+$/.test(tag)) return tag
  return (quirks.tag ?? []).reduce((value, form) => tagForms[form](value), tag)
}

const localOffsetHours = -8
const shortOffsetHours = 2

/** The instant as this charger writes it. */
export function deviceTimestamp(at: Date, quirks: Quirks): string {
  const told = new Date(at.getTime() + (quirks.clockSkewSeconds ?? 0) * 1000)
  switch (quirks.timestamps) {
    case 'noZone':
      return told.toISOString().replace('Z', '')
    case 'shortOffset':
      return `${shifted(told, shortOffsetHours).toISOString().slice(0, 19)}+0${shortOffsetHours}`
    case 'localAsZ':
      return shifted(told, localOffsetHours).toISOString()
    default:
      return told.toISOString()
  }
}

const shifted = (at: Date, hours: number) => new Date(at.getTime() + hours * 3_600_000)

/** Words that are data, never enums, and keep their letters. */
const freeText = new Set([
  'idTag',
  'idToken',
  'timestamp',
  'chargePointVendor',
  'chargePointModel',
  'vendorName',
  'model',
  'chargePointSerialNumber',
  'serialNumber',
  'firmwareVersion',
  'value',
  'transactionId',
])

/** Bends the shape of one payload of the charger. */
export function deformPayload(version: OcppVersion, action: string, payload: Payload, quirks: Quirks): Payload | null {
  let out: Payload = payload
  if (quirks.enums === 'lower') out = mapTexts(out, (text) => text.toLowerCase()) as Payload
  if (quirks.enums === 'unknown' && action === 'StatusNotification') {
    out = { ...out, [version === 'ocpp1.6' ? 'status' : 'connectorStatus']: 'Error' }
  }
  if (quirks.meterValueAsObject && Array.isArray(out.meterValue)) out = { ...out, meterValue: out.meterValue[0] }
  if (quirks.omitConnectorId && isObject(out.evse)) {
    const { connectorId: _, ...evse } = out.evse
    out = { ...out, evse }
  }
  if (quirks.nulls) out = { ...out, vendorId: null, info: null }
  if (quirks.unknownProperties) out = { ...out, vendorExtension: { rssi: -61, bootCount: 7 } }
  if (quirks.nullPayload && Object.keys(out).length === 0) return null
  return out
}

function mapTexts(value: unknown, map: (text: string) => string, key = ''): unknown {
  if (typeof value === 'string') return freeText.has(key) ? value : map(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map, key))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapTexts(v, map, k)]))
}

function isObject(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export interface WireText {
  text: string
  binary: boolean
  /** Split into two WebSocket frames. */
  fragmented: boolean
}

/** The frames that go out for one CALL, in order: stray ones first. */
export function encodeCall(messageId: string, action: string, payload: Payload | null, quirks: Quirks): WireText[] {
  const wire = (text: string): WireText => ({
    text,
    binary: quirks.frames === 'binary',
    fragmented: quirks.frames === 'fragmented',
  })
  let text = quirks.prettyJson
    ? JSON.stringify([2, messageId, action, payload], null, 2)
    : JSON.stringify([2, messageId, action, payload])
  if (quirks.duplicateProperty && payload !== null) {
    const first = Object.keys(payload)[0]
    if (first !== undefined) text = text.replace(`{"${first}":`, `{"${first}":"overwritten","${first}":`)
  }
  // Only in the boot, whose model name can bear it: a broken tag would be another card.
  if (quirks.controlCharacters && action === 'BootNotification') text = text.replace(/(odel":\s*"[^"]+)"/, '$1\n"')
  const out: WireText[] = []
  if (quirks.emptyFrames) out.push(wire(''))
  if (quirks.messageTypeOne) out.push(wire(JSON.stringify([1, `stray-${messageId}`, action, payload])))
  out.push(wire(text))
  if (quirks.unsolicitedResults && action === 'Heartbeat') out.push(wire(JSON.stringify([3, 'nobody-asked', {}])))
  return out
}
