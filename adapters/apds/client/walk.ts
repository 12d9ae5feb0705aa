// Owns reading a list of the partner to its end while it changes: pages by number, and the doubt whether one was missed.
// Must not interpret the items.
import type { DeletedReference } from '../objects.ts'
import type { Api, Called } from './api.ts'

export type Walked =
  | {
      kind: 'read'
      items: readonly unknown[]
      deleted: readonly Pick<DeletedReference, 'id' | 'className'>[]
      /** Unix seconds by the partner's clock. */
      referenceInstant: number | undefined
      /** False when items may have slipped from one page to another unseen. */
      whole: boolean
    }
  | { kind: 'failed'; reason: string; called?: Called }

const mostPages = 2_000
const mostWalks = 3

/**
 * Pages that share one reference instant are one view (PaginatedListMeta). Where a partner's instant or total moves between pages, an
 * item that goes away shifts the next one over a border: such a list is read again until two readings agree.
 */
export async function walk(
  api: Api,
  path: string,
  query: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Walked> {
  const items = new Map<string, unknown>()
  const deleted = new Map<string, Pick<DeletedReference, 'id' | 'className'>>()
  let referenceInstant: number | undefined
  let before: string | undefined
  for (let round = 0; round < mostWalks; round++) {
    const read = await readPages(api, path, query, signal)
    if (read.kind === 'failed') return read
    referenceInstant ??= read.referenceInstant
    for (const item of read.items) items.set(JSON.stringify(nameOf(item)), item)
    for (const one of read.deleted) deleted.set(`${one.className} ${one.id}`, one)
    const names = JSON.stringify(read.items.map(nameOf).sort())
    const whole = read.steady || names === before
    if (whole || round === mostWalks - 1)
      return { kind: 'read', items: [...items.values()], deleted: [...deleted.values()], referenceInstant, whole }
    before = names
  }
  return { kind: 'failed', reason: 'the list was not read' }
}

async function readPages(
  api: Api,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
) {
  const items: unknown[] = []
  const deleted: Pick<DeletedReference, 'id' | 'className'>[] = []
  const views = new Set<string>()
  let referenceInstant: number | undefined
  for (let page = 1; page <= mostPages; page++) {
    const called = await api.call(
      'GET',
      `${path}?${new URLSearchParams({ ...query, page: String(page) })}`,
      signal ? { signal } : {},
    )
    if (called.kind !== 'answer') return { kind: 'failed' as const, reason: called.reason, called }
    if (called.status !== 200)
      return { kind: 'failed' as const, reason: `${path}: the partner answered ${called.status}`, called }
    const { meta, data, deletedReferences } = fields(called.body)
    if (!Array.isArray(data)) return { kind: 'failed' as const, reason: `${path}: the answer holds no list` }
    const { total, pageSize, referenceInstant: instant } = fields(meta)
    referenceInstant ??= whole(instant)
    views.add(`${whole(instant)} ${whole(total)}`)
    items.push(...data)
    if (Array.isArray(deletedReferences))
      for (const each of deletedReferences) {
        const { id, className } = fields(each)
        if (typeof id === 'string' && typeof className === 'string') deleted.push({ id, className })
      }
    const size = whole(pageSize) ?? data.length
    if (data.length === 0 || page * size >= (whole(total) ?? 0))
      return { kind: 'read' as const, items, deleted, referenceInstant, steady: views.size === 1 }
  }
  return { kind: 'failed' as const, reason: `${path} has more than ${mostPages} pages` }
}

function nameOf(item: unknown): string {
  const { id, version } = fields(item)
  return `${String(id)} ${String(version)}`
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
