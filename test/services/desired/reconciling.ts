// Owns a hub's reconciling for tests: a real gateway and database, and the jobs that wait run one after the other.
// Must not skip a job or run one that nobody added.
import type { StationOpening } from '../../../core/domain/charger-port.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { expireCommand } from '../../../core/services/charger/finish-command.ts'
import { followCommand } from '../../../core/services/charger/follow-command.ts'
import { desiredChanged, localListsChanged, sweepDesired } from '../../../core/services/desired/desired-changed.ts'
import { type DesiredCreate, manageDesiredItems } from '../../../core/services/desired/manage-desired.ts'
import { reconcileStation } from '../../../core/services/desired/reconcile-station.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import type { ManualClock } from '../../../core/testing/manual-clock.ts'
import { silent, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { chargerHarness } from '../charger/charger-harness.ts'
import type { scriptedStation } from './scripted-station.ts'

type Payload = Record<string, unknown>

/** @param heirOf the organization of a hub whose stations this one takes over */
export async function reconciling(database: TestDatabase, clock: ManualClock, heirOf?: { organizationId: string }) {
  const hub = await chargerHarness(database, clock)
  const { organizationId } = heirOf ?? hub
  const deps = { db: database.db, clock, newId, log: silent }
  const access: Access = {
    organizationId,
    siteIds: null,
    actor: 'key:test',
    requestId: 'test',
  }
  const tasks: Readonly<Record<string, (payload: never) => Promise<unknown>>> = {
    'desired.changed': desiredChanged(deps),
    'desired.lists_changed': localListsChanged(deps),
    'station.reconcile': reconcileStation({ ...deps, wake: (id) => hub.gateway.wake(id) }),
    'command.follow': followCommand(deps),
    'command.expire': expireCommand(deps, 120_000),
  }

  /** Takes the jobs of these tasks that wait and runs them, whatever their time; returns how many there were. */
  const runJobs = async (): Promise<number> => {
    const { rows } = await database.ownerPool.query<{ task: string; payload: Payload }>(
      `with gone as (delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
         where t.id = j.task_id and t.identifier = any($1) and j.locked_at is null
           and j.payload ->> 'organizationId' = $2 returning j.id, t.identifier as task, j.payload)
       select task, payload from gone order by id`,
      [Object.keys(tasks), organizationId],
    )
    for (const { task, payload } of rows) await tasks[task]?.(payload as never)
    return rows.length
  }
  const underWay = async () =>
    (
      await database.db
        .selectFrom('command')
        .select('command_id')
        .where('organization_id', '=', organizationId)
        .where('state', 'in', ['queued', 'sent'])
        .execute()
    ).length

  const manage = manageDesiredItems(deps)
  return {
    ...hub,
    access,
    deps,
    runJobs,
    underWay,
    sweep: sweepDesired(deps),
    /** Until no job waits and no command is under way. */
    async settled() {
      // In this order: a command that ends in between leaves its job.
      await eventually(async () => (await underWay()) + (await runJobs()) === 0, 'a settled station')
    },
    async want(item: DesiredCreate) {
      const made = await manage.create(access, item)
      if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
      return made.value
    },
    change: manage.update,
    archive: manage.archive,
    /** Its socket opens, and it reports its start. */
    async boot(code: string, station: ReturnType<typeof scriptedStation>, more: Partial<StationOpening> = {}) {
      const sink = await hub.connect(code, { deliver: station.deliver, ...more })
      await sink.record({ kind: 'station.booted', vendor: 'Volt', model: 'One', firmware: '1.2.3' })
      return sink
    },
    async rows(stationId: string) {
      const rows = await database.db
        .selectFrom('station_actual')
        .selectAll()
        .where('station_id', '=', stationId)
        .orderBy('kind')
        .orderBy('key')
        .execute()
      return Object.fromEntries(rows.map((row) => [`${row.kind} ${row.key}`, row]))
    },
    async events(stationId: string) {
      const rows = await database.db
        .selectFrom('event')
        .select(['type', 'event_id'])
        .where('organization_id', '=', organizationId)
        .where('subject_id', '=', stationId)
        .where('type', 'in', ['station.drifted', 'station.in_line'])
        .orderBy('event_id')
        .execute()
      return rows.map(({ type }) => type)
    },
  }
}

export const failsafe = {
  kind: 'profile' as const,
  key: 'failsafe',
  value: {
    failsafe: true,
    profile: {
      profileId: 7,
      stackLevel: 0,
      purpose: 'default',
      kind: 'absolute',
      schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit: 10 }] }],
    },
  },
}
