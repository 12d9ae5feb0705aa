// Owns the certificate and key that the hub shows: read from their files, and read again when they have changed.
// Must not make them: they are the operator's, or those of whoever renews them.
import { readFileSync, statSync } from 'node:fs'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import type { HttpServer } from '../http/server.ts'
import type { HubConfig } from './config.ts'

type TlsFiles = NonNullable<HubConfig['tls']>

/** @throws HubError `bad_configuration` when a file cannot be read */
export function readTls({ certFile, keyFile }: TlsFiles): { cert: string; key: string } {
  try {
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  } catch (cause) {
    throw new HubError('bad_configuration', 'BAYWATT_TLS_CERT or BAYWATT_TLS_KEY cannot be read', { cause })
  }
}

/** Certificates are renewed while the hub runs (ACME): files that changed are shown from the next handshake on. */
export function tlsRenewal(files: TlsFiles, log: Log): (serving: HttpServer | undefined) => void {
  let readAt: number | null = null
  return (serving) => {
    if (serving === undefined) return
    try {
      const changed = Math.max(statSync(files.certFile).mtimeMs, statSync(files.keyFile).mtimeMs)
      if (readAt !== changed) serving.renewTls(readTls(files))
      readAt = changed
    } catch (error) {
      log.warn({ err: error }, 'the TLS certificate could not be read again; the former one is shown')
    }
  }
}
