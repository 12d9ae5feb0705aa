// Owns what the four OCPP security profiles ask of a connection, and whether one meets them.
// Must not read a certificate or compare a password: it is told what came of that.

export type SecurityProfile = 0 | 1 | 2 | 3

/** What a connection brought, once it was looked at. */
export interface Brought {
  /** TLS between the station and the hub, or the proxy that the hub trusts. */
  secure: boolean
  /** `new`: the one that is on its way to the station. */
  password: 'none' | 'right' | 'new' | 'wrong'
  /** `own`: a live certificate of exactly this station. */
  certificate: 'none' | 'own' | 'foreign'
}

export type Unmet = { kind: 'unauthorized' | 'rejected'; reason: string }

/** Null when the connection meets the profile (OCPP 2.0.1 part 2 A; 1.6 security whitepaper 2). */
export function unmet(profile: number, brought: Brought): Unmet | null {
  const { secure, password, certificate } = brought
  if (profile >= 2 && !secure) {
    return { kind: 'rejected', reason: `Security profile ${profile} needs TLS: the station must connect with wss://.` }
  }
  if (profile === 3) {
    if (certificate === 'own') return null
    return {
      kind: 'rejected',
      reason:
        certificate === 'none'
          ? 'Security profile 3 needs a client certificate, and none came.'
          : 'The client certificate is not a valid one of this station.',
    }
  }
  if (password === 'right' || password === 'new') return null
  if (password === 'wrong') return { kind: 'unauthorized', reason: 'The password is not the one of this station.' }
  return profile === 0 ? null : { kind: 'unauthorized', reason: 'Basic authentication is required.' }
}

/** What of a station's policy a connection has shown to have arrived there. */
export interface Arrived {
  password: boolean
  profile: boolean
}

/**
 * The policy of a station and the one on its way to it: either will do until the station has come with the new one. A lower
 * profile has arrived only when the station comes in a way that the higher one would refuse.
 */
export function judgeProfile(
  policy: { profile: number; pending: number | null },
  brought: Brought,
): { kind: 'met'; arrived: Arrived } | Unmet {
  const { profile, pending } = policy
  const now = unmet(profile, brought)
  const next = pending === null ? now : unmet(pending, brought)
  if (now !== null && next !== null) return now
  const profileArrived = pending !== null && next === null && (pending > profile || now !== null)
  return { kind: 'met', arrived: { password: brought.password === 'new', profile: profileArrived } }
}
