// Owns OCPP 2.x Authorize (C01, C07): a token and perhaps a contract's certificates presented, a verdict answered.
// Must not decide who may charge, nor check a certificate.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { Authorization, RevocationQuestion, TokenPresented } from '../../../core/plugin/index.ts'
import { type AnyFactMessage, factMessage, type Loose, type Reading } from '../message.ts'
import { idTokenInfo, tokenOf } from './id-token.ts'
import type { Words } from './words.ts'

type Request = OCPP20.AuthorizeRequest

const certificateStatuses = {
  accepted: 'Accepted',
  signature_invalid: 'SignatureError',
  expired: 'CertificateExpired',
  revoked: 'CertificateRevoked',
  no_chain: 'CertChainError',
  cancelled: 'ContractCancelled',
} as const satisfies Record<
  NonNullable<Authorization['contract']>,
  NonNullable<OCPP20.AuthorizeResponse['certificateStatus']>
>

export function revocationQuestion(
  asked: Loose<NonNullable<Request['iso15118CertificateHashData']>[number]> | undefined,
): RevocationQuestion {
  return {
    hashAlgorithm: (asked?.hashAlgorithm ?? 'SHA256') as RevocationQuestion['hashAlgorithm'],
    issuerNameHash: asked?.issuerNameHash ?? '',
    issuerKeyHash: asked?.issuerKeyHash ?? '',
    serialNumber: asked?.serialNumber ?? '',
    responderUrl: asked?.responderURL ?? '',
  }
}

function contractOf({ certificate, iso15118CertificateHashData: hashes }: Loose<Request>): TokenPresented['contract'] {
  if (certificate === undefined && hashes === undefined) return undefined
  return {
    ...(certificate === undefined ? {} : { chain: certificate }),
    ...(hashes === undefined ? {} : { hashes: hashes.map(revocationQuestion) }),
  }
}

export function authorizeIn(
  words: Words,
  more: (outcome: Authorization, reading: Reading) => Partial<OCPP21.AuthorizeResponse> = () => ({}),
): AnyFactMessage {
  return factMessage<TokenPresented, Request>({
    action: 'Authorize',
    kept: false,
    read(payload, reading) {
      const fact: TokenPresented = {
        kind: 'token.presented',
        token: tokenOf(payload.idToken, reading) ?? { value: '', kind: 'unknown' },
      }
      const contract = contractOf(payload)
      if (contract !== undefined) fact.contract = contract
      return fact
    },
    reply(outcome, { contract }, reading) {
      const answer: OCPP20.AuthorizeResponse = { idTokenInfo: idTokenInfo(outcome, reading, words) }
      // C07: whoever sends certificates is told about them; what nobody has checked is no valid contract.
      if (contract !== undefined) {
        answer.certificateStatus =
          outcome.contract === undefined || !reading.served
            ? 'NoCertificateAvailable'
            : certificateStatuses[outcome.contract]
      }
      return { ...answer, ...more(outcome, reading) }
    },
  })
}
