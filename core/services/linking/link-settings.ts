// Owns a site's settings about linking: what each is called, what it is when nothing is set, and when links become history.
// Must not fail on a setting that makes no sense; the default is used, and the API refuses such values beforehand.
import { defaultLinkPolicy, type LinkPolicy } from '../../domain/link/index.ts'
import { type LinkScope, siteSettings } from '../../store/links.ts'
import type { Db } from '../../store/record-table.ts'

export interface LinkSettings {
  policy: LinkPolicy
  /** Days after its end for which a stay or session may still get or lose links without a person. */
  historyDays: number
}

/**
 * A quarter with time to dispute its bills. Afterwards the hub makes no new links of what is over: a link that moves then moves
 * money of closed books. The index of keys is kept for as long: 3.3 kB for each stay or session with a card and
 * a plate (measured, 40,000 of them), so a garage with 1,000 stays a day comes to 0.5 GB and stays there.
 */
export const defaultHistoryDays = 120
/** A car parked for longer than this is one whose exit was lost. */
const longestStayDays = 730
const dayMs = 86_400_000

export function linkSettings(settings: unknown): LinkSettings {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const number = (name: string, standard: number, least: number, most: number) => {
    const value = given[name]
    return typeof value === 'number' && value >= least && value <= most ? value : standard
  }
  const autoThreshold = number('link_auto_score', defaultLinkPolicy.autoThreshold, 0.5, 1)
  const reviewThreshold = number('link_review_score', defaultLinkPolicy.reviewThreshold, 0.01, 1)
  return {
    policy: { ...defaultLinkPolicy, autoThreshold, reviewThreshold: Math.min(reviewThreshold, autoThreshold) },
    historyDays: number('link_history_days', defaultHistoryDays, 1, 3650),
  }
}

/** What ended before this is history. */
export function historyFrom({ historyDays }: LinkSettings, now: Date): Date {
  return new Date(now.getTime() - historyDays * dayMs)
}

/** A stay without an exit that began before this is none that anybody waits for. */
export function openHistoryFrom({ historyDays }: LinkSettings, now: Date): Date {
  return new Date(now.getTime() - Math.max(longestStayDays, historyDays) * dayMs)
}

export async function linkSettingsOf(db: Db, scope: LinkScope): Promise<LinkSettings> {
  return linkSettings(await siteSettings(db, scope))
}
