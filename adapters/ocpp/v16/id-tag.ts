// Owns the OCPP 1.6 idTag and IdTagInfo: the neutral token in, the neutral verdict out.
// Must not decide who may charge.
import type { OCPP16 } from 'typed-ocpp'
import type { Authorization, AuthorizationStatus, IdToken } from '../../../core/plugin/index.ts'
import { replyTime } from '../device-time.ts'
import type { Reading } from '../message.ts'
import { tokenFrom } from '../token.ts'

type IdTagInfo = OCPP16.AuthorizeResponse['idTagInfo']

/** 1.6 section 7.28: IdToken is a CiString20. */
export const maxIdTag = 20

const statuses = {
  accepted: 'Accepted',
  blocked: 'Blocked',
  expired: 'Expired',
  invalid: 'Invalid',
  unknown: 'Invalid',
  concurrent: 'ConcurrentTx',
  not_allowed_here: 'Invalid',
} as const satisfies Record<AuthorizationStatus, IdTagInfo['status']>

/** 1.6 does not say what kind of token a tag is. */
export function tokenOf(idTag: string | undefined, reading: Reading): IdToken | null {
  return tokenFrom(idTag, 'unknown', reading)
}

export function idTagInfo(authorization: Authorization, reading: Reading): IdTagInfo {
  const info: IdTagInfo = { status: reading.served ? statuses[authorization.status] : 'Invalid' }
  const { groupToken, validUntil } = authorization
  if (groupToken !== undefined && groupToken !== '' && groupToken.length <= maxIdTag) info.parentIdTag = groupToken
  if (validUntil !== undefined) info.expiryDate = replyTime(validUntil, reading.profile)
  return info
}
