// Owns whether a request comes from the camera: one secret, presented in the way the camera knows.
// Must not look at the message, except to check its signature.

import { createHmac } from 'node:crypto'
import { sameText } from '../../../core/plugin/index.ts'
import type { ProofKind } from '../vendor.ts'
import { digestChallenges, digestVerdict } from './digest-guard.ts'

export interface ProofRules {
  kind: ProofKind
  /** For basic and digest. */
  user: string
  /** For header and hmac: where the token or signature stands. */
  header: string
  lax: boolean
}

export interface ProofInput {
  request: Request
  /** From the address, where it has one. */
  key: string | undefined
  /** Only read for signatures. */
  body: Uint8Array
  secret: string
  now: Date
}

export type Proof = { kind: 'valid' } | { kind: 'invalid'; challenges: readonly string[] }

const valid: Proof = { kind: 'valid' }

export function prove(rules: ProofRules, input: ProofInput): Proof {
  const { request, secret } = input
  const authorization = request.headers.get('authorization') ?? ''
  switch (rules.kind) {
    case 'key':
      return judged(sameText(input.key ?? '', secret))
    case 'bearer':
      return judged(sameText(authorization, `Bearer ${secret}`), ['Bearer realm="baywatt"'])
    case 'header':
      // "Token xyz" is what Plate Recognizer's own cloud expects; the word before the token does not matter.
      return judged(sameText((request.headers.get(rules.header) ?? '').replace(/^(token|bearer)\s+/i, ''), secret))
    case 'basic': {
      const [, given = ''] = /^basic\s+([a-z0-9+/=]{1,2000})$/i.exec(authorization) ?? []
      const pair = Buffer.from(given, 'base64').toString('utf8')
      return judged(sameText(pair, `${rules.user}:${secret}`), ['Basic realm="baywatt", charset="UTF-8"'])
    }
    case 'digest': {
      const { pathname, search } = new URL(request.url)
      const verdict = digestVerdict({
        header: authorization,
        method: request.method,
        target: pathname + search,
        user: rules.user,
        password: secret,
        lax: rules.lax,
        now: input.now,
      })
      return judged(verdict === 'valid', digestChallenges(secret, input.now, verdict === 'stale'))
    }
    case 'hmac': {
      const given = (request.headers.get(rules.header) ?? '').replace(/^sha256=/i, '')
      const mac = createHmac('sha256', secret).update(input.body).digest()
      return judged(sameText(given.toLowerCase(), mac.toString('hex')) || sameText(given, mac.toString('base64')))
    }
  }
}

function judged(right: boolean, challenges: readonly string[] = []): Proof {
  return right ? valid : { kind: 'invalid', challenges }
}
