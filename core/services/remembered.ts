// Owns values that are loaded once for an organization and remembered for a moment, for questions that come with every card.
// Must not be used where a change has to be seen at once.
import type { ServiceDeps } from './service-deps.ts'

/** How long a change may take to be followed, on any node. */
export const rememberMs = 1_000

/** A load that fails is not remembered. */
export function remembered<T>(
  { clock }: Pick<ServiceDeps, 'clock'>,
  load: (organizationId: string) => Promise<T>,
): (organizationId: string) => Promise<T> {
  const known = new Map<string, { until: number; value: Promise<T> }>()
  return (organizationId) => {
    const now = clock.now().getTime()
    const last = known.get(organizationId)
    if (last !== undefined && now < last.until) return last.value
    const value = load(organizationId)
    known.set(organizationId, { until: now + rememberMs, value })
    value.catch(() => known.delete(organizationId))
    return value
  }
}
