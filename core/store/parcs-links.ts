// Owns what is kept of a parking connection beside its record: what its vendor last said it can do, what is preloaded there.
// Must not know whether it runs at the moment; core/host does.
import { sql } from 'kysely'
import type { OfferedActions, ParkingAbilities } from '../domain/parking-door.ts'
import { jsonText } from './json-text.ts'
import { type Db, is, recordTable } from './record-table.ts'

export type PreloadMode = 'all' | 'groups' | 'none'

export interface ParcsLinkRecord extends ParkingAbilities {
  connectionId: string
  siteId: string
  preload: PreloadMode
  preloadGroups: string[]
  seenAt: Date | null
  reconciledAt: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const parcsLinks = recordTable<ParcsLinkRecord>()('parcs_link', {
  type: 'parcs_link',
  id: 'connection_id',
  columns: {
    connectionId: 'connection_id',
    siteId: 'site_id',
    features: 'features',
    actions: 'actions',
    canAsk: 'can_ask',
    canQuote: 'can_quote',
    preload: 'preload',
    preloadGroups: 'preload_groups',
    seenAt: 'seen_at',
    reconciledAt: 'reconciled_at',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: { connectionId: [{ expression: 't.connection_id', type: 'uuid' }] },
  filters: { siteId: is('site_id') },
})

export interface ParcsConnection {
  organizationId: string
  siteId: string
  connectionId: string
}

/** As its vendor says now that it runs. What is preloaded stays as it was set. */
export async function writeAbilities(
  trx: Db,
  of: ParcsConnection,
  { features, actions, canAsk, canQuote }: ParkingAbilities,
  now: Date,
): Promise<void> {
  const said = {
    site_id: of.siteId,
    features: [...features],
    actions: jsonText(actions),
    can_ask: canAsk,
    can_quote: canQuote,
    seen_at: now,
    updated_at: now,
  }
  await trx
    .insertInto('parcs_link')
    .values({ organization_id: of.organizationId, connection_id: of.connectionId, ...said, created_at: now })
    .onConflict((conflict) => conflict.columns(['organization_id', 'connection_id']).doUpdateSet(said))
    .execute()
}

export async function writePreloadMode(
  trx: Db,
  of: ParcsConnection,
  { mode, groups }: { mode: PreloadMode; groups: readonly string[] },
  now: Date,
): Promise<void> {
  const set = { preload: mode, preload_groups: [...groups], updated_at: now }
  await trx
    .insertInto('parcs_link')
    .values({
      organization_id: of.organizationId,
      site_id: of.siteId,
      connection_id: of.connectionId,
      ...set,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['organization_id', 'connection_id']).doUpdateSet(set))
    .execute()
}

export async function markReconciled(
  trx: Db,
  of: { organizationId: string; connectionId: string },
  now: Date,
): Promise<void> {
  await trx
    .updateTable('parcs_link')
    .set({ reconciled_at: now })
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .execute()
}

export interface LinkInForce extends ParcsConnection {
  actions: OfferedActions
  canAsk: boolean
  preload: PreloadMode
  preloadGroups: string[]
  reconciledAt: Date | null
  archived: boolean
}

/** One, or all of an organization. */
export async function linksInForce(db: Db, organizationId: string, connectionId?: string): Promise<LinkInForce[]> {
  const which = connectionId === undefined ? sql`` : sql`and l.connection_id = ${connectionId}`
  const { rows } = await sql<LinkInForce>`
    select l.organization_id as "organizationId", l.site_id as "siteId", l.connection_id as "connectionId", l.actions,
      l.can_ask as "canAsk", l.preload, l.preload_groups as "preloadGroups", l.reconciled_at as "reconciledAt",
      c.archived_at is not null as archived
    from parcs_link l
    join connection c on c.organization_id = l.organization_id and c.connection_id = l.connection_id
    where l.organization_id = ${organizationId} ${which}
    order by l.connection_id`.execute(db)
  return rows
}
