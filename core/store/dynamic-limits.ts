// Owns which values a dynamic profile of a station has now: the last update that was asked for, else what the profile came with.
// Must not make any up.
import { type Kysely, sql } from 'kysely'
import type { ScheduleUpdate } from '../domain/station-command.ts'
import type { HubTables } from './schema.ts'

/** Undefined when the hub has set no such profile. */
export async function dynamicLimits(
  db: Kysely<HubTables>,
  organizationId: string,
  stationId: string,
  profileId: number,
): Promise<ScheduleUpdate | undefined> {
  const { rows } = await sql<{ name: string; args: { limits?: ScheduleUpdate; profile?: Profile } }>`
    select name, args from command
    where organization_id = ${organizationId} and station_id = ${stationId} and state <> 'cancelled'
      and outcome is distinct from 'refused'
      and ((name = 'update_schedule' and args ->> 'profileId' = ${String(profileId)})
        or (name = 'set_profile' and args -> 'profile' ->> 'profileId' = ${String(profileId)}
          and args -> 'profile' ->> 'kind' = 'dynamic'))
    order by created_at desc, command_id desc limit 1`.execute(db)
  const [last] = rows
  if (last?.name === 'update_schedule') return last.args.limits
  const [period] = last?.args.profile?.schedules?.[0]?.periods ?? []
  if (period === undefined) return undefined
  const { limit, dischargeLimit, setpoint } = period
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(dischargeLimit === undefined ? {} : { dischargeLimit }),
    ...(setpoint === undefined ? {} : { setpoint }),
  }
}

interface Profile {
  schedules?: { periods?: { limit?: number; dischargeLimit?: number; setpoint?: number }[] }[]
}
