// Owns OCPP 1.6 Authorize (4.1): a token presented, a verdict answered.
// Must not decide who may charge.
import type { OCPP16 } from 'typed-ocpp'
import type { TokenPresented } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { idTagInfo, tokenOf } from './id-tag.ts'

export const authorize = factMessage<TokenPresented, OCPP16.AuthorizeRequest>({
  action: 'Authorize',
  kept: false,
  read: ({ idTag }, reading) => ({
    kind: 'token.presented',
    token: tokenOf(idTag, reading) ?? { value: '', kind: 'unknown' },
  }),
  reply: (outcome, _fact, reading): OCPP16.AuthorizeResponse => ({ idTagInfo: idTagInfo(outcome, reading) }),
})
