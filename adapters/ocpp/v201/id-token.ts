// Owns the OCPP 2.0.1 IdTokenType and IdTokenInfoType: the neutral token both ways, the neutral verdict out.
// Must not decide who may charge.
import type { OCPP20 } from 'typed-ocpp'
import type { Authorization, AuthorizationStatus, IdToken } from '../../../core/plugin/index.ts'
import { replyTime } from '../device-time.ts'
import type { Loose, Reading } from '../message.ts'
import { tokenFrom } from '../token.ts'

type IdTokenType = OCPP20.AuthorizeRequest['idToken']
type IdTokenInfo = OCPP20.AuthorizeResponse['idTokenInfo']

/** 2.0.1 part 2, IdTokenType: identifierString of 36. */
export const maxIdToken = 36

const kinds = new Map<string, string>([
  ['Central', 'central'],
  ['eMAID', 'emaid'],
  ['ISO14443', 'iso14443'],
  ['ISO15693', 'iso15693'],
  ['KeyCode', 'key_code'],
  ['Local', 'local'],
  ['MacAddress', 'mac'],
  ['NoAuthorization', 'none'],
])
const types = new Map([...kinds].map(([type, kind]) => [kind, type as IdTokenType['type']]))

const statuses = {
  accepted: 'Accepted',
  blocked: 'Blocked',
  expired: 'Expired',
  invalid: 'Invalid',
  unknown: 'Unknown',
  concurrent: 'ConcurrentTx',
  not_allowed_here: 'NotAtThisLocation',
} as const satisfies Record<AuthorizationStatus, IdTokenInfo['status']>

export function tokenOf(sent: Loose<IdTokenType> | undefined, reading: Reading): IdToken | null {
  if (sent === undefined) return null
  const kind = kinds.get(sent.type ?? '') ?? 'unknown'
  return tokenFrom(sent.idToken ?? (kind === 'none' ? '' : undefined), kind, reading)
}

/** The token for a request of ours. A kind that 1.6 could not tell is a card when it looks like one. */
export function idTokenType(token: IdToken, text: string): IdTokenType {
  const type =
    types.get(token.kind) ?? (/^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$/i.test(text) ? 'ISO14443' : 'Central')
  return { idToken: text, type }
}

export function idTokenInfo(authorization: Authorization, reading: Reading): IdTokenInfo {
  const info: IdTokenInfo = { status: reading.served ? statuses[authorization.status] : 'Invalid' }
  const { groupToken, validUntil } = authorization
  if (groupToken !== undefined && groupToken !== '' && groupToken.length <= maxIdToken) {
    info.groupIdToken = { idToken: groupToken, type: 'Central' }
  }
  if (validUntil !== undefined) info.cacheExpiryDateTime = replyTime(validUntil, reading.profile)
  return info
}
