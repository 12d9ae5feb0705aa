// Owns what the derivation of stays is told of their site: its money, its country, and how near two plates have to be there.
// Must not look anything up; the site's rules come with its parking lock.
import type { StayContext } from '../../domain/stay/index.ts'
import type { ParkingSource, SiteRules } from '../../store/parking-facts.ts'
import { linkSettings } from '../linking/link-settings.ts'

export function stayContext({ siteId }: Pick<ParkingSource, 'siteId'>, site: SiteRules): StayContext {
  const { currency, country, settings } = site
  return { siteId, currency, country: country ?? undefined, linkPolicy: linkSettings(settings).policy }
}
