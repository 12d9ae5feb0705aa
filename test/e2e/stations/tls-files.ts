// Owns the certificate that a hub under test shows: signed by itself, good for 127.0.0.1, as files for its configuration.
// Must not be trusted beyond a test.
import { webcrypto } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '../../../core/services/certificates/x509.ts'
import { keyPemOf } from '../../services/certificates/certificate-bench.ts'

export interface TlsFiles {
  /** What stations have to trust. */
  ca: string
  env: { BAYWATT_TLS_CERT: string; BAYWATT_TLS_KEY: string }
  remove(): void
}

export async function tlsFiles(): Promise<TlsFiles> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Hub under test',
    keys,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  })
  const ca = certificate.toString('pem')
  const folder = mkdtempSync(join(tmpdir(), 'baywatt-tls-'))
  const env = { BAYWATT_TLS_CERT: join(folder, 'hub.pem'), BAYWATT_TLS_KEY: join(folder, 'hub.key') }
  writeFileSync(env.BAYWATT_TLS_CERT, ca)
  writeFileSync(env.BAYWATT_TLS_KEY, await keyPemOf(keys))
  return { ca, env, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
