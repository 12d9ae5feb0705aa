// Owns the hub's configuration: environment variables in, one checked value out, every problem named at once.
// Must not read a file or start anything.
import { resolve } from 'node:path'
import { HubError } from '../domain/hub-error.ts'
import { parseNetwork } from '../http/peer.ts'

export interface HubConfig {
  host: string
  port: number
  dataDir: string
  /** An own PostgreSQL; null for the embedded one. */
  databaseUrl: string | null
  /** The first API key, chosen by the operator instead of generated. */
  adminKey: string | null
  unknownStations: 'pending' | 'accept' | 'reject'
  /** A YAML file that pins connections. */
  pinnedFile: string | null
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Days after which raw station messages and meter values are dropped; 0 keeps them. */
  messageRetentionDays: number
  meterRetentionDays: number
  /** Days after which logs that stations sent are dropped; 0 keeps them. */
  logRetentionDays: number
  /** Days that reads of cameras and readers are kept; 0 keeps them. */
  readRetentionDays: number
  /** Largest file that an operator, and that a station, may upload. */
  fileLimitMb: number
  uploadLimitMb: number
  /** OpenID Connect: who may issue tokens, and for whom. */
  oidc: { issuer: string; audience: string } | null
  /** Where callers and chargers reach the hub, when a proxy stands in front; decides how cookies are guarded. */
  publicUrl: string | null
  /** PEM files of the certificate and key that the port shows; null speaks without TLS. */
  tls: { certFile: string; keyFile: string } | null
  /** Proxies whose headers about the caller are believed. */
  trust: { proxies: string[]; clientCertHeader: string | null }
  /** Days before its end on which a station's certificate is renewed. */
  certificateRenewDays: number
  /** Seconds after which an operator is told of places that a revocation has not reached. */
  revocationStallSeconds: number
  /** Origins that may call the API from a browser. */
  corsOrigins: string[]
}

type Env = Readonly<Record<string, string | undefined>>

/** @throws HubError `bad_configuration`, naming every variable that cannot be used. */
export function readConfig(env: Env): HubConfig {
  const problems: string[] = []
  const text = (name: string) => {
    const value = env[name]?.trim()
    return value === undefined || value === '' ? null : value
  }
  const integer = (name: string, fallback: number, min: number, max: number) => {
    const value = text(name)
    if (value === null) return fallback
    const number = Number(value)
    if (Number.isInteger(number) && number >= min && number <= max) return number
    problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value}"`)
    return fallback
  }
  const oneOf = <const T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = text(name)
    if (value === null) return fallback
    const found = allowed.find((a) => a === value)
    if (found === undefined) problems.push(`${name} must be one of ${allowed.join(', ')}, not "${value}"`)
    return found ?? fallback
  }
  const adminKey = text('BAYWATT_ADMIN_KEY')
  if (adminKey !== null && adminKey.length < 22) problems.push('BAYWATT_ADMIN_KEY must have at least 22 characters')
  const databaseUrl = text('DATABASE_URL')
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push('DATABASE_URL must begin with postgres:// or postgresql://')
  }
  const issuer = text('BAYWATT_OIDC_ISSUER')
  const audience = text('BAYWATT_OIDC_AUDIENCE')
  if ((issuer === null) !== (audience === null)) {
    problems.push('BAYWATT_OIDC_ISSUER and BAYWATT_OIDC_AUDIENCE belong together')
  }
  const publicUrl = text('BAYWATT_PUBLIC_URL')
  if (publicUrl !== null && !/^https?:\/\/[^/?#\s]+$/.test(publicUrl)) {
    problems.push('BAYWATT_PUBLIC_URL must be http:// or https:// with a host and no path')
  }
  const certFile = text('BAYWATT_TLS_CERT')
  const keyFile = text('BAYWATT_TLS_KEY')
  if ((certFile === null) !== (keyFile === null)) problems.push('BAYWATT_TLS_CERT and BAYWATT_TLS_KEY belong together')
  const proxies = listIn(text('BAYWATT_TRUSTED_PROXIES'))
  for (const each of proxies) {
    if (parseNetwork(each) === null) problems.push(`BAYWATT_TRUSTED_PROXIES: "${each}" is no address and no CIDR`)
  }
  const clientCertHeader = text('BAYWATT_CLIENT_CERT_HEADER')?.toLowerCase() ?? null
  if (clientCertHeader !== null && !/^[a-z0-9-]{1,64}$/.test(clientCertHeader)) {
    problems.push('BAYWATT_CLIENT_CERT_HEADER must be the name of a header')
  }
  if (clientCertHeader !== null && proxies.length === 0) {
    problems.push('BAYWATT_CLIENT_CERT_HEADER needs BAYWATT_TRUSTED_PROXIES: nobody else is believed')
  }
  const config: HubConfig = {
    host: text('BAYWATT_HOST') ?? '127.0.0.1',
    port: integer('BAYWATT_PORT', 8080, 0, 65_535),
    dataDir: resolve(text('BAYWATT_DATA_DIR') ?? './data'),
    databaseUrl,
    adminKey,
    unknownStations: oneOf('BAYWATT_UNKNOWN_STATIONS', ['pending', 'accept', 'reject'], 'pending'),
    pinnedFile: text('BAYWATT_CONFIG'),
    logLevel: oneOf('BAYWATT_LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    messageRetentionDays: integer('BAYWATT_MESSAGE_RETENTION_DAYS', 90, 0, 36_500),
    meterRetentionDays: integer('BAYWATT_METER_RETENTION_DAYS', 0, 0, 36_500),
    logRetentionDays: integer('BAYWATT_LOG_RETENTION_DAYS', 90, 0, 36_500),
    readRetentionDays: integer('BAYWATT_READ_RETENTION_DAYS', 91, 0, 36_500),
    fileLimitMb: integer('BAYWATT_FILE_LIMIT_MB', 512, 1, 100_000),
    uploadLimitMb: integer('BAYWATT_UPLOAD_LIMIT_MB', 256, 1, 100_000),
    oidc: issuer !== null && audience !== null ? { issuer, audience } : null,
    publicUrl,
    tls: certFile !== null && keyFile !== null ? { certFile, keyFile } : null,
    trust: { proxies, clientCertHeader },
    certificateRenewDays: integer('BAYWATT_CERTIFICATE_RENEW_DAYS', 30, 1, 3_650),
    revocationStallSeconds: integer('BAYWATT_REVOCATION_STALL_SECONDS', 60, 5, 86_400),
    corsOrigins: listIn(text('BAYWATT_CORS_ORIGINS')),
  }
  if (problems.length > 0) throw new HubError('bad_configuration', problems.join('; '), { status: 500 })
  return config
}

function listIn(text: string | null): string[] {
  return (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}
