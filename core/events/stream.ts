// Owns the event stream as its readers see it: opaque cursors, pages, and a tail that waits for more.
// Must not trust a hint: it only shortens the wait, the table is what is true.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { HubEvent } from '../domain/event.ts'
import { HubError } from '../domain/hub-error.ts'
import { isUuid } from '../domain/ids.ts'
import { readStream, type StreamPosition, streamEnd, streamStart } from '../store/event-stream.ts'
import type { HubTables } from '../store/schema.ts'

export interface EventFilter {
  organizationId: string
  siteIds?: readonly string[]
  types?: readonly string[]
  /** Only events about this record. */
  subjectId?: string
}

export interface StreamedEvent {
  event: HubEvent
  /** Give it as `after` to go on behind this event. */
  cursor: string
}

export interface EventPage {
  events: StreamedEvent[]
  /** Where to go on, also when no event matched. */
  cursor: string
  more: boolean
}

/** `after` left out reads from the oldest event. @throws HubError `cursor_invalid` for a text that no cursor was. */
export async function readEvents(
  db: Kysely<HubTables>,
  query: EventFilter & { after?: string; limit: number },
): Promise<EventPage> {
  const { after, ...rest } = query
  const page = await readStream(db, { ...rest, after: after === undefined ? streamStart : parseCursor(after) })
  return {
    events: page.events.map(({ event, position }) => ({ event, cursor: formatCursor(position) })),
    cursor: formatCursor(page.next),
    more: page.more,
  }
}

/** The cursor of this moment: what is committed from now on comes behind it. */
export async function endOfEvents(db: Kysely<HubTables>): Promise<string> {
  return formatCursor(await streamEnd(db))
}

/** Wakes readers when somebody knows of news; any node may be silent about them. */
export interface Hints {
  subscribe(topic: string, wake: () => void): () => void
}

export interface TailOptions extends EventFilter {
  db: Kysely<HubTables>
  /** Left out: from now on. */
  after?: string
  hints?: Hints
  /** The longest that news wait without a hint. */
  pollMs?: number
  batch?: number
  signal: AbortSignal
}

/** Pages as they come, never ending until the signal is aborted. An empty page says: nothing new, still here. */
export async function* tailEvents(options: TailOptions): AsyncGenerator<EventPage, void, void> {
  const { db, hints, pollMs = 1_000, batch = 200, signal, after, organizationId, siteIds, types } = options
  const filter = { organizationId, ...(siteIds ? { siteIds } : {}), ...(types ? { types } : {}) }
  let hinted = false
  let wake = () => {}
  const unsubscribe = hints?.subscribe('events', () => {
    hinted = true
    wake()
  })
  try {
    let cursor = after ?? (await endOfEvents(db))
    while (!signal.aborted) {
      hinted = false
      const page = await readEvents(db, { ...filter, after: cursor, limit: batch })
      cursor = page.cursor
      yield page
      if (page.more || hinted || signal.aborted) continue
      await new Promise<void>((resolve) => {
        const timer = new AbortController()
        const done = () => {
          timer.abort()
          signal.removeEventListener('abort', done)
          resolve()
        }
        wake = done
        signal.addEventListener('abort', done)
        sleep(pollMs, undefined, { signal: timer.signal }).then(done, () => undefined)
      })
    }
  } finally {
    unsubscribe?.()
  }
}

function formatCursor({ tx, id }: StreamPosition): string {
  return Buffer.from(`${tx}.${id}`).toString('base64url')
}

function parseCursor(cursor: string): StreamPosition {
  const [tx = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split('.')
  if (!/^\d{1,19}$/.test(tx) || !isUuid(id) || rest.length > 0)
    throw new HubError('cursor_invalid', 'This cursor is not one that the event stream gave.', {
      level: 'info',
      status: 422,
      pointer: '/cursor',
    })
  return { tx, id }
}
