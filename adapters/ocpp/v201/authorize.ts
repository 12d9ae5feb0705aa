// Owns OCPP 2.0.1 Authorize (C01): a token presented, a verdict answered.
// Must not decide who may charge.
import type { OCPP20 } from 'typed-ocpp'
import type { TokenPresented } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { idTokenInfo, tokenOf } from './id-token.ts'

export const authorize = factMessage<TokenPresented, OCPP20.AuthorizeRequest>({
  action: 'Authorize',
  kept: false,
  read: ({ idToken }, reading) => ({
    kind: 'token.presented',
    token: tokenOf(idToken, reading) ?? { value: '', kind: 'unknown' },
  }),
  reply: (outcome, _fact, reading): OCPP20.AuthorizeResponse => ({ idTokenInfo: idTokenInfo(outcome, reading) }),
})
