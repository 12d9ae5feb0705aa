// Owns the Plug & Charge messages that a 1.6 station sends in the envelope: each read into a fact, each outcome as its payload.
// Must not decide anything; what cannot be read is named, for the station's log.
import type {
  Authorization,
  DeviceTime,
  InquiryAnswer,
  RevocationQuestion,
  StationInquiry,
  TokenPresented,
} from '../../../core/plugin/index.ts'
import type { Reading } from '../message.ts'
import { tokenFrom } from '../token.ts'
import { readQuestion } from './certificate-hash.ts'
import { idTagInfo } from './id-tag.ts'
import { unpack } from './pnc.ts'

/** What the envelope can hold. */
export type PncFact =
  | TokenPresented
  | StationInquiry<'certificate.sign'>
  | StationInquiry<'contract.certificate'>
  | StationInquiry<'certificate.status'>

type Held = Record<string, unknown>

/** The fact, or in words what is wrong with the data. */
type Read = (held: Held, time: DeviceTime, reading: Reading) => PncFact | string

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const messages: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['authorize', readAuthorize],
  ['signcertificate', readSignCertificate],
  ['get15118evcertificate', readContractRequest],
  ['getcertificatestatus', readStatusRequest],
])

export type PncReading = { kind: 'fact'; fact: PncFact } | { kind: 'unknown' } | { kind: 'broken'; reason: string }

/** The message id is a CiString (4.3). */
export function readPnc(messageId: string | undefined, data: unknown, time: DeviceTime, reading: Reading): PncReading {
  const read = messages.get(messageId?.toLowerCase() ?? '')
  if (read === undefined) return { kind: 'unknown' }
  const held = unpack(data)
  if (held === null) return { kind: 'broken', reason: 'data: it holds no JSON object' }
  const fact = read(held, time, reading)
  return typeof fact === 'string' ? { kind: 'broken', reason: fact } : { kind: 'fact', fact }
}

/** The application note has the token as a text; stations built from 2.0.1 send its object. */
function readAuthorize(held: Held, _time: DeviceTime, reading: Reading): TokenPresented | string {
  const { idToken, certificate, iso15118CertificateHashData: hashData } = held
  const text = isText(idToken) ? idToken : (idToken as { idToken?: unknown } | null | undefined)?.idToken
  const token = isText(text) ? tokenFrom(text, 'emaid', reading) : null
  if (token === null) return 'idToken: it is missing or no text'
  const contract: NonNullable<TokenPresented['contract']> = {}
  if (certificate !== undefined && certificate !== null) {
    if (!isText(certificate)) return 'certificate: it is no text'
    contract.chain = certificate
  }
  if (hashData !== undefined && hashData !== null) {
    const hashes: RevocationQuestion[] = []
    for (const [index, each] of (Array.isArray(hashData) ? hashData : [hashData]).entries()) {
      const question = readQuestion(each)
      if (typeof question === 'string') {
        return `iso15118CertificateHashData[${index}].${question}: it is missing or not readable`
      }
      hashes.push(question)
    }
    contract.hashes = hashes
  }
  const sent = contract.chain !== undefined || contract.hashes !== undefined
  return sent ? { kind: 'token.presented', token, contract } : { kind: 'token.presented', token }
}

function readSignCertificate({ csr }: Held, time: DeviceTime): StationInquiry<'certificate.sign'> | string {
  if (!isText(csr)) return 'csr: it is missing or no text'
  return { kind: 'inquiry', topic: 'certificate.sign', ask: { csr, use: 'v2g' }, time }
}

function readContractRequest(held: Held, time: DeviceTime): StationInquiry<'contract.certificate'> | string {
  const { iso15118SchemaVersion: schemaVersion, action, exiRequest } = held
  if (!isText(schemaVersion)) return 'iso15118SchemaVersion: it is missing or no text'
  if (action !== 'Install' && action !== 'Update') return 'action: it is neither Install nor Update'
  if (!isText(exiRequest)) return 'exiRequest: it is missing or no text'
  const ask = { schemaVersion, action: action === 'Install' ? ('install' as const) : ('update' as const), exiRequest }
  return { kind: 'inquiry', topic: 'contract.certificate', ask, time }
}

function readStatusRequest({ ocspRequestData }: Held, time: DeviceTime): StationInquiry<'certificate.status'> | string {
  const question = readQuestion(ocspRequestData)
  if (typeof question === 'string') return `ocspRequestData.${question}: it is missing or not readable`
  return { kind: 'inquiry', topic: 'certificate.status', ask: question, time }
}

/** 2.0.1 AuthorizeCertificateStatusEnumType, which the application note takes over. */
const contractWords = {
  accepted: 'Accepted',
  signature_invalid: 'SignatureError',
  expired: 'CertificateExpired',
  revoked: 'CertificateRevoked',
  no_chain: 'CertChainError',
  cancelled: 'ContractCancelled',
} as const satisfies Record<NonNullable<Authorization['contract']>, string>

/**
 * The status of a token is spelled alike in 1.6 and 2.0.1; group and expiry are optional, and stations differ in which of the two
 * spellings they read. So the status goes alone.
 */
export function pncAuthorization(authorization: Authorization, fact: TokenPresented, reading: Reading): object {
  const idTokenInfo = { status: idTagInfo(authorization, reading).status }
  // 2.0.1 C07: whoever sends certificates is told about them; what nobody has checked is no valid contract.
  if (fact.contract === undefined) return { idTokenInfo }
  const { contract } = authorization
  const unchecked = contract === undefined || !reading.served
  return { idTokenInfo, certificateStatus: unchecked ? 'NoCertificateAvailable' : contractWords[contract] }
}

export function pncAnswer(fact: StationInquiry, answer: unknown): object {
  switch (fact.topic) {
    case 'contract.certificate': {
      const { accepted, exiResponse } = answer as InquiryAnswer<'contract.certificate'>
      return { status: accepted ? 'Accepted' : 'Failed', exiResponse }
    }
    case 'certificate.status': {
      const { accepted, ocspResult } = answer as InquiryAnswer<'certificate.status'>
      const status = accepted ? 'Accepted' : 'Failed'
      return ocspResult === undefined ? { status } : { status, ocspResult }
    }
    default:
      return { status: (answer as InquiryAnswer<'certificate.sign'>).accepted ? 'Accepted' : 'Rejected' }
  }
}
