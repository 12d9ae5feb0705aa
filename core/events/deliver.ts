// Owns bringing events to plugins: in order per connection and subject, again until handled, given up visibly.
// Must not know what a plugin is: it is handed a subscriber by whoever runs connections.
import type { Kysely } from 'kysely'
import type { EventName, HubEvent } from '../domain/event.ts'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import {
  type DeliveryLine,
  failDelivery,
  finishDelivery,
  postponeDelivery,
  runsSomewhere,
  type WaitingDelivery,
  waitingDeliveries,
} from '../store/deliveries.ts'
import type { JobContext, JobOutcome } from '../store/job-worker.ts'
import type { HubTables } from '../store/schema.ts'
import { type OnceGuard, onceGuard } from './once-guard.ts'

/** A running connection as the delivery sees it. */
export interface Subscriber {
  /** Aborted when the connection stops; an event cut short by that has not failed. */
  signal: AbortSignal
  schema: string
  handles(type: EventName): boolean
  /** Runs every handler of the event's type; rejects when one fails or is late. */
  handle(event: HubEvent, guard: OnceGuard): Promise<void>
}

export interface DeliverDeps {
  db: Kysely<HubTables>
  log: Log
  /** The connection when it runs on this node. */
  subscriber(connectionId: string): Subscriber | undefined
  /** Pauses after each failure; one more failure than there are pauses and the delivery is given up. */
  pausesMs?: readonly number[]
  /** Pause after a handler said `NotReady`, which never gives up. */
  notReadyMs?: number
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** About a day and a half, so that a night's outage at a vendor passes unnoticed. */
const defaultPauses = [
  second,
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  16 * hour,
]
/** Another node runs the connection and may take the job when this one let go. */
const elsewhereMs = 1_000
const batch = 20

/** The task `event.deliver`: works off everything that waits for one connection about one subject. */
export function deliver(deps: DeliverDeps) {
  return async (payload: Record<string, unknown>, context: JobContext): Promise<JobOutcome> => {
    const line = deliveryLine(payload)
    const subscriber = deps.subscriber(line.connectionId)
    // When nobody runs it the rows wait, and the connection's next start wakes them.
    if (!subscriber) return (await runsSomewhere(deps.db, line)) ? { again: elsewhereMs } : undefined
    for (;;) {
      const waiting = await waitingDeliveries(deps.db, line, batch)
      for (const delivery of waiting) {
        if (subscriber.signal.aborted) return undefined
        if (context.signal.aborted) return { again: elsewhereMs }
        if (delivery.waitMs > 0) return { again: delivery.waitMs }
        const pause = await deliverOne(deps, line, subscriber, delivery)
        if (pause !== undefined) return pause > 0 ? { again: pause } : undefined
      }
      // What has been appended since came with a job of its own: this one is locked, so the two did not collapse.
      if (waiting.length < batch) return undefined
    }
  }
}

/** Undefined when the next may follow; else the pause until this one's next try, or 0 when its connection's start decides. */
async function deliverOne(
  deps: DeliverDeps,
  line: DeliveryLine,
  subscriber: Subscriber,
  delivery: WaitingDelivery,
): Promise<number | undefined> {
  const { db, log, pausesMs = defaultPauses, notReadyMs = minute } = deps
  const { event, eventId, eventType } = delivery
  const which = { ...line, eventId }
  if (!event) {
    await failDelivery(db, which, 'the event is no longer stored')
    return undefined
  }
  if (!subscriber.handles(event.type)) {
    await finishDelivery(db, which)
    return undefined
  }
  try {
    await subscriber.handle(event, onceGuard(db, { ...which, schema: subscriber.schema }))
  } catch (error) {
    if (subscriber.signal.aborted) return 0
    const text = error instanceof Error ? error.message : String(error)
    const fields = { connection: line.connectionId, event: eventId, type: eventType, attempt: delivery.attempts + 1 }
    if (error instanceof HubError && error.code === 'not_ready') {
      log.warn({ ...fields, reason: text }, 'a subscriber is not ready; the event waits')
      await postponeDelivery(db, which, { ms: notReadyMs, error: text, counts: false })
      return notReadyMs
    }
    const pause = pausesMs[delivery.attempts]
    if (pause === undefined) {
      log.error({ ...fields, err: error }, 'an event could not be delivered and is given up')
      await failDelivery(db, which, text)
      return undefined
    }
    log.warn({ ...fields, err: error }, 'an event could not be delivered and will be tried again')
    await postponeDelivery(db, which, { ms: pause, error: text, counts: true })
    return Math.max(pause, 1)
  }
  await finishDelivery(db, which)
  return undefined
}

function deliveryLine(payload: Record<string, unknown>): DeliveryLine {
  const { organizationId, connectionId, subjectId } = payload
  if (typeof organizationId !== 'string' || typeof connectionId !== 'string' || typeof subjectId !== 'string')
    throw new TypeError(`not a delivery: ${JSON.stringify(payload)}`)
  return { organizationId, connectionId, subjectId }
}
