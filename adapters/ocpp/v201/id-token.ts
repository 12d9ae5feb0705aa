// Owns the OCPP 2.x IdTokenType and IdTokenInfoType: the neutral token both ways, the neutral verdict out.
// Must not decide who may charge.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { Authorization, AuthorizationStatus, IdToken } from '../../../core/plugin/index.ts'
import { tokenText } from '../command.ts'
import { replyTime } from '../device-time.ts'
import type { Reading } from '../message.ts'
import type { AppliedProfile } from '../profile.ts'
import { tokenFrom } from '../token.ts'
import { snakeCase } from './snake-case.ts'
import type { Words } from './words.ts'

type IdTokenType = OCPP21.AuthorizeRequest['idToken']
type IdTokenInfo = OCPP20.AuthorizeResponse['idTokenInfo']

/** 2.1's own types among them: a station that mixes the versions is understood. */
const kinds = new Map<string, string>([
  ['Central', 'central'],
  ['DirectPayment', 'direct_payment'],
  ['eMAID', 'emaid'],
  ['EVCCID', 'evccid'],
  ['ISO14443', 'iso14443'],
  ['ISO15693', 'iso15693'],
  ['KeyCode', 'key_code'],
  ['Local', 'local'],
  ['MacAddress', 'mac'],
  ['NoAuthorization', 'none'],
  ['VIN', 'vin'],
])

const statuses = {
  accepted: 'Accepted',
  blocked: 'Blocked',
  expired: 'Expired',
  invalid: 'Invalid',
  unknown: 'Unknown',
  concurrent: 'ConcurrentTx',
  not_allowed_here: 'NotAtThisLocation',
} as const satisfies Record<AuthorizationStatus, IdTokenInfo['status']>

export function tokenOf(
  sent: { idToken?: string | undefined; type?: string | undefined } | undefined,
  reading: Reading,
): IdToken | null {
  if (sent === undefined) return null
  const { type = '' } = sent
  // In 2.1 the type is free text: an operator's own kind of token keeps its name.
  const kind = kinds.get(type) ?? (type === '' ? 'unknown' : snakeCase(type.slice(0, 20)))
  return tokenFrom(sent.idToken ?? (kind === 'none' ? '' : undefined), kind, reading)
}

/** The token for a request of ours. A kind that the station's version does not have is a card when it looks like one. */
export function idTokenType(
  { value, kind }: IdToken,
  words: Words,
  profile: AppliedProfile,
): OCPP20.AuthorizeRequest['idToken'] {
  const idToken = tokenText(value, profile)
  const type =
    words.tokenTypes[kind] ?? (/^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$/i.test(idToken) ? 'ISO14443' : 'Central')
  return { idToken, type } satisfies IdTokenType as OCPP20.AuthorizeRequest['idToken']
}

export function idTokenInfo(authorization: Authorization, reading: Reading, words: Words): IdTokenInfo {
  const info: IdTokenInfo = { status: reading.served ? statuses[authorization.status] : 'Invalid' }
  const { groupToken, validUntil } = authorization
  if (groupToken !== undefined && groupToken !== '' && groupToken.length <= words.maxIdToken) {
    info.groupIdToken = { idToken: groupToken, type: 'Central' }
  }
  if (validUntil !== undefined) info.cacheExpiryDateTime = replyTime(validUntil, reading.profile)
  return info
}
