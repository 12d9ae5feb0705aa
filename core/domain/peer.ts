// Owns who is at the other end of a connection: the address, whether it came by TLS, and the client certificate.
// Must not decide whom to believe; core/http does, by the operator's list of proxies.

export interface ClientCertificate {
  pem: string
  /** SHA-256 of the certificate, 64 lower-case hexadecimal digits. */
  fingerprint256: string
  /** The TLS handshake proved that the peer has the key: seen by the hub itself, or by a proxy that it trusts. */
  verified: boolean
}

export interface Peer {
  remoteAddress: string
  secure: boolean
  clientCertificate: ClientCertificate | null
}
