// Owns small makers of rows that many tests need before they can begin: an organization, a connection, an event.
// Must not be used where the making itself is what is tested.
import type { Kysely } from 'kysely'
import type { EventName, HubEvents } from '../../core/domain/event.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import type { NewEvent } from '../../core/store/event-log.ts'
import type { HubTables } from '../../core/store/schema.ts'

export const someInstant = new Date('2019-03-10T08:00:00Z')

export async function insertOrganization(db: Kysely<HubTables>): Promise<string> {
  const organization_id = systemNewId()
  await db.insertInto('organization').values({ organization_id, name: 'Test', created_at: someInstant }).execute()
  return organization_id
}

export async function insertConnection(
  db: Kysely<HubTables>,
  organizationId: string,
  values: { plugin_id?: string; state?: string; subscriptions?: readonly EventName[] } = {},
): Promise<string> {
  const connection_id = systemNewId()
  await db
    .insertInto('connection')
    .values({
      organization_id: organizationId,
      connection_id,
      plugin_id: values.plugin_id ?? 'test',
      name: 'Test',
      state: values.state ?? 'running',
      state_at: someInstant,
      created_at: someInstant,
      updated_at: someInstant,
    })
    .execute()
  for (const event_type of values.subscriptions ?? [])
    await db.insertInto('subscription').values({ organization_id: organizationId, connection_id, event_type }).execute()
  return connection_id
}

export function someEvent<N extends EventName>(
  organizationId: string,
  type: N,
  data: Omit<HubEvents[N], 'siteId'>,
  options: { subjectId?: string; siteId?: string | null; id?: string } = {},
): NewEvent {
  return {
    id: options.id ?? systemNewId(),
    type,
    organizationId,
    siteId: options.siteId ?? null,
    subject: { type: 'test', id: options.subjectId ?? systemNewId() },
    occurredAt: someInstant,
    recordedAt: someInstant,
    data,
  } as NewEvent
}
