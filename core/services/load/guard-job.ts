// Owns the job by which a site's load guard looks again soon.
// Must not do its work.
import type { SitePlace } from '../../store/circuits.ts'
import type { NewJob } from '../../store/event-log.ts'

/** Who asks for the guard's limits. */
export const loadGuard = 'hub:load'

export function guardJob(place: SitePlace): NewJob {
  const name = `load:${place.siteId}`
  return { task: 'load.guard', payload: { ...place }, queue: name, key: name }
}
