// Owns how decode profiles are read: those of readers and their models, of stations and theirs.
// Must not apply them.
import { sql } from 'kysely'
import { type CardProfiles, cardProfiles, type DecodeProfile, type ReaderProfile } from '../domain/credential/index.ts'
import { type Stamped, stampColumns } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'

/** How a charging station, all stations of a model, or all readers of a model write cards. */
export interface ModelProfile extends Stamped {
  profileId: string
  scope: 'station' | 'station_model' | 'reader_model'
  stationId: string | null
  vendor: string
  model: string
  profile: DecodeProfile
}

export const modelProfiles = recordTable<ModelProfile>()('decode_profile', {
  type: 'decode_profile',
  id: 'profile_id',
  columns: {
    profileId: 'profile_id',
    scope: 'scope',
    stationId: 'station_id',
    vendor: 'vendor',
    model: 'model',
    profile: 'profile',
    ...stampColumns,
  },
  json: ['profile'],
  reach: 'organization',
  archives: true,
  search: ['vendor', 'model'],
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.profile_id', type: 'uuid' },
    ],
  },
  filters: { scope: is('scope'), stationId: is('station_id'), model: is('model') },
})

/** All profiles of the organization: one row per reader or station that has one, and most have none. */
export async function loadCardProfiles(db: Db, organizationId: string): Promise<CardProfiles> {
  const { rows } = await sql<Omit<ReaderProfile, 'name'> & { name: string | null; stationId: string | null }>`
    select r.site_id as "siteId", r.connection_id as "connectionId", r.stays_connection_id as "staysConnectionId", r.name,
      coalesce(r.decode_profile, m.profile) as profile, null::uuid as "stationId"
    from reader r
    left join decode_profile m on m.organization_id = r.organization_id and m.scope = 'reader_model' and m.model = r.model
      and m.archived_at is null
    where r.organization_id = ${organizationId} and r.archived_at is null and coalesce(r.decode_profile, m.profile) is not null
    union all
    select null, null, null, null, p.profile, s.station_id
    from station s
    join decode_profile p on p.organization_id = s.organization_id and p.archived_at is null
      and (p.station_id = s.station_id or (p.scope = 'station_model' and p.vendor = s.vendor and p.model = s.model
        and not exists (select from decode_profile own where own.organization_id = s.organization_id
          and own.station_id = s.station_id and own.archived_at is null)))
    where s.organization_id = ${organizationId}`.execute(db)
  return cardProfiles(
    rows.flatMap(({ name, stationId: _, ...row }) => (name === null ? [] : [{ ...row, name }])),
    rows.flatMap(({ stationId, profile }) => (stationId === null ? [] : [{ stationId, profile }])),
  )
}
