// Owns which settings of a station are secrets, by their name: they are never stored in the clear nor shown.
// Must not know where settings are read or written.

/** Passwords of the station: they are made, kept as a hash and changed by the hub itself. */
export function isSecretSetting(key: string): boolean {
  const name = key.toLowerCase().replace(/[^a-z.]/g, '')
  return /(^|\.)(authorizationkey|basicauthpassword)$/.test(name) || /(password|secretkey|simpin)$/.test(name)
}

const mask = '***'

/** The result of reading settings, without the secrets that some stations tell although they must not (1.6 9.2, AuthorizationKey). */
export function withoutSecrets(result: Record<string, unknown>): Record<string, unknown> {
  const { settings } = result
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return result
  const shown = Object.entries(settings).map(([key, value]) => [
    key,
    isSecretSetting(key) && typeof value === 'object' && value !== null ? { ...value, value: mask } : value,
  ])
  return { ...result, settings: Object.fromEntries(shown) }
}

/** An item of a device model report (2.x NotifyReport), without the value of a secret. */
export function withoutSecretValue(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item
  const { variable, variableAttribute } = item as { variable?: { name?: unknown }; variableAttribute?: unknown }
  if (typeof variable?.name !== 'string' || !isSecretSetting(variable.name) || !Array.isArray(variableAttribute))
    return item
  const attributes = variableAttribute.map((each: unknown) =>
    typeof each === 'object' && each !== null && 'value' in each ? { ...each, value: mask } : each,
  )
  return { ...item, variableAttribute: attributes }
}
