// Owns a site's settings about revocations: what each is called, what it is when nothing is set.
// Must not fail on a setting that makes no sense; the default is used, and the API refuses such values beforehand.

export interface RevocationSettings {
  /** What happens to a charging session that runs on a credential which lost its rights. */
  sessions: 'finish' | 'stop'
}

export function revocationSettings(settings: unknown): RevocationSettings {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  return { sessions: given.revocation_sessions === 'stop' ? 'stop' : 'finish' }
}
