// Owns reading the Open Charge Metering Format (revision 1.2): header, payload and signature, without changing a byte.
// Must not verify, and must not fail on anything a station may send: what cannot be read says why.
import { Decimal } from '../money.ts'

export interface OcmfReading {
  /** ISO 8601, where the time could be read. */
  at: string | null
  /** U unknown, I informative, S synchronised, R relative. */
  clock: string | null
  /** TX: B begin, C charging, X exception, E end, L, R, A, P ends of other kinds, S suspended, T tariff change. */
  kind: string | null
  /** Exact, where the reading is an energy. */
  energyWh: string | null
  /** OBIS code. */
  register: string | null
  /** EF: E energy, t time; empty when there is no doubt. */
  errors: string
  /** ST */
  state: string | null
}

export interface Ocmf {
  kind: 'ocmf'
  /** What is signed, as it was sent. */
  payloadText: string
  meterSerial: string | null
  /** PG: T or F with a counter that has no gaps. */
  pagination: string | null
  readings: OcmfReading[]
  signature: { algorithm: string; encoding: 'hex' | 'base64'; data: string } | null
}

export type OcmfVerdict = Ocmf | { kind: 'unreadable'; reason: string }

const longest = 100_000
const mostReadings = 1000
const standardAlgorithm = 'ECDSA-secp256r1-SHA256'

export function parseOcmf(text: string): OcmfVerdict {
  if (text.length > longest) return unreadable('it is too long')
  const trimmed = text.trim()
  if (!trimmed.startsWith('OCMF|')) return unreadable('it does not begin with OCMF|')
  const body = trimmed.slice('OCMF|'.length)
  // Names in the payload may hold a bar, so the last one that is followed by an object parts payload and signature.
  let at = body.lastIndexOf('|')
  for (let tries = 0; at > 0 && tries < 20; tries++) {
    const payload = objectIn(body.slice(0, at))
    const signature = objectIn(body.slice(at + 1))
    if (payload !== null && signature !== null) return read(payload, body.slice(0, at), signature)
    at = body.lastIndexOf('|', at - 1)
  }
  const alone = objectIn(body)
  return alone === null ? unreadable('payload and signature are not JSON objects') : read(alone, body, null)
}

function unreadable(reason: string): OcmfVerdict {
  return { kind: 'unreadable', reason }
}

type Fields = Readonly<Record<string, unknown>>

function objectIn(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : null
}

function read(payload: Fields, payloadText: string, signature: Fields | null): OcmfVerdict {
  const given = payload.RD
  if (!Array.isArray(given)) return unreadable('it has no list of readings (RD)')
  if (given.length > mostReadings) return unreadable('it has too many readings')
  const readings: OcmfReading[] = []
  // What a reading leaves out it has from the one before.
  let before: Fields = {}
  for (const each of given as unknown[]) {
    if (typeof each !== 'object' || each === null) return unreadable('a reading is not an object')
    before = { ...before, ...each }
    readings.push(readingOf(before))
  }
  return {
    kind: 'ocmf',
    payloadText,
    meterSerial: textOf(payload.MS),
    pagination: textOf(payload.PG),
    readings,
    signature: signatureOf(signature),
  }
}

function signatureOf(fields: Fields | null): Ocmf['signature'] {
  const data = textOf(fields?.SD)
  if (fields === null || data === null) return null
  return {
    algorithm: textOf(fields.SA) ?? standardAlgorithm,
    encoding: fields.SE === 'base64' ? 'base64' : 'hex',
    data,
  }
}

function readingOf(fields: Fields): OcmfReading {
  const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[,.](\d{1,3})(?:Z|([+-]\d\d):?(\d\d))(?: ([UISR]))?$/.exec(
    textOf(fields.TM) ?? '',
  )
  const stamp =
    time === null
      ? Number.NaN
      : Date.parse(`${time[1]}.${time[2]}${time[3] === undefined ? 'Z' : `${time[3]}:${time[4]}`}`)
  return {
    at: Number.isNaN(stamp) ? null : new Date(stamp).toISOString(),
    clock: time?.[5] ?? null,
    kind: textOf(fields.TX),
    energyWh: energyOf(fields.RV, fields.RU),
    register: textOf(fields.RI),
    errors: textOf(fields.EF) ?? '',
    state: textOf(fields.ST),
  }
}

function energyOf(value: unknown, unit: unknown): string | null {
  const text = textOf(value)
  const factor = unit === 'kWh' ? 1000 : unit === 'Wh' ? 1 : null
  if (text === null || factor === null || !/^-?\d{1,15}(\.\d{1,9})?$/.test(text)) return null
  return new Decimal(text).times(factor).toString()
}
