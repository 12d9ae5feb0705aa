// Owns a site's settings about linking: what each is called, what it is when nothing is set, and when links become history.
// Must not fail on a setting that makes no sense; the default is used, and the API refuses such values beforehand.
import { defaultLinkPolicy, type LinkPolicy, type LinkTerms } from '../../domain/link/index.ts'
import { type LinkScope, siteSettings } from '../../store/links.ts'
import { currentPlateModel } from '../../store/plate-models.ts'
import type { Db } from '../../store/record-table.ts'

export interface LinkSettings {
  policy: LinkPolicy
  /** Days after its end for which a stay or session may still get or lose links without a person. */
  historyDays: number
}

/** Every number of the policy by its setting, with the range that the API lets through (openapi/schemas/common.yaml). */
const policySettings = {
  link_auto_score: ['autoThreshold', 0.5, 1],
  link_review_score: ['reviewThreshold', 0.01, 1],
  link_margin: ['margin', 1, 12],
  link_skew_minutes: ['skewToleranceMinutes', 0, 120],
  link_usual_open_stays: ['usualOpenStays', 2, 100_000],
  link_fuzzy_auto_distance: ['fuzzyAutoDistance', 0, 0.5],
  link_fuzzy_margin: ['fuzzyMargin', 0.25, 3],
  link_fuzzy_review_distance: ['fuzzyReviewDistance', 0.25, 2],
  link_contradiction_distance: ['contradictionDistance', 1, 5],
  link_plate_confidence: ['plateCertainConfidence', 0, 1],
} as const satisfies Readonly<Record<string, readonly [keyof LinkPolicy, number, number]>>

/** Of two settings the first may not be above the second, with or without the defaults. */
const inOrder = [
  ['link_review_score', 'link_auto_score', 'must not be above link_auto_score'],
  ['link_fuzzy_auto_distance', 'link_fuzzy_review_distance', 'must not be above link_fuzzy_review_distance'],
  ['link_fuzzy_review_distance', 'link_contradiction_distance', 'must not be above link_contradiction_distance'],
] as const

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
  const policy: LinkPolicy = { ...defaultLinkPolicy }
  for (const [name, [field, least, most]] of Object.entries(policySettings))
    policy[field] = number(name, defaultLinkPolicy[field], least, most)
  policy.reviewThreshold = Math.min(policy.reviewThreshold, policy.autoThreshold)
  policy.fuzzyAutoDistance = Math.min(policy.fuzzyAutoDistance, policy.fuzzyReviewDistance)
  return { policy, historyDays: number('link_history_days', defaultHistoryDays, 1, 3650) }
}

/** The first setting that contradicts another, by name; ranges are the contract's to check. */
export function brokenLinkSettings(settings: unknown): { name: string; message: string } | null {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  for (const [lower, upper, message] of inOrder) {
    if (given[lower] === undefined && given[upper] === undefined) continue
    const of = (name: keyof typeof policySettings) => Number(given[name] ?? defaultLinkPolicy[policySettings[name][0]])
    if (of(lower) > of(upper))
      return given[lower] === undefined
        ? { name: upper, message: `must not be below ${lower}` }
        : { name: lower, message }
  }
  return null
}

/** By how much gate and charger clocks may disagree. */
export function slackOf({ skewToleranceMinutes }: LinkPolicy): number {
  return skewToleranceMinutes * 60_000
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

/** What decisions of the site depend on now, beside the facts. */
export async function linkTermsOf(db: Db, scope: LinkScope): Promise<LinkTerms> {
  const { policy } = await linkSettingsOf(db, scope)
  return { policy, model: await currentPlateModel(db, scope) }
}
