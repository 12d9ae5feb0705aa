// Owns server-sent events: hub events written to one client for as long as it listens, and slow clients slowed down, not buffered.
// Must not decide what the client may see; the filter comes from its key.
import type { EventFilter, EventPorts } from './api-ports.ts'

const heartbeatMs = 15_000
const encoder = new TextEncoder()

export const eventStreamHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
} as const

export interface EventStreamOptions {
  events: EventPorts
  filter: EventFilter
  /** `Last-Event-ID`; left out, the stream begins now. */
  after?: string
  /** Real time, for the heartbeat. */
  now(): Date
  /** The client has gone, or the hub goes down. */
  signal: AbortSignal
  failed(error: unknown): void
  /** Called once, when nothing more will be sent. */
  over(): void
}

/** Begins once the first page is there, so that a place that cannot be read from is refused, and is no empty stream. */
export async function eventStream(options: EventStreamOptions): Promise<Response> {
  const { events, filter, after, now, failed } = options
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  if (signal.aborted) options.over()
  else signal.addEventListener('abort', options.over, { once: true })
  const pages = events.tail({ ...filter, ...(after === undefined ? {} : { after }), signal })
  let writtenAt = now().getTime()
  let begun = false
  let first: Awaited<ReturnType<typeof pages.next>> | null = null
  try {
    first = await pages.next()
  } catch (error) {
    ended.abort()
    throw error
  }

  /** The next text to send; null at the end. Nothing is read while the client has not taken what was sent. */
  const next = async (): Promise<string | null> => {
    for (;;) {
      const { value: page, done } = first ?? (await pages.next())
      first = null
      if (done || signal.aborted) return null
      const at = now().getTime()
      const text = page.events
        .map(({ event: { organizationId: _, ...event }, cursor }) => message(cursor, event.type, event))
        .join('')
      const retry = begun ? '' : 'retry: 3000\n'
      if (text === '' && begun && at - writtenAt < heartbeatMs) continue
      begun = true
      writtenAt = at
      // An id without data is remembered by the client, so that it comes back to here even if no event of its kind came by.
      return `${retry}${text === '' ? `: still here\nid: ${page.cursor}\n\n` : text}`
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let text: string | null = null
        try {
          text = await next()
        } catch (error) {
          failed(error)
        }
        // A client that has left has closed it already.
        if (ended.signal.aborted) return
        if (text === null) {
          controller.close()
          ended.abort()
        } else controller.enqueue(encoder.encode(text))
      },
      cancel: () => ended.abort(),
    },
    { highWaterMark: 1 },
  )
  return new Response(body, { headers: eventStreamHeaders })
}

function message(id: string, type: string, data: object): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}
