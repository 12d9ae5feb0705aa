// Owns charging sessions, stored jobs and links of a test garage, as far as linking needs them.
// Must not hold expectations.
import { systemNewId } from '../../../core/runtime/random.ts'
import { type EvaluateLinksDeps, evaluateLinks, type LinkTask } from '../../../core/services/linking/evaluate-links.ts'
import { identityChanged } from '../../../core/services/linking/identity-changed.ts'
import { sessionsChanged } from '../../../core/services/linking/sessions-changed.ts'
import type { ServiceDeps } from '../../../core/services/service-deps.ts'
import { minute } from '../../domain/stay/fact-maker.ts'
import type { TestDatabase } from '../../setup/database.ts'
import { someInstant } from '../../setup/records.ts'
import type { Garage } from '../parking/garage.ts'

export interface SessionOptions {
  id?: string
  token?: string | null
  tokenKind?: string
  /** Minutes after the start of the test's day. */
  plugged: number
  unplugged?: number | null
  accountId?: string | null
  credentialId?: string | null
  vehicleId?: string | null
  bayId?: string | null
  evse?: number
  state?: string
}

const stationId = '01900000-0000-7000-8000-000000000001'

export async function addSession(garage: Garage, options: SessionOptions): Promise<string> {
  const session_id = options.id ?? systemNewId()
  const { plugged, unplugged = null } = options
  await garage.db
    .insertInto('charging_session')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      session_id,
      station_id: stationId,
      evse_number: options.evse ?? 1,
      bay_id: options.bayId ?? null,
      state: options.state ?? (unplugged === null ? 'active' : 'closed'),
      account_id: options.accountId ?? null,
      vehicle_id: options.vehicleId ?? null,
      credential_id: options.credentialId ?? null,
      id_token: options.token ?? null,
      id_token_kind: options.tokenKind ?? 'unknown',
      plugged_at: minute(plugged),
      unplugged_at: unplugged === null ? null : minute(unplugged),
      started_at: minute(plugged),
      ended_at: unplugged === null ? null : minute(unplugged),
      facts_at: minute(unplugged ?? plugged),
      created_at: someInstant,
      updated_at: someInstant,
    })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'session_id']).doUpdateSet({
        plugged_at: minute(plugged),
        unplugged_at: unplugged === null ? null : minute(unplugged),
        state: options.state ?? (unplugged === null ? 'active' : 'closed'),
      }),
    )
    .execute()
  return session_id
}

/** A session that one transaction made, as the charger path writes it; nobody knew the card. */
export async function addCharge(garage: Garage, options: SessionOptions & { token: string }): Promise<string> {
  const session_id = await addSession(garage, options)
  const { plugged, unplugged = null, evse = 1 } = options
  const transaction_id = systemNewId()
  await garage.db
    .insertInto('ocpp_transaction')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      station_id: stationId,
      transaction_id,
      session_id,
      protocol: 'ocpp1.6',
      start_key: transaction_id,
      evse_number: evse,
      connector_number: 1,
      id_token: options.token,
      id_token_kind: options.tokenKind ?? 'unknown',
      account_id: options.accountId ?? null,
      vehicle_id: options.vehicleId ?? null,
      credential_id: options.credentialId ?? null,
      state: unplugged === null ? 'open' : 'ended',
      started_at: minute(plugged),
      start_received_at: minute(plugged),
      ended_at: unplugged === null ? null : minute(unplugged),
    })
    .execute()
  return session_id
}

export interface Linking {
  evaluate(of: Pick<LinkTask, 'sessionId' | 'stayId'>): Promise<void>
  /** As the charger path does with sessions that it wrote: noted as changed, then looked at together. */
  look(sessionIds: readonly string[], how?: { billable?: boolean; deps?: ServiceDeps }): Promise<void>
  /** Runs the stored `link.evaluate` jobs of the site, those that come up meanwhile included; `pick` may leave some for later. */
  runJobs(pick?: (name: string) => boolean): Promise<void>
  /** Has what people changed looked at, then the links. Returns how many changes had gathered. */
  rematch(): Promise<number>
}

export function linking(database: TestDatabase, garage: Garage, hold?: EvaluateLinksDeps['hold']): Linking {
  const run = evaluateLinks({ ...garage.deps, ...(hold ? { hold } : {}) })
  const { organizationId, siteId } = garage
  const runJobs: Linking['runJobs'] = async (pick = () => true) => {
    for (;;) {
      const { rows } = await database.ownerPool.query<{ id: string; payload: LinkTask }>(
        `select p.id, p.payload from graphile_worker._private_jobs p
           join graphile_worker._private_tasks t on t.id = p.task_id and t.identifier = 'link.evaluate'
           where p.payload->>'siteId' = $1 order by p.id`,
        [siteId],
      )
      const chosen = rows.filter(({ payload }) => pick(payload.stayId ?? payload.sessionId ?? ''))
      if (chosen.length === 0) return
      for (const { id, payload } of chosen) {
        await database.ownerPool.query('delete from graphile_worker._private_jobs where id = $1', [id])
        await run(payload)
      }
    }
  }
  const changed = identityChanged(garage.deps)
  const waiting = async () =>
    (await garage.db.selectFrom('identity_change').select('at').where('organization_id', '=', organizationId).execute())
      .length
  return {
    evaluate: (of) => run({ organizationId, siteId, ...of }),
    async look(sessionIds, { billable = false, deps = garage.deps } = {}) {
      if (sessionIds.length > 0)
        await garage.db
          .insertInto('session_change')
          .values(
            sessionIds.map((session_id) => ({
              organization_id: organizationId,
              site_id: siteId,
              change_id: systemNewId(),
              session_id,
              billable,
            })),
          )
          .execute()
      await sessionsChanged(deps)({ organizationId, siteId })
    },
    runJobs,
    async rematch() {
      const gathered = await waiting()
      while ((await waiting()) > 0) await changed({ organizationId })
      await runJobs()
      return gathered
    },
  }
}

/** Links that stand or wait, as `stay key / session: state`. */
export async function standing(
  garage: Garage,
): Promise<{ stay: string; sessionId: string; state: string; method: string; by: string }[]> {
  const rows = await garage.db
    .selectFrom('link as l')
    .innerJoin('stay as s', (on) =>
      on.onRef('s.organization_id', '=', 'l.organization_id').onRef('s.stay_id', '=', 'l.stay_id'),
    )
    .select(['s.stay_key as stay', 'l.session_id as sessionId', 'l.state', 'l.method', 'l.decided_by as by'])
    .where('l.site_id', '=', garage.siteId)
    .where('l.state', 'in', ['linked', 'review'])
    .orderBy('s.stay_key')
    .orderBy('l.session_id')
    .execute()
  return rows
}
