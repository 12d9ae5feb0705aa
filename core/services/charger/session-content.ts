// Owns the answer to "did anything about this session change?": one text of everything that matters, rows and memory alike.
// Must not include versions or times of writing.
import type { SessionPeriod } from '../../domain/price.ts'

export interface SessionContent {
  state: string
  account_id: string | null
  vehicle_id: string | null
  credential_id: string | null
  id_token: string | null
  plugged_at: Date
  unplugged_at: Date | null
  started_at: Date
  ended_at: Date | null
  energy_wh: number
  periods: unknown
  flags: readonly string[]
}

export function sessionContent(session: SessionContent): string {
  const time = (at: Date | null) => at?.getTime() ?? ''
  const periods = (session.periods as readonly SessionPeriod[]).map((p) => `${p.from}/${p.to}/${p.state}/${p.energyWh}`)
  return [
    session.state,
    session.account_id,
    session.vehicle_id,
    session.credential_id,
    session.id_token,
    time(session.plugged_at),
    time(session.unplugged_at),
    time(session.started_at),
    time(session.ended_at),
    session.energy_wh,
    periods.join(),
    [...session.flags].sort().join(),
  ].join('|')
}

/** Who is charging since when: what links are made of. */
export function sessionHolder(
  session: Pick<SessionContent, 'account_id' | 'vehicle_id' | 'credential_id' | 'id_token' | 'plugged_at'>,
): string {
  const { account_id, vehicle_id, credential_id, id_token, plugged_at } = session
  return [account_id, vehicle_id, credential_id, id_token, plugged_at.getTime()].join('|')
}
