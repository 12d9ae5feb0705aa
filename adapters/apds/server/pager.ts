// Owns pages by number over a list that changes meanwhile: the first page fixes the list, the others are cut from it.
// Must not grow without end: few lists, none too long, none for long.
import type { Clock } from '../../../core/plugin/index.ts'
import type { DeletedReference, ListMeta } from '../objects.ts'
import { Refusal } from './answer.ts'

export interface Listed<T> {
  items: readonly T[]
  /** Only where changes were asked for. */
  deleted?: readonly DeletedReference[]
}

interface Snapshot extends Listed<unknown> {
  referenceInstant: number
  until: number
}

const mostLists = 16
export const mostItems = 20_000
const keepMs = 300_000

export interface Pager {
  /** Reads anew for page 1, and where the list of the first page is gone; its readers see that by another `referenceInstant`. */
  page<T>(
    key: string,
    page: number,
    read: () => Promise<Listed<T>>,
  ): Promise<{ meta: ListMeta; items: readonly T[]; deleted?: readonly DeletedReference[] }>
}

export function pager(clock: Clock, pageSize: number): Pager {
  const lists = new Map<string, Snapshot>()
  return {
    async page(key, page, read) {
      const now = clock.now().getTime()
      for (const [name, { until }] of lists) if (until <= now) lists.delete(name)
      let list = page > 1 ? lists.get(key) : undefined
      if (!list) {
        const { items, deleted } = await read()
        if (items.length > mostItems)
          throw new Refusal(
            400,
            `The list has more than ${mostItems} items: ask for a shorter time by modified_since, start_after or end_after.`,
          )
        list = {
          items,
          ...(deleted ? { deleted } : {}),
          referenceInstant: Math.floor(now / 1_000),
          until: now + keepMs,
        }
        lists.delete(key)
        if (items.length > pageSize) lists.set(key, list)
        for (const name of [...lists.keys()].slice(0, Math.max(0, lists.size - mostLists))) lists.delete(name)
      }
      const offset = (page - 1) * pageSize
      const { items, deleted, referenceInstant } = list
      return {
        meta: { referenceInstant, offset, pageSize, total: items.length },
        items: items.slice(offset, offset + pageSize) as never,
        ...(deleted ? { deleted } : {}),
      }
    },
  }
}
