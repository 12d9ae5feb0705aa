// Owns one organization with a parking connection whose vendor is a model in memory, and the jobs of parking actions run by hand.
// Must not skip a rule of the hub: everything behind the vendor's door is the real thing.
import type { ActionOutcome, OutcomeInquiry, ParkingAction } from '../../../core/domain/parking-action.ts'
import type { OfferedActions, OpenDoor } from '../../../core/domain/parking-door.ts'
import { runTimers } from '../../../core/events/run-timers.ts'
import { parkingDoor } from '../../../core/host/parking-door.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { carryOutActions } from '../../../core/services/parking-actions/carry-out-actions.ts'
import { connectionStarted } from '../../../core/services/parking-actions/connection-started.ts'
import { reconcilePreload } from '../../../core/services/parking-actions/reconcile-preload.ts'
import { accessEnded } from '../../../core/services/revocation/begin-revocation.ts'
import { followRevocation, followRevocationsAt } from '../../../core/services/revocation/follow-revocation.ts'
import { nextTimer } from '../../../core/store/timers.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { silent, type TestDatabase } from '../../setup/database.ts'

/** Thrown by the vendor's model: the hub is killed in the middle of this call, and writes nothing of it. */
export class Killed extends Error {}

export interface ModelVendor {
  actions: OfferedActions
  act(action: ParkingAction): Promise<ActionOutcome>
  askOutcome?(action: ParkingAction): Promise<OutcomeInquiry>
}

export async function parkingBench(database: TestDatabase, vendor: ModelVendor) {
  const clock: ManualClock = manualClock(new Date('2026-03-10T08:00:00Z'))
  const { db } = database
  const [organizationId, siteId, connectionId] = [newId(), newId(), newId()]
  const now = clock.now()
  const stamp = { created_at: now, updated_at: now }
  await db.insertInto('organization').values({ organization_id: organizationId, name: 'T', created_at: now }).execute()
  const site = { organization_id: organizationId, site_id: siteId, name: 'P', time_zone: 'UTC', currency: 'EUR' }
  await db
    .insertInto('site')
    .values({ ...site, code: 'P1', ...stamp })
    .execute()
  await db
    .insertInto('connection')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      connection_id: connectionId,
      plugin_id: 'model',
      name: 'Model',
      state: 'running',
      state_at: now,
      ...stamp,
    })
    .execute()
  let up = true
  let killed: Killed | undefined
  const door = (id: string): OpenDoor | undefined => {
    if (!up || id !== connectionId) return undefined
    const link = {
      features: [],
      actions: vendor.actions,
      act: (action: ParkingAction) => vendor.act(action),
      ...(vendor.askOutcome ? { askOutcome: (action: ParkingAction) => vendor.askOutcome?.(action) } : {}),
      stop: async () => undefined,
    } as Parameters<typeof parkingDoor>[1]
    const run = {
      call: <T>(_: string, __: number, call: (signal: AbortSignal) => Promise<T>) =>
        call(new AbortController().signal).catch((error: unknown) => {
          if (error instanceof Killed) killed = error
          throw error
        }),
    }
    const made = parkingDoor(run, link)
    // The door makes an outcome of every failure; a kill is none.
    const deadly = async <T>(call: Promise<T>): Promise<T> => {
      const outcome = await call
      if (killed === undefined) return outcome
      const error = killed
      killed = undefined
      throw error
    }
    return {
      organizationId,
      siteId,
      connectionId,
      ...made,
      act: (action) => deadly(made.act(action)),
      askOutcome: (action) => deadly(made.askOutcome(action)),
    }
  }
  const deps = { db, clock, newId, log: silent, door, wake: () => undefined, stallAfterMs: 60_000 }
  // A killed hub is another one afterwards: nothing in memory lives on.
  const tasksOf = () =>
    ({
      'parking.act': carryOutActions(deps),
      'preload.reconcile': reconcilePreload(deps),
      'access.ended': accessEnded(deps),
      'revocation.follow': followRevocation(deps),
      'revocation.station': followRevocationsAt(deps),
    }) as Record<string, (payload: never) => Promise<unknown>>
  let tasks = tasksOf()
  const timers = runTimers({ db, clock })
  const access: Access = { organizationId, siteIds: null, actor: 'key:test', requestId: 'test' }
  const bench = {
    db,
    clock,
    deps,
    access,
    organizationId,
    siteId,
    connectionId,
    setUp(is: boolean) {
      up = is
    },
    async start() {
      const open = door(connectionId)
      if (open) await connectionStarted(deps)(open)
    },
    restart() {
      tasks = tasksOf()
    },
    /** One round of the jobs that wait, whatever their time. @returns how many there were */
    async runJobs(): Promise<number> {
      await timers()
      const { rows } = await database.ownerPool.query<{ task: string; payload: Record<string, unknown> }>(
        `with gone as (delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
           where t.id = j.task_id and t.identifier = any($1) and j.payload ->> 'organizationId' = $2
           returning j.id, t.identifier as task, j.payload)
         select task, payload from gone order by id`,
        [Object.keys(tasks), organizationId],
      )
      for (const { task, payload } of rows) {
        for (;;) {
          const outcome = (await tasks[task]?.(payload as never)) as { again: number } | undefined
          if (!outcome) break
        }
      }
      return rows.length
    },
    async settle(most = 200) {
      for (let i = 0; i < most; i++) if ((await bench.runJobs()) === 0) return
      throw new Error('the jobs do not come to an end')
    },
    /** Moves the clock to the next appointment within the time and does what is due, until there is none. */
    async pass(ms: number) {
      const end = clock.now().getTime() + ms
      for (;;) {
        await bench.settle()
        const at = await nextTimer(db)
        if (at === undefined || at.getTime() > end) break
        await clock.advance(Math.max(0, at.getTime() - clock.now().getTime()))
      }
      await clock.advance(Math.max(0, end - clock.now().getTime()))
      await bench.settle()
    },
    rows: () =>
      db
        .selectFrom('parking_action')
        .selectAll()
        .where('organization_id', '=', organizationId)
        .orderBy('position')
        .execute(),
    events: async (type: string) =>
      (
        await db
          .selectFrom('event')
          .selectAll()
          .where('organization_id', '=', organizationId)
          .where('type', '=', type)
          .orderBy('event_id')
          .execute()
      ).map(({ data }) => data as Record<string, unknown>),
  }
  return bench
}
