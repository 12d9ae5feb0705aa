// Owns what the certificate services are given beyond the usual: a box for private keys, chance, and the hub's address.
// Must not be built anywhere but in core/runtime and tests.
import type { ServiceDeps } from '../service-deps.ts'

/** Seals text so that only this hub can read it, and only in the place it was sealed for. */
export interface SecretBox {
  seal(organizationId: string, name: string, text: string): Buffer
  /** @throws HubError `secret_unreadable` with another key, another place or a changed byte */
  open(organizationId: string, name: string, sealed: Uint8Array): string
}

export interface CertificateSettings {
  /** How long a station's certificate is valid. */
  stationDays: number
  /** How long before its end a certificate is renewed. */
  renewDays: number
}

export const defaultCertificateSettings: CertificateSettings = { stationDays: 365, renewDays: 30 }

export interface CertificateDeps extends ServiceDeps {
  box: SecretBox
  entropy(into: Uint8Array): void
  /** Where everyone reaches the hub, for the addresses inside certificates: `https://hub.example`. */
  publicUrl: string
  /** Wakes the node that holds the station's socket. */
  wake(stationId: string): void
  settings: CertificateSettings
}
