// Owns whether a request comes from the camera: one secret, presented in the way the camera knows.
// Must not look at the message, except to check its signature.
import { provesCaller, sameText } from '../../../core/plugin/index.ts'
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
  const { body, request, secret } = input
  const { headers } = request
  switch (rules.kind) {
    case 'key':
      return judged(sameText(input.key ?? '', secret))
    case 'bearer':
      return judged(provesCaller(headers, body, [{ kind: 'bearer', token: secret }]), ['Bearer realm="baywatt"'])
    case 'header':
      // "Token xyz" is what Plate Recognizer's own cloud expects; the word before the token does not matter.
      return judged(sameText((headers.get(rules.header) ?? '').replace(/^(token|bearer)\s+/i, ''), secret))
    case 'basic': {
      const pair = { kind: 'basic', user: rules.user, password: secret } as const
      return judged(provesCaller(headers, body, [pair]), ['Basic realm="baywatt", charset="UTF-8"'])
    }
    case 'digest': {
      const { pathname, search } = new URL(request.url)
      const verdict = digestVerdict({
        header: headers.get('authorization') ?? '',
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
      const bare = { kind: 'hmac', name: rules.header, secret } as const
      return judged(provesCaller(headers, body, [bare, { ...bare, prefix: 'sha256=' }]))
    }
  }
}

function judged(right: boolean, challenges: readonly string[] = []): Proof {
  return right ? valid : { kind: 'invalid', challenges }
}
