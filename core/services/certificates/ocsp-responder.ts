// Owns the answers to "is this certificate still good?" (OCSP, RFC 6960) for what the hub's authority has issued.
// Must not say "good" of a certificate that it has no row of.
import { createHash, timingSafeEqual, webcrypto } from 'node:crypto'
import {
  BasicOCSPResponse,
  CertStatus,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
} from '@peculiar/asn1-ocsp'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier, Certificate } from '@peculiar/asn1-x509'
import { certificatesBySerial, type KnownCertificate } from '../../store/certificates.ts'
import { type Authority, signing } from './authority.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { revocationFreshMs } from './revocation-list.ts'

/** A request has a few certificates; more in one are not answered. */
const mostAsked = 20
const longestRequest = 8_192
const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** The answer in DER; a request that cannot be read has its own answer in the protocol. */
export function ocspResponder(deps: Pick<CertificateDeps, 'db' | 'clock'>) {
  return async (authority: Authority, request: Uint8Array): Promise<Uint8Array> => {
    const asked = parsed(request)
    if (asked === null) return failure(OCSPResponseStatus.malformedRequest)
    const now = new Date(Math.floor(deps.clock.now().getTime() / 1000) * 1000)
    const ids = asked.tbsRequest.requestList.map(({ reqCert }) => reqCert)
    const own = ids.filter((id) => isIssuedBy(authority, id))
    const known = await certificatesBySerial(
      deps.db,
      authority.organizationId,
      authority.authorityId,
      own.map((id) => hexOf(id.serialNumber)),
    )
    const nonce = (asked.tbsRequest.requestExtensions ?? []).find(({ extnID }) => extnID === id_pkix_ocsp_nonce)
    const data = new ResponseData({
      responderID: new ResponderID({ byKey: new OctetString(keyHash(authority, 'sha1')) }),
      producedAt: now,
      responses: ids.map(
        (certID) =>
          new SingleResponse({
            certID,
            certStatus: own.includes(certID) ? statusOf(known.get(hexOf(certID.serialNumber))) : unknown(),
            thisUpdate: now,
            nextUpdate: new Date(now.getTime() + revocationFreshMs),
          }),
      ),
      ...(nonce === undefined ? {} : { responseExtensions: [nonce] }),
    })
    return signed(authority, data)
  }
}

type Asked = OCSPRequest['tbsRequest']['requestList'][number]['reqCert']

function parsed(request: Uint8Array): OCSPRequest | null {
  if (request.length === 0 || request.length > longestRequest) return null
  try {
    const read = AsnConvert.parse(request, OCSPRequest)
    const { length } = read.tbsRequest.requestList
    return length > 0 && length <= mostAsked ? read : null
  } catch {
    return null
  }
}

/** Name and key both: another authority's certificate may have the same number. */
function isIssuedBy(authority: Authority, id: Asked): boolean {
  const hash = hashes[id.hashAlgorithm.algorithm]
  if (hash === undefined) return false
  const name = createHash(hash).update(Buffer.from(authority.issuing.subjectName.toArrayBuffer())).digest()
  return same(name, id.issuerNameHash) && same(keyHash(authority, hash), id.issuerKeyHash)
}

function same(ours: Buffer, theirs: OctetString): boolean {
  const bytes = Buffer.from(theirs.buffer)
  return bytes.length === ours.length && timingSafeEqual(ours, bytes)
}

/** Of the bits of the key alone, without its algorithm (RFC 6960 4.1.1). */
function keyHash(authority: Authority, hash: string): Buffer {
  const { subjectPublicKey } = AsnConvert.parse(authority.issuing.rawData, Certificate).tbsCertificate
    .subjectPublicKeyInfo
  return createHash(hash).update(Buffer.from(subjectPublicKey)).digest()
}

function unknown(): CertStatus {
  return new CertStatus({ unknown: null })
}

function statusOf(certificate: KnownCertificate | undefined): CertStatus {
  if (certificate === undefined) return unknown()
  const { revokedAt } = certificate
  return revokedAt === null
    ? new CertStatus({ good: null })
    : new CertStatus({ revoked: new RevokedInfo({ revocationTime: revokedAt }) })
}

async function signed(authority: Authority, data: ResponseData): Promise<Uint8Array> {
  const bytes = AsnConvert.serialize(data)
  const raw = new Uint8Array(await webcrypto.subtle.sign(signing, authority.key, bytes))
  const half = raw.length / 2
  const basic = new BasicOCSPResponse({
    tbsResponseData: data,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 }),
    signature: derSignature(raw.subarray(0, half), raw.subarray(half)),
    certs: [AsnConvert.parse(authority.issuing.rawData, Certificate)],
  })
  const response = new OCSPResponse({
    responseStatus: OCSPResponseStatus.successful,
    responseBytes: new ResponseBytes({
      responseType: id_pkix_ocsp_basic,
      response: new OctetString(AsnConvert.serialize(basic)),
    }),
  })
  return new Uint8Array(AsnConvert.serialize(response))
}

function failure(status: OCSPResponseStatus): Uint8Array {
  return new Uint8Array(AsnConvert.serialize(new OCSPResponse({ responseStatus: status })))
}

/** WebCrypto gives the two numbers side by side; X.509 wants them as a sequence of two integers. */
function derSignature(r: Uint8Array, s: Uint8Array): ArrayBuffer {
  const integer = (bytes: Uint8Array) => {
    let from = 0
    while (from < bytes.length - 1 && bytes[from] === 0) from++
    const short = [...bytes.subarray(from)]
    if ((short[0] ?? 0) > 0x7f) short.unshift(0)
    return [0x02, short.length, ...short]
  }
  const body = [...integer(r), ...integer(s)]
  return new Uint8Array([0x30, body.length, ...body]).buffer
}

function hexOf(bytes: ArrayBuffer): string {
  const hex = Buffer.from(bytes).toString('hex')
  return hex.length > 2 ? hex.replace(/^(?:00)+(?=..)/, '') : hex
}
