// Owns a root certificate for tests (P-256, made with openssl, valid for a hundred years) and its hashes as openssl computes them.
// Must not be trusted by anything.
export const rootPem = `-----BEGIN CERTIFICATE-----
MIIBrzCCAVagAwIBAgIFAKGyw9QwCgYIKoZIzj0EAwIwNDELMAkGA1UEBhMCREUx
EzARBgNVBAoMClRlc3QgUm9vdHMxEDAOBgNVBAMMB1Jvb3QgZWMwIBcNMjYxMTIx
MjAxODE4WhgPMjEyNjEwMjgyMDE4MThaMDQxCzAJBgNVBAYTAkRFMRMwEQYDVQQK
DApUZXN0IFJvb3RzMRAwDgYDVQQDDAdSb290IGVjMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAENE9sKk9gz0cqxBGqeGs6JuegxTBJGxU4Gehjw7mHpC24xg6Za2kb
TtV+TTJp9jS11kk/7VEixyO7QqIAMjJgyaNTMFEwHQYDVR0OBBYEFIKFgeWFkfnw
Xstq58ighDqtCB3GMB8GA1UdIwQYMBaAFIKFgeWFkfnwXstq58ighDqtCB3GMA8G
A1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgVSfjbEQCkcmFM2dCoZ4/
optVSCMcA9yzHvhp+tqclj4CIEsHJmmnoy3XHVdaI9dR59yRDjSmadzsE2Oz1ONa
Iiou
-----END CERTIFICATE-----
`

/** `openssl x509 -ocspid` with SHA-256 in place of SHA-1. */
export const rootHash = {
  hashAlgorithm: 'SHA256',
  issuerNameHash: '45d878d699937854d7489255ee32d07e36c7ec38d930f3fe2495470be51f8632',
  issuerKeyHash: '71f7bf4251490f2d2b35d6ac634270ae1f554f8edfd05491dcbefee8e14ceaa8',
  serialNumber: 'a1b2c3d4',
}
