// Owns how good linking is at a site, told from what people did with it: how often the hub was right, and how much it found by itself.
// Must not count what nobody looked at as a mistake; a wrong link that nobody ever noticed is not in these numbers.
import { linkQuality as countQuality, type QualityRow } from '../../store/link-reviews.ts'
import { type Access, invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface LinkQualityItem extends QualityRow {
  /** Of the links that the hub made, the share that nobody took apart; null when it made none. */
  precision: number | null
  /** Of the right links, the share that the hub made by itself; null when there are none. */
  coverage: number | null
}

const longestMs = 732 * 86_400_000

export function linkQuality(deps: Pick<ServiceDeps, 'db'>) {
  return async (
    access: Access,
    query: { siteId?: string | undefined; from: string; to: string; by?: 'day' | 'week' | 'month' | undefined },
  ): Promise<Outcome<LinkQualityItem[]>> => {
    const span = Date.parse(query.to) - Date.parse(query.from)
    if (span <= 0) return invalid('/to', 'must be after from')
    if (span > longestMs) return invalid('/to', 'must not be more than two years after from')
    const rows = await countQuality(deps.db, access, { ...query, by: query.by ?? null })
    return ok(rows.map(judged))
  }
}

function judged(row: QualityRow): LinkQualityItem {
  const right = row.automatic - row.wrong
  const found = right + row.accepted + row.joined
  return {
    ...row,
    precision: row.automatic === 0 ? null : right / row.automatic,
    coverage: found === 0 ? null : right / found,
  }
}
