// Owns how a simulated charger dials in: address, subprotocols and Basic credentials, bent by its quirks. Pure.
// Must not open anything.
import type { OcppVersion, Quirks } from './quirks.ts'

export interface SocketAddress {
  url: string
  subprotocols: readonly string[]
  authorization: string | undefined
}

export function socketAddress(options: {
  url: string
  stationId: string
  password?: string
  version: OcppVersion
  quirks?: Quirks
}): SocketAddress {
  const quirks = options.quirks ?? {}
  const base = options.url.replace(/\/$/, '')
  return {
    url: `${base}${path(options.stationId, quirks.path)}`,
    subprotocols: subprotocols(options.version, quirks.subprotocol),
    authorization: basic(options.stationId, options.password, quirks.passwordAsBytes ?? false),
  }
}

function path(stationId: string, form: Quirks['path']): string {
  const id = encodeURIComponent(stationId)
  switch (form) {
    case 'trailingSlash':
      return `/${id}/`
    case 'doubleSlash':
      return `//${id}`
    case 'percentEncoded':
      return `/${[...Buffer.from(stationId)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`
    case 'otherCase':
      return `/${encodeURIComponent(stationId === stationId.toLowerCase() ? stationId.toUpperCase() : stationId.toLowerCase())}`
    case undefined:
      return `/${id}`
  }
}

function subprotocols(version: OcppVersion, form: Quirks['subprotocol']): readonly string[] {
  if (form === 'none') return []
  if (form === 'several') return version === 'ocpp1.6' ? ['ocpp1.6', 'ocpp1.5'] : ['ocpp2.0.1', 'ocpp2.0', 'ocpp1.6']
  return [version]
}

/** RFC 7617; user is the station's id as it is, the password its text or, for some chargers, the bytes that its hex digits stand for. */
function basic(stationId: string, password: string | undefined, asBytes: boolean): string | undefined {
  if (password === undefined) return undefined
  const secret = asBytes ? Buffer.from(password, 'hex') : Buffer.from(password)
  return `Basic ${Buffer.concat([Buffer.from(`${stationId}:`), secret]).toString('base64')}`
}
