// Owns who wants to be told of what: subscriptions of the partner in the plugin's schema, and the call that tells them.
// Must not call any address but those of the host that the operator set; the hub's fetch would refuse it, too.
import type { Kysely } from 'kysely'
import type { PluginMigration } from '../../../core/plugin/index.ts'
import { readSubscription } from '../object-schemas.ts'
import type { Topic } from '../objects.ts'
import { status, unfit } from './answer.ts'

interface Tables {
  subscription: { connection_id: string; endpoint: string; topics: string; created_at: Date }
}

export const subscriptionMigration: PluginMigration = {
  name: '0002-subscriptions',
  async up(db) {
    await db.schema
      .createTable('subscription')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('topics', 'jsonb', (column) => column.notNull())
      .addColumn('created_at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('subscription_key', ['connection_id', 'endpoint'])
      .execute()
  },
}

export interface Notification {
  /** Of the hub's event: the same when it is told again. */
  id: string
  timestamp: string
  type: Topic
  [field: string]: unknown
}

export interface SubscriptionDeps {
  db: Kysely<unknown>
  connectionId: string
  notifyUrl: string
  fetch: typeof fetch
  now(): Date
}

const mostSubscriptions = 20
const answerMs = 10_000

export function subscriptions({ db, connectionId, notifyUrl, fetch, now }: SubscriptionDeps) {
  const tables = db as Kysely<Tables>
  const own = () => tables.selectFrom('subscription').where('connection_id', '=', connectionId)
  const remove = (endpoint: string) =>
    tables
      .deleteFrom('subscription')
      .where('connection_id', '=', connectionId)
      .where('endpoint', '=', endpoint)
      .execute()
  const subscribed = async (topic: Topic) => {
    const rows = await own().select(['endpoint', 'topics']).orderBy('endpoint').execute()
    return rows.flatMap(({ endpoint, topics }) => ((topics as unknown as Topic[]).includes(topic) ? [endpoint] : []))
  }
  return {
    subscribed,
    /** The same endpoint again changes its topics; no topics end it. */
    async add(json: unknown): Promise<Response> {
      const read = readSubscription(json)
      if (read.kind === 'wrong') return unfit(read.errors)
      const { endpoint, topics } = read.value
      if (!isAllowed(endpoint, notifyUrl))
        return status(
          400,
          notifyUrl === '' ? '/endpoint: the operator takes no subscriptions' : '/endpoint is not at the agreed host',
        )
      if (topics.length === 0) {
        await remove(endpoint)
        return status(200, 'The subscription has ended.')
      }
      const others = await own().select('endpoint').where('endpoint', '!=', endpoint).execute()
      if (others.length >= mostSubscriptions)
        return status(
          409,
          `There are ${mostSubscriptions} subscriptions.`,
          others.map((each) => each.endpoint),
        )
      const text = JSON.stringify(topics)
      await tables
        .insertInto('subscription')
        .values({ connection_id: connectionId, endpoint, topics: text, created_at: now() })
        .onConflict((conflict) => conflict.columns(['connection_id', 'endpoint']).doUpdateSet({ topics: text }))
        .execute()
      return status(200, 'Subscribed.')
    },
    /** Rejects when one endpoint did not take it, so that the hub tells all of them again; `id` says that it is a repeat. */
    async tell(notification: Notification): Promise<void> {
      const failed: string[] = []
      for (const endpoint of await subscribed(notification.type)) {
        // One that was subscribed before the operator changed the host.
        if (!isAllowed(endpoint, notifyUrl)) continue
        const code = await post(endpoint, notification)
        if (code === 410) await remove(endpoint)
        else if (code < 200 || code > 299) failed.push(`${new URL(endpoint).host} answered ${code || 'nothing'}`)
      }
      if (failed.length > 0) throw new Error(`a notification was not taken: ${failed.join(', ')}`)
    },
  }

  /** 0 for no answer. */
  async function post(endpoint: string, notification: Notification): Promise<number> {
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': notification.id },
        body: JSON.stringify(notification),
        redirect: 'manual',
        signal: AbortSignal.timeout(answerMs),
      })
      await response.body?.cancel()
      return response.status
    } catch {
      return 0
    }
  }
}

function isAllowed(endpoint: string, notifyUrl: string): boolean {
  if (!URL.canParse(endpoint) || !URL.canParse(notifyUrl)) return false
  const [asked, agreed] = [new URL(endpoint), new URL(notifyUrl)]
  return (
    asked.host === agreed.host && asked.protocol === agreed.protocol && asked.username === '' && asked.password === ''
  )
}
