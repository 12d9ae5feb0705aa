// Owns what an account has charged before a session: energy and money of its sessions on the same local day and in the month.
// Must not decide what any of it is worth.
import { type Kysely, sql } from 'kysely'
import { localDate, startOfLocalDate } from '../domain/local-time.ts'
import { majorText, minor } from '../domain/money.ts'
import type { Usage } from '../domain/price.ts'
import type { HubTables } from './schema.ts'

export interface UsageQuestion {
  organizationId: string
  accountId: string
  /** This one and those that began after it do not count; of two that began together, the lower id came first. */
  sessionId: string
  before: Date
  zone: string
  /** Money in another one is not counted. */
  currency: string
}

interface UsageRow {
  today: boolean
  energy_wh: string | null
  net_minor: string | null
  total_minor: string | null
}

export async function readUsage(db: Kysely<HubTables>, ask: UsageQuestion): Promise<{ day: Usage; month: Usage }> {
  const { organizationId, accountId, sessionId, before, zone, currency } = ask
  const date = localDate(before, zone)
  const dayStart = startOfLocalDate(date, zone)
  const monthStart = startOfLocalDate(`${date.slice(0, 7)}-01`, zone)
  const { rows } = await sql<UsageRow>`
    with mine as (
      select c.session_id, c.started_at >= ${dayStart} as today, c.energy_wh
      from charging_session c
      where c.organization_id = ${organizationId} and c.account_id = ${accountId} and c.state <> 'void'
        and c.started_at >= ${monthStart}
        and (c.started_at, c.session_id) < (${before}::timestamptz, ${sessionId}::uuid)),
    billed as (
      select l.session_id, sum(l.net_minor) as net_minor, sum(l.total_minor) as total_minor
      from bill_line l
      join bill b on b.organization_id = l.organization_id and b.bill_id = l.bill_id
      where l.organization_id = ${organizationId} and l.session_id in (select session_id from mine)
        and b.currency = ${currency}
      group by l.session_id)
    select m.today, sum(m.energy_wh) as energy_wh, sum(b.net_minor) as net_minor, sum(b.total_minor) as total_minor
    from mine m left join billed b on b.session_id = m.session_id
    group by m.today`.execute(db)
  return {
    day: usageOf(
      rows.filter((row) => row.today),
      currency,
    ),
    month: usageOf(rows, currency),
  }
}

function usageOf(rows: readonly UsageRow[], currency: string): Usage {
  const sum = (name: 'energy_wh' | 'net_minor' | 'total_minor') =>
    rows.reduce((all, row) => all + Number(row[name] ?? 0), 0)
  return {
    energyWh: sum('energy_wh'),
    net: majorText(minor(sum('net_minor')), currency),
    gross: majorText(minor(sum('total_minor')), currency),
  }
}
